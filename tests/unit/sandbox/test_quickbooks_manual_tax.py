"""A company of the United States that keeps its tax codes by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from unit.sandbox.quickbooks_desk import Desk, discount, invoice, line, taxed


def texas(total: str = "", code: str = "2") -> dict[str, Any]:
    return {"TxnTaxCodeRef": {"value": code}, **({"TotalTax": Decimal(total)} if total else {})}


def amounts(form: Any) -> list[Decimal]:
    return [row["Amount"] for row in form["TxnTaxDetail"]["TaxLine"]]


def test_the_company_uses_sales_tax_and_no_engine() -> None:
    desk = Desk("us_manual")
    assert desk.ask("select * from Preferences")["Preferences"][0]["TaxPrefs"] == {"UsingSalesTax": True}
    codes = {code["Id"]: code["Name"] for code in desk.ask("select * from TaxCode")["TaxCode"]}
    assert (codes["TAX"], codes["NON"], codes["2"]) == ("TAX", "NON", "Texas 8.25")


def test_the_code_of_the_form_taxes_its_taxable_lines() -> None:
    desk = Desk("us_manual")
    stored = desk.invoice(desk.customer(), taxed("100.00"), line("50.00"), TxnTaxDetail=texas())
    assert (amounts(stored), stored["TotalAmt"]) == ([Decimal("6.25"), Decimal("2.00")], Decimal("158.25"))


def test_a_total_is_honoured_and_shared_over_the_rates() -> None:
    desk = Desk("us_manual")
    stored = desk.invoice(desk.customer(), taxed("100.00"), TxnTaxDetail=texas("8.26"))
    assert (sum(amounts(stored)), stored["TotalAmt"]) == (Decimal("8.26"), Decimal("108.26"))


def test_a_total_out_of_reason_is_refused() -> None:
    desk = Desk("us_manual")
    assert desk.refused("Invoice", invoice(desk.customer(), taxed("100.00"), TxnTaxDetail=texas("20.00"))) == "6000"


def test_a_total_can_be_ignored_here_too() -> None:
    desk = Desk("us_manual", tax_engine="recomputes")
    stored = desk.invoice(desk.customer(), taxed("100.00"), TxnTaxDetail=texas("8.26"))
    assert stored["TotalAmt"] == Decimal("108.25")


def test_without_a_code_no_tax_is_stored() -> None:
    desk = Desk("us_manual")
    stored = desk.invoice(desk.customer(), taxed("100.00"), TxnTaxDetail={"TotalTax": Decimal("8.25")})
    assert (stored["TxnTaxDetail"], stored["TotalAmt"]) == ({"TotalTax": 0}, Decimal("100.00"))


def test_a_code_without_a_taxable_line_taxes_nothing() -> None:
    desk = Desk("us_manual")
    assert desk.invoice(desk.customer(), line("100.00"), TxnTaxDetail=texas("8.25"))["TotalAmt"] == Decimal("100.00")


@pytest.mark.parametrize(
    ("code", "refusal"), [("TAX", "6100"), ("NON", "6100"), ("99", "6160"), ("CustomSalesTax", "6160")]
)
def test_only_a_real_code_names_the_tax_of_a_form(code: str, refusal: str) -> None:
    desk = Desk("us_manual")
    assert desk.refused("Invoice", invoice(desk.customer(), taxed(), TxnTaxDetail=texas(code=code))) == refusal


def test_lines_bear_pseudo_codes_only() -> None:
    desk = Desk("us_manual")
    assert desk.refused("Invoice", invoice(desk.customer(), taxed(code="2"), TxnTaxDetail=texas())) == "6100"


@pytest.mark.parametrize(("after", "total"), [(True, "97.43"), (False, "98.25")])
def test_the_discount_comes_before_or_after_tax(after: bool, total: str) -> None:
    desk = Desk("us_manual")
    stored = desk.invoice(
        desk.customer(), taxed("100.00"), discount("10.00"), TxnTaxDetail=texas(), ApplyTaxAfterDiscount=after
    )
    assert stored["TotalAmt"] == Decimal(total)
