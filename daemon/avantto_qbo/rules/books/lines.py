"""Sales lines: what was sold, what each line amounts to, and the form in which QuickBooks takes it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.model.avantto import InvoiceItem, OrderItem, Tax
from avantto_qbo.model.drafts import DraftLine
from avantto_qbo.model.money import Money, rounded, total
from avantto_qbo.rules.reasons import held
from avantto_qbo.rules.text import lines as text_lines

LINE_LIMIT: Final = 750  # of a taxable transaction
_DESCRIPTION_LIMIT: Final = 4000


class SoldLine(msgspec.Struct, frozen=True):
    """One line as Avantto states it; `price` is the unit price in major units."""

    name: str
    quantity: Decimal
    price: Decimal
    description: str = ""
    taxes: tuple[Tax, ...] = ()

    @property
    def exact(self) -> Decimal:
        return self.quantity * self.price

    @property
    def taxed(self) -> bool:
        return any(tax.rate for tax in self.taxes)


def sold(items: Sequence[InvoiceItem | OrderItem]) -> tuple[SoldLine, ...]:
    """Read the lines of an invoice or an order."""
    return tuple(SoldLine(item.name, item.quantity, item.amount, _description(item), _taxes(item)) for item in items)


def roundings(lines: Sequence[SoldLine], currency: str) -> tuple[tuple[Money, ...], ...]:
    """The ways the vendor may have rounded these lines (it documents none): each by itself, or only their sum.

    In the second form the largest line takes the remainder.
    """
    single = tuple(Money.rounded(line.exact, currency) for line in lines)
    whole = Money.rounded(sum((line.exact for line in lines), Decimal(0)), currency)
    remainder = whole - total(single, currency)
    if not remainder:
        return (single,)
    largest = max(range(len(single)), key=lambda index: abs(single[index].minor))
    spread = tuple(part + remainder if index == largest else part for index, part in enumerate(single))
    return single, spread


def draft_lines(
    lines: Sequence[SoldLine], amounts: Sequence[Money], items: Sequence[str], codes: Sequence[str]
) -> tuple[DraftLine, ...]:
    """Join the lines with their amounts, items and tax codes."""
    return tuple(
        _draft(line, amount, item, code) for line, amount, item, code in zip(lines, amounts, items, codes, strict=True)
    )


def plain_line(item: str, amount: Money, description: str, tax_code: str = "NON") -> DraftLine:
    """A line without quantity."""
    return DraftLine(item, amount, text_lines(description, _DESCRIPTION_LIMIT), tax_code=tax_code)


def check_count(count: int, what: str) -> None:
    """Refuse a document without lines or with more than QuickBooks takes."""
    if not count:
        raise held("no_lines", f"{what} has no items.", "add an item in Avantto, or: avantto-qbo skip ID")
    if count > LINE_LIMIT:
        text = f"{what} has {count} items; QuickBooks takes {LINE_LIMIT} lines."
        raise held("too_many_lines", text, "split it in Avantto, or: avantto-qbo skip ID")


def _draft(line: SoldLine, amount: Money, item: str, code: str) -> DraftLine:
    description = text_lines(f"{line.name}\n{line.description}", _DESCRIPTION_LIMIT)
    # 6070: QuickBooks refuses a line whose amount is not the half-up product of the two.
    if rounded(line.exact, amount.currency) != amount.amount:
        return DraftLine(item, amount, description, tax_code=code)
    return DraftLine(item, amount, description, line.quantity, line.price, code)


def _taxes(item: InvoiceItem | OrderItem) -> tuple[Tax, ...]:
    if isinstance(item, InvoiceItem) and item.tax_inclusive:
        return tuple(msgspec.structs.replace(tax, inclusive=True) for tax in item.taxes)
    return item.taxes


def _description(item: InvoiceItem | OrderItem) -> str:
    return item.description if isinstance(item, InvoiceItem) else ""
