"""What the invoice says about a payment whose answer was lost and that no look-up finds (I3).

Its balance is read directly, so it does not lag as queries may. Unchanged, the payment was not applied: it goes again
behind a fence, or where QuickBooks refuses to settle more of an invoice than is open and two of it would be more.
Lower by at least the payment's amount without our marker, it is somebody's payment or ours not yet to be seen: then it
is never sent again, but looked at once more and shown to a person with both facts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.model.drafts import PaymentDraft
from avantto_qbo.model.operation import Operation, Reason
from avantto_qbo.model.quickbooks import Found
from avantto_qbo.rules.books.doubts.doubt import (
    LOOKS,
    Adopt,
    Decision,
    HoldIt,
    LookAgain,
    again,
    ours_among,
    twice,
    unresolved,
)
from avantto_qbo.rules.reasons import RETRY, SKIP, document

_LAST_LOOK: Final = 10  # settle times after it was sent: the look after the last, where the balance fell
_COMPARE: Final = f"compare the payments of that invoice: if this one is there, {SKIP}; if it is not, {RETRY}"


class Balance(msgspec.Struct, frozen=True):
    """An invoice as it was read: `known` is what our other payments settle of it, in major units.

    `others` are the payments on it that we did not know, as they stand.
    """

    total: Decimal
    balance: Decimal
    known: Decimal
    others: tuple[Found, ...] = ()


class Fences(msgspec.Struct, frozen=True):
    """What would stop a second commit of the same payment: `repeat` its bytes, `beyond` the balance of its invoice."""

    repeat: bool = False
    beyond: bool = False


def weigh(op: Operation, invoice: Balance | None, *, now: datetime, settle: timedelta, fences: Fences) -> Decision:
    """Decide about a payment in doubt after its last empty look; `invoice` is None where it is not there any more."""
    if invoice is None:
        gone = HoldIt(unresolved(f"{document(op)}: the answer was lost, and its invoice is not in QuickBooks."))
        return again(op) if fences.repeat else gone
    ours = ours_among(op, invoice.others)
    if len(ours) > 1:
        return HoldIt(twice(op, tuple(hit.id for hit in ours)))
    if ours:
        return Adopt(ours[0])
    amount = msgspec.json.decode(op.intent, type=PaymentDraft).total.amount
    if invoice.total - invoice.balance - invoice.known >= amount:
        return _somebody_paid(op, invoice, amount, now, settle)
    if fences.repeat or (fences.beyond and 2 * amount > invoice.balance):
        return again(op)
    text = f"{document(op)}: the answer was lost, no look-up finds it, and {invoice.balance} of its invoice is open"
    return HoldIt(unresolved(f"{text}: it was not applied."))


def _somebody_paid(op: Operation, invoice: Balance, amount: Decimal, now: datetime, settle: timedelta) -> Decision:
    last = (op.sent_at or op.updated_at) + _LAST_LOOK * settle
    if now < last:  # as the last of this round of looks
        return LookAgain(last, op.lookups - op.lookups % len(LOOKS) + len(LOOKS) - 1)
    ids = ", ".join(hit.id for hit in invoice.others)
    by = f"payment {ids} does not carry our marker" if ids else "no payment with our marker is there"
    text = (
        f"{document(op)}: the answer to a payment of {amount} was lost. Its invoice is settled by that much more than"
        f" we know of ({invoice.balance} of {invoice.total} is open), but {by}: somebody's payment, or ours?"
    )
    return HoldIt(Reason("doubt_balance", text, _COMPARE))
