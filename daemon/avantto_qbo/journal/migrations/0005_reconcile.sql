-- What the last reconciliation of each location found, as JSON: ids, numbers, days and sums only.
create table reconciliations (
    location text primary key,
    at text not null,
    body blob not null
);
