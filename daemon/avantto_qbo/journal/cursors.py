"""Cursors: how far each owner (a realm or a location) has read; and when each of its polls happens next."""

from __future__ import annotations

from datetime import datetime

from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.instants import maybe_instant, to_text


def get(db: Connection, owner: str, name: str) -> str | None:
    """Return a cursor's value."""
    rows = db.run("cursors.get", owner=owner, name=name)
    return str(rows[0]["value"]) if rows else None


def put(db: Connection, owner: str, name: str, value: str, now: datetime) -> None:
    """Advance a cursor; belongs into the transaction that stores what was read."""
    db.run("cursors.put", owner=owner, name=name, value=value, now=to_text(now))


def schedule(db: Connection, owner: str, name: str, next_at: datetime, *, sooner_only: bool = False) -> None:
    """Set when a poll happens next; with `sooner_only` it is brought forward but never put off."""
    statement = "cursors.schedule_sooner" if sooner_only else "cursors.schedule"
    db.run(statement, owner=owner, name=name, next_at=to_text(next_at))


def due_polls(db: Connection, now: datetime) -> list[tuple[str, str]]:
    """Return owner and name of the polls whose time has come, the longest due first."""
    return [(row["owner"], row["name"]) for row in db.run("cursors.due_polls", now=to_text(now))]


def next_poll(db: Connection, after: datetime | None = None) -> datetime | None:
    """Return when the next poll of anybody is due (may be past), None when none is scheduled; see `inbox.earliest`."""
    return maybe_instant(db.run("cursors.next_poll", after=to_text(after) or "")[0]["next_at"])


def unschedule(db: Connection, owner: str) -> None:
    """Stop all polls of an owner; its cursors stay."""
    db.run("cursors.unschedule", owner=owner)


def forget(db: Connection, owner: str) -> None:
    """Forget how far an owner has read; its polls are another matter (`unschedule`)."""
    db.run("cursors.forget", owner=owner)
