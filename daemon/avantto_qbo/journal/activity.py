"""What the daemon and people did with a location's data, and why; ids and sums only."""

from __future__ import annotations

from typing import Final

from avantto_qbo.journal.connection import Connection, Row
from avantto_qbo.journal.instants import to_instant, to_text
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Activity

_NEWEST: Final = 2**63 - 1


def record(db: Connection, activity: Activity) -> int:
    """Write a line and return its id; the value's own `id` is not used."""
    written = db.run(
        "activity.record",
        at=to_text(activity.at),
        location=activity.location,
        event=activity.event,
        text=activity.text,
        subject=activity.subject,
        actor=activity.actor,
    )
    return int(written[0]["id"])


def page(db: Connection, location: LocationId, limit: int = 50, before_id: int | None = None) -> list[Activity]:
    """Return up to `limit` lines, newest first, only those older than the line `before_id` if it is given."""
    before = _NEWEST if before_id is None else before_id
    rows = db.run("activity.page", location=location, limit=limit, before_id=before)
    return [_activity(row) for row in rows]


def about(db: Connection, location: LocationId, subject: str, limit: int) -> list[Activity]:
    """Return up to `limit` lines about one document, newest first."""
    rows = db.run("activity.about", location=location, subject=subject, limit=limit)
    return [_activity(row) for row in rows]


def _activity(row: Row) -> Activity:
    return Activity(
        at=to_instant(row["at"]),
        location=LocationId(row["location"]),
        event=row["event"],
        text=row["text"],
        subject=row["subject"],
        actor=row["actor"],
        id=row["id"],
    )
