"""Sales tax in the books: in which form, with which codes, and what every rate comes to.

In the US lines bear TAX or NON and the document's own tax is sent as its total, so that several taxes need no codes;
where such a company keeps its codes by hand, the document names one. Elsewhere every line has a code of the company
and every rate its amount. Where neither is possible the tax is a line of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Final

import msgspec

from avantto_qbo.model.drafts import TaxForm, TaxPart
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.quickbooks import Company, TaxCode, TaxRate
from avantto_qbo.model.settings import TaxMode
from avantto_qbo.model.steps import SaleCase
from avantto_qbo.rules.books.company import taxcodes
from avantto_qbo.rules.books.sale.lines import SoldLine
from avantto_qbo.rules.books.sale.reckon import Reckoning, fitted, nearest
from avantto_qbo.rules.reasons import SKIP, held, setting

TAXED: Final = "TAX"
UNTAXED: Final = "NON"


class Coding(msgspec.Struct, frozen=True):
    """The tax of one document: a code per item line, one for lines beside them, one for the whole document."""

    form: TaxForm
    lines: tuple[str, ...]
    extra: str = UNTAXED
    document: str = ""
    parts: tuple[TaxPart, ...] = ()


def coded(reckoning: Reckoning, case: SaleCase, what: str) -> Coding:
    """Decide form and codes. Raises HeldError where only a person can (a code, a tax that no rate explains)."""
    _check(reckoning, case, what)
    form = form_of(reckoning, case)
    if form is TaxForm.LINE or not _bears_tax(reckoning):
        return Coding(form, tuple(UNTAXED for _ in reckoning.nets))
    return _american(reckoning, case, what) if case.company.american else _elsewhere(reckoning, case, form, what)


def form_of(reckoning: Reckoning, case: SaleCase) -> TaxForm:
    """The first form this company can take. Without any tax there is nothing to state: CODES, all of them NON."""
    if not _bears_tax(reckoning):
        return TaxForm.CODES
    return next((form for form in _possible(reckoning, case) if form not in case.company.refused_forms), TaxForm.LINE)


def _possible(reckoning: Reckoning, case: SaleCase) -> tuple[TaxForm, ...]:
    company = case.company
    if case.settings.tax is TaxMode.LINE or not company.sales_tax:
        return ()
    if company.american:
        one_code = company.automated_tax or len({_rates(line) for line in reckoning.sale.lines if line.taxed}) < 2
        return (TaxForm.CODES,) if one_code else ()
    whole = all(line.inclusive or not line.taxed for line in reckoning.sale.lines)
    plain = whole and any(line.inclusive for line in reckoning.sale.lines) and not reckoning.discount
    plain = plain and all(map(_agrees, reckoning.sale.lines, reckoning.shown, reckoning.nets))
    return (TaxForm.INCLUSIVE, TaxForm.CODES) if plain else (TaxForm.CODES,)


def _agrees(line: SoldLine, shown: Money, net: Money) -> bool:
    """Say whether a price and its net fit together to the cent: whether QuickBooks checks that is UNVERIFIED."""
    return abs(nearest(shown.minor * 100 / (100 + sum(_rates(line), Fraction(0)))) - net.minor) <= 1


def _check(reckoning: Reckoning, case: SaleCase, what: str) -> None:
    tax = reckoning.tax
    if tax.minor < 0:
        raise held("tax_negative", f"{what}: its tax is negative ({tax}).", f"correct it in Avantto, or: {SKIP}")
    if tax and case.settings.tax is TaxMode.HOLD:
        text = f"{what} has tax of {tax}, and the setting tax is hold."
        raise held("tax_setting", text, setting(case.location.id, "tax=auto"))


def _bears_tax(reckoning: Reckoning) -> bool:
    """A tax of nought at a rate of nought is a tax too: its code says so in a return."""
    return bool(reckoning.tax) or any(line.taxes for line in reckoning.sale.lines)


def _rates(line: SoldLine) -> tuple[Fraction, ...]:
    return tuple(sorted(Fraction(tax.rate) for tax in line.taxes))


def _american(reckoning: Reckoning, case: SaleCase, what: str) -> Coding:
    """TAX or NON for each line. Tax that no line names is on all of them."""
    tax, lines = reckoning.tax, reckoning.sale.lines
    codes = tuple(TAXED if tax and (line.taxed or reckoning.unnamed_tax) else UNTAXED for line in lines)
    if not tax or case.company.automated_tax:
        return Coding(TaxForm.CODES, codes)
    return Coding(TaxForm.CODES, codes, document=_by_hand(reckoning, case, what).id)


def _by_hand(reckoning: Reckoning, case: SaleCase, what: str) -> TaxCode:
    """The one code of a document in a US company that keeps its codes by hand."""
    if reckoning.unnamed_tax:
        return _automatic(reckoning, case, what)
    taxes = next(line.taxes for line in reckoning.sale.lines if line.taxed)
    return taxcodes.code_for(taxes, case.company, case.settings, case.location.id, what)


def _automatic(reckoning: Reckoning, case: SaleCase, what: str) -> TaxCode:
    """The code whose rates come to the tax that Avantto's engine computed."""
    company = case.company
    base = total(reckoning.bases, reckoning.tax.currency)
    found = [code for code in taxcodes.usable(company) if _comes_to(code, company, base) == reckoning.tax]
    return taxcodes.automatic_code(found, company, case.settings, case.location.id, what)


