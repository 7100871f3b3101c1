-- name: put
-- Link a part of a source document to the object made from it; a link that is there is brought up to date.
insert into links (
    location, realm, source_kind, source_id, part, entity, object_id,
    created_at, updated_at, sync_token, agreed, total, version, status
)
values (
    :location, :realm, :source_kind, :source_id, :part, :entity, :object_id,
    :created_at, :updated_at, :sync_token, :agreed, :total, :version, :status
)
on conflict (location, realm, source_kind, source_id, part) do update set
    entity = excluded.entity,
    object_id = excluded.object_id,
    updated_at = excluded.updated_at,
    sync_token = excluded.sync_token,
    agreed = excluded.agreed,
    total = excluded.total,
    version = excluded.version,
    status = excluded.status;

-- name: drop
-- Forget the link of one part of a source document.
delete from links
where location = :location and realm = :realm and source_kind = :kind and source_id = :id and part = :part;

-- name: get
-- The link of one part of a source document, in the company the location is connected to now.
select *
from links
where
    location = :location and source_kind = :kind and source_id = :id and part = :part
    and realm = coalesce((select locations.realm from locations where locations.id = :location), realm);

-- name: of_source
-- The links of every part of a source document, in the company the location is connected to now.
select *
from links
where
    location = :location and source_kind = :kind and source_id = :id
    and realm = coalesce((select locations.realm from locations where locations.id = :location), realm)
order by part;

-- name: by_object
-- The links that lead to one object of a realm.
select *
from links
where realm = :realm and entity = :entity and object_id = :object_id
order by created_at, location, source_kind, source_id, part;

-- name: repart
-- Let a link stand for another part of the same source document.
update links
set part = :new_part, updated_at = :now
where
    location = :location and source_kind = :kind and source_id = :id and part = :part
    and realm = coalesce((select locations.realm from locations where locations.id = :location), realm)
returning *;

-- name: all_of
-- One page of a location's links of one kind in its present company, with every part of the source documents on it.
select links.*
from links
inner join (
    select distinct source_id
    from links
    where
        location = :location and source_kind = :kind and source_id > :after
        and realm = coalesce((select locations.realm from locations where locations.id = :location), realm)
    order by source_id
    limit :limit
) as page on links.source_id = page.source_id
where
    links.location = :location and links.source_kind = :kind
    and links.realm = coalesce((select locations.realm from locations where locations.id = :location), links.realm)
order by links.source_id, links.part;

-- name: kind_in_realm
-- Every link of one kind in a realm, oldest first.
select *
from links
where realm = :realm and source_kind = :kind
order by created_at, location, source_id, part;

-- name: locations_of
-- Which locations of a realm have a link of a source document.
select distinct location
from links
where realm = :realm and source_kind = :kind and source_id = :id
order by location;

-- name: remove
-- Forget the link of one part of a source document, in the company the location is connected to now.
delete from links
where
    location = :location and source_kind = :kind and source_id = :id and part = :part
    and realm = coalesce((select locations.realm from locations where locations.id = :location), realm);

-- name: agreeing
-- The newest link of one kind whose agreed draft holds these bytes, in the company the location is connected to now.
select *
from links
where
    location = :location and source_kind = :kind and instr(agreed, :piece) > 0
    and realm = coalesce((select locations.realm from locations where locations.id = :location), realm)
order by created_at desc, source_id desc, part desc
limit 1;
