"""What a doubt ends in: the verdict on what was found, and the words for what only a person can tell."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.errors import InternalError, RejectedError
from avantto_qbo.model.drafts import InvoiceDraft
from avantto_qbo.model.operation import Kind, Operation, Reason, State
from avantto_qbo.model.quickbooks import Found
from avantto_qbo.quickbooks.lookups import customer_of, number_of
from avantto_qbo.rules.books.doubts.doubt import (
    Adopt,
    Decision,
    GiveUp,
    HoldIt,
    LookAgain,
    Replan,
    Resend,
    as_sent,
    unresolved,
)
from avantto_qbo.rules.reasons import RETRY, SKIP, document
from avantto_qbo.rules.reference import marks
from avantto_qbo.rules.settle import Verdict

_CORRECTED: Final = frozenset({Kind.INVOICE_CREATE, Kind.INVOICE_UPDATE, Kind.RECEIPT_CREATE, Kind.REFUND_CREATE})


class Resolution(msgspec.Struct, frozen=True):
    """Send the same bytes again, end with `verdict`, or (neither) look again at `next_at`.

    `lookups` is what the operation counts from then on.
    """

    resend: bool = False
    verdict: Verdict | None = None
    next_at: datetime | None = None
    lookups: int | None = None


def resolution_of(op: Operation, decision: Decision) -> Resolution:
    """Turn a decision into what is done about the operation."""
    match decision:
        case Adopt(found=hit):
            return Resolution(verdict=adopted(op, hit))
        case Resend(lookups=looks):
            return Resolution(resend=True, lookups=looks)
        case LookAgain(at=at, lookups=looks):
            return Resolution(next_at=at, lookups=looks)
        case HoldIt(reason=reason):
            return Resolution(verdict=Verdict((State.HELD,), reason))
        case Replan(reason=reason):
            return Resolution(verdict=Verdict((State.HELD, State.SKIPPED), reason))
        case GiveUp(reason=reason):
            return Resolution(verdict=Verdict((State.DONE,), reason))
        case _:
            raise InternalError(f"{decision} is no end of a doubt")


def differs(op: Operation, hit: Found) -> bool:
    """Say whether what is there has another total than what was sent."""
    return bool(op.expected) and hit.total is not None and hit.total != Decimal(op.expected)


def is_done(verdict: Verdict) -> bool:
    """Say whether nothing is left to do."""
    return verdict.path == (State.DONE,)


def adopted(op: Operation, hit: Found) -> Verdict:
    """What was found is ours; with another total than Avantto's it is put right, or shown to a person."""
    if differs(op, hit) and op.kind in _CORRECTED and as_sent(op, hit):
        text = f"QuickBooks computed a total of {hit.total} where Avantto says {op.expected}."
        path = (State.SENDING, State.CORRECTING)
        return Verdict(path, Reason("total_differs", text), None, hit.id, hit.sync_token)
    if differs(op, hit):
        return Verdict((State.HELD,), other_total(op, hit))
    return Verdict((State.DONE,), None, None, hit.id, hit.sync_token)


def other_total(op: Operation, hit: Found) -> Reason:
    """The reason to hold what is there with another total."""
    total = f"a total of {hit.total} where Avantto says {op.expected}"
    text = f"{document(op)} is in QuickBooks (id {hit.id}) with {total}."
    return Reason("doubt_total", text, f"correct it in QuickBooks, then: {RETRY}")


def not_answered(op: Operation, error: RejectedError) -> Reason:
    """The reason to hold what cannot be looked up, because the question itself is refused."""
    side = "QuickBooks" if op.kind.side == "books" else "Avantto"
    return unresolved(f"{document(op)}: the answer was lost, and {side} refuses to look it up ({error.code}).")


def foreign_copy(op: Operation, hits: tuple[Found, ...]) -> Reason | None:
    """The same number, customer and total without our marker: most likely the built-in integration posted it (S3)."""
    if op.kind is not Kind.INVOICE_CREATE:
        return None
    sent = msgspec.json.decode(op.intent, type=InvoiceDraft)
    same = [
        hit
        for hit in hits
        if number_of(hit) == sent.number
        and customer_of(hit) == sent.customer
        and not differs(op, hit)
        and not marks(hit.marker_text)
    ]
    if not same:
        return None
    text = f"Invoice {sent.number} is in QuickBooks already (id {same[0].id}), same customer and total, not by us."
    mend = f"turn off QuickBooks in Avantto, then: {SKIP} (keep theirs); or delete theirs, then: {RETRY}"
    return Reason("built_in_copy", text, mend)
