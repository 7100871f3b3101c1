-- name: put
-- Stop writing to a company, or note how far its books were read again.
insert into restored (
    realm, since, noticed_at, begins_at, entity, position, start, documents, linked, done_at
)
values (
    :realm, :since, :noticed_at, :begins_at, :entity, :position, :start, :documents, :linked, :done_at
)
on conflict (realm) do update set
    since = excluded.since,
    noticed_at = excluded.noticed_at,
    begins_at = excluded.begins_at,
    entity = excluded.entity,
    position = excluded.position,
    start = excluded.start,
    documents = excluded.documents,
    linked = excluded.linked,
    done_at = excluded.done_at;

-- name: get
-- Whether and how far a company was restored.
select *
from restored
where realm = :realm;

-- name: under_way
-- The companies nothing is written to.
select *
from restored
where done_at is null
order by realm;

-- name: stopped
-- Whether a location belongs to a company nothing is written to.
select 1
from restored
inner join locations on restored.realm = locations.realm
where locations.id = :location and restored.done_at is null;

-- name: last_moment
-- When the journal was last written to, as far as it says.
select max(moments.at) as at
from (
    select max(at) as at from cursors
    union all
    select max(at) as at from activity
    union all
    select max(updated_at) as at from operations
    union all
    select max(received_at) as at from inbox
    union all
    select max(updated_at) as at from links
) as moments;

-- name: works
-- The newest operation and the newest line of activity: they move whenever something is sent or ends.
select
    coalesce((select max(seq) from operations), 0) as operation,
    coalesce((select max(id) from activity), 0) as line;

-- name: undecided
-- The operations of a company that were open in the journal and may have been carried out since.
select id
from operations
where realm = :realm and state in ('planned', 'retry', 'sending')
order by seq;
