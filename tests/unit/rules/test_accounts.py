from __future__ import annotations

from typing import Any

import pytest

from avantto_qbo.model.quickbooks import Account, Company, PaymentMethod
from avantto_qbo.model.settings import Settings
from avantto_qbo.rules.books.company.accounts import (
    deposit_account,
    discounts_given,
    income_account,
    payment_method,
    refund_account,
    tax_account,
)
from avantto_qbo.rules.reasons import HeldError
from unit.rules.cases import ACCOUNTS, PLACE, company, invoice_case

CHECKING, UNDEPOSITED = ACCOUNTS[:2]
CLEARING = Account("5", "Stripe clearing", "Other Current Asset", "OtherCurrentAssets")
SAVINGS = Account("6", "Savings", "Bank", "Savings")
_LIABILITY = "Other Current Liability"


def case(*accounts: Account, **settings: Any) -> Any:
    return invoice_case(settings=Settings(**settings), company=company(accounts=accounts or (*ACCOUNTS, CLEARING)))


def income(*accounts: tuple[str, str, str]) -> Company:
    return company(accounts=tuple(Account(number, name, "Income", sub) for number, name, sub in accounts))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (company(), "79"),
        (income(("1", "Fees", "ServiceFeeIncome")), "1"),
        (income(("1", "Design", "ServiceFeeIncome"), ("2", "Sales", "SalesOfProductIncome")), "2"),
        (income(("1", "Services", "ServiceFeeIncome"), ("2", "Other", "SalesOfProductIncome")), "1"),
        (income(("1", "Takings", "OtherPrimaryIncome"), ("2", "Given", "DiscountsRefundsGiven")), "1"),
    ],
)
def test_the_income_account_is_the_obvious_one(facts: Company, expected: str) -> None:
    assert income_account(facts, Settings(), PLACE) == expected


@pytest.mark.parametrize(
    "facts",
    [
        company(accounts=()),
        income(("1", "Design", "ServiceFeeIncome"), ("2", "Print", "ServiceFeeIncome")),
        income(("1", "Given", "DiscountsRefundsGiven")),
    ],
)
def test_an_income_account_that_is_not_obvious_is_held(facts: Company) -> None:
    with pytest.raises(HeldError) as caught:
        income_account(facts, Settings(), PLACE)
    assert caught.value.reason.code == "income_account"


def test_the_income_account_of_the_setting_counts() -> None:
    facts = income(("1", "Design", "ServiceFeeIncome"), ("2", "Print", "ServiceFeeIncome"))
    assert income_account(facts, Settings(income_account="print"), PLACE) == "2"
    with pytest.raises(HeldError, match="income_account is 'Checking'"):
        income_account(company(), Settings(income_account="Checking"), PLACE)


# -- where money is received -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wanted", "expected"), [("undeposited", "4"), ("auto", "4"), ("1", "1"), ("CHECKING", "1")])
def test_money_is_received_on_undeposited_funds_or_the_accounts_setting(wanted: str, expected: str) -> None:
    assert deposit_account(case(deposit_account=wanted)) == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("stripe", "card"), "5"),
        (("Stripe", ""), "5"),
        (("paypal", "card"), "1"),
        (("paypal", "cash"), "4"),
        (("", "wire"), "6"),
        ((), "6"),
    ],
)
def test_the_first_key_with_an_account_of_its_own_decides(keys: tuple[str, ...], expected: str) -> None:
    table = {"STRIPE": "Stripe clearing", "card": "Checking", "cash": "undeposited"}
    settled = case(*ACCOUNTS, CLEARING, SAVINGS, deposit_account="Savings", deposit_accounts=table)
    assert deposit_account(settled, *keys) == expected


@pytest.mark.parametrize(
    ("wanted", "accounts"),
    [("undeposited", ACCOUNTS[:1]), ("Sales of Product Income", ACCOUNTS), ("Nowhere", ACCOUNTS)],
)
def test_a_deposit_account_that_is_none_is_held(wanted: str, accounts: Any) -> None:
    with pytest.raises(HeldError) as caught:
        deposit_account(case(*accounts, deposit_account=wanted))
    assert caught.value.reason.code == "deposit_account"
    assert caught.value.reason.mend == f"avantto-qbo settings {PLACE} deposit_account=NAME"


def test_an_entry_of_the_table_that_names_no_account_is_held_naming_the_entry() -> None:
    with pytest.raises(HeldError) as caught:
        deposit_account(case(deposit_accounts={"stripe": "Nowhere"}), "stripe")
    assert caught.value.reason.code == "deposit_accounts"
    assert caught.value.reason.mend == f"avantto-qbo settings {PLACE} deposit_accounts.stripe=NAME"


