-- name: insert
-- Commit the intent of one write.
insert into operations (
    id, location, realm, kind, chain, source_kind, source_id, source_part, request_id,
    method, path, body, wire_version, intent, state, created_at, updated_at, version,
    target, expected, claim, attempts, lookups, sent_at, next_at,
    reason_code, reason_text, reason_mend, object_id
)
values (
    :id, :location, :realm, :kind, :chain, :source_kind, :source_id, :source_part, :request_id,
    :method, :path, :body, :wire_version, :intent, :state, :created_at, :updated_at, :version,
    :target, :expected, :claim, :attempts, :lookups, :sent_at, :next_at,
    :reason_code, :reason_text, :reason_mend, :object_id
);

-- name: get
-- One operation by its id.
select *
from operations
where id = :id;

-- name: move
-- Enter a state: the wake-up time and the reason belong to it, whatever is not given stays.
update operations
set
    state = :state,
    updated_at = :now,
    next_at = :next_at,
    reason_code = :reason_code,
    reason_text = :reason_text,
    reason_mend = :reason_mend,
    lookups = coalesce(:lookups, lookups),
    object_id = coalesce(:object_id, object_id),
    sent_at = coalesce(:sent_at, sent_at),
    attempts = coalesce(:attempts, attempts),
    request_id = coalesce(:request_id, request_id)
where id = :id
returning *;

-- name: put_off
-- Look at a waiting operation again later.
update operations
set next_at = :next_at, updated_at = :now, lookups = coalesce(:lookups, lookups)
where id = :id
returning *;

-- name: open_in_chain
-- The oldest operation of a chain that is not over.
select *
from operations
where location = :location and chain = :chain and state not in ('done', 'skipped')
order by seq
limit 1;

-- name: due
-- The oldest operation of a location that can be carried on with now.
select *
from ready_operations
where location = :location and (next_at is null or next_at <= :now) and (:money or not money)
order by seq
limit 1;

-- name: interrupted
-- What was being sent when the program stopped may have been carried out.
update operations
set
    state = 'doubt',
    updated_at = :now,
    next_at = :next_at,
    reason_code = :reason_code,
    reason_text = :reason_text,
    reason_mend = :reason_mend
where state = 'sending'
returning id;

-- name: last_for
-- The newest operation that spoke for one source document, in any state.
select *
from operations
where location = :location and source_kind = :kind and source_id = :id and source_part = :part
order by seq desc
limit 1;

-- name: by_state
-- Operations in one state, oldest first.
select *
from operations
where state = :state
order by seq
limit :limit;

-- name: by_state_of
-- Operations of one location in one state, oldest first.
select *
from operations
where location = :location and state = :state
order by seq
limit :limit;

-- name: counts
-- How many operations stand in each state.
select state, count(*) as operations
from operations
group by state;

-- name: counts_of
-- How many operations of one location stand in each state.
select state, count(*) as operations
from operations
where location = :location
group by state;

-- name: of_chain
-- Every operation of a chain in the order it was planned.
select *
from operations
where location = :location and chain = :chain
order by seq;

-- name: of_source
-- Every operation that spoke for one source document, in the order it was planned.
select *
from operations
where location = :location and source_kind = :kind and source_id = :id and source_part = :part
order by seq;
