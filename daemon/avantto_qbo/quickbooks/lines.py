"""The lines, discount and tax of an invoice or a sales receipt: one group, because QuickBooks replaces them together.

Source: Intuit, Invoice and sales tax pages. US companies take the pseudo codes TAX and NON with the exact total tax;
all others take their own codes, GlobalTaxCalculation, and one TaxLine per rate.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from avantto_qbo.model.drafts import DraftLine, InvoiceDraft, ReceiptDraft
from avantto_qbo.model.money import Money
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.quickbooks import text
from avantto_qbo.quickbooks.taxlines import tax_lines

UNTAXED: Final = "NON"


def sale_lines(sale: InvoiceDraft | ReceiptDraft, company: Company, *, replacing: bool = False) -> dict[str, Any]:
    """Return the members Line, GlobalTaxCalculation or ApplyTaxAfterDiscount, and TxnTaxDetail.

    `replacing` also states a total tax of zero in a US company, so that an amount sent earlier does not stay.
    """
    lines = [_line(line, company) for line in sale.lines]
    if sale.discount:
        lines.append(_discount(sale.discount, sale.discount_account))
    if company.american:
        return {"Line": lines, "ApplyTaxAfterDiscount": True} | _american_tax(sale.tax, stated=replacing)
    return {"Line": lines} | _foreign_tax(sale, company)


def reference(object_id: str) -> dict[str, str] | None:
    """Name an object, or nothing."""
    return {"value": object_id} if object_id else None


def currency(amount: Money, company: Company) -> dict[str, str] | None:
    """Name the currency, which is only allowed where the company has several."""
    return {"value": amount.currency} if company.multi_currency else None


def _line(line: DraftLine, company: Company) -> dict[str, Any]:
    description = text.fitted(line.description, text.DESCRIPTION, latin=company.american)
    described = {"Description": description} if description else {}
    if not line.item:
        return {"DetailType": "DescriptionOnly", **described, "DescriptionLineDetail": {}}
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": line.amount.amount,
        **described,
        "SalesItemLineDetail": _detail(line, company),
    }


def _detail(line: DraftLine, company: Company) -> dict[str, Any]:
    detail: dict[str, Any] = {"ItemRef": {"value": line.item}}
    if line.quantity is not None:
        detail["Qty"] = _plain(line.quantity)
    if line.unit_price is not None:
        detail["UnitPrice"] = _plain(line.unit_price)
    if company.american or line.tax_code not in ("", UNTAXED):
        detail["TaxCodeRef"] = {"value": line.tax_code or UNTAXED}
    return detail


def _discount(amount: Money, account: str) -> dict[str, Any]:
    detail: dict[str, Any] = {"PercentBased": False}
    if account:
        detail["DiscountAccountRef"] = {"value": account}
    return {"DetailType": "DiscountLineDetail", "Amount": amount.amount, "DiscountLineDetail": detail}


def _american_tax(tax: Money, *, stated: bool) -> dict[str, Any]:
    return {"TxnTaxDetail": {"TotalTax": tax.amount}} if tax or stated else {}


def _foreign_tax(sale: InvoiceDraft | ReceiptDraft, company: Company) -> dict[str, Any]:
    if all(line.tax_code in ("", UNTAXED) for line in sale.lines):
        # A tax detail beside NotApplicable is refused with 6170.
        return {"GlobalTaxCalculation": "NotApplicable"}
    detail = {"TotalTax": sale.tax.amount, "TaxLine": tax_lines(sale, company)} if sale.tax else None
    return {"GlobalTaxCalculation": "TaxExcluded"} | ({"TxnTaxDetail": detail} if detail else {})


def _plain(number: Decimal) -> Decimal:
    """Rid a number of its exponent: 1E+2 is valid JSON, and not what a person sends."""
    return Decimal(f"{number:f}")
