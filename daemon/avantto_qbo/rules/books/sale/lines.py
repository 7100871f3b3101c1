"""Sales lines as Avantto states them: what was sold, and what each line may have been rounded to."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.model.avantto import InvoiceItem, OrderItem, Tax
from avantto_qbo.model.money import Money, exponent, total
from avantto_qbo.rules.reasons import SKIP, held

LINE_LIMIT: Final = 750  # of a taxable transaction
_BOOKS_DECIMALS: Final = 2


class SoldLine(msgspec.Struct, frozen=True):
    """One line; `price` is the unit price in major units, with those of `taxes` in it that are inclusive."""

    name: str
    quantity: Decimal
    price: Decimal
    description: str = ""
    taxes: tuple[Tax, ...] = ()
    product_id: str = ""
    sku: str = ""

    @property
    def exact(self) -> Decimal:
        return self.quantity * self.price

    @property
    def taxed(self) -> bool:
        return any(tax.rate for tax in self.taxes)

    @property
    def inclusive(self) -> bool:
        """Say whether the price holds the line's tax."""
        return any(tax.rate and tax.inclusive for tax in self.taxes)


def plain(name: str, amount: Money) -> SoldLine:
    """A line of one thing without tax."""
    return SoldLine(name, Decimal(1), amount.amount)


def sold(items: Sequence[InvoiceItem | OrderItem]) -> tuple[SoldLine, ...]:
    """Read the lines of an invoice or an order."""
    return tuple(
        SoldLine(item.name, item.quantity, item.amount, item.description, _taxes(item), item.product_id, item.sku)
        for item in items
    )


def roundings(lines: Sequence[SoldLine], currency: str) -> tuple[tuple[Money, ...], ...]:
    """The ways the vendor may have rounded these lines (it documents none): each by itself, or only their sum.

    In the second form the largest line takes the remainder.
    """
    single = tuple(Money.rounded(line.exact, currency) for line in lines)
    whole = Money.rounded(sum((line.exact for line in lines), Decimal(0)), currency)
    remainder = whole - total(single, currency)
    return (single, with_rest(single, remainder)) if remainder else (single,)


def with_rest(amounts: Sequence[Money], rest: Money) -> tuple[Money, ...]:
    """Put `rest` on the largest of `amounts`, the first of equals."""
    largest = max(range(len(amounts)), key=lambda index: abs(amounts[index].minor))
    return tuple(amount + rest if index == largest else amount for index, amount in enumerate(amounts))


def books_step(currency: str) -> int:
    """The smallest amount QuickBooks keeps, in minor units: two decimals, of a currency that has three as well."""
    return int(10 ** max(0, exponent(currency) - _BOOKS_DECIMALS))


def check_precision(amount: Money, what: str) -> None:
    """Refuse an amount that QuickBooks would round."""
    if amount.minor % books_step(amount.currency):
        text = f"{what} of {amount} has three decimals; QuickBooks keeps two."
        raise held("precision", text, f"round it in Avantto, or enter it by hand, then: {SKIP}")


def check_count(count: int, what: str) -> None:
    """Refuse a document without lines or with more than QuickBooks takes."""
    if not count:
        raise held("no_lines", f"{what} has no items.", "add an item in Avantto, or: avantto-qbo skip ID")
    if count > LINE_LIMIT:
        text = f"{what} needs {count} lines; QuickBooks takes {LINE_LIMIT}."
        raise held("too_many_lines", text, "split it in Avantto, or: avantto-qbo skip ID")


def _taxes(item: InvoiceItem | OrderItem) -> tuple[Tax, ...]:
    if isinstance(item, InvoiceItem) and item.tax_inclusive:
        return tuple(msgspec.structs.replace(tax, inclusive=True) for tax in item.taxes)
    return item.taxes
