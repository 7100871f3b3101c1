"""The plan of one document: what to do next so that the books say what Avantto says.

Everything a plan needs is in its case. What stops it is a step too: Ignore (not for the books), Wait (not finished),
Hold (a person decides), PauseMoney (somebody else posts as well). An empty plan means both sides agree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from avantto_qbo.model.avantto import Person
from avantto_qbo.model.drafts import InvoiceDraft, ItemDraft
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.settings import OnOff
from avantto_qbo.model.steps import (
    BookStep,
    CreateInvoice,
    Hold,
    Ignore,
    InvoiceCase,
    NeedCustomer,
    NeedItem,
    PauseMoney,
    ReceiptCase,
    SaleCase,
    UpdateInvoice,
    VoidInvoice,
    Wait,
)
from avantto_qbo.rules.books.checks import check_period, named
from avantto_qbo.rules.books.invoice import DraftedInvoice, changed_fields, draft_invoice, kept
from avantto_qbo.rules.books.late import check_change, late_flags
from avantto_qbo.rules.books.money.credit import has_credit, plan_credit
from avantto_qbo.rules.books.money.moves import plan_unlink, taken_back
from avantto_qbo.rules.books.money.payment import plan_payments
from avantto_qbo.rules.books.money.received import attributed
from avantto_qbo.rules.books.receipt import plan_sale
from avantto_qbo.rules.books.refund import check_credit, invoice_refunds, plan_posted, void_refunded
from avantto_qbo.rules.books.sale.charge import named as payment_named
from avantto_qbo.rules.books.sources import FAILED, PENDING, is_real, pays_invoice, pending_wait
from avantto_qbo.rules.dates import day_of, zone_of
from avantto_qbo.rules.reasons import RETRY, UNKNOWN_STATUS, HeldError, held

_C = TypeVar("_C", InvoiceCase, ReceiptCase)
_Steps = tuple[BookStep, ...]
# `overdue` and `viewed` are shown by the vendor's pages but not documented as a stored status (UNVERIFIED).
_POSTED: Final = frozenset({"sent", "payment_processing", "paid", "partially_paid", "overdue", "viewed"})
GONE: Final = frozenset({"void", "voided", "delete", "deleted"})
# Links to copies that we voided ourselves; what a person voided or deleted in QuickBooks has other words.
WITHDRAWN: Final = frozenset({"withdrawn", "undone"})


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


def is_gone(case: InvoiceCase) -> bool:
    """Say whether Avantto has voided or deleted the invoice."""
    return case.deleted or case.invoice.status in GONE


def _invoice(case: InvoiceCase) -> _Steps:
    if is_gone(case) and (case.link is None or case.link.status in WITHDRAWN):
        check_credit(case)
        if voids := tuple(taken_back(case)):  # of what stayed the customer's credit
            return voids
    posted, agreed, case = case.link is not None, case.agreed, _standing(case)
    if (left_out := _left_out(case, posted=posted)) is not None:
        return (left_out,)
    if any(row.qbo_synced for row in attributed(case)):
        return (_pause(case, f"A payment of {named(case)}"),)
    if is_gone(case):
        return _void(case) if case.link else _credit(case, agreed)
    if case.invoice.status not in _POSTED:
        raise held("invoice_status", f"{named(case)} has the unknown status {case.invoice.status!r}.", UNKNOWN_STATUS)
    drafted = draft_invoice(case)
    return _change(case, drafted) if case.link else _create(case, drafted)


def _standing(case: _C) -> _C:
    """A document whose copy we took back is posted anew once Avantto says again that it stands."""
    if case.link is None or case.link.status not in WITHDRAWN:
        return case
    return msgspec.structs.replace(case, link=None, agreed=None)


def _left_out(case: InvoiceCase, *, posted: bool) -> Ignore | None:
    """Why an invoice is not for the books, None when it is. What was `posted` once was made after the cut-off."""
    invoice, link = case.invoice, case.link
    if case.settings.invoices is OnOff.OFF:
        return _ignore("invoices_off", f"{named(case)}: the setting invoices is off.")
    if not invoice.live:
        return _ignore("test_mode", f"{named(case)} was made in test mode.")
    if invoice.status == "draft":
        return _ignore("draft", f"{named(case)} is a draft.")
    if link is not None and link.status != "live":
        return _ignore("gone_in_books", f"{named(case)} was {link.status} in QuickBooks, which is respected.")
    if not posted and invoice.created_at < case.location.books_from:
        return _ignore("before_cut_off", f"{named(case)} was created before {case.location.books_from}.")
    if link is None and is_gone(case) and not has_credit(case):
        return _ignore("never_posted", f"{named(case)} was void before it was posted.")
    return None


def _create(case: InvoiceCase, drafted: DraftedInvoice) -> _Steps:
    check_period(case, [drafted.draft.day], named(case))
    return _needs(case.customer, case.invoice.person, drafted.needs) or (CreateInvoice(drafted.draft, drafted.flags),)


def _change(case: InvoiceCase, drafted: DraftedInvoice) -> _Steps:
    """The differences since both sides agreed, then the money, then what was given back of it."""
    # Linked by a person without a draft: what they said is the same is taken as agreed.
    agreed = case.agreed or drafted.draft
    customer = case.customer or _still(agreed, drafted.draft)
    if customer is None:
        return (NeedCustomer(case.invoice.person),)
    draft = kept(agreed, msgspec.structs.replace(drafted.draft, customer=customer), case.company)
    changed = changed_fields(agreed, draft)
    if not changed:
        return _money(case, agreed, draft)
    if voids := tuple(taken_back(case)):  # before anything is measured against what was paid
        return voids
    check_change(case, agreed, draft, changed)
    moving = plan_unlink(case, "names another customer now") if "customer" in changed else ()
    needs = _needs(customer, case.invoice.person, drafted.needs if "lines" in changed else ())
    flags = (*(drafted.flags if "lines" in changed else ()), *late_flags(case, agreed, changed))
    return moving or needs or (UpdateInvoice(draft, changed, flags),)


def _still(agreed: InvoiceDraft, draft: InvoiceDraft) -> CustomerId | None:
    """The customer a posted invoice has, for the same e-mail: one that was made inactive since stays its customer."""
    return agreed.customer if agreed.email and agreed.email == draft.email else None


def _money(case: InvoiceCase, agreed: InvoiceDraft, draft: InvoiceDraft) -> _Steps:
    """What came, then what went back; a pending payment keeps no refund waiting."""
    payments = plan_payments(case, draft)
    if payments and not isinstance(payments[0], Wait):
        return payments
    return invoice_refunds(case, agreed) or payments


def _void(case: InvoiceCase) -> _Steps:
    """Money that came stays the customer's credit; then the invoice is voided (I5)."""
    if case.agreed is not None:
        check_period(case, [case.agreed.day], named(case))
    reason = "was deleted in Avantto" if case.deleted else "was voided in Avantto"
    instead = void_refunded(case, case.agreed) if case.agreed is not None else None
    if instead is not None and not isinstance(instead[0], Ignore):
        return instead
    if voids := tuple(taken_back(case)):  # before anything is measured against what was paid
        return voids
    late = plan_credit(case, case.agreed.customer, case.agreed.day) if case.agreed is not None else ()
    return late or instead or plan_unlink(case, reason) or (VoidInvoice(),)


