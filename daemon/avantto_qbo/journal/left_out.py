"""Customers that are no contacts of a location, each with the reason (C5): ids and codes only."""

from __future__ import annotations

from datetime import datetime

from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.instants import to_text
from avantto_qbo.model.ids import CustomerId, LocationId, RealmId


def put(db: Connection, location: LocationId, realm: RealmId, customer: CustomerId, code: str, now: datetime) -> bool:
    """Note why a customer is left out. False when it was for the same reason before."""
    return bool(db.run("left_out.put", location=location, realm=realm, customer=customer, code=code, now=to_text(now)))


def remove(db: Connection, location: LocationId, realm: RealmId, customer: CustomerId) -> None:
    """Forget it: the customer is a contact now."""
    db.run("left_out.remove", location=location, realm=realm, customer=customer)


def counts(db: Connection, location: LocationId, realm: RealmId) -> dict[str, int]:
    """Count the customers left out by reason."""
    rows = db.run("left_out.counts", location=location, realm=realm)
    return {row["code"]: int(row["customers"]) for row in rows}
