"""Evidence: what was seen of each object and no later read says again, such as the sums of an order's webhook.

One copy an object, the newest, kept as long as the document it speaks of: a renewal and a refund may come years later,
and a row that is forgotten is news once more when a list is read again.
"""

from __future__ import annotations

from datetime import datetime

from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.instants import to_text
from avantto_qbo.model.ids import LocationId


def put(db: Connection, location: LocationId, kind: str, id: str, about: str, body: bytes, at: datetime) -> bool:  # noqa: A002 - the field's word, as in Source
    """Keep a copy of object `id` about document `about`. False when the copy there is newer."""
    return bool(db.run("evidence.put", location=location, kind=kind, id=id, about=about, body=body, at=to_text(at)))


def get(db: Connection, location: LocationId, kind: str, id: str) -> bytes | None:  # noqa: A002 - as above
    """Return the newest copy of one object."""
    rows = db.run("evidence.get", location=location, kind=kind, id=id)
    return bytes(rows[0]["body"]) if rows else None


def about(db: Connection, location: LocationId, kind: str, about: str) -> list[bytes]:
    """Return the copies of one kind about a document, oldest first."""
    return [row["body"] for row in db.run("evidence.about", location=location, kind=kind, about=about)]


def due(db: Connection, location: LocationId, kind: str, now: datetime, limit: int) -> list[str]:
    """Return the ids of up to `limit` objects of one kind that were put down for `now` or before, longest due first."""
    return [
        str(row["id"]) for row in db.run("evidence.due", location=location, kind=kind, now=to_text(now), limit=limit)
    ]


def of_kind(db: Connection, location: LocationId, kind: str) -> dict[str, bytes]:
    """Return all copies of one kind by object, oldest first."""
    return {row["id"]: bytes(row["body"]) for row in db.run("evidence.of_kind", location=location, kind=kind)}


def remove(db: Connection, location: LocationId, kind: str, id: str) -> bool:  # noqa: A002 - as above
    """Drop the copy of one object. False when there was none."""
    return bool(db.run("evidence.remove", location=location, kind=kind, id=id))


def unseen(
    db: Connection, location: LocationId, kind: str, about: str, *, source_kind: str, before: datetime
) -> list[str]:
    """Return the documents of `source_kind` linked live before `before` that no copy of `kind` says `about` of."""
    rows = db.run(
        "evidence.unseen",
        location=location,
        kind=kind,
        about=about,
        source_kind=source_kind,
        before=to_text(before),
    )
    return [str(row["source_id"]) for row in rows]


def prune(db: Connection, before: datetime) -> int:
    """Drop what is older than `before` and will not be asked for again; return how many (keep at least a year).

    That is orders nobody paid, and which version of a payment in QuickBooks was told: its feed brings changes only.
    """
    return len(db.run("evidence.prune", before=to_text(before)))


def clear(db: Connection, location: LocationId) -> int:
    """Drop what a location has seen, but for the copies of its orders; return how many."""
    return len(db.run("evidence.clear", location=location))
