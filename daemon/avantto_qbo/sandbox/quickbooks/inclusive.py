"""Prices that include tax: what a line is before tax.

With GlobalTaxCalculation TaxInclusive a line comes with its price alone in Amount, or with the net in Amount and the
price in TaxInclusiveAmt; both must then fit the rates of its code. The net is rounded per line (Intuit, sales tax for
non-US locales). Whether the vendor checks the two against each other is UNVERIFIED; here it does, to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.draft import value_of
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.lines import SALES
from avantto_qbo.sandbox.quickbooks.money import HUNDRED, cents, exact
from avantto_qbo.sandbox.quickbooks.refusals import bad_reference, business
from avantto_qbo.sandbox.quickbooks.taxes import Rate, rates_in

NO_RATE = "Make sure all your transactions have a GST/HST/VAT rate before you save"


def rates_of(company: Company, code: str | None) -> tuple[Rate, ...]:
    """Return the sales rates of an active tax code; raise `RefusedError` 2500."""
    body = company.active("TaxCode", code)
    if body is None:
        raise bad_reference("TaxCodeRef")
    return rates_in(company, body)


def whole_rate(rates: Iterable[Rate]) -> Decimal:
    """Return what the rates of a code come to, in percent."""
    return sum((rate.value for rate in rates), ZERO)


def net_of(gross: Decimal, rate: Decimal, unit: Decimal) -> Decimal:
    """Return a price before tax."""
    return cents(gross * HUNDRED / (HUNDRED + rate), unit)


def net_lines(company: Company, lines: Iterable[Json], mode: str, unit: Decimal) -> list[Json]:
    """Return the lines with amounts before tax; raise `RefusedError` 6000 without a tax code or for amounts at odds."""
    return [_net_line(company, line, mode, unit) if line["DetailType"] == SALES else line for line in lines]


def _net_line(company: Company, line: Json, mode: str, unit: Decimal) -> Json:
    if mode == "NotApplicable":
        return _without(line, "TaxCodeRef", "TaxInclusiveAmt")
    code = value_of(line[SALES], "TaxCodeRef")
    if code is None:
        raise business(NO_RATE)
    rates = rates_of(company, code)
    if mode == "TaxExcluded":
        return _without(line, "TaxInclusiveAmt")
    gross = line[SALES].get("TaxInclusiveAmt")
    if gross is None:
        return _taken_apart(line, net_of(line["Amount"], whole_rate(rates), unit))
    gross = exact(gross, "TaxInclusiveAmt", unit)
    if abs(line["Amount"] - net_of(gross, whole_rate(rates), unit)) > unit:
        raise business(f"The amount {line['Amount']} does not agree with the tax inclusive amount {gross}")
    return {**line, SALES: {**line[SALES], "TaxInclusiveAmt": gross}}


def _without(line: Json, *members: str) -> Json:
    return {**line, SALES: {key: value for key, value in line[SALES].items() if key not in members}}


def _taken_apart(line: Json, net: Decimal) -> Json:
    """State a price as net and gross; the unit price becomes the net one."""
    detail = {**line[SALES], "TaxInclusiveAmt": line["Amount"]}
    if "UnitPrice" in detail and detail.get("Qty"):
        detail["UnitPrice"] = net / detail["Qty"]
    elif "UnitPrice" in detail:
        del detail["UnitPrice"]
    return {**line, "Amount": net, SALES: detail}
