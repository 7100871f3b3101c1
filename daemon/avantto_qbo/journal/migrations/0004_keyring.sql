-- Secrets that outlive a journal key, sealed like grants; and what is known of a grant without opening it.

create table keyring (
    name text primary key,
    sealed blob not null
);

-- When the owner agreed ('' before this layout), and when the grant ends unless it is renewed or given anew.
alter table grants add column granted_at text not null default '';
alter table grants add column lapses_at text;
create index grants_by_end on grants (lapses_at);

-- Tokens renewed while a location was being connected, by the keyed hash of the refresh token that was spent on them.
create table renewals (
    provider text not null,
    subject text not null,
    mark text not null,
    tokens blob not null,
    at text not null,
    primary key (provider, subject, mark)
);
create index renewals_by_age on renewals (at);
