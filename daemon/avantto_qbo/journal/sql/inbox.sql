-- name: deliver
-- Remember a webhook delivery; no row comes back for one that was there already.
insert into deliveries (provider, event_id, at)
values (:provider, :event_id, :now)
on conflict (provider, event_id) do nothing
returning event_id;

-- name: delivered
-- Whether a webhook delivery is remembered.
select event_id
from deliveries
where provider = :provider and event_id = :event_id;

-- name: prune
-- Forget deliveries that are too old to be repeated, but for those of one provider.
delete from deliveries
where at < :before and provider <> :kept
returning event_id;

-- name: tell
-- Put mail into a mailbox, or coalesce it with the mail about the same object; older payloads change nothing.
insert into inbox (
    location, topic, object_id, lane, version, received_at, next_at, changed_at,
    payload, attempts, waiting_for, reason
)
values (
    :location, :topic, :object_id, :lane, 1, :now, :next_at, :changed_at,
    :payload, 0, '', ''
)
on conflict (location, topic, object_id) do update set
    version = inbox.version + 1,
    lane = case when excluded.lane < inbox.lane then excluded.lane else inbox.lane end,
    next_at = case when excluded.next_at < inbox.next_at then excluded.next_at else inbox.next_at end,
    payload = case when excluded.payload = :empty then inbox.payload else excluded.payload end,
    changed_at = coalesce(excluded.changed_at, inbox.changed_at),
    attempts = 0
where
    excluded.changed_at is null
    or inbox.changed_at is null
    or excluded.changed_at >= inbox.changed_at
returning version;

-- name: take
-- The mail of one lane that has been due the longest.
select *
from inbox
where location = :location and lane = :lane and next_at <= :now
order by next_at, seq
limit 1;

-- name: get
-- The mail about one object, due or not.
select *
from inbox
where location = :location and topic = :topic and object_id = :object_id;

-- name: finish
-- Remove mail nothing was added to since it was taken.
delete from inbox
where location = :location and topic = :topic and object_id = :object_id and version = :version
returning version;

-- name: reopen
-- Make mail due again that was told once more while it was worked on.
update inbox
set
    waiting_for = '',
    attempts = 0,
    reason = '',
    next_at = case when :due < next_at then :due else next_at end
where location = :location and topic = :topic and object_id = :object_id
returning version;

-- name: postpone
-- Put mail off until a time or until something else is done, unless it was told once more meanwhile.
update inbox
set attempts = attempts + 1, next_at = :next_at, waiting_for = :waiting_for, reason = :reason
where location = :location and topic = :topic and object_id = :object_id and version = :version
returning version;

-- name: wake
-- Make everything due that waited for one operation or claim.
update inbox
set waiting_for = '', next_at = :now, reason = ''
where waiting_for = :waiting_for and waiting_for <> ''
returning location;

-- name: due_locations
-- Connected locations with due mail or a due operation, the longest waiting first.
select work.location, min(work.next_at) as since
from (
    select inbox.location, inbox.next_at, inbox.lane = 0 as money
    from inbox
    where inbox.next_at <= :now
    union all
    select ready.location, coalesce(ready.next_at, ready.created_at) as next_at, ready.money
    from ready_operations as ready
    where ready.next_at is null or ready.next_at <= :now
) as work
inner join locations on work.location = locations.id
where
    (locations.status = 'connected' or (locations.status = 'money_paused' and not work.money))
    and locations.realm not in (select restored.realm from restored where restored.done_at is null)
group by work.location
order by since, work.location;

-- name: earliest
-- When the next mail or operation of a connected location falls due, of those due after a moment.
select min(work.next_at) as next_at
from (
    select inbox.location, inbox.next_at, inbox.lane = 0 as money
    from inbox
    union all
    select ready.location, coalesce(ready.next_at, ready.created_at) as next_at, ready.money
    from ready_operations as ready
) as work
inner join locations on work.location = locations.id
where
    (locations.status = 'connected' or (locations.status = 'money_paused' and not work.money))
    and locations.realm not in (select restored.realm from restored where restored.done_at is null)
    and work.next_at > :after;

-- name: oldest
-- Since when the longest waiting mail of one lane has been due.
select min(next_at) as next_at
from inbox
where location = :location and lane = :lane;

-- name: count
-- How much mail lies in one lane of a mailbox.
select count(*) as mails
from inbox
where location = :location and lane = :lane;

-- name: backlog
-- How much mail of one lane is due at connected locations, counted up to :most.
select count(*) as mails
from (
    select inbox.seq
    from inbox
    inner join locations on inbox.location = locations.id
    where inbox.next_at <= :now and inbox.lane = :lane and locations.status = 'connected'
    limit :most
) as due;

-- name: depth
-- How much mail lies in each mailbox, by topic.
select location, topic, count(*) as mails
from inbox
group by location, topic
order by location, topic;

-- name: clear
-- Empty a mailbox: its location is connected to another company.
delete from inbox
where location = :location
returning seq;
