"""Writes that a SyncToken makes safe to send again: what was carried out already is refused as stale, and looked at."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from avantto_qbo.actors.books.standing import standing
from avantto_qbo.actors.desk import Desk
from avantto_qbo.model.operation import Call, Kind, Operation
from avantto_qbo.model.outcome import Fault, FaultClass, Outcome, Refused
from avantto_qbo.model.quickbooks import Company, Found
from avantto_qbo.rules.books.comparing.restore import is_voided

ENTITIES: Final = {
    Kind.INVOICE_CREATE: "Invoice",
    Kind.INVOICE_UPDATE: "Invoice",
    Kind.RECEIPT_CREATE: "SalesReceipt",
    Kind.REFUND_CREATE: "RefundReceipt",
    Kind.PAYMENT_CREATE: "Payment",
    Kind.PAYMENT_UPDATE: "Payment",
}
_LONGEST_ID: Final = 50
_GONE: Final = Fault("610", "Object Not Found", FaultClass.GONE)
Make = Callable[[str, Company], Call]


class FencedWrites:
    """Changes of what an operation of this location has made."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def send(self, op: Operation, token: str, make: Make, suffix: str) -> Outcome | Found:
        """Send what `make` builds on `token`, the last SyncToken known; `suffix` tells its request ids from others.

        Refused as stale, the object is looked at once: it is returned when its total is right or it is void, else the
        write goes again on its token. Raises what the look-up raises.
        """
        outcome = await self._write(op, token, make, suffix)
        if not (isinstance(outcome, Refused) and outcome.fault.kind is FaultClass.STALE):
            return outcome
        there = await standing(self._desk, ENTITIES[op.kind], op.object_id)
        if there is None:
            return Refused(_GONE)
        if is_voided(there) or right(op, there.total):
            return there
        return await self._write(op, there.sync_token, make, suffix)

    async def _write(self, op: Operation, token: str, make: Make, suffix: str) -> Outcome:
        """The id of the request is as good as its bytes: both follow from the token; each refusal makes a new one."""
        realm = self._desk.realm
        call = make(token, await realm.company())
        refused = f".{op.lookups}" if op.lookups else ""
        return await realm.access.write(
            call, f"{op.request_id}-{suffix}{token}{refused}"[:_LONGEST_ID], key=op.location
        )


def right(op: Operation, total: Decimal | None) -> bool:
    """Say whether the books state the total that `op` was meant to have."""
    return total == Decimal(op.expected)
