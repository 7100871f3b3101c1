-- The currency of a customer, which can never change; '' until the customer is seen again.
alter table customers add column currency text not null default '';
