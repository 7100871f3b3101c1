"""Sales tax in a company of the United States whose engine finds the rate."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from unit.sandbox.quickbooks_desk import Desk, discount, invoice, line, taxed, version


def total_tax(form: Any) -> Decimal:
    return Decimal(form["TxnTaxDetail"]["TotalTax"])


def wanted(amount: str) -> dict[str, Any]:
    return {"TotalTax": Decimal(amount)}


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


def test_the_engine_rounds_as_its_knob_says() -> None:
    totals = []
    for rounding in ("summed", "per_line", "down"):
        desk = Desk("us_recompute", tax_rounding=rounding)
        totals.append(total_tax(desk.invoice(desk.customer(), *[taxed("0.19")] * 3)))
    assert totals == [Decimal("0.05"), Decimal("0.06"), Decimal("0.04")]


def test_an_engine_can_be_a_cent_off_whatever_it_is_told() -> None:
    desk = Desk(tax_drift="0.01")
    stored = desk.invoice(desk.customer(), taxed("100.00"), TxnTaxDetail=wanted("8.25"))
    assert (total_tax(stored), stored["TotalAmt"]) == (Decimal("8.26"), Decimal("108.26"))


def test_the_engine_knob_is_independent_of_the_kind_of_company() -> None:
    desk = Desk("us", tax_engine="recomputes")
    assert total_tax(desk.invoice(desk.customer(), taxed("100.00"), TxnTaxDetail=wanted("7.00"))) == Decimal("8.25")


def test_a_code_sent_to_the_engine_is_replaced_by_its_own() -> None:
    desk = Desk()
    customer = desk.customer()
    sent = {"TotalTax": Decimal("8.00"), "TxnTaxCodeRef": {"value": "77"}}
    assert desk.invoice(customer, taxed(), TxnTaxDetail=sent)["TxnTaxDetail"]["TxnTaxCodeRef"] == {"value": "2"}
    custom = {"TxnTaxCodeRef": {"value": "CustomSalesTax"}}
    assert desk.refused("Invoice", invoice(customer, taxed(), TxnTaxDetail=custom)) == "6160"


def test_a_negative_or_too_fine_tax_is_refused() -> None:
    desk = Desk()
    form = invoice(desk.customer(), taxed())
    assert desk.refused("Invoice", {**form, "TxnTaxDetail": wanted("-1.00")}) == "2290"
    assert desk.refused("Invoice", {**form, "TxnTaxDetail": wanted("8.255")}) == "2110"


def test_taxed_lines_are_at_most_750() -> None:
    desk = Desk()
    customer = desk.customer()
    many = [taxed("1.00") for _ in range(751)]
    assert desk.refused("Invoice", invoice(customer, *many)) == "6000"
    assert len(desk.invoice(customer, *many[:750])["Line"]) == 751
    assert desk.invoice(customer, *[line("1.00") for _ in range(751)])["TotalAmt"] == Decimal("751.00")
