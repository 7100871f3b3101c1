"""Sales tax in each kind of company."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from unit.sandbox.quickbooks_desk import Desk, discount, invoice, line, taxed, version


def total_tax(form: Any) -> Decimal:
    return Decimal(form["TxnTaxDetail"]["TotalTax"])


def wanted(amount: str) -> dict[str, Any]:
    return {"TotalTax": Decimal(amount)}


def vat(rate: str, amount: str) -> dict[str, Any]:
    detail = {"TaxRateRef": {"value": rate}, "PercentBased": True}
    return {"Amount": Decimal(amount), "DetailType": "TaxLineDetail", "TaxLineDetail": detail}


def test_the_engine_honours_a_total_when_a_line_is_taxable() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer(), taxed("100.00"), line("50.00"), TxnTaxDetail=wanted("8.26"))
    assert (total_tax(stored), stored["TotalAmt"]) == (Decimal("8.26"), Decimal("158.26"))


def test_the_total_is_dropped_when_no_line_is_taxable() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer(), line("100.00"), TxnTaxDetail=wanted("8.25"))
    assert (total_tax(stored), stored["TotalAmt"]) == (0, Decimal("100.00"))


def test_without_a_total_the_engine_computes_its_own_rate() -> None:
    desk = Desk()
    assert total_tax(desk.invoice(desk.customer(), taxed("19.99"))) == Decimal("1.65")


def test_a_recomputing_engine_ignores_the_total() -> None:
    desk = Desk("us_recompute")
    stored = desk.invoice(desk.customer(), taxed("100.00"), TxnTaxDetail=wanted("7.00"))
    assert total_tax(stored) == Decimal("8.25")


def test_a_company_without_sales_tax_stores_none() -> None:
    desk = Desk("us_no_tax")
    stored = desk.invoice(desk.customer(), taxed("100.00"), TxnTaxDetail=wanted("7.00"))
    assert "TxnTaxDetail" not in stored
    assert stored["TotalAmt"] == Decimal("100.00")


@pytest.mark.parametrize(("after", "tax"), [(True, "7.43"), (False, "8.25")])
def test_the_discount_comes_before_or_after_tax_as_the_form_says(after: bool, tax: str) -> None:
    desk = Desk("us_recompute")
    stored = desk.invoice(desk.customer(), taxed("100.00"), discount("10.00"), ApplyTaxAfterDiscount=after)
    assert total_tax(stored) == Decimal(tax)


def test_a_discount_lowers_the_taxable_base_in_proportion() -> None:
    desk = Desk("us_recompute", tax_rate="10")
    stored = desk.invoice(desk.customer(), taxed("60.00"), line("40.00"), discount("10.00"), ApplyTaxAfterDiscount=True)
    assert total_tax(stored) == Decimal("5.40")


def test_lines_sent_without_tax_lose_an_earlier_override() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer(), taxed("100.00"), TxnTaxDetail=wanted("5.00"))
    assert total_tax(desk.post("Invoice", version(stored, PrivateNote="x"))) == Decimal("5.00")
    newest = desk.read("Invoice", stored["Id"])
    assert total_tax(desk.post("Invoice", version(newest, Line=[taxed("100.00")]))) == Decimal("8.25")


def test_outside_the_us_the_form_must_say_how_tax_is_meant() -> None:
    desk = Desk("uk")
    assert desk.refused("Invoice", invoice(desk.customer(), taxed(code="2"))) == "2020"


def test_outside_the_us_every_line_needs_a_real_tax_code() -> None:
    desk = Desk("uk")
    customer = desk.customer()
    assert desk.refused("Invoice", invoice(customer, line(), GlobalTaxCalculation="TaxExcluded")) == "6000"
    assert desk.refused("Invoice", invoice(customer, taxed(code="TAX"), GlobalTaxCalculation="TaxExcluded")) == "2500"


def test_tax_is_computed_per_rate_on_the_summed_base() -> None:
    desk = Desk("uk")
    stored = desk.invoice(
        desk.customer(), taxed("0.12", "2"), taxed("0.12", "2"), taxed("10.00", "3"), GlobalTaxCalculation="TaxExcluded"
    )
    assert [row["Amount"] for row in stored["TxnTaxDetail"]["TaxLine"]] == [Decimal("0.05"), Decimal("0.50")]
    assert stored["TotalAmt"] == Decimal("10.79")


def test_inclusive_amounts_become_net_per_line() -> None:
    desk = Desk("uk")
    stored = desk.invoice(desk.customer(), taxed("120.00", "2"), GlobalTaxCalculation="TaxInclusive")
    row = stored["Line"][0]
    assert (row["Amount"], row["SalesItemLineDetail"]["TaxInclusiveAmt"]) == (Decimal("100.00"), Decimal("120.00"))
    assert stored["TotalAmt"] == Decimal("120.00")


def test_a_tax_line_overrides_its_rate_within_reason() -> None:
    desk = Desk("uk")
    customer = desk.customer()
    form = invoice(customer, taxed("100.00", "2"), GlobalTaxCalculation="TaxExcluded")
    near = {**form, "TxnTaxDetail": {"TotalTax": Decimal("20.01"), "TaxLine": [vat("1", "20.01")]}}
    assert desk.post("Invoice", near)["TotalAmt"] == Decimal("120.01")
    far = {**form, "TxnTaxDetail": {"TotalTax": Decimal("35.00"), "TaxLine": [vat("1", "35.00")]}}
    assert desk.refused("Invoice", far) == "6000"


def test_all_rates_must_be_sent_when_one_is_overridden() -> None:
    desk = Desk("ca")
    form = invoice(desk.customer(), taxed("100.00", "3"), GlobalTaxCalculation="TaxExcluded")
    assert desk.refused("Invoice", {**form, "TxnTaxDetail": {"TaxLine": [vat("1", "5.01")]}}) == "6000"


def test_a_form_without_tax_cannot_carry_tax() -> None:
    desk = Desk("uk")
    form = invoice(desk.customer(), line("100.00"), GlobalTaxCalculation="NotApplicable")
    assert desk.refused("Invoice", {**form, "TxnTaxDetail": wanted("1.00")}) == "6170"
    assert desk.post("Invoice", form)["TotalAmt"] == Decimal("100.00")
