"""Metered reads, counted against the vendor's monthly budget."""

from __future__ import annotations

from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import RealmId


def add_reads(db: Connection, realm: RealmId, month: str, n: int) -> None:
    """Add `n` reads to a realm's month (`YYYY-MM`)."""
    db.run("usage.add_reads", realm=realm, month=month, reads=n)


def reads(db: Connection, month: str) -> dict[RealmId, int]:
    """Return the reads of every realm that read in the month (`YYYY-MM`)."""
    return {RealmId(row["realm"]): row["reads"] for row in db.run("usage.reads", month=month)}
