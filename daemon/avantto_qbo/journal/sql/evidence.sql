-- name: put
-- Keep the newest copy of what a webhook said.
insert into evidence (location, kind, id, about, body, at)
values (:location, :kind, :id, :about, :body, :at)
on conflict (location, kind, id) do update set about = excluded.about, body = excluded.body, at = excluded.at
where excluded.at >= evidence.at
returning id;

-- name: get
-- One kept copy.
select body
from evidence
where location = :location and kind = :kind and id = :id;

-- name: about
-- The kept copies about one document, oldest first.
select body
from evidence
where location = :location and kind = :kind and about = :about
order by at, id;

-- name: due
-- What was put down for a time that has come, the longest due first.
select id
from evidence
where location = :location and kind = :kind and at <= :now
order by at, id
limit :limit;

-- name: of_kind
-- All copies of one kind, oldest first.
select id, body
from evidence
where location = :location and kind = :kind
order by at, id;

-- name: remove
-- Drop one copy.
delete from evidence
where location = :location and kind = :kind and id = :id
returning id;

-- name: unseen
-- Source documents with a live link that the newest look at all of them did not show.
select links.source_id
from links
left join evidence
    on evidence.location = links.location and evidence.kind = :kind and evidence.id = links.source_id
where
    links.location = :location and links.source_kind = :source_kind and links.part = '' and links.status = 'live'
    and links.created_at < :before
    and links.realm = coalesce((select locations.realm from locations where locations.id = :location), links.realm)
    and coalesce(evidence.about, '') <> :about
order by links.source_id;

-- name: prune
-- Drop old copies of orders without a payment, and old versions of QuickBooks payments.
delete from evidence
where
    at < :before
    and (
        kind = 'payment'
        or (
            kind = 'order'
            and not exists (
                select 1
                from evidence as paid
                where paid.location = evidence.location and paid.kind = 'transaction' and paid.about = evidence.id
            )
        )
    )
returning id;

-- name: clear
-- Drop all copies of a location: what was seen for one company says nothing about another.
delete from evidence
where location = :location and kind <> 'order'
returning id;
