"""Sales tax in the United States: an engine that finds the rate itself, or codes that the company keeps by hand.

Lines bear the pseudo codes TAX and NON. With automated sales tax a sent TotalTax is honoured (kind `us`) or ignored
(`us_recompute`), and a code sent is replaced. With codes kept by hand, TxnTaxDetail.TxnTaxCodeRef names the code of the
whole form; without one there is no tax. Source: Intuit's sales tax pages.
"""

from __future__ import annotations

from decimal import Decimal

from avantto_qbo.sandbox.quickbooks.company import ZERO, Company
from avantto_qbo.sandbox.quickbooks.draft import value_of
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.lines import discount_of, subtotal_of
from avantto_qbo.sandbox.quickbooks.money import cents, exact, spread
from avantto_qbo.sandbox.quickbooks.refusals import RefusedError, bad_value
from avantto_qbo.sandbox.quickbooks.seed import AST_CODE, AST_RATE
from avantto_qbo.sandbox.quickbooks.taxes import (
    Rate,
    Reckoned,
    check_override,
    code_of,
    computed,
    detail_of,
    rates_in,
    tax_line,
)

PSEUDO_CODES = frozenset({"TAX", "NON"})
CUSTOM = "CustomSalesTax"


def american(company: Company, body: Json, lines: list[Json], unit: Decimal) -> Reckoned:
    """Return the tax and the discount of a US form; raise `RefusedError` (2290, 2110, 6100, 6160, 6000)."""
    subtotal = subtotal_of(lines)
    discount = discount_of(lines, subtotal, unit)
    if not company.knobs.sales_tax:
        return Reckoned(None, discount, discount)
    wanted = _wanted(body, unit)
    amounts = [line["Amount"] for line in lines if code_of(line) == "TAX"]
    if amounts and body.get("ApplyTaxAfterDiscount") and subtotal:
        amounts.append(-cents(discount * sum(amounts, ZERO) / subtotal, unit))
    reckon = _automated if company.locale.tax == "automated" else _manual
    return Reckoned(reckon(company, body, amounts, wanted, unit), discount, discount)


def _wanted(body: Json, unit: Decimal) -> Decimal | None:
    wanted = (body.get("TxnTaxDetail") or {}).get("TotalTax")
    if wanted is None:
        return None
    if wanted < 0:
        raise bad_value("2290", "Invalid Amount: negative", "TxnTaxDetail.TotalTax", wanted)
    return exact(wanted, "TxnTaxDetail.TotalTax", unit)


def _sent_code(body: Json) -> str | None:
    code = value_of(body.get("TxnTaxDetail") or {}, "TxnTaxCodeRef")
    if code == CUSTOM:
        raise _no_such_code(code)
    return code


def _no_such_code(code: str) -> RefusedError:
    return RefusedError("6160", "Invalid tax code", f"Tax code {code} cannot be used", element="TxnTaxCodeRef")


def _automated(company: Company, body: Json, amounts: list[Decimal], wanted: Decimal | None, unit: Decimal) -> Json:
    _sent_code(body)
    if not amounts:
        return {"TotalTax": ZERO}
    tax = computed(company, company.tax_rate, amounts, unit)
    if wanted is not None and company.honours_tax:
        tax = wanted
    line = tax_line(Rate(AST_RATE, company.tax_rate), sum(amounts, ZERO), tax)
    return {"TxnTaxCodeRef": {"value": AST_CODE}, **detail_of(company, [line])}


def _manual(company: Company, body: Json, amounts: list[Decimal], wanted: Decimal | None, unit: Decimal) -> Json:
    code = _sent_code(body)
    if code is None:
        return {"TotalTax": ZERO}
    rates = _rates(company, code)
    named = {"TxnTaxCodeRef": {"value": code}}
    if not amounts:
        return {**named, "TotalTax": ZERO}
    base = sum(amounts, ZERO)
    taxes = [computed(company, rate.value, amounts, unit) for rate in rates]
    if wanted is not None and company.honours_tax:
        check_override(wanted, sum(taxes, ZERO), base)
        taxes = spread(wanted, taxes, unit)
    lines = [tax_line(rate, base, tax) for rate, tax in zip(rates, taxes, strict=True)]
    return {**named, **detail_of(company, lines)}


def _rates(company: Company, code: str) -> tuple[Rate, ...]:
    if code in PSEUDO_CODES:
        raise RefusedError("6100", "Invalid tax code", f"{code} is no tax code of a form", element="TxnTaxCodeRef")
    body = company.active("TaxCode", code)
    if body is None:
        raise _no_such_code(code)
    return rates_in(company, body)
