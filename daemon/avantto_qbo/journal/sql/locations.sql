-- name: put
-- Store a location, or replace what is known of it.
insert into locations (
    id, realm, name, time_zone, status, status_at, books_from, connected_at,
    country, reason, allow_duplicates, google_place_id, shared
)
values (
    :id, :realm, :name, :time_zone, :status, :connected_at, :books_from, :connected_at,
    :country, :reason, :allow_duplicates, :google_place_id, :shared
)
on conflict (id) do update set
    realm = excluded.realm,
    name = excluded.name,
    time_zone = excluded.time_zone,
    status = excluded.status,
    books_from = excluded.books_from,
    connected_at = excluded.connected_at,
    country = excluded.country,
    reason = excluded.reason,
    allow_duplicates = excluded.allow_duplicates,
    google_place_id = excluded.google_place_id,
    shared = excluded.shared;

-- name: get
-- One location by its id.
select *
from locations
where id = :id;

-- name: all
-- Every location ever connected.
select *
from locations
order by connected_at, id;

-- name: of_realm
-- The locations that share one company.
select *
from locations
where realm = :realm
order by connected_at, id;

-- name: set_status
-- Pause, break, disconnect or resume a location.
update locations
set status = :status, reason = :reason, status_at = :now
where id = :id
returning id;

-- name: put_realm
-- Store a company, or replace what is known of it.
insert into realms (id, company, refreshed_at, reason)
values (:id, :company, :refreshed_at, :reason)
on conflict (id) do update set
    company = excluded.company,
    refreshed_at = excluded.refreshed_at,
    reason = excluded.reason;

-- name: get_realm
-- One company by its id.
select *
from realms
where id = :id;

-- name: realms
-- Every company a grant is held for.
select *
from realms
order by id;

-- name: remove_realm
-- Forget a company; links, customers and cursors of it stay for a later reconnection.
delete from realms
where id = :id
returning id;
