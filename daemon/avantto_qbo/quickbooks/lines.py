"""The lines, discount and tax of a sale: one group, because QuickBooks replaces them together.

Source: Intuit, Invoice and sales tax pages. US companies take the pseudo codes TAX and NON with the exact total tax,
and one code for the document where they keep their codes by hand; all others take their own codes,
GlobalTaxCalculation, and one TaxLine per rate. In the form LINE no line bears a code and tax is an item.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from avantto_qbo.model.drafts import DraftLine, SaleDraft, TaxForm, TaxPart
from avantto_qbo.model.money import Money, from_json
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.quickbooks import text

UNTAXED: Final = "NON"
_THEIRS: Final = msgspec.json.Decoder(dict[str, Any], float_hook=from_json)


def sale_lines(sale: SaleDraft, company: Company, *, replacing: bool = False) -> dict[str, Any]:
    """Return the members Line, GlobalTaxCalculation or ApplyTaxAfterDiscount, and TxnTaxDetail.

    `replacing` also states a total tax of zero in a US company, so that an amount sent earlier does not stay.
    """
    lines = [part for line in sale.lines for part in _lines(line, sale, company)]
    if sale.discount:
        lines.append(_discount(sale.discount, sale.discount_account))
    if company.american:
        return {"Line": lines, "ApplyTaxAfterDiscount": True} | _american_tax(sale, stated=replacing)
    return {"Line": lines} | _foreign_tax(sale)


def divisions(sale: SaleDraft, company: Company) -> dict[str, Any]:
    """Return DepartmentRef, and ClassRef where the company has one class for a whole document."""
    whole = company.class_per_document and not company.class_per_line
    class_ = next((line.class_ for line in sale.lines if line.class_), "") if whole else ""
    return {"ClassRef": reference(class_), "DepartmentRef": reference(sale.department)}


def reference(object_id: str) -> dict[str, str] | None:
    """Name an object, or nothing."""
    return {"value": object_id} if object_id else None


def currency(amount: Money, company: Company) -> dict[str, str] | None:
    """Name the currency, which is only allowed where the company has several."""
    return {"value": amount.currency} if company.multi_currency else None


def _lines(line: DraftLine, sale: SaleDraft, company: Company) -> list[dict[str, Any]]:
    """A line, or what a bookkeeper made of it."""
    if line.parts:
        return [_THEIRS.decode(part) for part in line.parts]
    return [_line(line, sale, company)]


def _line(line: DraftLine, sale: SaleDraft, company: Company) -> dict[str, Any]:
    description = text.fitted(line.description, text.DESCRIPTION, latin=company.american)
    described = {"Description": description} if description else {}
    if not line.item:
        return {"DetailType": "DescriptionOnly", **described, "DescriptionLineDetail": {}}
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": line.amount.amount,
        **described,
        "SalesItemLineDetail": _detail(line, sale, company),
    }


def _detail(line: DraftLine, sale: SaleDraft, company: Company) -> dict[str, Any]:
    detail: dict[str, Any] = {"ItemRef": {"value": line.item}}
    if line.quantity is not None:
        detail["Qty"] = plain(line.quantity)
    if line.unit_price is not None:
        detail["UnitPrice"] = plain(line.unit_price)
    if company.american or line.tax_code not in ("", UNTAXED):
        detail["TaxCodeRef"] = {"value": line.tax_code or UNTAXED}
    if sale.form is TaxForm.INCLUSIVE and line.gross is not None:
        detail["TaxInclusiveAmt"] = line.gross.amount
    if line.class_ and company.class_per_line:
        detail["ClassRef"] = {"value": line.class_}
    return detail


def _discount(amount: Money, account: str) -> dict[str, Any]:
    detail: dict[str, Any] = {"PercentBased": False}
    if account:
        detail["DiscountAccountRef"] = {"value": account}
    return {"DetailType": "DiscountLineDetail", "Amount": amount.amount, "DiscountLineDetail": detail}


def _american_tax(sale: SaleDraft, *, stated: bool) -> dict[str, Any]:
    code = {"TxnTaxCodeRef": {"value": sale.tax_code}} if sale.tax_code else {}
    return {"TxnTaxDetail": {**code, "TotalTax": sale.tax.amount}} if sale.tax or stated else {}


def _foreign_tax(sale: SaleDraft) -> dict[str, Any]:
    if all(line.tax_code in ("", UNTAXED) for line in sale.lines):
        # A tax detail beside NotApplicable is refused with 6170.
        return {"GlobalTaxCalculation": "NotApplicable"}
    mode = "TaxInclusive" if sale.form is TaxForm.INCLUSIVE else "TaxExcluded"
    detail = {"TotalTax": sale.tax.amount, "TaxLine": [_tax_line(part) for part in sale.tax_parts]}
    return {"GlobalTaxCalculation": mode, "TxnTaxDetail": detail}


def _tax_line(part: TaxPart) -> dict[str, Any]:
    """Source: Intuit, Automated sales tax for non-US locales: an override names every rate of the codes used."""
    return {
        "Amount": part.amount.amount,
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": part.rate_id},
            "PercentBased": True,
            "TaxPercent": plain(part.rate),
            "NetAmountTaxable": part.base.amount,
        },
    }


def plain(number: Decimal) -> Decimal:
    """Rid a number of its exponent: 1E+2 is valid JSON, and not what a person sends."""
    return Decimal(f"{number:f}")
