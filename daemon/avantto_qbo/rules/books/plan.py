"""The plan of one document: what to do next so that the books say what Avantto says.

Everything a plan needs is in its case. What stops it is a step too: Ignore (not for the books), Wait (not finished),
Hold (a person decides), PauseMoney (somebody else posts as well). An empty plan means both sides agree.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar

from avantto_qbo.model.avantto import Person, Transaction
from avantto_qbo.model.drafts import DraftLine, InvoiceDraft
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.settings import LateChanges, OnOff
from avantto_qbo.model.steps import (
    BookStep,
    CreateInvoice,
    CreateReceipt,
    Hold,
    Ignore,
    InvoiceCase,
    NeedCustomer,
    NeedItem,
    PauseMoney,
    ReceiptCase,
    UpdateInvoice,
    VoidInvoice,
    Wait,
)
from avantto_qbo.rules.books.charge import evidence_awaited
from avantto_qbo.rules.books.charge import named as payment_named
from avantto_qbo.rules.books.defaults import Case, default_item_draft
from avantto_qbo.rules.books.invoice import changed_fields, check_period, draft_invoice, kept, named
from avantto_qbo.rules.books.payment import attributed, plan_payments, received
from avantto_qbo.rules.books.receipt import buyer, draft_receipt
from avantto_qbo.rules.books.sources import FAILED, PENDING, is_real, pays_invoice, pending_wait, switched_on
from avantto_qbo.rules.dates import zone_of
from avantto_qbo.rules.reasons import RETRY, HeldError, held, setting

_C = TypeVar("_C", InvoiceCase, ReceiptCase)
_Steps = tuple[BookStep, ...]
# `overdue` and `viewed` are shown by the vendor's pages but not documented as a stored status (UNVERIFIED).
_POSTED: Final = frozenset({"sent", "payment_processing", "paid", "partially_paid", "overdue", "viewed"})
_GONE: Final = frozenset({"void", "voided", "delete", "deleted"})
_EVIDENCE_WAIT: Final = timedelta(seconds=20)


def plan_invoice(case: InvoiceCase) -> tuple[BookStep, ...]:
    """Decide the next steps for an invoice (I1 to I5); an empty plan means both sides agree."""
    return _planned(_invoice, case)


def plan_receipt(case: ReceiptCase) -> tuple[BookStep, ...]:
    """Decide the next steps for a payment that may be a sale paid at once (S1 to S5)."""
    return _planned(_receipt, case)


def _planned(plan: Callable[[_C], _Steps], case: _C) -> _Steps:
    try:
        if zone_of(case.location.time_zone) is None:
            text = f"The location's time zone {case.location.time_zone!r} is unknown, so no document can be dated."
            raise held("time_zone", text, f"set it in Avantto, then: {RETRY}")
        return plan(case)
    except HeldError as error:
        return (Hold(error.reason),)


def _invoice(case: InvoiceCase) -> _Steps:
    if (left_out := _left_out(case)) is not None:
        return (left_out,)
    if any(row.qbo_synced for row in attributed(case)):
        return (_pause(named(case)),)
    if case.invoice.status in _GONE:
        return _void(case)
    if case.invoice.status not in _POSTED:
        raise held("invoice_status", f"{named(case)} has the unknown status {case.invoice.status!r}.", RETRY)
    draft = draft_invoice(case)
    return _update(case, draft) if case.link else _create(case, draft)


def _left_out(case: InvoiceCase) -> Ignore | None:
    """Why an invoice is not for the books, None when it is."""
    invoice, link = case.invoice, case.link
    if case.settings.invoices is OnOff.OFF:
        return _ignore("invoices_off", f"{named(case)}: the setting invoices is off.")
    if not invoice.live:
        return _ignore("test_mode", f"{named(case)} was made in test mode.")
    if invoice.status == "draft":
        return _ignore("draft", f"{named(case)} is a draft.")
    if link is not None and link.status != "live" and invoice.status not in _GONE:
        return _ignore("gone_in_books", f"{named(case)} was {link.status} in QuickBooks, which is respected.")
    if link is None and invoice.status in _GONE:
        return _ignore("never_posted", f"{named(case)} was void before it was posted.")
    if link is None and invoice.created_at < case.location.books_from:
        return _ignore("before_cut_off", f"{named(case)} was created before {case.location.books_from}.")
    return None


def _create(case: InvoiceCase, draft: InvoiceDraft) -> _Steps:
    check_period(case, [draft.day], named(case))
    needs = _needs(case, case.invoice.person, draft.lines)
    return needs or (CreateInvoice(draft),)


def _update(case: InvoiceCase, draft: InvoiceDraft) -> _Steps:
    if case.customer is None:
        return (NeedCustomer(case.invoice.person),)
    # Linked by a person without a draft: what they said is the same is taken as agreed.
    agreed = case.agreed or draft
    draft = kept(agreed, draft)
    changed = changed_fields(agreed, draft)
    if not changed:
        return plan_payments(case, draft)
    _check_change(case, agreed, draft, changed)
    payments = plan_payments(case, draft)
    needs = _needs(case, case.invoice.person, draft.lines if "lines" in changed else ())
    return needs or (UpdateInvoice(draft, changed), *payments)


def _check_change(case: InvoiceCase, agreed: InvoiceDraft, draft: InvoiceDraft, changed: frozenset[str]) -> None:
    """Hold a change that a person must look at first."""
    what, names = named(case), ", ".join(sorted(changed))
    if case.settings.late_changes is LateChanges.HOLD:
        text = f"{what} was changed in Avantto ({names}) after it was posted, and late_changes is hold."
        raise held("late_change", text, setting(case.location.id, "late_changes=mirror"))
    check_period(case, [agreed.day, draft.day], what)
    paid = received(case)
    if draft.total < paid:
        text = f"{what}: total was lowered to {draft.total}, below the payments of {paid} in QuickBooks."
        raise held("below_paid", text, f"correct the payments in QuickBooks, then: {RETRY}")
    if "customer" in changed and paid:
        text = f"{what} names another customer now, but payments of {paid} are on it."
        raise held("customer_paid", text, "move the payments in QuickBooks, then: avantto-qbo skip ID")


def _void(case: InvoiceCase) -> _Steps:
    if case.link is None or case.link.status != "live":
        return ()
    if paid := received(case):
        text = f"{named(case)} was voided in Avantto, but payments of {paid} are on it."
        raise held("void_paid", text, "unlink the payments and void it in QuickBooks, then: avantto-qbo skip ID")
    if case.agreed:
        check_period(case, [case.agreed.day], named(case))
    return (VoidInvoice(),)


def _receipt(case: ReceiptCase) -> _Steps:
    row, what = case.transaction, payment_named(case)
    if not is_real(row):
        return (_ignore("test_mode", f"{what} was made in test mode."),)
    after_cut_off, moved = row.charged_at >= case.location.books_from, row.status not in PENDING | FAILED
    if row.qbo_synced and after_cut_off and moved:
        return (_pause(what),)
    if pays_invoice(row, case.order or case.evidence):
        return (_ignore("invoice_payment", f"{what} belongs to an invoice."),)
    if row.status in PENDING:
        return (Wait(pending_wait(case.now - row.created_at), Reason("pending_payment", f"{what} is pending.")),)
    if row.status in FAILED:
        return (_ignore("not_paid", f"{what} has the status {row.status}."),)
    if not after_cut_off:
        return (_ignore("before_cut_off", f"{what} was charged before {case.location.books_from}."),)
    return _posted(case) if case.link else _sale(case)


def _posted(case: ReceiptCase) -> _Steps:
    """A receipt that stands: nothing to do, but for money given back since."""
    row = case.transaction
    if case.settings.refunds is OnOff.ON and _refunded(row):
        text = f"{payment_named(case)} was refunded ({row.amount_refunded}), which cannot be posted yet."
        raise held("refund", text, "enter the refund in QuickBooks, then: avantto-qbo skip ID")
    return ()


def _sale(case: ReceiptCase) -> _Steps:
    row, what = case.transaction, payment_named(case)
    if case.settings.receipts is OnOff.OFF:
        return (_ignore("receipts_off", f"{what}: the setting receipts is off."),)
    if not row.amount:
        return (_ignore("zero", f"{what} is of zero."),)
    if row.amount < 0:
        raise held("negative", f"{what}: amount is negative ({row.amount}).")
    if row.status != "succeeded" and not _refunded(row):
        raise held("payment_status", f"{what} has the unknown status {row.status!r}.", RETRY)
    if not switched_on(case):
        return (_ignore("source_off", f"{what}: its source is switched off."),)
    if evidence_awaited(case):
        return (Wait(_EVIDENCE_WAIT, Reason("order_evidence", f"{what}: its order's tax is not known yet.")),)
    draft = draft_receipt(case)
    return _needs(case, buyer(row, case.order or case.evidence), draft.lines) or (CreateReceipt(draft),)


def _refunded(row: Transaction) -> bool:
    return row.status == "refunded" or bool(row.amount_refunded)


def _needs(case: Case, person: Person, lines: tuple[DraftLine, ...]) -> _Steps:
    """What must be found or made before a draft is complete. The item first: it can still be held."""
    item = [NeedItem(default_item_draft(case))] if any(not line.item for line in lines) else []
    customer = [NeedCustomer(person)] if case.customer is None else []
    return (*item, *customer)


def _ignore(code: str, text: str) -> Ignore:
    return Ignore(Reason(code, text))


def _pause(what: str) -> PauseMoney:
    text = f"{what} was also posted by Avantto's own QuickBooks integration."
    return PauseMoney(Reason("built_in_integration", text, "turn off QuickBooks in Avantto, then resume the location"))
