"""Sales tax outside the United States: codes, their rates, the tax lines that override them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from unit.sandbox.quickbooks_desk import REALM, Desk, discount, invoice, line, of_rate, taxed, version

EXCLUDED = {"GlobalTaxCalculation": "TaxExcluded"}


def total_tax(form: Any) -> Decimal:
    return Decimal(form["TxnTaxDetail"]["TotalTax"])


def amounts(form: Any) -> list[Decimal]:
    return [row["Amount"] for row in form["TxnTaxDetail"]["TaxLine"]]


def wanted(*rows: Any, total: str = "") -> dict[str, Any]:
    return {"TaxLine": list(rows), **({"TotalTax": Decimal(total)} if total else {})}


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


def test_a_tax_line_overrides_its_rate_within_reason() -> None:
    desk = Desk("uk")
    customer = desk.customer()
    form = invoice(customer, taxed("100.00", "2"), GlobalTaxCalculation="TaxExcluded")
    near = {**form, "TxnTaxDetail": {"TotalTax": Decimal("20.01"), "TaxLine": [of_rate("1", "20.01")]}}
    assert desk.post("Invoice", near)["TotalAmt"] == Decimal("120.01")
    far = {**form, "TxnTaxDetail": {"TotalTax": Decimal("35.00"), "TaxLine": [of_rate("1", "35.00")]}}
    assert desk.refused("Invoice", far) == "6000"


def test_all_rates_must_be_sent_when_one_is_overridden() -> None:
    desk = Desk("ca")
    form = invoice(desk.customer(), taxed("100.00", "3"), GlobalTaxCalculation="TaxExcluded")
    assert desk.refused("Invoice", {**form, "TxnTaxDetail": {"TaxLine": [of_rate("1", "5.01")]}}) == "6000"


def test_a_form_without_tax_cannot_carry_tax() -> None:
    desk = Desk("uk")
    form = invoice(desk.customer(), line("100.00"), GlobalTaxCalculation="NotApplicable")
    assert desk.refused("Invoice", {**form, "TxnTaxDetail": wanted(total="1.00")}) == "6170"
    assert desk.post("Invoice", form)["TotalAmt"] == Decimal("100.00")


def test_each_rate_of_a_combined_code_is_a_tax_line_of_its_own() -> None:
    desk = Desk("ca")
    customer = desk.customer()
    stored = desk.invoice(customer, taxed("99.99", "3"), **EXCLUDED)
    assert (amounts(stored), stored["TotalAmt"]) == ([Decimal("5.00"), Decimal("7.00")], Decimal("111.99"))
    sent = wanted(of_rate("1", "5.01"), of_rate("2", "6.99"), total="12.00")
    overridden = desk.invoice(customer, taxed("99.99", "3"), TxnTaxDetail=sent, **EXCLUDED)
    assert amounts(overridden) == [Decimal("5.01"), Decimal("6.99")]


def test_the_rates_of_an_untouched_code_need_not_be_sent() -> None:
    desk = Desk("ca")
    sent = wanted(of_rate("3", "13.01"))
    stored = desk.invoice(desk.customer(), taxed("100.00", "4"), taxed("10.00", "2"), TxnTaxDetail=sent, **EXCLUDED)
    assert amounts(stored) == [Decimal("13.01"), Decimal("0.50")]


def test_the_total_tax_must_be_the_sum_of_its_lines() -> None:
    desk = Desk("uk")
    sent = wanted(of_rate("1", "20.00"), total="20.01")
    assert desk.refused("Invoice", invoice(desk.customer(), taxed(code="2"), TxnTaxDetail=sent, **EXCLUDED)) == "6000"


def test_a_rate_no_line_uses_cannot_be_sent() -> None:
    desk = Desk("uk")
    sent = wanted(of_rate("1", "20.00"), of_rate("2", "0.00"))
    assert desk.refused("Invoice", invoice(desk.customer(), taxed(code="2"), TxnTaxDetail=sent, **EXCLUDED)) == "6000"


def test_a_rate_of_zero_bears_no_tax() -> None:
    desk = Desk("uk")
    sent = wanted(of_rate("5", "0.50"))
    assert desk.refused("Invoice", invoice(desk.customer(), taxed(code="6"), TxnTaxDetail=sent, **EXCLUDED)) == "6000"
    assert desk.invoice(desk.customer("Bo Dahl"), taxed(code="6"), **EXCLUDED)["TotalAmt"] == Decimal("100.00")


def test_the_discount_lowers_every_rates_base_in_proportion() -> None:
    desk = Desk("uk")
    rows = [taxed("60.00", "2"), taxed("40.00", "3"), discount("10.00")]
    stored = desk.invoice(desk.customer(), *rows, **EXCLUDED)
    assert amounts(stored) == [Decimal("10.80"), Decimal("1.80")]
    assert stored["TotalAmt"] == Decimal("102.60")


@pytest.mark.parametrize(("kind", "code", "rate"), [("uk", "2", "1"), ("ca", "4", "3"), ("au", "2", "1")])
def test_a_recomputing_engine_ignores_tax_lines_in_every_country(kind: str, code: str, rate: str) -> None:
    desk = Desk(kind, tax_engine="recomputes")
    customer = desk.customer()
    own = total_tax(desk.invoice(customer, taxed("100.00", code), **EXCLUDED))
    sent = wanted(of_rate(rate, str(own + 1)))
    assert total_tax(desk.invoice(customer, taxed("100.00", code), TxnTaxDetail=sent, **EXCLUDED)) == own


def test_rounding_and_drift_provoke_another_total() -> None:
    totals = []
    for knobs in ({}, {"tax_rounding": "per_line"}, {"tax_rounding": "down"}, {"tax_drift": "0.01"}):
        desk = Desk("uk", **knobs)
        totals.append(total_tax(desk.invoice(desk.customer(), *[taxed("0.13", "2")] * 3, **EXCLUDED)))
    assert totals == [Decimal("0.08"), Decimal("0.09"), Decimal("0.07"), Decimal("0.09")]


def test_what_bears_no_tax_does_not_drift() -> None:
    desk = Desk("uk", tax_drift="0.01")
    assert desk.invoice(desk.customer(), taxed("100.00", "6"), **EXCLUDED)["TotalAmt"] == Decimal("100.00")
    both = desk.invoice(desk.customer("Bo Dahl"), taxed("100.00", "6"), taxed("100.00", "2"), **EXCLUDED)
    assert amounts(both) == [0, Decimal("20.01")]


def test_an_australian_company_has_goods_and_services_tax() -> None:
    desk = Desk("au")
    stored = desk.invoice(desk.customer(), taxed("50.00", "2"), taxed("50.00", "3"), **EXCLUDED)
    assert (stored["TotalAmt"], stored["CurrencyRef"]["value"]) == (Decimal("105.00"), "AUD")
    assert desk.read("CompanyInfo", "1")["Country"] == "AU"


def test_the_tax_free_code_is_a_switch() -> None:
    desk = Desk("uk", tax_free_code=False)
    form = invoice(desk.customer(), taxed(code="6"), **EXCLUDED)
    assert desk.refused("Invoice", form) == "2500"
    desk.play.set(REALM, tax_free_code=True)
    assert desk.post("Invoice", form)["TotalAmt"] == Decimal("100.00")
    assert desk.read("TaxCode", "6")["Name"] == "No VAT"


def test_a_company_outside_the_us_without_sales_tax_stores_none() -> None:
    desk = Desk("uk", sales_tax=False)
    sent = wanted(of_rate("1", "20.00"))
    stored = desk.invoice(desk.customer(), taxed(code="2"), TxnTaxDetail=sent)
    assert (stored["TotalAmt"], "TxnTaxDetail" in stored) == (Decimal("100.00"), False)
    assert desk.ask("select * from Preferences")["Preferences"][0]["TaxPrefs"] == {"UsingSalesTax": False}


def test_turning_a_form_tax_free_forgets_its_tax() -> None:
    desk = Desk("uk")
    stored = desk.invoice(desk.customer(), taxed(code="2"), **EXCLUDED)
    changed = desk.post("Invoice", version(stored, GlobalTaxCalculation="NotApplicable"))
    assert (changed["TotalAmt"], "TxnTaxDetail" in changed) == (Decimal("100.00"), False)


def test_a_code_made_by_hand_has_rates_of_its_own() -> None:
    desk = Desk("uk")
    code = desk.play.add_tax_code(REALM, "12.5% T", {"12.5% T (Sales)": "12.5"})
    stored = desk.invoice(desk.customer(), taxed("100.00", code["Id"]), **EXCLUDED)
    assert stored["TotalAmt"] == Decimal("112.50")
