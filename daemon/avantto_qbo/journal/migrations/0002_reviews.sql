-- Why a review request stands where it stands, as a code, and the command that lets a waiting one go on.
alter table reviews add column code text not null default '';
alter table reviews add column mend text not null default '';
create index reviews_by_payment on reviews (realm, payment);

-- Customers a bookkeeper merged: who pays under the one that is gone is the survivor.
create table merged_customers (
    realm text not null,
    loser text not null,
    survivor text not null,
    at text not null,
    primary key (realm, loser)
);

-- Customers of a company that did not become contacts of a location, and why.
create table left_out (
    location text not null,
    realm text not null,
    customer text not null,
    code text not null,
    at text not null,
    primary key (location, realm, customer)
);

-- A contact added to a workflow is a message, and no money either.
drop view ready_operations;
create view ready_operations as
select
    ready.*,
    ready.kind not in ('contact.create', 'contact.update', 'contact.tag', 'message.send', 'workflow.add') as money
from operations as ready
where
    ready.state in ('planned', 'retry', 'doubt', 'correcting')
    and not exists (
        select 1
        from operations as older
        where
            older.location = ready.location
            and older.chain = ready.chain
            and older.seq < ready.seq
            and older.state not in ('done', 'skipped')
    );
