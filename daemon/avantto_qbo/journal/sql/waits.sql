-- name: mail
-- Bring mail forward.
update inbox
set next_at = strftime('%Y-%m-%dT%H:%M:%f', next_at, :back) || '000Z'
where next_at > :now;

-- name: polls
-- Bring polls forward.
update polls
set next_at = strftime('%Y-%m-%dT%H:%M:%f', next_at, :back) || '000Z'
where next_at > :now;

-- name: watched
-- Bring looks at pending payments forward.
update evidence
set at = strftime('%Y-%m-%dT%H:%M:%f', at, :back) || '000Z'
where kind = 'watched' and at > :now;

-- name: operations
-- Put the times of open operations back, but for those written to since the clock was.
update operations
set
    created_at = case
        when created_at > :now then strftime('%Y-%m-%dT%H:%M:%f', created_at, :back) || '000Z' else created_at
    end,
    updated_at = strftime('%Y-%m-%dT%H:%M:%f', updated_at, :back) || '000Z',
    sent_at = strftime('%Y-%m-%dT%H:%M:%f', sent_at, :back) || '000Z',
    next_at = strftime('%Y-%m-%dT%H:%M:%f', next_at, :back) || '000Z'
where state not in ('done', 'skipped') and not (updated_at >= :since and updated_at <= :now);
