-- name: take
-- Claim a key of a realm unless somebody holds it.
insert into claims (realm, key, operation, at)
values (:realm, :key, :operation, :now)
on conflict (realm, key) do nothing;

-- name: holder
-- Which operation holds a key.
select operation
from claims
where realm = :realm and key = :key;

-- name: release
-- Give back every key of an operation.
delete from claims
where operation = :operation
returning key;
