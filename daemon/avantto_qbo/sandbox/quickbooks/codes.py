"""Sales tax outside the United States: every line has a tax code, every code its rates.

Tax is reckoned per rate on the summed base; where prices include tax, it is what they include. A TaxLine sent overrides
its rate, if every rate of that code is sent. Source: Intuit, Automated sales tax for non-US locales.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.draft import value_of
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.inclusive import net_of, rates_of, whole_rate
from avantto_qbo.sandbox.quickbooks.lines import SALES, discount_of, subtotal_of
from avantto_qbo.sandbox.quickbooks.money import exact, percent, spread
from avantto_qbo.sandbox.quickbooks.refusals import RefusedError, business
from avantto_qbo.sandbox.quickbooks.taxes import Rate, Reckoned, check_override, code_of, computed, detail_of, tax_line


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one tax code: their amounts before tax and their price with it."""

    rates: tuple[Rate, ...]
    amounts: tuple[Decimal, ...]
    gross: Decimal

    @property
    def net(self) -> Decimal:
        """Return the amounts before tax together."""
        return sum(self.amounts, ZERO)


@dataclass(frozen=True, slots=True)
class Cut:
    """A group's share of the discount, before tax, and the tax that goes with it."""

    net: Decimal
    tax: Decimal


def tax_mode(company: Company, body: Json) -> str:
    """Return how tax is meant; raise `RefusedError` when it is not said (2020), or said twice over (6170)."""
    if not company.knobs.sales_tax:
        return "NotApplicable"
    mode = body.get("GlobalTaxCalculation")
    if mode is None:
        raise RefusedError(
            "2020",
            "Required param missing, need to supply the required value for the API",
            "Required parameter GlobalTaxCalculation is missing in the request",
        )
    if mode == "NotApplicable" and body.get("TxnTaxDetail"):
        raise RefusedError("6170", "Invalid tax detail", "TxnTaxDetail cannot stand beside NotApplicable")
    return str(mode)


def by_codes(company: Company, body: Json, lines: list[Json], mode: str, unit: Decimal) -> Reckoned:
    """Return the tax and the discount of a form whose `lines` are net already; raise `RefusedError` (6000, 2110)."""
    if mode == "NotApplicable":
        discount = discount_of(lines, subtotal_of(lines), unit)
        return Reckoned(None, discount, discount)
    groups = _groups(company, lines)
    gross = mode == "TaxInclusive" and company.knobs.inclusive_discount == "gross"
    discount = discount_of(lines, sum(_weights(groups, gross=gross), ZERO), unit)
    cuts = _cuts(groups, discount, unit, gross=gross)
    bases = _bases(groups, cuts)
    if mode == "TaxInclusive" and company.honours_tax:
        taxes = _included(groups, cuts, unit)
    else:
        taxes = {rate: computed(company, rate.value, amounts, unit) for rate, amounts in bases.items()}
    if company.honours_tax:
        taxes = _overridden(taxes, bases, groups, _sent(body, unit))
    tax_lines = [tax_line(rate, sum(bases[rate], ZERO), tax) for rate, tax in taxes.items()]
    return Reckoned(detail_of(company, tax_lines), sum((cut.net for cut in cuts), ZERO), discount)


def _groups(company: Company, lines: list[Json]) -> list[Group]:
    by_code: dict[str | None, list[Json]] = {}
    for line in lines:
        if line["DetailType"] == SALES:
            by_code.setdefault(code_of(line), []).append(line)
    return [
        Group(
            rates_of(company, code),
            tuple(line["Amount"] for line in members),
            sum((line[SALES].get("TaxInclusiveAmt", line["Amount"]) for line in members), ZERO),
        )
        for code, members in by_code.items()
    ]


def _weights(groups: list[Group], *, gross: bool) -> list[Decimal]:
    return [group.gross if gross else group.net for group in groups]


def _cuts(groups: list[Group], discount: Decimal, unit: Decimal, *, gross: bool) -> list[Cut]:
    """Share the discount out over the groups.

    Whether a discount beside inclusive prices is itself before tax or includes it (`gross`) is UNVERIFIED: hence the
    knob `inclusive_discount`.
    """
    shares = spread(discount, _weights(groups, gross=gross), unit)
    cuts = []
    for group, share in zip(groups, shares, strict=True):
        rate = whole_rate(group.rates)
        net = net_of(share, rate, unit) if gross else share
        cuts.append(Cut(net, share - net if gross else percent(share, rate, unit)))
    return cuts


def _bases(groups: list[Group], cuts: list[Cut]) -> dict[Rate, list[Decimal]]:
    bases: dict[Rate, list[Decimal]] = {}
    for group, cut in zip(groups, cuts, strict=True):
        for rate in group.rates:
            bases.setdefault(rate, []).extend((*group.amounts, -cut.net))
    return bases


def _included(groups: list[Group], cuts: list[Cut], unit: Decimal) -> dict[Rate, Decimal]:
    """Take the tax out of the prices, so that the total is their sum; a code's rates share it."""
    taxes: dict[Rate, Decimal] = {}
    for group, cut in zip(groups, cuts, strict=True):
        shares = spread(group.gross - group.net - cut.tax, [rate.value for rate in group.rates], unit)
        for rate, share in zip(group.rates, shares, strict=True):
            taxes[rate] = taxes.get(rate, ZERO) + share
    return taxes


def _sent(body: Json, unit: Decimal) -> dict[str, Decimal]:
    detail = body.get("TxnTaxDetail") or {}
    sent: dict[str, Decimal] = {}
    for line in detail.get("TaxLine", ()):
        rate = str(value_of(line.get("TaxLineDetail") or {}, "TaxRateRef"))
        sent[rate] = sent.get(rate, ZERO) + exact(line.get("Amount", ZERO), "TaxLine.Amount", unit)
    if sent and detail.get("TotalTax") is not None and detail["TotalTax"] != sum(sent.values(), ZERO):
        raise business("TotalTax is not the sum of the tax lines")
    return sent


def _overridden(
    taxes: dict[Rate, Decimal], bases: dict[Rate, list[Decimal]], groups: list[Group], sent: dict[str, Decimal]
) -> dict[Rate, Decimal]:
    if sent.keys() - {rate.id for rate in taxes}:
        raise business("A tax rate was sent that no line of the transaction uses")
    for group in groups:
        named = {rate.id for rate in group.rates}
        if named & sent.keys() and named - sent.keys():
            raise business("All tax rates of a tax code must be sent when one of them is overridden")
    for rate, own in taxes.items():
        wanted = sent.get(rate.id, own)
        check_override(wanted, own, sum(bases[rate], ZERO))
        if wanted and not rate.value:
            raise business(f"The rate {rate.id} is zero and cannot bear tax")
    return {rate: sent.get(rate.id, own) for rate, own in taxes.items()}
