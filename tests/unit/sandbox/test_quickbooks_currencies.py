"""Several currencies: whose rules, at which rate, with how many decimals."""

from __future__ import annotations

from decimal import Decimal

import pytest

from unit.sandbox.quickbooks_desk import REALM, Desk, invoice, line, payment, ref, version


def abroad(currency: str = "EUR") -> tuple[Desk, dict[str, str]]:
    """A company in dollars with one customer in another currency."""
    desk = Desk(multicurrency=True)
    return desk, desk.customer(CurrencyRef={"value": currency})


def test_the_currency_of_a_customer_never_changes() -> None:
    desk, customer = abroad()
    assert desk.refused("Customer", version(customer, CurrencyRef={"value": "USD"})) == "6000"


def test_a_foreign_customer_needs_several_currencies() -> None:
    assert Desk().refused("Customer", {"DisplayName": "x", "CurrencyRef": {"value": "EUR"}}) == "6000"
    assert Desk().customer(CurrencyRef={"value": "USD"})["CurrencyRef"]["value"] == "USD"


def test_what_is_no_currency_is_refused() -> None:
    desk = Desk(multicurrency=True)
    assert desk.refused("Customer", {"DisplayName": "x", "CurrencyRef": {"value": "Euro"}}) == "2500"


def test_the_rate_is_filled_in_and_the_home_amounts_follow() -> None:
    desk, customer = abroad()
    stored = desk.invoice(customer)
    assert (stored["ExchangeRate"], stored["HomeTotalAmt"]) == (Decimal("1.1"), Decimal("110.00"))
    desk.payment(customer, "40.00", (stored, "40.00"))
    assert desk.read("Invoice", stored["Id"])["HomeBalance"] == Decimal("66.00")


def test_a_rate_sent_is_kept_and_must_be_positive() -> None:
    desk, customer = abroad()
    assert desk.invoice(customer, ExchangeRate=Decimal("1.2"))["HomeTotalAmt"] == Decimal("120.00")
    assert desk.refused("Invoice", invoice(customer, ExchangeRate=0)) == "2290"


def test_a_document_at_home_has_the_rate_one() -> None:
    desk = Desk(multicurrency=True)
    assert desk.invoice(desk.customer(), ExchangeRate=Decimal("1.2"))["ExchangeRate"] == 1


def test_a_company_with_one_currency_keeps_no_rate() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer(), ExchangeRate=Decimal("1.2"))
    assert not stored.keys() & {"ExchangeRate", "HomeTotalAmt"}


def test_a_payment_is_in_its_customers_currency() -> None:
    desk, customer = abroad()
    assert desk.refused("Payment", payment(customer, "1.00", CurrencyRef={"value": "USD"})) == "6000"
    assert desk.payment(customer, "1.00")["CurrencyRef"]["value"] == "EUR"


def test_a_third_decimal_is_refused_in_any_currency() -> None:
    desk, customer = abroad("KWD")
    assert desk.refused("Invoice", invoice(customer, line("10.125"))) == "2110"
    assert desk.refused("Payment", payment(customer, "10.125")) == "2110"
    assert desk.invoice(customer, line("10.120"))["TotalAmt"] == Decimal("10.12")


def test_a_currency_without_decimals_takes_whole_amounts() -> None:
    desk, customer = abroad("JPY")
    assert desk.refused("Invoice", invoice(customer, line("1200.50"))) == "2110"
    bill = desk.invoice(customer, line("1201", Qty=Decimal("1.5"), UnitPrice=Decimal("800.50")))
    assert bill["TotalAmt"] == 1201
    assert desk.refused("Payment", payment(customer, "1201.00", (bill, "0.50"))) == "2110"


def test_tax_of_a_currency_without_decimals_is_whole() -> None:
    desk = Desk("uk", multicurrency=True)
    customer = desk.customer(CurrencyRef={"value": "JPY"})
    row = line("999", TaxCodeRef={"value": "2"})
    assert desk.invoice(customer, row, GlobalTaxCalculation="TaxExcluded")["TotalAmt"] == 1199
    assert desk.invoice(customer, row, GlobalTaxCalculation="TaxInclusive")["Line"][0]["Amount"] == 833


def test_money_goes_only_into_an_account_of_its_own_or_the_home_currency() -> None:
    desk, customer = abroad()
    account = {"Name": "Pounds", "AccountType": "Bank", "CurrencyRef": {"value": "GBP"}}
    pounds = desk.play.create(REALM, "Account", account)
    body = {"CustomerRef": ref(customer), "Line": [line()]}
    assert desk.refused("SalesReceipt", {**body, "DepositToAccountRef": ref(pounds)}) == "6000"
    assert desk.post("SalesReceipt", {**body, "DepositToAccountRef": {"value": "4"}})["TotalAmt"] == Decimal("100.00")


@pytest.mark.parametrize(("kind", "currency"), [("us_manual", "USD"), ("uk", "GBP"), ("ca", "CAD"), ("au", "AUD")])
def test_each_kind_of_company_has_its_own_currency(kind: str, currency: str) -> None:
    desk = Desk(kind)
    assert desk.customer()["CurrencyRef"]["value"] == currency
    prefs = desk.ask("select * from Preferences")["Preferences"][0]["CurrencyPrefs"]
    assert prefs == {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": currency}}
