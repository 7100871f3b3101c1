-- The first layout. Instants are text in UTC with six decimals; truths are 0 or 1; money is decimal text.

create table meta (
    name text primary key,
    value text not null
);

create table realms (
    id text primary key,
    company blob not null,
    refreshed_at text not null,
    reason text not null
);

create table locations (
    id text primary key,
    realm text not null,
    name text not null,
    time_zone text not null,
    status text not null,
    status_at text not null,
    books_from text not null,
    connected_at text not null,
    country text not null,
    reason text not null,
    allow_duplicates integer not null,
    google_place_id text not null,
    shared integer not null
);
create index locations_by_realm on locations (realm);

create table deliveries (
    provider text not null,
    event_id text not null,
    at text not null,
    primary key (provider, event_id)
);
create index deliveries_by_age on deliveries (at);

create table inbox (
    seq integer primary key,
    location text not null,
    topic text not null,
    object_id text not null,
    lane integer not null,
    version integer not null,
    received_at text not null,
    next_at text not null,
    changed_at text,
    payload blob not null,
    attempts integer not null,
    waiting_for text not null,
    reason text not null,
    unique (location, topic, object_id)
);
create index inbox_ready on inbox (location, lane, next_at, seq);
create index inbox_by_time on inbox (next_at);
create index inbox_waiting on inbox (waiting_for) where waiting_for <> '';

create table operations (
    seq integer primary key,
    id text not null unique,
    location text not null,
    realm text not null,
    kind text not null,
    chain text not null,
    source_kind text not null,
    source_id text not null,
    source_part text not null,
    request_id text not null,
    method text not null,
    path text not null,
    body blob not null,
    wire_version text not null,
    intent blob not null,
    state text not null,
    created_at text not null,
    updated_at text not null,
    version text not null,
    target text not null,
    expected text not null,
    claim text not null,
    attempts integer not null,
    lookups integer not null,
    sent_at text,
    next_at text,
    reason_code text,
    reason_text text,
    reason_mend text,
    object_id text not null
);
create index operations_open on operations (location, chain, seq) where state not in ('done', 'skipped');
create index operations_by_source on operations (location, source_kind, source_id, source_part, seq);
create index operations_by_chain on operations (location, chain, seq);
create index operations_by_state on operations (state, seq);
create index operations_by_location on operations (location, state, seq);

-- Operations the program can carry on with by itself: the oldest open one of a chain, unless it is being sent or held.
create view ready_operations as
select
    ready.*,
    ready.kind not in ('contact.create', 'contact.update', 'contact.tag', 'message.send') as money
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

create table links (
    location text not null,
    realm text not null,
    source_kind text not null,
    source_id text not null,
    part text not null,
    entity text not null,
    object_id text not null,
    created_at text not null,
    updated_at text not null,
    sync_token text not null,
    agreed blob not null,
    total text not null,
    version text not null,
    status text not null,
    primary key (location, realm, source_kind, source_id, part)
);
create index links_by_object on links (realm, entity, object_id);
create index links_by_realm on links (realm, source_kind, source_id, part);

create table claims (
    realm text not null,
    key text not null,
    operation text not null,
    at text not null,
    primary key (realm, key)
);
create index claims_by_operation on claims (operation);

create table cursors (
    owner text not null,
    name text not null,
    value text not null,
    at text not null,
    primary key (owner, name)
);

create table polls (
    owner text not null,
    name text not null,
    next_at text not null,
    primary key (owner, name)
);
create index polls_by_time on polls (next_at);

create table settings (
    location text not null,
    key text not null,
    value blob not null,
    at text not null,
    actor text not null,
    primary key (location, key)
);

create table grants (
    provider text not null,
    subject text not null,
    tokens blob not null,
    previous blob not null,
    dead text not null,
    at text not null,
    primary key (provider, subject)
);

create table activity (
    id integer primary key,
    at text not null,
    location text not null,
    event text not null,
    text text not null,
    subject text not null,
    actor text not null
);
create index activity_by_location on activity (location, id);

create table customers (
    realm text not null,
    id text not null,
    updated_at text not null,
    created_at text not null,
    sync_token text not null,
    active integer not null,
    job integer not null,
    project integer not null,
    name_key text not null,
    email_keys text not null,
    phone_keys text not null,
    primary key (realm, id)
);
create index customers_by_name on customers (realm, name_key);

create table customer_keys (
    realm text not null,
    customer text not null,
    kind text not null,
    key text not null,
    primary key (realm, kind, key, customer),
    foreign key (realm, customer) references customers (realm, id) on delete cascade
);
create index customer_keys_by_customer on customer_keys (realm, customer);

create table reviews (
    realm text not null,
    customer text not null,
    location text not null,
    state text not null,
    paid_at text not null,
    updated_at text not null,
    invoice text not null,
    payment text not null,
    contact text not null,
    channel text not null,
    tried text not null,
    reason text not null,
    operation text,
    primary key (realm, customer)
);
create index reviews_by_location on reviews (location, updated_at);

create table review_persons (
    realm text not null,
    key text not null,
    customer text not null,
    primary key (realm, key),
    foreign key (realm, customer) references reviews (realm, customer)
);
create index review_persons_by_customer on review_persons (realm, customer);

create table evidence (
    location text not null,
    kind text not null,
    id text not null,
    about text not null,
    body blob not null,
    at text not null,
    primary key (location, kind, id)
);
create index evidence_by_subject on evidence (location, kind, about, at);
create index evidence_by_age on evidence (at);

create table usage (
    realm text not null,
    month text not null,
    reads integer not null,
    primary key (realm, month)
);
