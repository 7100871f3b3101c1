-- name: put
-- Note why a customer is no contact of a location; no row comes back when that was known.
insert into left_out (location, realm, customer, code, at)
values (:location, :realm, :customer, :code, :now)
on conflict (location, realm, customer) do update set code = excluded.code, at = excluded.at
where excluded.code <> left_out.code
returning customer;

-- name: remove
-- Forget that a customer was left out: it is a contact now.
delete from left_out
where location = :location and realm = :realm and customer = :customer;

-- name: counts
-- How many customers of a company a location leaves out, by reason.
select code, count(*) as customers
from left_out
where location = :location and realm = :realm
group by code
order by code;
