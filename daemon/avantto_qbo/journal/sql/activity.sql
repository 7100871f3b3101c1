-- name: record
-- Write one line of what was done and why.
insert into activity (at, location, event, text, subject, actor)
values (:at, :location, :event, :text, :subject, :actor)
returning id;

-- name: page
-- One page of a location's lines, newest first.
select *
from activity
where location = :location and id < :before_id
order by id desc
limit :limit;

-- name: about
-- The newest lines about one subject.
select *
from activity
where location = :location and subject = :subject
order by id desc
limit :limit;
