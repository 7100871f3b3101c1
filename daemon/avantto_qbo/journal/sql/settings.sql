-- name: put
-- Set one setting of a location.
insert into settings (location, key, value, at, actor)
values (:location, :key, :value, :now, :actor)
on conflict (location, key) do update set value = excluded.value, at = excluded.at, actor = excluded.actor;

-- name: remove
-- Put one setting of a location back to its default.
delete from settings
where location = :location and key = :key
returning key;

-- name: of
-- The settings a location does not leave at their defaults.
select key, value
from settings
where location = :location
order by key;
