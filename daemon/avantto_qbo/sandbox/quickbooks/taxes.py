"""Sales tax: the United States engine with its honoured or ignored total, and tax codes with rates elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.draft import value_of
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.lines import SALES
from avantto_qbo.sandbox.quickbooks.money import HUNDRED, cents, percent
from avantto_qbo.sandbox.quickbooks.refusals import RefusedError, bad_reference, bad_value, business
from avantto_qbo.sandbox.quickbooks.seed import AST_CODE, AST_RATE

NO_RATE = "Make sure all your transactions have a GST/HST/VAT rate before you save"
LARGEST_OVERRIDE = Decimal("0.05")
SMALLEST_OVERRIDE = Decimal("1.00")


@dataclass(frozen=True, slots=True)
class Rate:
    """One tax rate of a tax code, in percent."""

    id: str
    value: Decimal


# -- United States ------------------------------------------------------------------------------------------------


def united_states(company: Company, body: Json, lines: list[Json], subtotal: Decimal, discount: Decimal) -> Json | None:
    """Return the TxnTaxDetail of a US form, or None where sales tax is off.

    In a company of kind `us` the engine honours a sent TotalTax if at least one line is TAX; `us_recompute` ignores it.
    """
    if company.kind == "us_no_tax":
        return None
    taxable = sum((line["Amount"] for line in lines if _code(line) == "TAX"), ZERO)
    base = taxable
    if body.get("ApplyTaxAfterDiscount") and subtotal:
        base = taxable - cents(discount * taxable / subtotal)
    wanted = (body.get("TxnTaxDetail") or {}).get("TotalTax")
    if wanted is not None and wanted < 0:
        raise bad_value("2290", "Invalid Amount: negative", "TxnTaxDetail.TotalTax", wanted)
    if not any(_code(line) == "TAX" for line in lines):
        return {"TotalTax": ZERO}
    rate = company.tax_rate
    honoured = wanted is not None and company.kind == "us"
    tax = cents(wanted) if honoured and wanted is not None else percent(base, rate)
    line = _tax_line(Rate(AST_RATE, rate), base, tax)
    return {"TxnTaxCodeRef": {"value": AST_CODE}, "TotalTax": tax, "TaxLine": [line]}


def _code(line: Json) -> str | None:
    return value_of(line[SALES], "TaxCodeRef") if line["DetailType"] == SALES else None


def _tax_line(rate: Rate, base: Decimal, tax: Decimal) -> Json:
    detail = {
        "TaxRateRef": {"value": rate.id},
        "PercentBased": True,
        "TaxPercent": rate.value,
        "NetAmountTaxable": base,
    }
    return {"Amount": tax, "DetailType": "TaxLineDetail", "TaxLineDetail": detail}


# -- elsewhere ----------------------------------------------------------------------------------------------------


def check_global(body: Json) -> str:
    """Return how tax is meant; raise `RefusedError` when it is not said (2020), or said twice over (6170)."""
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


def rates_of(company: Company, code: str | None) -> list[Rate]:
    """Return the sales rates of an active tax code; raise `RefusedError` 2500."""
    body = company.active("TaxCode", code)
    if body is None:
        raise bad_reference("TaxCodeRef")
    references = [entry["TaxRateRef"]["value"] for entry in body["SalesTaxRateList"]["TaxRateDetail"]]
    return [Rate(identifier, (company.find("TaxRate", identifier) or {})["RateValue"]) for identifier in references]


def net_lines(company: Company, lines: Iterable[Json], mode: str) -> list[Json]:
    """Return the lines with amounts before tax, rounded per line; raise `RefusedError` 6000 without a tax code."""
    return [_net_line(company, line, mode) if line["DetailType"] == SALES else line for line in lines]


def _net_line(company: Company, line: Json, mode: str) -> Json:
    if mode == "NotApplicable":
        return {**line, SALES: {key: value for key, value in line[SALES].items() if key != "TaxCodeRef"}}
    code = value_of(line[SALES], "TaxCodeRef")
    if code is None:
        raise business(NO_RATE)
    rates = rates_of(company, code)
    if mode == "TaxExcluded":
        return line
    gross = line[SALES].get("TaxInclusiveAmt")
    if gross is not None:
        return line
    total_rate = sum((rate.value for rate in rates), ZERO)
    net = cents(line["Amount"] * HUNDRED / (HUNDRED + total_rate))
    detail = {key: value for key, value in line[SALES].items() if key != "UnitPrice"}
    quantity = detail.get("Qty")
    if quantity:
        detail["UnitPrice"] = net / quantity
    return {**line, "Amount": net, SALES: {**detail, "TaxInclusiveAmt": cents(line["Amount"])}}


def elsewhere(company: Company, body: Json, lines: list[Json], subtotal: Decimal, discount: Decimal) -> Json | None:
    """Return the TxnTaxDetail of a form outside the US: tax per rate on the summed base, or the amounts sent.

    A sent TaxLine overrides its rate's amount if every rate is sent and none strays further than five per cent or
    one unit of currency (the vendor names no bound; UNVERIFIED); otherwise `RefusedError` 6000.
    """
    mode = check_global(body)
    if mode == "NotApplicable":
        return None
    bases = _bases(company, lines)
    sent = {
        str(value_of(line.get("TaxLineDetail") or {}, "TaxRateRef")): line.get("Amount")
        for line in (body.get("TxnTaxDetail") or {}).get("TaxLine", ())
    }
    taxed: list[Json] = []
    for rate, base in bases.items():
        net = base - cents(discount * base / subtotal) if subtotal else base
        computed = percent(net, rate.value)
        taxed.append(_tax_line(rate, net, _override(sent, rate, computed, net)))
    if sent.keys() - {rate.id for rate in bases}:
        raise business("A tax rate was sent that no line of the transaction uses")
    return {"TotalTax": sum((line["Amount"] for line in taxed), ZERO), "TaxLine": taxed}


def _bases(company: Company, lines: list[Json]) -> dict[Rate, Decimal]:
    bases: dict[Rate, Decimal] = {}
    for line in lines:
        if line["DetailType"] == SALES:
            for rate in rates_of(company, value_of(line[SALES], "TaxCodeRef")):
                bases[rate] = bases.get(rate, ZERO) + line["Amount"]
    return bases


def _override(sent: dict[str, Decimal | None], rate: Rate, computed: Decimal, net: Decimal) -> Decimal:
    if not sent:
        return computed
    wanted = sent.get(rate.id)
    if wanted is None:
        raise business("All tax rates of a tax code must be sent when one of them is overridden")
    if abs(wanted - computed) > max(SMALLEST_OVERRIDE, abs(net) * LARGEST_OVERRIDE) or (wanted and not rate.value):
        raise business(f"The tax amount {wanted} cannot override {computed}")
    return cents(wanted)
