"""Companies nothing is written to until their books were read again, and the journal's own generation."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from avantto_qbo.journal import meta
from avantto_qbo.journal.connection import Connection, Row
from avantto_qbo.journal.copied import RESTORED
from avantto_qbo.journal.instants import maybe_instant, to_instant, to_text
from avantto_qbo.model.ids import LocationId, OperationId, RealmId
from avantto_qbo.model.ledger import BookEntity
from avantto_qbo.model.restored import Restored

BACKUP_AT: Final = "backup_at"  # when the last copy was made of this journal
_GENERATION: Final = "generation"
_CAME_BACK_AT: Final = "restored_at"
_LINKED: Final = msgspec.json.Decoder(dict[LocationId, int])


def put(db: Connection, at: Restored) -> None:
    """Stop writing to a company, or note how far its books were read again."""
    db.run(
        "restored.put",
        realm=at.realm,
        since=to_text(at.since),
        noticed_at=to_text(at.noticed_at),
        begins_at=to_text(at.begins_at),
        entity=at.entity,
        position=to_text(at.position),
        start=at.start,
        documents=at.documents,
        linked=msgspec.json.encode(at.linked).decode(),
        done_at=to_text(at.done_at),
    )


def get(db: Connection, realm: RealmId) -> Restored | None:
    """Return where a company stands, also after it is done; None where the journal never was restored."""
    rows = db.run("restored.get", realm=realm)
    return _restored(rows[0]) if rows else None


def under_way(db: Connection) -> list[Restored]:
    """Return the companies nothing is written to, ordered by id."""
    return [_restored(row) for row in db.run("restored.under_way")]


def stopped(db: Connection, location: LocationId) -> bool:
    """Say whether nothing may be written for a location."""
    return bool(db.run("restored.stopped", location=location))


def last_moment(db: Connection) -> datetime | None:
    """Return when the journal was last written to, as far as it says; None for an empty one."""
    return maybe_instant(db.run("restored.last_moment")[0]["at"])


def works(db: Connection) -> tuple[int, int]:
    """Return a mark that moves whenever something is sent or ends."""
    row = db.run("restored.works")[0]
    return row["operation"], row["line"]


def undecided(db: Connection, realm: RealmId) -> list[OperationId]:
    """Return the company's operations that were to be sent, or being sent, when the journal was last written to."""
    return [OperationId(row["id"]) for row in db.run("restored.undecided", realm=realm)]


def generation(db: Connection) -> int | None:
    """Return the generation the journal itself states, None before its first."""
    text = meta.get(db, _GENERATION)
    return int(text) if text else None


def begin_generation(db: Connection, number: int) -> None:
    """State the generation that begins: what the journal was before is no matter any more."""
    meta.put(db, _GENERATION, str(number))
    meta.put(db, RESTORED, "")


def copied_at(db: Connection) -> datetime | None:
    """Return when the copy was made that this journal was until now, None for any other."""
    return maybe_instant(meta.get(db, RESTORED) or None)


def came_back(db: Connection, now: datetime) -> None:
    """Note that an older journal came back."""
    meta.put(db, _CAME_BACK_AT, to_text(now))


def came_back_at(db: Connection) -> datetime | None:
    """Return when an older journal came back last, None where none ever did."""
    return maybe_instant(meta.get(db, _CAME_BACK_AT))


def backup_at(db: Connection) -> datetime | None:
    """Return when the last copy of this journal was made."""
    return maybe_instant(meta.get(db, BACKUP_AT) or None)


def _restored(row: Row) -> Restored:
    return Restored(
        realm=RealmId(row["realm"]),
        since=to_instant(row["since"]),
        noticed_at=to_instant(row["noticed_at"]),
        begins_at=to_instant(row["begins_at"]),
        entity=BookEntity(row["entity"]),
        position=to_instant(row["position"]),
        start=row["start"],
        documents=row["documents"],
        linked=_LINKED.decode(row["linked"]),
        done_at=maybe_instant(row["done_at"]),
    )
