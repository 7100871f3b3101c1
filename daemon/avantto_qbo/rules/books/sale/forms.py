"""How a reckoned sale stands in the books: its lines, its discount, and its tax in the form this company takes.

Whatever the form, lines, discount and tax come to the same sum, which is Avantto's total to the cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import msgspec

from avantto_qbo.model.drafts import DraftLine, ItemDraft, Role, TaxForm, TaxPart
from avantto_qbo.model.money import Money, rounded, total
from avantto_qbo.model.steps import SaleCase
from avantto_qbo.rules.books.company.accounts import discounts_given
from avantto_qbo.rules.books.company.divisions import class_of
from avantto_qbo.rules.books.sale.correction import TAX_LINE
from avantto_qbo.rules.books.sale.items import (
    discount_item,
    discount_item_draft,
    items_for,
    missing_items,
    tax_item,
    tax_item_draft,
)
from avantto_qbo.rules.books.sale.lines import SoldLine, books_step, check_count, check_precision, plain, with_rest
from avantto_qbo.rules.books.sale.reckon import Reckoning, nearest
from avantto_qbo.rules.books.sale.taxes import UNTAXED, Coding, coded
from avantto_qbo.rules.text import lines as text_lines

DISCOUNT_LINE: Final = "Discount"
_DESCRIPTION_LIMIT: Final = 4000


class Formed(msgspec.Struct, frozen=True):
    """Σ lines − discount + tax is the sale's total. `needs` are the items that have to be made first."""

    lines: tuple[DraftLine, ...]
    discount: Money
    discount_account: str
    tax: Money
    form: TaxForm
    tax_parts: tuple[TaxPart, ...] = ()
    tax_code: str = ""
    needs: tuple[ItemDraft, ...] = ()


def formed(reckoning: Reckoning, case: SaleCase, what: str) -> Formed:
    """State a sale for the case's company. Raises HeldError for what only a person can decide."""
    coding = coded(reckoning, case, what)
    none = Money.zero(reckoning.tax.currency)
    whole = Formed(
        lines=(),
        discount=reckoning.discount,
        discount_account=discounts_given(case.company) if reckoning.discount else "",
        tax=reckoning.tax,
        form=coding.form,
        tax_parts=coding.parts,
        tax_code=coding.document,
    )
    whole = _with_sold(whole, reckoning, case, coding)
    if reckoning.discount and not _as_discount(reckoning, case, coding):
        item = discount_item(case)
        whole = _and(whole, _discount_lines(reckoning, coding, item), () if item else (discount_item_draft(case),))
        whole = msgspec.structs.replace(whole, discount=none, discount_account="")
    if reckoning.tax and coding.form is TaxForm.LINE:
        item = tax_item(case)
        line = DraftLine(item, reckoning.tax, TAX_LINE, role=Role.TAX)
        whole = _and(whole, [line], () if item else (tax_item_draft(case),))
        whole = msgspec.structs.replace(whole, tax=none)
    check_count(len(whole.lines), what)
    return _in_books(_classed(whole, class_of(case)), reckoning.sale.total, what)


def figured(reckoning: Reckoning, what: str) -> Formed:
    """The figures of a sale alone, without what only a company's lists can say: items, codes, accounts, classes."""
    plain_coding = Coding(TaxForm.CODES, tuple(UNTAXED for _ in reckoning.nets))
    lines = [_item_line(reckoning, index, "", plain_coding) for index in range(len(reckoning.nets))]
    beside = ((plain(extra.name, extra.amount), extra.amount) for extra in reckoning.extras)
    lines += [msgspec.structs.replace(_draft(line, amount, "", UNTAXED), role=Role.EXTRA) for line, amount in beside]
    whole = Formed(tuple(lines), reckoning.discount, "", reckoning.tax, TaxForm.CODES)
    return _in_books(whole, reckoning.sale.total, what)


def _and(whole: Formed, lines: Sequence[DraftLine], needs: Sequence[ItemDraft]) -> Formed:
    return msgspec.structs.replace(whole, lines=(*whole.lines, *lines), needs=(*whole.needs, *needs))


def _classed(whole: Formed, class_: str) -> Formed:
    if not class_:
        return whole
    lines = tuple(msgspec.structs.replace(line, class_=class_) for line in whole.lines)
    return msgspec.structs.replace(whole, lines=lines)


def _with_sold(whole: Formed, reckoning: Reckoning, case: SaleCase, coding: Coding) -> Formed:
    """The items, and what stands beside them."""
    beside = tuple(plain(extra.name, extra.amount) for extra in reckoning.extras)
    every = (*reckoning.sale.lines, *beside)
    ids, count = items_for(every, case), len(reckoning.nets)
    lines = [_item_line(reckoning, index, item, coding) for index, item in enumerate(ids[:count])]
    for line, extra, item in zip(beside, reckoning.extras, ids[count:], strict=True):
        drafted = _draft(line, extra.amount, item, coding.extra)
        lines.append(msgspec.structs.replace(drafted, role=Role.EXTRA))
    return _and(whole, lines, missing_items(every, case))


