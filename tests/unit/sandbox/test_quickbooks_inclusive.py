"""Prices that include tax."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit.sandbox.quickbooks_desk import Desk, discount, invoice, line, of_rate, percent_off, taxed, version, with_tax

INCLUSIVE = {"GlobalTaxCalculation": "TaxInclusive"}


def test_inclusive_amounts_become_net_per_line() -> None:
    desk = Desk("uk")
    stored = desk.invoice(desk.customer(), taxed("120.00", "2"), GlobalTaxCalculation="TaxInclusive")
    row = stored["Line"][0]
    assert (row["Amount"], row["SalesItemLineDetail"]["TaxInclusiveAmt"]) == (Decimal("100.00"), Decimal("120.00"))
    assert stored["TotalAmt"] == Decimal("120.00")


def test_the_net_amount_and_the_price_may_both_be_sent() -> None:
    desk = Desk("uk")
    stored = desk.invoice(desk.customer(), with_tax("99.99", "2", net="83.33"), **INCLUSIVE)
    assert (stored["Line"][0]["Amount"], stored["TotalAmt"]) == (Decimal("83.33"), Decimal("99.99"))


@pytest.mark.parametrize("net", ["83.31", "83.35", "99.99"])
def test_a_net_amount_that_does_not_fit_its_price_is_refused(net: str) -> None:
    desk = Desk("uk")
    assert desk.refused("Invoice", invoice(desk.customer(), with_tax("99.99", "2", net=net), **INCLUSIVE)) == "6000"


@pytest.mark.parametrize("net", ["83.32", "83.34"])
def test_a_cent_beside_the_exact_net_amount_is_taken(net: str) -> None:
    desk = Desk("uk")
    stored = desk.invoice(desk.customer(), with_tax("99.99", "2", net=net), **INCLUSIVE)
    assert stored["TotalAmt"] == Decimal("99.99")


def test_a_price_of_several_units_keeps_its_quantity() -> None:
    desk = Desk("uk")
    row = taxed("360.00", "2", Qty=3, UnitPrice=120)
    detail = desk.invoice(desk.customer(), row, **INCLUSIVE)["Line"][0]["SalesItemLineDetail"]
    assert (detail["Qty"], detail["UnitPrice"]) == (3, 100)


def test_a_unit_price_without_a_quantity_is_not_kept() -> None:
    desk = Desk("uk")
    stored = desk.invoice(desk.customer(), taxed("120.00", "2", UnitPrice=120), **INCLUSIVE)
    assert "UnitPrice" not in stored["Line"][0]["SalesItemLineDetail"]


def test_a_stored_form_sent_back_stays_as_it_is() -> None:
    desk = Desk("uk")
    stored = desk.invoice(desk.customer(), taxed("9.99", "2", Qty=3, UnitPrice=Decimal("3.33")), **INCLUSIVE)
    changed = desk.post("Invoice", version(stored, Line=stored["Line"]))
    assert (changed["Line"], changed["TotalAmt"]) == (stored["Line"], Decimal("9.99"))


def test_the_rates_of_a_combined_code_share_what_the_price_includes() -> None:
    desk = Desk("ca")
    stored = desk.invoice(desk.customer(), with_tax("112.00", "3"), **INCLUSIVE)
    assert [row["Amount"] for row in stored["TxnTaxDetail"]["TaxLine"]] == [Decimal("5.00"), Decimal("7.00")]


def test_tax_lines_override_what_the_prices_include() -> None:
    desk = Desk("uk")
    sent = {"TaxLine": [of_rate("1", "20.01")]}
    stored = desk.invoice(desk.customer(), with_tax("120.00", "2"), TxnTaxDetail=sent, **INCLUSIVE)
    assert stored["TotalAmt"] == Decimal("120.01")


def test_a_recomputing_engine_reckons_from_the_summed_net_amounts() -> None:
    rows = [with_tax("0.99", "2") for _ in range(4)]
    totals = []
    for engine in ("honours", "recomputes"):
        desk = Desk("uk", tax_engine=engine)
        totals.append(desk.invoice(desk.customer(), *rows, **INCLUSIVE)["TotalAmt"])
    assert totals == [Decimal("3.96"), Decimal("3.98")]


@pytest.mark.parametrize(("meaning", "total"), [("net", "108.00"), ("gross", "110.00")])
def test_whether_a_discount_includes_tax_is_a_switch(meaning: str, total: str) -> None:
    desk = Desk("uk", inclusive_discount=meaning)
    stored = desk.invoice(desk.customer(), with_tax("120.00", "2"), discount("10.00"), **INCLUSIVE)
    assert (stored["TotalAmt"], stored["Line"][-1]["Amount"]) == (Decimal(total), Decimal("10.00"))
    again = desk.post("Invoice", version(stored, Line=stored["Line"]))
    assert (again["TotalAmt"], again["Line"]) == (stored["TotalAmt"], stored["Line"])


@pytest.mark.parametrize("meaning", ["net", "gross"])
def test_a_percentage_comes_off_the_price_in_both_meanings(meaning: str) -> None:
    desk = Desk("uk", inclusive_discount=meaning)
    stored = desk.invoice(desk.customer(), with_tax("120.00", "2"), percent_off("10"), **INCLUSIVE)
    assert stored["TotalAmt"] == Decimal("108.00")


def test_a_price_with_tax_is_not_kept_where_prices_exclude_it() -> None:
    desk = Desk("uk")
    row = with_tax("120.00", "2", net="100.00")
    stored = desk.invoice(desk.customer(), row, GlobalTaxCalculation="TaxExcluded")
    assert "TaxInclusiveAmt" not in stored["Line"][0]["SalesItemLineDetail"]


def test_a_sale_and_a_refund_are_reckoned_as_an_invoice_is() -> None:
    desk = Desk("uk")
    body = {"Line": [with_tax("120.00", "2"), line("5.00", TaxCodeRef={"value": "6"})], **INCLUSIVE}
    forms: list[Any] = [desk.post("SalesReceipt", body)]
    forms.append(desk.post("RefundReceipt", {**body, "DepositToAccountRef": {"value": "4"}}))
    assert [form["TotalAmt"] for form in forms] == [Decimal("125.00")] * 2


ROWS = st.lists(st.tuples(st.integers(-2_000, 50_000), st.sampled_from("2345")), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_the_total_is_the_sum_of_the_prices(rows: list[tuple[int, str]]) -> None:
    wanted = sum(minor for minor, _ in rows)
    if wanted < 0:
        return
    desk = Desk("uk")
    lines = [with_tax(str(Decimal(minor) / 100), code) for minor, code in rows]
    stored = desk.invoice(desk.customer(), *lines, **INCLUSIVE)
    assert stored["TotalAmt"] == Decimal(wanted) / 100
