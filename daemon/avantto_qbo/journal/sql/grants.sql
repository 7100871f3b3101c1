-- name: put
-- Store the sealed tokens of a grant, replacing those before.
insert into grants (provider, subject, tokens, previous, dead, at, granted_at, lapses_at)
values (:provider, :subject, :tokens, :previous, :dead, :now, :granted_at, :lapses_at)
on conflict (provider, subject) do update set
    tokens = excluded.tokens,
    previous = excluded.previous,
    dead = excluded.dead,
    at = excluded.at,
    granted_at = excluded.granted_at,
    lapses_at = excluded.lapses_at;

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

-- name: reseal
-- Put the same grant under another key; it is neither younger nor older for that.
update grants
set tokens = :tokens, previous = :previous
where provider = :provider and subject = :subject;

-- name: sealed_otherwise
-- Grants of which another key than the newest has sealed a part: `head` is how a value of the newest begins.
select provider, subject, tokens, previous
from grants
where substr(tokens, 1, :length) <> :head or substr(previous, 1, :length) <> :head
order by provider, subject
limit :limit;

-- name: all_sealed
-- Every grant as it is sealed.
select provider, subject, tokens, previous
from grants
order by provider, subject;

-- name: granted_at
-- When the owner agreed to a grant.
select granted_at
from grants
where provider = :provider and subject = :subject;

-- name: lapsing
-- Live grants that end before a moment, the first to end first.
select provider, subject, lapses_at
from grants
where dead = '' and lapses_at is not null and lapses_at < :before
order by lapses_at;

-- name: lapses_at
-- When one live grant ends.
select lapses_at
from grants
where provider = :provider and subject = :subject and dead = '';

-- name: first_end
-- When the first live grant of a provider ends.
select min(lapses_at) as lapses_at
from grants
where provider = :provider and dead = '';

-- name: idle
-- Live grants that were not touched since a moment, the longest untouched first.
select provider, subject
from grants
where dead = '' and lapses_at is not null and at < :before
order by at
limit :limit;
