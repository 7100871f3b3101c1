"""The durable mailbox of every location: mail coalesces per object and stays until it is finished."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from avantto_qbo.journal.connection import Connection, Row, Value
from avantto_qbo.journal.instants import maybe_instant, to_instant, to_text
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Envelope, Lane, Topic

# The provider of deliveries that are remembered for ever: what they say would be believed a second time.
UNDATED: Final = "avantto-undated"


def deliver(db: Connection, provider: str, event_id: str, now: datetime) -> bool:
    """Remember a webhook event. True the first time, False for a duplicate delivery."""
    return bool(db.run("inbox.deliver", provider=provider, event_id=event_id, now=to_text(now)))


def delivered(db: Connection, provider: str, event_id: str) -> bool:
    """Say whether an event was delivered already, without remembering it."""
    return bool(db.run("inbox.delivered", provider=provider, event_id=event_id))


def prune(db: Connection, before: datetime) -> int:
    """Forget event ids seen before `before` (keep at least 30 days), but for the undated; return how many."""
    return len(db.run("inbox.prune", before=to_text(before), kept=UNDATED))


def tell(
    db: Connection,
    location: LocationId,
    topic: Topic,
    object_id: str,
    lane: Lane,
    now: datetime,
    *,
    payload: bytes = b"",
    changed_at: datetime | None = None,
    due: datetime | None = None,
) -> bool:
    """Say that an object changed; mail about the same object becomes one envelope with a higher version.

    The envelope is due at the earlier of what it was and `due` (default now), also when it waits for something: what
    is new may make the wait pointless. An empty payload keeps the one that is there. False, and nothing changes, when
    the payload there is newer by `changed_at`.
    """
    told = db.run(
        "inbox.tell",
        location=location,
        topic=topic,
        object_id=object_id,
        lane=lane,
        now=to_text(now),
        next_at=to_text(due or now),
        changed_at=to_text(changed_at),
        payload=payload,
        empty=b"",
    )
    return bool(told)


def take(db: Connection, location: LocationId, lane: Lane, now: datetime) -> Envelope | None:
    """Return the envelope that has been due the longest; it stays until `finish`."""
    rows = db.run("inbox.take", location=location, lane=lane, now=to_text(now))
    return _envelope(rows[0]) if rows else None


def get(db: Connection, location: LocationId, topic: Topic, object_id: str) -> Envelope | None:
    """Return the mail about one object, due or not."""
    rows = db.run("inbox.get", location=location, topic=topic, object_id=object_id)
    return _envelope(rows[0]) if rows else None


def finish(db: Connection, envelope: Envelope) -> bool:
    """Remove a handled envelope. False when it was told again meanwhile: then it is due at once."""
    if db.run("inbox.finish", **_key(envelope), version=envelope.version):
        return True
    return not db.run("inbox.reopen", **_key(envelope), due=to_text(envelope.next_at))


def postpone(db: Connection, envelope: Envelope, next_at: datetime, *, waiting_for: str = "", reason: str = "") -> None:
    """Try an envelope again at `next_at`, or before that when `wake(waiting_for)` is called.

    The attempt is counted and the payload kept. An envelope that was told again meanwhile stays due at once.
    """
    postponed = db.run(
        "inbox.postpone",
        **_key(envelope),
        version=envelope.version,
        next_at=to_text(next_at),
        waiting_for=waiting_for,
        reason=reason,
    )
    if not postponed:
        db.run("inbox.reopen", **_key(envelope), due=to_text(envelope.next_at))


def wake(db: Connection, waiting_for: str, now: datetime) -> list[LocationId]:
    """Make everything due that waits for this operation id or claim key; return whose mail that was."""
    woken = db.run("inbox.wake", waiting_for=waiting_for, now=to_text(now))
    return sorted({LocationId(row["location"]) for row in woken})


def due_locations(db: Connection, now: datetime) -> list[LocationId]:
    """Return connected locations with due mail or a due operation, the longest waiting first."""
    return [LocationId(row["location"]) for row in db.run("inbox.due_locations", now=to_text(now))]


def earliest(db: Connection, after: datetime | None = None) -> datetime | None:
    """Return when the next mail or operation of a connected location is due (may be past), None when none waits.

    With `after`, only of those that are due later than that.
    """
    return maybe_instant(db.run("inbox.earliest", after=to_text(after) or "")[0]["next_at"])


def oldest(db: Connection, location: LocationId, lane: Lane) -> datetime | None:
    """Return since (or from) when the first mail of the lane is due."""
    return maybe_instant(db.run("inbox.oldest", location=location, lane=lane)[0]["next_at"])


def count(db: Connection, location: LocationId, lane: Lane) -> int:
    """Count the mail of one lane of a mailbox, waiting mail included."""
    return int(db.run("inbox.count", location=location, lane=lane)[0]["mails"])


def backlog(db: Connection, lane: Lane, now: datetime, most: int) -> int:
    """Count the mail of one lane that is due at connected locations, up to `most`."""
    return int(db.run("inbox.backlog", lane=lane, now=to_text(now), most=most)[0]["mails"])


def depth(db: Connection) -> dict[tuple[LocationId, Topic], int]:
    """Count the mail of every mailbox by topic, waiting mail included."""
    rows = db.run("inbox.depth")
    return {(LocationId(row["location"]), Topic(row["topic"])): row["mails"] for row in rows}


def clear(db: Connection, location: LocationId) -> int:
    """Empty a mailbox; return how much mail was dropped."""
    return len(db.run("inbox.clear", location=location))


def _key(envelope: Envelope) -> dict[str, Value]:
    return {"location": envelope.location, "topic": envelope.topic, "object_id": envelope.object_id}


def _envelope(row: Row) -> Envelope:
    return Envelope(
        location=LocationId(row["location"]),
        topic=Topic(row["topic"]),
        object_id=row["object_id"],
        lane=Lane(row["lane"]),
        version=row["version"],
        received_at=to_instant(row["received_at"]),
        next_at=to_instant(row["next_at"]),
        payload=row["payload"],
        attempts=row["attempts"],
        waiting_for=row["waiting_for"],
        reason=row["reason"],
    )
