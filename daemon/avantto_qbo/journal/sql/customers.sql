-- name: remember
-- Index a customer; no row comes back when what is known is newer. What we know of our own (it has no SyncToken) gives
-- way to every row of QuickBooks, whatever our clock said.
insert into customers (
    realm, id, updated_at, created_at, sync_token, active, job, project, name_key, email_keys, phone_keys,
    currency
)
values (
    :realm, :id, :updated_at, :created_at, :sync_token, :active, :job, :project, :name_key, :email_keys, :phone_keys,
    :currency
)
on conflict (realm, id) do update set
    updated_at = excluded.updated_at,
    created_at = excluded.created_at,
    sync_token = excluded.sync_token,
    active = excluded.active,
    job = excluded.job,
    project = excluded.project,
    name_key = excluded.name_key,
    email_keys = excluded.email_keys,
    phone_keys = excluded.phone_keys,
    currency = excluded.currency
where customers.sync_token = '' or (excluded.sync_token <> '' and excluded.updated_at >= customers.updated_at)
returning id;

-- name: retire
-- Trust a customer no more until a newer row says that it is active.
update customers
set active = 0
where realm = :realm and id = :id;

-- name: drop_keys
-- Forget the addresses a customer had.
delete from customer_keys
where realm = :realm and customer = :customer;

-- name: add_key
-- Let a customer be found by one more address.
insert into customer_keys (realm, customer, kind, key)
values (:realm, :customer, :kind, :key)
on conflict (realm, kind, key, customer) do nothing;

-- name: by_key
-- The customers of a realm that have an address, the oldest first.
select customers.*
from customer_keys
inner join customers on customer_keys.realm = customers.realm and customer_keys.customer = customers.id
where customer_keys.realm = :realm and customer_keys.kind = :kind and customer_keys.key = :key
order by customers.created_at, customers.id;

-- name: by_name
-- The customers of a realm that have a name, the oldest first.
select *
from customers
where realm = :realm and name_key = :key
order by created_at, id;

-- name: get
-- One customer of a realm.
select *
from customers
where realm = :realm and id = :id;

-- name: count
-- How many customers of a realm are indexed.
select count(*) as customers
from customers
where realm = :realm;
