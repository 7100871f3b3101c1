-- name: put
-- Note that a customer was merged into another.
insert into merged_customers (realm, loser, survivor, at)
values (:realm, :loser, :survivor, :now)
on conflict (realm, loser) do update set survivor = excluded.survivor, at = excluded.at;

-- name: survivor
-- Whom a customer was merged into.
select survivor
from merged_customers
where realm = :realm and loser = :loser;
