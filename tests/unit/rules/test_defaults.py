from __future__ import annotations

from typing import Any

import pytest

from avantto_qbo.model.quickbooks import Account, Company, Item, PaymentMethod
from avantto_qbo.model.settings import Products, Settings
from avantto_qbo.rules.books.defaults import (
    default_item,
    default_item_draft,
    deposit_account,
    discount_account,
    income_account,
    items_for,
    payment_method,
)
from avantto_qbo.rules.reasons import HeldError
from unit.rules.cases import ACCOUNTS, PLACE, company, invoice_case

ITEMS = (
    Item("1", "Hours", "Service"),
    Item("2", "Kit", "Inventory"),
    Item("3", "Gone", "Service", active=False),
    Item("4", "Book", "NonInventory"),
)


@pytest.mark.parametrize(
    ("settings", "facts", "linked", "expected"),
    [
        (Settings(), company(items=ITEMS, default_item="1"), "9", "1"),
        (Settings(), company(items=ITEMS, default_item="2"), "9", "9"),  # an inventory item would move stock
        (Settings(), company(items=ITEMS, default_item="3"), "", ""),
        (Settings(), company(items=ITEMS), "", ""),
        (Settings(), company(), "", "7"),
        (Settings(default_item="4"), company(items=ITEMS, default_item="1"), "9", "4"),
        (Settings(default_item="book"), company(items=ITEMS, default_item="1"), "9", "4"),
    ],
)
def test_the_default_item_is_the_setting_then_the_companys_then_ours(
    settings: Settings, facts: Company, linked: str, expected: str
) -> None:
    assert default_item(invoice_case(settings=settings, company=facts, default_item=linked)) == expected


@pytest.mark.parametrize("wanted", ["Kit", "2", "Gone", "Nothing"])
def test_a_default_item_that_cannot_be_sold_is_held_naming_the_setting(wanted: str) -> None:
    with pytest.raises(HeldError) as caught:
        default_item(invoice_case(settings=Settings(default_item=wanted), company=company(items=ITEMS)))
    assert caught.value.reason.code == "default_item"
    assert caught.value.reason.mend == f"avantto-qbo settings {PLACE} default_item=NAME"


@pytest.mark.parametrize(
    ("products", "expected"),
    [
        (Products.MATCH, ("4", "9")),
        (Products.CREATE, ("4", "9")),
        (Products.DEFAULT, ("9", "9")),
    ],
)
def test_products_are_matched_by_exact_name_where_wanted(products: Products, expected: tuple[str, ...]) -> None:
    case = invoice_case(settings=Settings(products=products), company=company(items=ITEMS), default_item="9")
    assert items_for(["Book ", "Kit"], case) == expected


def test_no_default_is_looked_for_where_every_line_has_its_item() -> None:
    case = invoice_case(settings=Settings(default_item="Nothing"), company=company(items=ITEMS))
    assert items_for(["Book", "Hours"], case) == ("4", "1")


def _income(*accounts: tuple[str, str, str]) -> Company:
    return company(accounts=tuple(Account(number, name, "Income", sub) for number, name, sub in accounts))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (company(), "79"),
        (_income(("1", "Fees", "ServiceFeeIncome")), "1"),
        (_income(("1", "Design", "ServiceFeeIncome"), ("2", "Sales", "SalesOfProductIncome")), "2"),
        (_income(("1", "Services", "ServiceFeeIncome"), ("2", "Other", "SalesOfProductIncome")), "1"),
        (_income(("1", "Takings", "OtherPrimaryIncome"), ("2", "Given", "DiscountsRefundsGiven")), "1"),
    ],
)
def test_the_income_account_is_the_obvious_one(facts: Company, expected: str) -> None:
    assert income_account(facts, Settings(), PLACE) == expected


@pytest.mark.parametrize(
    "facts",
    [
        company(accounts=()),
        _income(("1", "Design", "ServiceFeeIncome"), ("2", "Print", "ServiceFeeIncome")),
        _income(("1", "Given", "DiscountsRefundsGiven")),
    ],
)
def test_an_income_account_that_is_not_obvious_is_held(facts: Company) -> None:
    with pytest.raises(HeldError) as caught:
        default_item_draft(invoice_case(company=facts))
    assert caught.value.reason.code == "income_account"


def test_the_income_account_of_the_setting_counts() -> None:
    facts = _income(("1", "Design", "ServiceFeeIncome"), ("2", "Print", "ServiceFeeIncome"))
    assert income_account(facts, Settings(income_account="print"), PLACE) == "2"
    with pytest.raises(HeldError, match="income_account is 'Checking'"):
        income_account(company(), Settings(income_account="Checking"), PLACE)


@pytest.mark.parametrize(("wanted", "expected"), [("undeposited", "4"), ("1", "1"), ("CHECKING", "1")])
def test_money_is_received_on_undeposited_funds_or_the_accounts_setting(wanted: str, expected: str) -> None:
    assert deposit_account(invoice_case(settings=Settings(deposit_account=wanted))) == expected


@pytest.mark.parametrize(
    ("wanted", "accounts"),
    [("undeposited", ACCOUNTS[:1]), ("Sales of Product Income", ACCOUNTS), ("Nowhere", ACCOUNTS)],
)
def test_a_deposit_account_that_is_none_is_held(wanted: str, accounts: Any) -> None:
    case = invoice_case(settings=Settings(deposit_account=wanted), company=company(accounts=accounts))
    with pytest.raises(HeldError) as caught:
        deposit_account(case)
    assert caught.value.reason.code == "deposit_account"


def test_an_inactive_discount_account_of_the_company_is_not_used() -> None:
    accounts = (*ACCOUNTS, Account("83", "Old discounts", "Income", "DiscountsRefundsGiven", active=False))
    case = invoice_case(company=company(accounts=accounts, discount_account="83"))
    assert discount_account(case, "Invoice 1") == "82"


@pytest.mark.parametrize(
    ("names", "expected"),
    [(("card", "stripe"), "3"), (("cheque",), "2"), (("", "CHECK"), "2"), (("paypal",), ""), ((), "")],
)
def test_a_payment_method_is_found_by_name_or_left_out(names: tuple[str, ...], expected: str) -> None:
    assert payment_method(company(), *names) == expected


def test_an_inactive_payment_method_is_not_used() -> None:
    facts = company(payment_methods=(PaymentMethod("3", "Credit Card", active=False),))
    assert payment_method(facts, "card") == ""
