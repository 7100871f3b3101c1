"""What every way of reckoning sales tax shares: rates, tax lines, how an engine rounds, how far an amount may stray."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.draft import value_of
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.lines import SALES
from avantto_qbo.sandbox.quickbooks.money import percent
from avantto_qbo.sandbox.quickbooks.refusals import business

LARGEST_OVERRIDE = Decimal("0.05")
SMALLEST_OVERRIDE = Decimal("1.00")


@dataclass(frozen=True, slots=True)
class Rate:
    """One tax rate of a tax code, in percent."""

    id: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Reckoned:
    """The `TxnTaxDetail` of a form (None where tax is off), and its discount: before tax, and as its line has it."""

    detail: Json | None
    discount: Decimal
    shown: Decimal


def code_of(line: Json) -> str | None:
    """Return the tax code of a sales line."""
    return value_of(line[SALES], "TaxCodeRef") if line["DetailType"] == SALES else None


def rates_in(company: Company, code: Json) -> tuple[Rate, ...]:
    """Return the sales rates of a stored tax code."""
    references = [entry["TaxRateRef"]["value"] for entry in code["SalesTaxRateList"]["TaxRateDetail"]]
    return tuple(Rate(one, (company.find("TaxRate", one) or {})["RateValue"]) for one in references)


def tax_line(rate: Rate, base: Decimal, tax: Decimal) -> Json:
    """Return what one rate comes to, as a form shows it."""
    detail = {
        "TaxRateRef": {"value": rate.id},
        "PercentBased": True,
        "TaxPercent": rate.value,
        "NetAmountTaxable": base,
    }
    return {"Amount": tax, "DetailType": "TaxLineDetail", "TaxLineDetail": detail}


def detail_of(company: Company, lines: Sequence[Json]) -> Json:
    """Return the `TxnTaxDetail` of tax lines; the knob `tax_drift` adds to the first that has any tax."""
    answered = list(lines)
    for position, line in enumerate(lines):
        if line["Amount"]:
            answered[position] = {**line, "Amount": line["Amount"] + Decimal(company.knobs.tax_drift)}
            break
    return {"TotalTax": sum((line["Amount"] for line in answered), ZERO), "TaxLine": answered}


def computed(company: Company, rate: Decimal, amounts: Iterable[Decimal], unit: Decimal) -> Decimal:
    """Return a rate's tax as the engine rounds it: once on the summed base, per line, or downwards."""
    if company.knobs.tax_rounding == "per_line":
        return sum((percent(amount, rate, unit) for amount in amounts), ZERO)
    rounding = ROUND_DOWN if company.knobs.tax_rounding == "down" else ROUND_HALF_UP
    return percent(sum(amounts, ZERO), rate, unit, rounding)


def check_override(wanted: Decimal, own: Decimal, base: Decimal) -> None:
    """Raise `RefusedError` 6000 for an amount further from the engine's than 5 % of the base or one unit of currency.

    The vendor honours amounts "within reason" and names no bound: UNVERIFIED.
    """
    if abs(wanted - own) > max(SMALLEST_OVERRIDE, abs(base) * LARGEST_OVERRIDE):
        raise business(f"The tax amount {wanted} cannot override {own}")
