-- name: add_reads
-- Count metered reads of a realm in a month.
insert into usage (realm, month, reads)
values (:realm, :month, :reads)
on conflict (realm, month) do update set reads = usage.reads + excluded.reads;

-- name: reads
-- The metered reads of every realm in a month.
select realm, reads
from usage
where month = :month
order by realm;
