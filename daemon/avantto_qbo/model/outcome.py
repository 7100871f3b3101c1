"""What became of one write: four values that are never mixed up.

A write that was not sent or was refused changed nothing; a success carries what the books now hold; anything else is
in doubt and is neither repeated nor dropped until it has been looked up.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

import msgspec


class FaultClass(StrEnum):
    """Who or what can mend a refusal."""

    PASSING = "passing"  # wait and repeat the same request
    STALE = "stale"  # the object changed since we read it (5010)
    NUMBER_TAKEN = "number_taken"  # 6140
    NAME_TAKEN = "name_taken"  # 6240
    GONE = "gone"  # 610, 404: the object is not there any more
    DUPLICATE = "duplicate"  # Avantto's 400 that names the existing contact
    CLOSED = "closed"  # books closed, company locked, subscription ended: a human of the company
    FINAL = "final"  # this very request will never be accepted


class Fault(msgspec.Struct, frozen=True):
    """A refusal in the vendor's words. `existing` is the id the vendor pointed at, if any."""

    code: str
    message: str
    kind: FaultClass
    status: int = 0
    field: str = ""
    existing: str = ""


class Written(msgspec.Struct, frozen=True, tag=True):
    """The write was accepted: the object's id, its new SyncToken, and the total its answer states (major units)."""

    object_id: str
    sync_token: str = ""
    total: Decimal | None = None
    balance: Decimal | None = None


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The write was read and refused; nothing changed on the other side."""

    fault: Fault


class NotSent(msgspec.Struct, frozen=True, tag=True):
    """Nothing was carried out (no connection, throttled, token refused): the same bytes may go again."""

    reason: str
    retry_after: timedelta | None = None


class InDoubt(msgspec.Struct, frozen=True, tag=True):
    """It may or may not have been carried out; `repeated` when the answer was that this request id was used before."""

    reason: str
    repeated: bool = False


class NoAccess(msgspec.Struct, frozen=True, tag=True):
    """The connection is dead until a human reconnects; nothing was carried out."""

    provider: str
    subject: str
    reason: str


Outcome = Written | Refused | NotSent | InDoubt | NoAccess
