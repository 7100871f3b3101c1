"""Merged customers: whom a customer that is gone goes on as."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.instants import to_text
from avantto_qbo.model.ids import CustomerId, RealmId

_DEEPEST: Final = 10  # merges of merges; a circle ends here too


def put(db: Connection, realm: RealmId, loser: CustomerId, survivor: CustomerId, now: datetime) -> None:
    """Note that `loser` was merged into `survivor`."""
    db.run("merges.put", realm=realm, loser=loser, survivor=survivor, now=to_text(now))


def survivor(db: Connection, realm: RealmId, customer: CustomerId) -> CustomerId:
    """Return the customer this one goes on as: itself unless it was merged."""
    for _ in range(_DEEPEST):
        found = db.run("merges.survivor", realm=realm, loser=customer)
        if not found:
            break
        customer = CustomerId(found[0]["survivor"])
    return customer
