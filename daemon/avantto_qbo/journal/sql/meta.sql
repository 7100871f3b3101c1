-- name: get
-- One fact about this journal.
select value
from meta
where name = :name;

-- name: put
-- Note one fact about this journal.
insert into meta (name, value)
values (:name, :value)
on conflict (name) do update set value = excluded.value;

-- name: begin
-- Note one fact about this journal unless it is known.
insert into meta (name, value)
values (:name, :value)
on conflict (name) do nothing;
