-- name: put
-- Keep tokens that a refresh token was spent on.
insert into renewals (provider, subject, mark, tokens, at)
values (:provider, :subject, :mark, :tokens, :now)
on conflict (provider, subject, mark) do update set tokens = excluded.tokens, at = excluded.at;

-- name: get
-- What a refresh token was spent on.
select tokens
from renewals
where provider = :provider and subject = :subject and mark = :mark;

-- name: remove
-- Forget the renewals of one subject: it is connected.
delete from renewals
where provider = :provider and subject = :subject;

-- name: prune
-- Forget renewals nobody came back for.
delete from renewals
where at < :before;

-- name: sealed_otherwise
-- Renewals that another key than the newest has sealed.
select provider, subject, mark, tokens, at
from renewals
where substr(tokens, 1, :length) <> :head
order by provider, subject, mark
limit :limit;
