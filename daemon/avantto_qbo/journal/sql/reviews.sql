-- name: claimed
-- The customer for whom a person was claimed in a realm.
select customer
from review_persons
where realm = :realm and key = :key;

-- name: claim_person
-- Note that a person was or will be asked in a realm.
insert into review_persons (realm, key, customer)
values (:realm, :key, :customer)
on conflict (realm, key) do nothing;

-- name: put
-- Bring a review request up to date.
insert into reviews (
    realm, customer, location, state, paid_at, updated_at,
    invoice, payment, contact, channel, tried, reason, operation, code, mend
)
values (
    :realm, :customer, :location, :state, :paid_at, :updated_at,
    :invoice, :payment, :contact, :channel, :tried, :reason, :operation, :code, :mend
)
on conflict (realm, customer) do update set
    location = excluded.location,
    state = excluded.state,
    paid_at = excluded.paid_at,
    updated_at = excluded.updated_at,
    invoice = excluded.invoice,
    payment = excluded.payment,
    contact = excluded.contact,
    channel = excluded.channel,
    tried = excluded.tried,
    reason = excluded.reason,
    operation = excluded.operation,
    code = excluded.code,
    mend = excluded.mend;

-- name: get
-- The review request of one customer.
select *
from reviews
where realm = :realm and customer = :customer;

-- name: of_location
-- The review requests of a location, the latest touched first.
select *
from reviews
where location = :location
order by updated_at desc, realm, customer
limit :limit;

-- name: of_payment
-- The request a payment led to, under whichever customer it was entered then.
select *
from reviews
where realm = :realm and payment = :payment
order by updated_at desc, customer
limit 1;

-- name: waiting
-- The review requests of a location that wait, the longest waiting first.
select *
from reviews
where location = :location and state = 'waiting'
order by updated_at, realm, customer;

-- name: counts
-- How many review requests of a location stand where.
select state, count(*) as requests
from reviews
where location = :location
group by state;
