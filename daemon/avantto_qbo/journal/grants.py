"""OAuth grants, sealed before they reach the database and bound to the row they stand in."""

from __future__ import annotations

from datetime import datetime

import msgspec

from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.instants import to_text
from avantto_qbo.journal.sealing import Sealer
from avantto_qbo.model.grant import Grant, Provider, Tokens


def put(db: Connection, sealer: Sealer, grant: Grant, now: datetime) -> None:
    """Seal and store a grant with the sealer's newest key, replacing what was there."""
    previous = grant.previous_refresh_token.encode()
    db.run(
        "grants.put",
        provider=grant.provider,
        subject=grant.subject,
        tokens=sealer.seal(msgspec.json.encode(grant.tokens), grant.provider, grant.subject, "tokens"),
        previous=sealer.seal(previous, grant.provider, grant.subject, "previous"),
        dead=grant.dead,
        now=to_text(now),
    )


def get(db: Connection, sealer: Sealer, provider: Provider, subject: str) -> Grant | None:
    """Return a grant. Raises ConfigError when no key opens it or it was sealed for another row."""
    rows = db.run("grants.get", provider=provider, subject=subject)
    if not rows:
        return None
    tokens = sealer.open(rows[0]["tokens"], provider, subject, "tokens")
    return Grant(
        provider=provider,
        subject=subject,
        tokens=msgspec.json.decode(tokens, type=Tokens),
        previous_refresh_token=sealer.open(rows[0]["previous"], provider, subject, "previous").decode(),
        dead=rows[0]["dead"],
    )


def all_subjects(db: Connection, provider: Provider) -> list[str]:
    """Return whose grants we hold, dead ones included; needs no key."""
    return [row["subject"] for row in db.run("grants.all_subjects", provider=provider)]


def remove(db: Connection, provider: Provider, subject: str) -> bool:
    """Forget a grant. False when there is none."""
    return bool(db.run("grants.remove", provider=provider, subject=subject))


def mark_dead(db: Connection, provider: Provider, subject: str, reason: str, now: datetime) -> bool:
    """Note why a grant needs a human to reconnect; its tokens are kept. False when there is none."""
    return bool(db.run("grants.mark_dead", provider=provider, subject=subject, reason=reason, now=to_text(now)))
