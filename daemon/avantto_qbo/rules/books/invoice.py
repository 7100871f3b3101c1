"""What an invoice of Avantto looks like in the books, to the cent, and what a later version of it changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.model.drafts import DraftLine, InvoiceDraft
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.steps import InvoiceCase
from avantto_qbo.rules.books import tax
from avantto_qbo.rules.books.defaults import Case, discount_account, items_for
from avantto_qbo.rules.books.lines import SoldLine, check_count, draft_lines, roundings, sold
from avantto_qbo.rules.books.numbers import doc_number, prefixed
from avantto_qbo.rules.dates import day_of
from avantto_qbo.rules.identity import normal_email
from avantto_qbo.rules.reasons import RETRY, held
from avantto_qbo.rules.reference import invoice_note

# The fields that go to QuickBooks together under the name `lines`.
_LINE_FIELDS: Final = ("lines", "discount", "discount_account", "tax", "total")
_OWN_FIELDS: Final = ("customer", "number", "day", "due", "email", "memo", "note")


def named(case: InvoiceCase) -> str:
    """How a person recognises the document."""
    return f"Invoice {case.invoice.number or case.invoice.id}"


def draft_invoice(case: InvoiceCase) -> InvoiceDraft:
    """Decide what shall stand in the books. `customer` and `item` are "" where they have to be found first.

    Raises HeldError when it cannot be posted with the same total to the cent.
    """
    invoice, what = case.invoice, named(case)
    check_currency(case, invoice.currency, what)
    check_count(len(invoice.items), what)
    lines = sold(invoice.items)
    taxes, discount = _rounded(case, "tax_total"), _discount(case)
    tax.check(case, lines, taxes, what)
    amounts = _amounts(case, lines, discount, taxes)
    items = items_for([line.name for line in lines], case)
    number = prefixed(case, invoice.number)
    shown = doc_number(case, number)
    return InvoiceDraft(
        customer=case.customer or CustomerId(""),
        number=shown,
        day=_issued(case),
        due=_due(case),
        email=normal_email(invoice.person.email),
        lines=draft_lines(lines, amounts, items, tax.codes(lines, taxes)),
        discount=discount,
        discount_account=discount_account(case, what) if discount else "",
        tax=taxes,
        total=_money(case, "total"),
        # Ours stands first where the books show another number.
        memo="" if shown == number else f"Invoice {invoice.number}"[:1000],
        note=invoice_note(invoice.number, invoice.id),
    )


def changed_fields(agreed: InvoiceDraft, draft: InvoiceDraft) -> frozenset[str]:
    """The fields in which Avantto's new version differs from what both sides agreed on.

    `lines` stands for lines, discount, tax and total together; which item or account a line uses is no change of
    Avantto's and does not count.
    """
    changed = {name for name in _OWN_FIELDS if getattr(agreed, name) != getattr(draft, name)}
    sums = ((side.discount, side.tax, side.total) for side in (agreed, draft))
    same_sums = len(set(sums)) == 1
    if not (same_sums and _without_items(agreed.lines) == _without_items(draft.lines)):
        changed.add("lines")
    return frozenset(changed)


def kept(agreed: InvoiceDraft, draft: InvoiceDraft) -> InvoiceDraft:
    """The new draft with everything kept that Avantto did not change: number, memo, items and accounts."""
    changes: dict[str, object] = {}
    if agreed.note == draft.note:  # the same number in Avantto: a variant or QuickBooks' own number stays
        changes |= {"number": agreed.number, "memo": agreed.memo}
    if "lines" not in changed_fields(agreed, draft):
        return msgspec.structs.replace(draft, **changes, **{name: getattr(agreed, name) for name in _LINE_FIELDS})
    items = {_without_item(line): line.item for line in agreed.lines}
    lines = tuple(msgspec.structs.replace(line, item=items.get(_without_item(line), line.item)) for line in draft.lines)
    account = agreed.discount_account if draft.discount and agreed.discount else draft.discount_account
    return msgspec.structs.replace(draft, **changes, lines=lines, discount_account=account)


def check_currency(case: Case, currency: str, what: str) -> None:
    """Refuse a currency the company cannot hold."""
    if currency.upper() != case.company.currency and not case.company.multi_currency:
        text = f"{what} is in {currency}, but the company keeps {case.company.currency} only."
        raise held("currency", text, f"turn on multicurrency in QuickBooks, then: {RETRY}")


def check_period(case: Case, days: Sequence[date], what: str) -> None:
    """Refuse to touch a period the bookkeeper closed."""
    closed = case.company.books_closed
    if closed and any(day <= closed for day in days):
        text = f"{what} is dated {min(days)}, but the books are closed up to {closed}."
        raise held("books_closed", text, f"reopen the period in QuickBooks, then: {RETRY}")


def money(value: Decimal, currency: str, field: str, what: str) -> Money:
    """Take an amount of Avantto's exactly, or hold naming its field."""
    try:
        return Money.of(value, currency)
    except ValueError:
        text = f"{what}: {field} is {value}, which has more decimals than {currency} allows."
        raise held("amount", text) from None


def _money(case: InvoiceCase, field: str) -> Money:
    amount = money(getattr(case.invoice, field), case.invoice.currency, field, named(case))
    if amount.minor < 0 and field != "tax_total":
        raise held("negative", f"{named(case)}: {field} is negative ({amount}).")
    return amount


def _rounded(case: InvoiceCase, field: str) -> Money:
    """A sum the vendor may state unrounded (UNVERIFIED): what it rounds to must still add up to the total."""
    amount = Money.rounded(getattr(case.invoice, field), case.invoice.currency)
    if amount.minor < 0 and field != "tax_total":
        raise held("negative", f"{named(case)}: {field} is negative ({amount}).")
    return amount


def _discount(case: InvoiceCase) -> Money:
    discount, amount = case.invoice.discount, _rounded(case, "discount_total")
    if amount and discount and discount.product_ids:
        text = f"{named(case)}: its discount of {amount} is limited to some products, which cannot be posted yet."
        raise held("discount_limited", text, "enter it in QuickBooks by hand, then: avantto-qbo skip ID")
    return amount


def _amounts(case: InvoiceCase, lines: Sequence[SoldLine], discount: Money, taxes: Money) -> Sequence[Money]:
    """The line amounts with which lines − discount + tax is the total. Never another total, never a silent cent."""
    currency, wanted = case.invoice.currency, _money(case, "total")
    ways = roundings(lines, currency)
    for amounts in ways:
        if total(amounts, currency) - discount + taxes == wanted:
            return amounts
    items = total(ways[0], currency)
    text = (
        f"{named(case)}: total says {wanted}, but items {items} − discount {discount} + tax {taxes}"
        f" is {items - discount + taxes}."
    )
    raise held("invoice_total", text, "correct it in Avantto, or: avantto-qbo skip ID")


def _issued(case: InvoiceCase) -> date:
    day = day_of(case.invoice.issue_date or case.invoice.created_at, case.location.time_zone)
    if day is None:
        raise held("issue_date", f"{named(case)}: issueDate {case.invoice.issue_date!r} is no date.")
    return day


def _due(case: InvoiceCase) -> date | None:
    if not case.invoice.due_date:
        return None
    day = day_of(case.invoice.due_date, case.location.time_zone)
    if day is None:
        raise held("due_date", f"{named(case)}: dueDate {case.invoice.due_date!r} is no date.")
    return day


def _without_items(lines: Sequence[DraftLine]) -> tuple[DraftLine, ...]:
    return tuple(_without_item(line) for line in lines)


def _without_item(line: DraftLine) -> DraftLine:
    return msgspec.structs.replace(line, item="")
