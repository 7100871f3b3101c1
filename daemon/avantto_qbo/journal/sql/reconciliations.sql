-- name: put
-- Remember what a location's last reconciliation found.
insert into reconciliations (location, at, body)
values (:location, :now, :body)
on conflict (location) do update set at = excluded.at, body = excluded.body;

-- name: get
-- What a location's last reconciliation found.
select body
from reconciliations
where location = :location;

-- name: forget
-- Forget what a location's last reconciliation found.
delete from reconciliations
where location = :location
returning location;

-- name: attributed
-- Which invoice each payment of a location is for, where something else than its own row says so.
select id, about
from evidence
where location = :location and kind = 'invoice_payment' and about <> '';

-- name: skipped
-- The operations of a location that a person let go, oldest first.
select *
from operations
where location = :location and state = 'skipped' and reason_code like 'skipped%'
order by seq;

-- name: due_at
-- When an owner's poll happens next.
select next_at
from polls
where owner = :owner and name = :name;