def _comes_to(code: TaxCode, company: Company, base: Money) -> Money:
    rate = sum((Fraction(one.rate) for one in taxcodes.rates_of(code, company)), Fraction(0))
    return Money(nearest(base.minor * rate / 100), base.currency)


def _elsewhere(reckoning: Reckoning, case: SaleCase, form: TaxForm, what: str) -> Coding:
    """A code of the company for every line; of an untaxed document's none."""
    if reckoning.unnamed_tax:
        codes = (_automatic(reckoning, case, what),) * len(reckoning.nets)
    else:
        codes = tuple(_code(line, case, what) for line in reckoning.sale.lines)
        _check_explained(reckoning, what)
    extra = _code(None, case, what).id if reckoning.extras else UNTAXED
    return Coding(form, tuple(code.id for code in codes), extra, parts=_parts(reckoning, case.company, codes))


def _code(line: SoldLine | None, case: SaleCase, what: str) -> TaxCode:
    taxes = line.taxes if line is not None else ()
    return taxcodes.code_for(taxes, case.company, case.settings, case.location.id, what)


def _check_explained(reckoning: Reckoning, what: str) -> None:
    """A tax return is made of rates: a tax that they do not come to is never spread over them."""
    computed = sum(nearest(one.base.minor * one.rate / 100) for one in reckoning.rates)
    taxed = sum(len(line.taxes) for line in reckoning.sale.lines)
    if abs(computed - reckoning.tax.minor) > taxed + 1:
        sums = Money(computed, reckoning.tax.currency)
        text = f"{what}: Avantto states a tax of {reckoning.tax}, but its rates come to {sums}."
        raise held("tax_difference", text, f"correct it in Avantto, or: {SKIP}")


def _parts(reckoning: Reckoning, company: Company, codes: Sequence[TaxCode]) -> tuple[TaxPart, ...]:
    """What every rate of the codes comes to; together the document's tax. All rates of a code must be stated."""
    rates: dict[str, TaxRate] = {}
    bases: dict[str, int] = {}
    exact: dict[str, Fraction] = {}
    for code, base in zip(codes, reckoning.bases, strict=True):
        for rate in taxcodes.rates_of(code, company):
            rates[rate.id] = rate
            bases[rate.id] = bases.get(rate.id, 0) + base.minor
            exact[rate.id] = exact.get(rate.id, Fraction(0)) + base.minor * Fraction(rate.rate) / 100
    currency = reckoning.tax.currency
    amounts = _as_stated(reckoning, rates.values()) or fitted(exact, reckoning.tax)
    return tuple(TaxPart(one.id, one.rate, Money(bases[one.id], currency), amounts[one.id]) for one in rates.values())


def _as_stated(reckoning: Reckoning, rates: Collection[TaxRate]) -> dict[object, Money]:
    """Avantto's own sum for every rate; nothing where the company's rates are not Avantto's one to one."""
    zero = Money.zero(reckoning.tax.currency)
    sums: dict[Fraction, Money] = {}
    for one in reckoning.rates:
        sums[one.rate] = sums.get(one.rate, zero) + one.amount
    values = [Fraction(rate.rate) for rate in rates]
    if not sums or len(set(values)) < len(values) or {rate for rate, amount in sums.items() if amount} - set(values):
        return {}
    return {rate.id: sums.get(Fraction(rate.rate), zero) for rate in rates}
