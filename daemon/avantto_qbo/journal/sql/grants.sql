-- name: put
-- Store the sealed tokens of a grant, replacing those before.
insert into grants (provider, subject, tokens, previous, dead, at)
values (:provider, :subject, :tokens, :previous, :dead, :now)
on conflict (provider, subject) do update set
    tokens = excluded.tokens,
    previous = excluded.previous,
    dead = excluded.dead,
    at = excluded.at;

-- name: get
-- The sealed tokens of one grant.
select *
from grants
where provider = :provider and subject = :subject;

-- name: all_subjects
-- Whose grants are held with one provider.
select subject
from grants
where provider = :provider
order by subject;

-- name: remove
-- Forget a grant.
delete from grants
where provider = :provider and subject = :subject
returning subject;

-- name: mark_dead
-- Note why a grant needs a human to reconnect.
update grants
set dead = :reason, at = :now
where provider = :provider and subject = :subject
returning subject;
