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

-- name: prune
-- Drop copies older than a time.
delete from evidence
where at < :before
returning id;

-- name: clear
-- Drop all copies of a location: what was seen for one company says nothing about another.
delete from evidence
where location = :location and kind <> 'order'
returning id;
