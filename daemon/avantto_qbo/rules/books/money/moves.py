"""What happens to payments that stand in the books: off their invoice, back on it, or voided (I5).

Money that came stays the customer's, so a payment is only unlinked; it is voided when the bank took the money back.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from avantto_qbo.model.drafts import InvoiceDraft, PaymentDraft
from avantto_qbo.model.quickbooks import PaymentRow
from avantto_qbo.model.steps import BookStep, ChangePayment, InvoiceCase, PostedPayment, VoidPayment
from avantto_qbo.rules.books.checks import check_period, named
from avantto_qbo.rules.books.money.received import failed_parts
from avantto_qbo.rules.reasons import DELETE_REFUND, FAILED_REFUNDED, held


def plan_unlink(case: InvoiceCase, reason: str = "was changed or voided in Avantto") -> tuple[BookStep, ...]:
    """Take our payments off their invoice: the cash stays as the customer's credit (I5).

    `reason` says in the words of a hold what became of the invoice, as in "was voided in Avantto".
    """
    voids = tuple(taken_back(case))
    gone, moved = {step.part for step in voids}, []
    for payment, draft in _standing(case):
        if draft.invoice and payment.part not in gone:
            check_period(case, [draft.day], f"{named(case)} {reason}; a payment on it")
            moved.append(ChangePayment(payment.part, msgspec.structs.replace(draft, invoice="")))
    return (*voids, *moved)


def edited(agreed: PaymentDraft, wanted: PaymentDraft, theirs: PaymentRow) -> str:
    """Say what a person changed on a payment in QuickBooks that our change would undo, "" if nothing."""
    if theirs.total != agreed.total.amount:
        return f"its amount ({theirs.total} instead of {agreed.total})"
    if theirs.customer_id not in {agreed.customer, wanted.customer}:
        return "its customer"
    expected = [[(draft.invoice, draft.total.amount)] if draft.invoice else [] for draft in (agreed, wanted)]
    return "" if list(theirs.invoices) in expected else "the invoices it settles"


def taken_back(case: InvoiceCase) -> Iterator[VoidPayment]:
    """Void our payments whose transaction failed after it had succeeded. Raises HeldError for one that was refunded."""
    failed = failed_parts(case)
    for payment, draft in _standing(case):
        if payment.part not in failed:
            continue
        what = f"Payment {payment.part} of {named(case)} was taken back by the bank"
        if any(refund.transaction == payment.part for refund in case.refunds):
            text = f"{what} after it was refunded; its refund receipt would stand without the money it gave back."
            raise held(FAILED_REFUNDED, text, DELETE_REFUND)
        check_period(case, [draft.day], f"{what}; it")
        yield VoidPayment(payment.part)


def moves(case: InvoiceCase, draft: InvoiceDraft) -> Iterator[ChangePayment]:
    """Put payments of another customer, or off the invoice, back on it: it stands."""
    for payment, agreed in _standing(case):
        wanted = msgspec.structs.replace(agreed, customer=draft.customer, invoice=posted_as(case))
        if wanted != agreed:
            check_period(case, [wanted.day], f"A payment of {named(case)}")
            yield ChangePayment(payment.part, wanted)


def _standing(case: InvoiceCase) -> Iterator[tuple[PostedPayment, PaymentDraft]]:
    """Our payments that can be changed: one without a draft was deleted by a person."""
    return ((payment, payment.draft) for payment in case.posted if payment.draft is not None)


def posted_as(case: InvoiceCase) -> str:
    """The invoice in QuickBooks that payments go to."""
    return case.link.object_id if case.link else ""