def _credit(case: InvoiceCase, agreed: InvoiceDraft | None) -> _Steps:
    """Money of an invoice that is not in the books (any more): the invoice stays out, the money does not.

    `agreed` is the copy that was taken back, if there was one: its customer had a debit under way, say.
    """
    if agreed is not None:
        return plan_credit(case, agreed.customer, agreed.day)
    day = day_of(case.invoice.updated_at, case.location.time_zone) or case.location.books_from.date()
    if case.customer is None:
        return (NeedCustomer(case.invoice.person),)
    return plan_credit(case, case.customer, day)


def _receipt(case: ReceiptCase) -> _Steps:
    case = _standing(case)
    row, what = case.transaction, payment_named(case)
    if not is_real(row):
        return (_ignore("test_mode", f"{what} was made in test mode."),)
    after_cut_off, moved = row.charged_at >= case.location.books_from, row.status not in PENDING | FAILED
    if row.qbo_synced and after_cut_off and moved:
        return (_pause(case, what),)
    if pays_invoice(row, case.order or case.evidence):
        return (_ignore("invoice_payment", f"{what} belongs to an invoice."),)
    if case.link is not None and case.link.status != "live":
        return (_ignore("gone_in_books", f"{what} was {case.link.status} in QuickBooks, which is respected."),)
    if row.status in PENDING:
        return (Wait(pending_wait(case.now - row.created_at), Reason("pending_payment", f"{what} is pending.")),)
    if case.link is not None:
        return plan_posted(case)
    if row.status in FAILED:
        return (_ignore("not_paid", f"{what} has the status {row.status}."),)
    if not after_cut_off:
        return (_ignore("before_cut_off", f"{what} was charged before {case.location.books_from}."),)
    return plan_sale(case)


def _needs(customer: CustomerId | None, person: Person, items: tuple[ItemDraft, ...]) -> _Steps:
    """What must be found or made before a draft is complete. The items first: they can still be held."""
    return (*map(NeedItem, items), *(() if customer else (NeedCustomer(person),)))


def _ignore(code: str, text: str) -> Ignore:
    return Ignore(Reason(code, text))


def _pause(case: SaleCase, what: str) -> PauseMoney:
    text = f"{what} was also posted by Avantto's own QuickBooks integration."
    mend = f"Turn off QuickBooks in Avantto, then: avantto-qbo resume {case.location.id}"
    return PauseMoney(Reason("built_in_integration", text, mend))
