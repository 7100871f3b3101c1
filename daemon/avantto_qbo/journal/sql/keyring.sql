-- name: put
-- Keep one sealed secret, replacing the one before.
insert into keyring (name, sealed)
values (:name, :sealed)
on conflict (name) do update set sealed = excluded.sealed;

-- name: get
-- One sealed secret.
select sealed
from keyring
where name = :name;

-- name: sealed_otherwise
-- Secrets that another key than the newest has sealed: `head` is how a value of the newest begins.
select name, sealed
from keyring
where substr(sealed, 1, :length) <> :head
order by name
limit :limit;

-- name: indexed_realms
-- Whether any customer was indexed under a fingerprint.
select realm
from customer_keys
limit 1;
