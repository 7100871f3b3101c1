-- name: get
-- How far an owner has read.
select value
from cursors
where owner = :owner and name = :name;

-- name: put
-- Note how far an owner has read.
insert into cursors (owner, name, value, at)
values (:owner, :name, :value, :now)
on conflict (owner, name) do update set value = excluded.value, at = excluded.at;

-- name: schedule
-- Set when an owner's poll happens next.
insert into polls (owner, name, next_at)
values (:owner, :name, :next_at)
on conflict (owner, name) do update set next_at = excluded.next_at;

-- name: schedule_sooner
-- Bring an owner's next poll forward; never put it off.
insert into polls (owner, name, next_at)
values (:owner, :name, :next_at)
on conflict (owner, name) do update set next_at = excluded.next_at
where excluded.next_at < polls.next_at;

-- name: due_polls
-- The polls whose time has come, the longest due first.
select owner, name
from polls
where next_at <= :now
order by next_at, owner, name;

-- name: next_poll
-- When the next poll of anybody happens, of those due after a moment.
select min(next_at) as next_at
from polls
where next_at > :after;

-- name: unschedule
-- Stop all polls of an owner.
delete from polls
where owner = :owner;

-- name: forget
-- Forget how far an owner has read.
delete from cursors
where owner = :owner
returning name;
