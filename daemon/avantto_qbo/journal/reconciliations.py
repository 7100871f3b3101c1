"""What reconciliations found, and what they ask the journal that nobody else does."""

from __future__ import annotations

from datetime import datetime

import msgspec

from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.instants import to_text
from avantto_qbo.journal.operation_row import from_row
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.operation import Operation
from avantto_qbo.model.reconciliation import Reconciled


def put(db: Connection, location: LocationId, found: Reconciled, now: datetime) -> None:
    """Remember what the last reconciliation of a location found."""
    db.run("reconciliations.put", location=location, now=to_text(now), body=msgspec.json.encode(found))


def get(db: Connection, location: LocationId) -> Reconciled | None:
    """Return what the last reconciliation of a location found, None before the first."""
    rows = db.run("reconciliations.get", location=location)
    return msgspec.json.decode(rows[0]["body"], type=Reconciled) if rows else None


def forget(db: Connection, location: LocationId) -> bool:
    """Forget it. False when there was none."""
    return bool(db.run("reconciliations.forget", location=location))


def attributed(db: Connection, location: LocationId) -> dict[str, str]:
    """Return which invoice each payment is for, where something else than the payment's own row said so."""
    return {row["id"]: row["about"] for row in db.run("reconciliations.attributed", location=location)}


def skipped(db: Connection, location: LocationId) -> list[Operation]:
    """Return the operations that a person let go, oldest first."""
    return [from_row(row) for row in db.run("reconciliations.skipped", location=location)]


def scheduled(db: Connection, owner: str, name: str) -> bool:
    """Say whether a poll of an owner will happen at all."""
    return bool(db.run("reconciliations.due_at", owner=owner, name=name))