# -- where refunds leave from ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "keys", "expected"),
    [
        ({"refund_account": "savings"}, (), "6"),
        ({"deposit_account": "Savings"}, (), "6"),
        ({"deposit_account": "Savings", "deposit_accounts": {"stripe": "5"}}, ("stripe",), "5"),
    ],
)
def test_refunds_leave_from_the_setting_or_from_where_the_money_came_in(
    settings: Any, keys: tuple[str, ...], expected: str
) -> None:
    assert refund_account(case(*ACCOUNTS, CLEARING, SAVINGS, **settings), *keys) == expected


@pytest.mark.parametrize("wanted", ["undeposited", "Undeposited Funds"])
def test_nothing_is_paid_out_of_undeposited_funds_but_from_the_only_bank_account(wanted: str) -> None:
    assert refund_account(case(deposit_account=wanted)) == "1"


@pytest.mark.parametrize("accounts", [(CHECKING, UNDEPOSITED, SAVINGS), (UNDEPOSITED,)])
def test_a_refund_account_that_is_not_obvious_is_held(accounts: Any) -> None:
    with pytest.raises(HeldError) as caught:
        refund_account(case(*accounts))
    assert caught.value.reason.code == "refund_account"
    assert caught.value.reason.mend == f"avantto-qbo settings {PLACE} refund_account=NAME"


# -- discounts ---------------------------------------------------------------------------------------------------------


def test_an_inactive_discount_account_of_the_company_is_not_used() -> None:
    accounts = (*ACCOUNTS, Account("83", "Old discounts", "Income", "DiscountsRefundsGiven", active=False))
    assert discounts_given(company(accounts=accounts, discount_account="83")) == "82"
    assert discounts_given(company(accounts=accounts[:3], discount_account="")) == ""
    assert discounts_given(company(accounts=accounts, discount_account="79")) == "79"


# -- tax ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sub_kind"),
    [("VAT Control", "OtherCurrentLiabilities"), ("Owed to the state", "SalesTaxPayable"), ("GST/HST Payable", "")],
)
def test_tax_is_owed_on_the_liability_that_is_named_or_kept_for_it(name: str, sub_kind: str) -> None:
    payroll = Account("95", "Payroll Liabilities", _LIABILITY, "PayrollTaxPayable")
    assert tax_account(case(*ACCOUNTS, payroll, Account("96", name, _LIABILITY, sub_kind))) == "96"


def test_the_account_the_tax_engine_keeps_is_the_last_choice() -> None:
    engine = Account("95", "Sales Tax Payable", _LIABILITY, "GlobalTaxPayable")
    own = Account("96", "Sales tax (own)", _LIABILITY, "OtherCurrentLiabilities")
    assert tax_account(case(*ACCOUNTS, engine)) == "95"
    assert tax_account(case(*ACCOUNTS, engine, own)) == "96"


@pytest.mark.parametrize(
    "account",
    [
        Account("95", "Payroll Liabilities", _LIABILITY, "PayrollTaxPayable"),
        Account("95", "VAT Suspense", _LIABILITY, "GlobalTaxSuspense"),
        Account("95", "VAT Control", _LIABILITY, active=False),
        Account("95", "Sales Tax", "Income", "OtherPrimaryIncome"),
    ],
)
def test_tax_without_a_liability_for_it_waits_for_one(account: Account) -> None:
    with pytest.raises(HeldError) as caught:
        tax_account(case(*ACCOUNTS, account))
    assert caught.value.reason.code == "tax_account"
    assert "Other Current Liability" in caught.value.reason.mend


# -- payment methods ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("card", "stripe"), "3"),
        (("cheque",), "2"),
        (("", "CHECK"), "2"),
        (("us_bank_account",), "4"),
        (("gift_card",), "5"),
        (("paypal",), ""),
        ((), ""),
    ],
)
def test_a_payment_method_is_found_by_name_or_left_out(names: tuple[str, ...], expected: str) -> None:
    more = (PaymentMethod("4", "ACH"), PaymentMethod("5", "Gift card"))
    assert payment_method(company(payment_methods=(*company().payment_methods, *more)), *names) == expected


def test_an_inactive_payment_method_is_not_used() -> None:
    facts = company(payment_methods=(PaymentMethod("3", "Credit Card", active=False),))
    assert payment_method(facts, "card") == ""
