"""Read the invoice a doubtful payment is for: what is open of it, and by whose payments (I3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.actors.house import House
from avantto_qbo.actors.realm import RealmActor
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import links
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.drafts import PaymentDraft
from avantto_qbo.model.operation import Operation
from avantto_qbo.model.quickbooks import Found
from avantto_qbo.quickbooks import reads
from avantto_qbo.rules.books.doubts.payment_doubt import Balance

_ALIVE: Final = "live"
_OTHERS: Final = 3  # each costs a metered read; more strangers than these only a person can sort out


class PaymentEvidence:
    """The questions about one location's invoices: one read, and one for each payment on it that is not known."""

    def __init__(self, house: House, realm: RealmActor) -> None:
        self._house, self._realm = house, realm

    async def balance(self, op: Operation) -> Balance | None:
        """Read the invoice of payment `op`; None where it is gone. Raises as reads do."""
        draft = msgspec.json.decode(op.intent, type=PaymentDraft)
        read = reads.invoice(draft.invoice, draft.total.currency)
        try:
            row = (await self._realm.access.read(read, key=op.location)).row
        except RejectedError as error:
            if error.code == "610":
                return None
            raise
        ours = await self._house.journal.read(lambda db: _ours(db, op, draft.invoice))
        strangers = [one for one in row.payments if one not in ours][:_OTHERS]
        others = [await self._other(op, one) for one in strangers]
        # One that a person deleted or took off settles nothing of it any more.
        known = sum((amount for one, amount in ours.items() if one in row.payments), Decimal(0))
        return Balance(row.total, row.balance, known, tuple(others))

    async def _other(self, op: Operation, payment: str) -> Found:
        row = await self._realm.access.read(reads.payment(payment), key=op.location)
        return Found("Payment", row.id, row.sync_token, row.note, row.total)


def _ours(db: Connection, op: Operation, invoice: str) -> dict[str, Decimal]:
    """What each of our payments takes of the invoice, by id."""
    standing = [link for link in links.of_source(db, op.location, "payment", op.source.id) if link.status == _ALIVE]
    drafts = {link.object_id: msgspec.json.decode(link.agreed, type=PaymentDraft) for link in standing if link.agreed}
    return {name: draft.total.amount for name, draft in drafts.items() if draft.invoice == invoice}
