"""What a payment without an invoice looks like in the books: one sales receipt of exactly what was charged."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import msgspec

from avantto_qbo.model.avantto import Order, Person, Transaction
from avantto_qbo.model.drafts import ItemDraft, ReceiptDraft
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.settings import OnOff
from avantto_qbo.model.steps import BookStep, CreateReceipt, Ignore, NeedCustomer, NeedItem, ReceiptCase, Wait
from avantto_qbo.rules.books.checks import check_currency, check_period, money
from avantto_qbo.rules.books.company.accounts import deposit_account, payment_method
from avantto_qbo.rules.books.company.divisions import department_of
from avantto_qbo.rules.books.sale.charge import Charged, charged, evidence_awaited, named
from avantto_qbo.rules.books.sale.forms import Formed, formed
from avantto_qbo.rules.books.sale.numbers import doc_number
from avantto_qbo.rules.books.sale.portion import portion
from avantto_qbo.rules.books.sources import switched_on
from avantto_qbo.rules.dates import day_of
from avantto_qbo.rules.identity import main_email
from avantto_qbo.rules.reasons import SKIP, UNKNOWN_STATUS, held
from avantto_qbo.rules.reference import payment_reference, receipt_note

_EVIDENCE_WAIT: Final = timedelta(seconds=20)
_MEMO_LIMIT: Final = 1000
_PAID: Final = frozenset({"succeeded", "refunded"})


class DraftedReceipt(msgspec.Struct, frozen=True):
    """A draft with the sale it was made from, the items it still needs, and what should be said about it."""

    draft: ReceiptDraft
    charged: Charged
    needs: tuple[ItemDraft, ...]


def buyer(transaction: Transaction, order: Order | None) -> Person:
    """Who paid: the order's copy of the contact, blanks filled from the transaction."""
    person = order.person if order else Person(transaction.contact_id)
    return msgspec.structs.replace(
        person,
        contact_id=person.contact_id or transaction.contact_id,
        name=person.name or transaction.contact_name,
        email=person.email or transaction.contact_email,
    )


def plan_sale(case: ReceiptCase) -> tuple[BookStep, ...]:
    """Decide about a charge that is not in the books yet. Raises HeldError for what only a person can decide."""
    if (left_out := _left_out(case)) is not None:
        return (left_out,)
    row, what = case.transaction, named(case)
    if row.status not in _PAID and not row.amount_refunded:
        raise held("payment_status", f"{what} has the unknown status {row.status!r}.", UNKNOWN_STATUS)
    charge = money(row.amount, row.currency, "amount", what)
    if evidence_awaited(case, charge):
        return (Wait(_EVIDENCE_WAIT, Reason("order_evidence", f"{what}: its order's tax is not known yet.")),)
    drafted = draft_receipt(case)
    items = map(NeedItem, drafted.needs)
    customer = () if case.customer else (NeedCustomer(buyer(row, case.order or case.evidence)),)
    return (*items, *customer) or (CreateReceipt(drafted.draft, drafted.charged.flags),)


def _left_out(case: ReceiptCase) -> Ignore | None:
    row, what = case.transaction, named(case)
    if case.settings.receipts is OnOff.OFF:
        return Ignore(Reason("receipts_off", f"{what}: the setting receipts is off."))
    if not row.amount:
        return Ignore(Reason("zero", f"{what} is of zero."))
    if row.amount < 0:
        raise held("negative", f"{what}: amount is negative ({row.amount}).", f"enter it in QuickBooks, then: {SKIP}")
    if not switched_on(case):
        return Ignore(Reason("source_off", f"{what}: its source is switched off."))
    return None


def draft_receipt(case: ReceiptCase) -> DraftedReceipt:
    """Decide what shall stand in the books. `customer` and `item` are "" where they have to be found first.

    Raises HeldError when the charge cannot be posted to the cent.
    """
    row, what = case.transaction, named(case)
    check_currency(case, row.currency, what)
    check_period(case, [_charged_on(case)], what)
    sale = charged(case, money(row.amount, row.currency, "amount", what))
    whole = formed(sale.reckoning, case, what)
    return DraftedReceipt(portion(_draft(case, sale, whole), sale.upto, sale.after), sale, whole.needs)


def _draft(case: ReceiptCase, sale: Charged, whole: Formed) -> ReceiptDraft:
    row, reference = case.transaction, payment_reference(case.transaction.id)
    return ReceiptDraft(
        customer=case.customer or CustomerId(""),
        number=doc_number(case, reference),
        day=_charged_on(case),
        email=main_email(buyer(row, case.order or case.evidence).email),
        lines=whole.lines,
        discount=whole.discount,
        discount_account=whole.discount_account,
        tax=whole.tax,
        total=sale.reckoning.sale.total,
        reference=reference,
        note=receipt_note(row.id, row.source_name or row.source_type),
        memo=" ".join(flag.text for flag in sale.flags)[:_MEMO_LIMIT],
        account=deposit_account(case, row.provider, row.method),
        method=payment_method(case.company, row.method, row.provider),
        form=whole.form,
        tax_parts=whole.tax_parts,
        tax_code=whole.tax_code,
        department=department_of(case),
    )


def _charged_on(case: ReceiptCase) -> date:
    day = day_of(case.transaction.charged_at, case.location.time_zone)
    if day is None:
        text = f"{named(case)}: its date {case.transaction.charged_at} is out of range."
        raise held("charge_date", text, f"enter it in QuickBooks, then: {SKIP}")
    return day
