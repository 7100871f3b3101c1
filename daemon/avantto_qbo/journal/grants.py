"""OAuth grants, sealed before they reach the database and bound to the row they stand in."""

from __future__ import annotations

from datetime import datetime

import msgspec

from avantto_qbo.journal.connection import Connection, Row
from avantto_qbo.journal.instants import maybe_instant, to_instant, to_text
from avantto_qbo.journal.sealing import Sealer
from avantto_qbo.model.grant import Grant, Provider, Tokens
from avantto_qbo.rules.grants import lapses_at


class Lapse(msgspec.Struct, frozen=True):
    """Whose grant ends when, unless it is renewed or given anew."""

    provider: Provider
    subject: str
    at: datetime


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
        granted_at=to_text(grant.granted_at) or "",
        lapses_at=to_text(lapses_at(grant)),
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
        granted_at=maybe_instant(rows[0]["granted_at"] or None),
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


def exists(db: Connection, provider: Provider, subject: str) -> bool:
    """Say whether there is a grant, dead or alive; needs no key."""
    return bool(db.run("grants.granted_at", provider=provider, subject=subject))


def given_after(db: Connection, provider: str, subject: str, moment: datetime, now: datetime) -> bool:
    """Say whether the owner agreed anew after `moment`: what was refused before then says nothing about it.

    A grant of the future tells that the clock was set back, and nothing else.
    """
    rows = db.run("grants.granted_at", provider=provider, subject=subject)
    return bool(rows) and to_text(moment) < rows[0]["granted_at"] <= to_text(now)


def lapsing(db: Connection, before: datetime) -> list[Lapse]:
    """Return the live grants that end before a moment, the first to end first; needs no key."""
    return [_lapse(row) for row in db.run("grants.lapsing", before=to_text(before))]


def end_of(db: Connection, provider: Provider, subject: str) -> datetime | None:
    """Return when a live grant ends; None when it does not, or there is none."""
    rows = db.run("grants.lapses_at", provider=provider, subject=subject)
    return maybe_instant(rows[0]["lapses_at"]) if rows else None


def first_end(db: Connection, provider: Provider) -> datetime | None:
    """Return when the first live grant of a provider ends; None when none does."""
    return maybe_instant(db.run("grants.first_end", provider=provider)[0]["lapses_at"])


def idle(db: Connection, before: datetime, limit: int) -> list[tuple[Provider, str]]:
    """Return live grants that nobody renewed since a moment, the longest idle first."""
    rows = db.run("grants.idle", before=to_text(before), limit=limit)
    return [(Provider(row["provider"]), row["subject"]) for row in rows]


def _lapse(row: Row) -> Lapse:
    return Lapse(Provider(row["provider"]), row["subject"], to_instant(row["lapses_at"]))
