"""What a payment without an invoice looks like in the books: one sales receipt of exactly what was charged."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from avantto_qbo.model.avantto import Order, Person, Transaction
from avantto_qbo.model.drafts import DraftLine, ReceiptDraft
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money
from avantto_qbo.model.steps import ReceiptCase
from avantto_qbo.rules.books import tax
from avantto_qbo.rules.books.charge import Basket, basket_of, named, order_of
from avantto_qbo.rules.books.defaults import deposit_account, discount_account, items_for, payment_method
from avantto_qbo.rules.books.invoice import check_currency, check_period, money
from avantto_qbo.rules.books.lines import check_count, draft_lines, plain_line
from avantto_qbo.rules.books.numbers import doc_number
from avantto_qbo.rules.dates import day_of
from avantto_qbo.rules.identity import normal_email
from avantto_qbo.rules.reasons import held
from avantto_qbo.rules.reference import payment_reference, receipt_note

SHIPPING: Final = "Shipping"
ROUNDING: Final = "Rounding"


def buyer(transaction: Transaction, order: Order | None) -> Person:
    """Who paid: the order's copy of the contact, blanks filled from the transaction."""
    person = order.person if order else Person(transaction.contact_id)
    return msgspec.structs.replace(
        person,
        contact_id=person.contact_id or transaction.contact_id,
        name=person.name or transaction.contact_name,
        email=person.email or transaction.contact_email,
    )


def draft_receipt(case: ReceiptCase) -> ReceiptDraft:
    """Decide what shall stand in the books. `customer` and `item` are "" where they have to be found first.

    Raises HeldError when the charge cannot be posted to the cent.
    """
    row, what = case.transaction, named(case)
    check_currency(case, row.currency, what)
    charge, day = money(row.amount, row.currency, "amount", what), _charged(case)
    check_period(case, [day], what)
    basket = basket_of(case, charge)
    if basket is not None:
        check_count(len(basket.lines), what)
        tax.check(case, basket.lines, basket.tax, what)
    none, reference = Money.zero(charge.currency), payment_reference(row.id)
    discount = basket.discount if basket else none
    return ReceiptDraft(
        customer=case.customer or CustomerId(""),
        number=doc_number(case, reference),
        day=day,
        email=normal_email(buyer(row, case.order or case.evidence).email),
        lines=_basket_lines(case, basket) if basket else _as_charged(case, charge, day),
        discount=discount,
        discount_account=discount_account(case, what) if discount else "",
        tax=basket.tax if basket else none,
        total=charge,
        reference=reference,
        note=receipt_note(row.id, row.source_name or row.source_type),
        memo=_flag(case, basket, charge),
        account=deposit_account(case),
        method=payment_method(case.company, row.method, row.provider),
    )


def _charged(case: ReceiptCase) -> date:
    day = day_of(case.transaction.charged_at, case.location.time_zone)
    if day is None:
        raise held("charge_date", f"{named(case)}: its date {case.transaction.charged_at} is out of range.")
    return day


def _basket_lines(case: ReceiptCase, basket: Basket) -> tuple[DraftLine, ...]:
    extra = [(name, amount) for name, amount in ((SHIPPING, basket.shipping), (ROUNDING, basket.rounding)) if amount]
    items = items_for([line.name for line in basket.lines] + [name for name, _ in extra], case)
    count = len(basket.lines)
    lines = draft_lines(basket.lines, basket.amounts, items[:count], tax.codes(basket.lines, basket.tax))
    added = (plain_line(item, amount, name) for item, (name, amount) in zip(items[count:], extra, strict=True))
    return (*lines, *added)


def _as_charged(case: ReceiptCase, charge: Money, day: date) -> tuple[DraftLine, ...]:
    """One line: a subscription's name and period, else the name of what was sold from."""
    row, order = case.transaction, order_of(case)
    recurring = [item.name for item in order.items if item.recurring] if order else []
    if not row.subscription_id:
        name = row.source_name or "Payment"
        return (plain_line(items_for([name], case)[0], charge, name),)
    name = recurring[0] if len(recurring) == 1 else row.source_name or "Subscription"
    return (plain_line(items_for([name], case)[0], charge, f"{name}, period from {day}"),)


def _flag(case: ReceiptCase, basket: Basket | None, charge: Money) -> str:
    """What a bookkeeper must know about the lines, "" when they are the order's own."""
    if basket is None:
        order = order_of(case)
        if order is None:
            return "Booked as charged: its order could not be read."
        return f"Booked as charged: {charge}. The order's own items come to another sum."
    if basket.rounding:
        return f"Contains {basket.rounding} of rounding between the order's items and the charge."
    return ""
