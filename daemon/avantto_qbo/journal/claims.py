"""Claims: one operation at a time may make the customer of an e-mail or a name in a realm, also through doubt."""

from __future__ import annotations

from datetime import datetime

from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.instants import to_text
from avantto_qbo.model.ids import OperationId, RealmId


def take(db: Connection, realm: RealmId, key: str, op_id: OperationId, now: datetime) -> OperationId:
    """Claim a key and return who holds it: `op_id` when it got it or had it, else the other operation."""
    db.run("claims.take", realm=realm, key=key, operation=op_id, now=to_text(now))
    return OperationId(db.run("claims.holder", realm=realm, key=key)[0]["operation"])


def release(db: Connection, op_id: OperationId) -> list[str]:
    """Give back all keys of an operation; return them, sorted, so that those who wait can be woken."""
    return sorted(row["key"] for row in db.run("claims.release", operation=op_id))


def holder(db: Connection, realm: RealmId, key: str) -> OperationId | None:
    """Return the operation that holds a key."""
    rows = db.run("claims.holder", realm=realm, key=key)
    return OperationId(rows[0]["operation"]) if rows else None
