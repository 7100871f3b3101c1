"""How far a company's test run (the canary) has come, kept in the journal: it goes on after a restart."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from avantto_qbo.journal import cursors
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import Chain, CustomerId, LocationId, RealmId
from avantto_qbo.model.quickbooks import PaymentRow
from avantto_qbo.rules.reference import is_test

_CURSOR: Final = "canary"


class Stage(StrEnum):
    """What a run does next."""

    MAKING = "making"
    REPEATING = "repeating"  # waits as long as a real repetition would, then sends everything again
    REMOVING = "removing"
    OVER = "over"


class Trial(msgspec.Struct, frozen=True):
    """One run. `results`: `requestid.Invoice` → what was seen, in words; `customer` is the one made for it."""

    run: str
    location: LocationId
    begun: datetime
    actor: str
    stage: Stage = Stage.MAKING
    customer: CustomerId = CustomerId("")
    results: dict[str, str] = {}
    passes: int = 0
    ended: datetime | None = None

    @property
    def chain(self) -> Chain:
        """Everything of one run stays in order."""
        return Chain(f"canary:{self.run}")


def last(db: Connection, realm: RealmId) -> Trial | None:
    """The run that is under way or was the last of a company, None before the first."""
    kept = cursors.get(db, realm, _CURSOR)
    return msgspec.json.decode(kept, type=Trial) if kept else None


def put(db: Connection, realm: RealmId, trial: Trial, now: datetime) -> None:
    """Keep how far a run has come."""
    cursors.put(db, realm, _CURSOR, msgspec.json.encode(trial).decode(), now)


def is_of_test(db: Connection, realm: RealmId, row: PaymentRow) -> bool:
    """Say whether a payment of the change feed is a test's: a void takes its note, but not its customer."""
    if is_test(row.note):
        return True
    trial = last(db, realm)
    return trial is not None and bool(trial.customer) and row.customer_id == trial.customer
