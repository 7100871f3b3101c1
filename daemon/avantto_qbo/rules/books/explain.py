"""Why a document stands in the books with these cents: the planner's own values, in the order a person adds them up."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from avantto_qbo.model.drafts import Role, SaleDraft, TaxForm
from avantto_qbo.model.money import Money, total
from avantto_qbo.rules.books.sale.reckon import Reckoning

_FORMS: Final = {
    TaxForm.INCLUSIVE: "tax codes on prices that hold the tax",
    TaxForm.CODES: "tax codes on prices without tax",
    TaxForm.LINE: "no tax codes; the tax is a line of its own on a liability account",
}


class ExplainedLine(msgspec.Struct, frozen=True):
    """One item: quantity × price is `shown`; `net` is before tax, `off` its share of the discount, `base` the rest.

    Amounts are major units as text, with the currency's decimals.
    """

    name: str
    quantity: str
    price: str
    shown: str
    net: str
    off: str
    base: str
    taxes: tuple[str, ...]


class ExplainedSum(msgspec.Struct, frozen=True):
    """One line of the sum; the amounts of all of them come to the total, which is the last."""

    label: str
    amount: str


class Explanation(msgspec.Struct, frozen=True):
    """The arithmetic of one document and how it stands in QuickBooks."""

    currency: str
    lines: tuple[ExplainedLine, ...]
    sums: tuple[ExplainedSum, ...]
    posted: tuple[ExplainedSum, ...]
    form: str
    notes: tuple[str, ...] = ()


def explain(reckoning: Reckoning, draft: SaleDraft, notes: tuple[str, ...] = ()) -> Explanation:
    """Lay out a reckoning and the draft that was made of it; `draft` may be a part of the whole (an instalment)."""
    return Explanation(
        currency=reckoning.sale.currency,
        lines=tuple(_line(reckoning, index) for index in range(len(reckoning.nets))),
        sums=tuple(_sums(reckoning, draft.total)),
        posted=tuple(_posted(draft)),
        form=_FORMS[draft.form] if reckoning.tax else "no tax",
        notes=notes,
    )


def _line(reckoning: Reckoning, index: int) -> ExplainedLine:
    line = reckoning.sale.lines[index]
    return ExplainedLine(
        name=line.name,
        quantity=f"{line.quantity.normalize():f}",
        price=f"{line.price:f}",
        shown=_plain(reckoning.shown[index]),
        net=_plain(reckoning.nets[index]),
        off=_plain(reckoning.offs[index]),
        base=_plain(reckoning.bases[index]),
        taxes=tuple(f"{tax.name} {tax.rate.normalize():f} %{' included' * tax.inclusive}" for tax in line.taxes),
    )


def _sums(reckoning: Reckoning, booked: Money) -> Iterator[ExplainedSum]:
    currency = reckoning.sale.currency
    yield ExplainedSum("items before tax", _plain(total(reckoning.nets, currency)))
    if reckoning.discount:
        yield ExplainedSum("discount before tax", _plain(-reckoning.discount))
    for rate in reckoning.rates:
        yield ExplainedSum(f"{rate.name} {_percent(rate.rate)} % of {_plain(rate.base)}", _plain(rate.amount))
    if reckoning.unnamed_tax:
        yield ExplainedSum("tax computed by Avantto", _plain(reckoning.tax))
    for extra in reckoning.extras:
        yield ExplainedSum(extra.name, _plain(extra.amount))
    if booked != reckoning.sale.total:  # a deposit, an instalment
        yield ExplainedSum("in other payments of it", _plain(booked - reckoning.sale.total))
    yield ExplainedSum("total", _plain(booked))


def _posted(draft: SaleDraft) -> Iterator[ExplainedSum]:
    """The document's own lines in QuickBooks."""
    for line in draft.lines:
        kind = "" if line.role is Role.ITEM else f"{line.role}: "
        yield ExplainedSum(f"{kind}{line.description.partition(chr(10))[0]} [{line.tax_code}]", _plain(line.amount))
    if draft.discount:
        yield ExplainedSum("discount line", _plain(-draft.discount))
    for part in draft.tax_parts:
        yield ExplainedSum(f"tax rate {part.rate_id}: {part.rate:f} % of {_plain(part.base)}", _plain(part.amount))
    if draft.tax and not draft.tax_parts:
        yield ExplainedSum("tax", _plain(draft.tax))
    yield ExplainedSum("total", _plain(draft.total))


def _percent(rate: Fraction) -> str:
    return f"{(Decimal(rate.numerator) / rate.denominator).normalize():f}"


def _plain(amount: Money) -> str:
    return f"{amount.amount:f}"
