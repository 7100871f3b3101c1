"""The VAT of a sale by rate, reckoned here once more from Avantto's lines, and the same as the books state it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from avantto_qbo.demo.claims import Case
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.documents import charge_due, invoice_due
from avantto_qbo.demo.evidence import cents


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its price in pence as shown, its rate in percent, whether the price holds the VAT."""

    price: Fraction
    rate: Fraction
    inclusive: bool

    def net(self, amount: Fraction) -> Fraction:
        """A part of the price without the VAT in it."""
        return amount * 100 / (100 + self.rate) if self.inclusive else amount


@dataclass(frozen=True, slots=True)
class Sold:
    """An invoice or an order with the forms that stand for it; sums in pence, `discount` off the prices as shown."""

    name: str
    lines: tuple[Line, ...]
    discount: int
    tax: int
    total: int
    copies: tuple[Json, ...]

    @property
    def off(self) -> int:
        """The discount before VAT, shared out over the lines in proportion to their prices."""
        return _pence(sum(line.net(cut) for line, cut in self._cuts()))

    @property
    def net(self) -> int:
        """All lines before VAT and discount."""
        return self.total - self.tax + self.off

    def vat(self, rate: int) -> int:
        """The VAT at one rate after discount; what rounding leaves is the largest rate's."""
        sums = {one: _pence(self._base(one) * one / 100) for one in {line.rate for line in self.lines}}
        largest = max(sums, key=lambda one: sums[one])
        sums[largest] += self.tax - sum(sums.values())
        return sums.get(Fraction(rate), 0)

    def _base(self, rate: Fraction) -> Fraction:
        return sum((line.net(line.price - cut) for line, cut in self._cuts() if line.rate == rate), Fraction(0))

    def _cuts(self) -> Iterator[tuple[Line, Fraction]]:
        whole = sum(line.price for line in self.lines)
        for line in self.lines:
            yield line, self.discount * line.price / whole


def sold_by_invoice(case: Case) -> Iterator[Sold]:
    """Every invoice that belongs into the books."""
    for row in case.crm.invoices:
        if invoice_due(case, row):
            lines = tuple(_line(item, item["amount"], item["taxes"]) for item in row["invoiceItems"])
            summary, copies = row["totalSummary"], tuple(case.books.copies_of(row))
            yield _sold(row["invoiceNumber"], lines, summary, cents(row["total"]), copies)


def sold_at_once(case: Case) -> Iterator[Sold]:
    """Every order that was charged."""
    for charge in case.crm.charges:
        if charge_due(case, charge):
            order, copies = case.crm.order_of(charge), case.books.named.get(charge["_id"], ())
            lines = tuple(_line(item, item["price"]["amount"], item["product"]["taxes"]) for item in order["items"])
            yield _sold(f"payment {charge['_id']}", lines, order["amountSummary"], cents(charge["amount"]), copies)


def stated(form: Json, rate: int) -> int:
    """The VAT at one rate that a form of the books states."""
    detail = form.get("TxnTaxDetail") or {}
    lines = (line for line in detail.get("TaxLine", ()) if line["TaxLineDetail"]["TaxPercent"] == rate)
    return sum(cents(line["Amount"]) for line in lines)


def _sold(name: str, lines: tuple[Line, ...], summary: Json, total: int, copies: tuple[Json, ...]) -> Sold:
    return Sold(name, lines, cents(summary["discount"]), cents(summary["tax"]), total, copies)


def _line(item: Json, price: Decimal, taxes: list[Json]) -> Line:
    pence = Fraction(Decimal(str(item["qty"]))) * Fraction(Decimal(str(price))) * 100
    rate = sum((Fraction(Decimal(str(tax["rate"]))) for tax in taxes), Fraction(0))
    return Line(pence, rate, bool(item.get("taxInclusive")))


def _pence(amount: Fraction | int) -> int:
    return int(amount + Fraction(1, 2))