def _item_line(reckoning: Reckoning, index: int, item: str, coding: Coding) -> DraftLine:
    line, net = reckoning.sale.lines[index], reckoning.nets[index]
    gross = reckoning.shown[index] if coding.form is TaxForm.INCLUSIVE else None
    return msgspec.structs.replace(_draft(line, net, item, coding.lines[index]), gross=gross, taxes=_told(line))


def _draft(line: SoldLine, amount: Money, item: str, code: str) -> DraftLine:
    """6070: QuickBooks refuses a line whose amount is not the half-up product of quantity and price."""
    description = text_lines(f"{line.name}\n{line.description}{_priced(line)}", _DESCRIPTION_LIMIT)
    if line.inclusive or rounded(line.exact, _TWO_DECIMALS) != amount.amount:
        return DraftLine(item, amount, description, tax_code=code)
    return DraftLine(item, amount, description, line.quantity, line.price, code)


def _told(line: SoldLine) -> str:
    """The line's taxes in words: what of them changed, Avantto changed."""
    return ", ".join(f"{tax.name} {tax.rate.normalize():f} %{' in it' if tax.inclusive else ''}" for tax in line.taxes)


def _priced(line: SoldLine) -> str:
    """A line that shows its amount before tax says what was charged."""
    return f"\n{line.quantity.normalize():f} × {line.price:f} with tax" if line.inclusive else ""


def _as_discount(reckoning: Reckoning, case: SaleCase, coding: Coding) -> bool:
    """Say whether a real discount line does: it is spread over all lines, whichever the discount was for.

    Outside the US that would take some off untaxed extras too, and so off the tax.
    """
    company = case.company
    beside = bool(reckoning.extras) and not company.american and bool(coding.parts)
    # Taken off what is given back too, a discount of prices with tax can come out negative.
    possible = company.allow_discount and bool(discounts_given(company)) and reckoning.discount.minor > 0
    return possible and not reckoning.sale.valid_on and not beside


def _discount_lines(reckoning: Reckoning, coding: Coding, item: str) -> list[DraftLine]:
    """The discount as negative lines, one for each tax code it was taken off."""
    sums: dict[str, Money] = {}
    for code, off in zip(coding.lines, reckoning.offs, strict=True):
        if off:
            sums[code] = sums.get(code, Money.zero(off.currency)) + off
    return [DraftLine(item, -off, DISCOUNT_LINE, tax_code=code, role=Role.DISCOUNT) for code, off in sums.items()]


_TWO_DECIMALS: Final = "USD"  # any currency of two: the half-up product is checked to that many


def _in_books(whole: Formed, wanted: Money, what: str) -> Formed:
    """QuickBooks keeps two decimals of any currency: what has three is rounded, and the largest line takes the rest.

    Prices with tax become net then: they would not agree with their rounded nets.
    """
    check_precision(wanted, f"{what}: its total")
    step = books_step(wanted.currency)
    if step == 1:
        return whole
    cut = {name: _rounded_to(step, getattr(whole, name)) for name in ("discount", "tax")}
    near = [_rounded_to(step, line.amount) for line in whole.lines]
    amounts = with_rest(near, wanted - cut["tax"] + cut["discount"] - total(near, wanted.currency))
    lines = tuple(_at(line, amount) for line, amount in zip(whole.lines, amounts, strict=True))
    form = TaxForm.CODES if whole.form is TaxForm.INCLUSIVE else whole.form
    parts = _parts_in_books(step, whole, cut["tax"])
    return msgspec.structs.replace(whole, lines=lines, form=form, tax_parts=parts, **cut)


def _parts_in_books(step: int, whole: Formed, tax: Money) -> tuple[TaxPart, ...]:
    """Every rate rounded like the rest; the largest takes what keeps them at `tax`."""
    near = [_rounded_to(step, part.amount) for part in whole.tax_parts]
    amounts = with_rest(near, tax - total(near, tax.currency)) if near else ()
    return tuple(
        msgspec.structs.replace(part, amount=amount, base=_rounded_to(step, part.base))
        for part, amount in zip(whole.tax_parts, amounts, strict=True)
    )


def _at(line: DraftLine, amount: Money) -> DraftLine:
    net = msgspec.structs.replace(line, amount=amount, gross=None)
    return net if line.amount == amount else msgspec.structs.replace(net, quantity=None, unit_price=None)


def _rounded_to(step: int, amount: Money) -> Money:
    return Money(nearest(Fraction(amount.minor, step)) * step, amount.currency)
