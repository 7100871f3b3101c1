from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from avantto_qbo.model.drafts import ItemDraft
from avantto_qbo.model.quickbooks import Account, Company, Item
from avantto_qbo.model.settings import Products, Settings
from avantto_qbo.rules.books.sale.items import (
    TAX_ITEM,
    default_item,
    default_item_draft,
    discount_item,
    discount_item_draft,
    items_for,
    missing_items,
    special_item,
    tax_item,
    tax_item_draft,
)
from avantto_qbo.rules.books.sale.lines import SoldLine
from avantto_qbo.rules.reasons import HeldError
from unit.rules.cases import ACCOUNTS, PLACE, company, invoice_case

ITEMS = (
    Item("1", "Hours", "Service"),
    Item("2", "Kit", "Inventory"),
    Item("3", "Gone", "Service", active=False),
    Item("4", "Book", "NonInventory", sku="B-1"),
    Item("5", "Idle", "Service", income_account="83"),
)
CHART = (
    *ACCOUNTS,
    Account("83", "Old sales", "Income", "SalesOfProductIncome", active=False),
    Account("90", "Sales Tax Payable", "Other Current Liability", "SalesTaxPayable"),
)
SALES = ItemDraft("Avantto sales", "79")


def line(name: str = "Whitening", product: str = "", sku: str = "") -> SoldLine:
    return SoldLine(name, Decimal(1), Decimal(10), product_id=product, sku=sku)


def case(*items: Item, made: Mapping[str, str] | None = None, **changes: Any) -> Any:
    facts = changes.pop("company", company(items=items or ITEMS, accounts=CHART))
    return invoice_case(company=facts, made_items=made or {}, **changes)


# -- the default item --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "facts", "made", "expected"),
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
    settings: Settings, facts: Company, made: str, expected: str
) -> None:
    known = {"Avantto sales": made} if made else {}
    assert default_item(invoice_case(settings=settings, company=facts, made_items=known)) == expected


@pytest.mark.parametrize("wanted", ["Kit", "2", "Gone", "Idle", "Nothing"])
def test_a_default_item_that_cannot_be_sold_is_held_naming_the_setting(wanted: str) -> None:
    with pytest.raises(HeldError) as caught:
        default_item(case(settings=Settings(default_item=wanted)))
    assert caught.value.reason.code == "default_item"
    assert caught.value.reason.mend == f"avantto-qbo settings {PLACE} default_item=NAME"


def test_an_item_of_ours_that_is_not_listed_yet_is_used() -> None:
    assert default_item(case(made={"Avantto sales": "99"})) == "99"


def test_an_item_of_ours_that_was_made_inactive_is_made_again_under_a_number() -> None:
    gone = case(Item("7", "Avantto sales", "Service", active=False), made={"Avantto sales": "7"})
    assert default_item(gone) == ""
    assert default_item_draft(gone) == ItemDraft("Avantto sales (2)", "79")


def test_an_inactive_item_of_ours_frees_no_name_that_a_link_knows() -> None:
    """QuickBooks renames what it deactivates; the link of the old name must not be taken for the new one's."""
    renamed = case(Item("7", "Avantto sales (deleted)", "Service", active=False), made={"Avantto sales": "7"})
    assert default_item_draft(renamed).name == "Avantto sales (2)"


def test_the_second_one_is_found_again() -> None:
    rows = (Item("7", "Avantto sales", "Service", active=False), Item("8", "Avantto sales (2)", "Service"))
    made = {"Avantto sales": "7", "Avantto sales (2)": "8"}
    assert default_item(case(*rows, made=made)) == "8"
    assert default_item(case(*rows)) == "8"


def test_a_number_fits_into_the_longest_name() -> None:
    name = "x" * 100
    taken = case(Item("2", name, "Inventory"), settings=Settings(products=Products.CREATE))
    (draft,) = missing_items([line(name, product="p1")], taken)
    assert draft.name == "x" * 96 + " (2)"


# -- the items of lines ------------------------------------------------------------------------------------------------


def test_a_line_is_booked_to_the_chosen_item_then_by_sku_then_by_exact_name_then_to_the_default() -> None:
    known = case(made={"Avantto sales": "9"}, product_items={"p1": "1"})
    lines = [
        line("Book", product="p1", sku="B-1"),
        line("Hours", sku=" B-1 "),
        line("Hours ", product="p2", sku="none"),
        line("hours"),
        line("Whitening"),
    ]
    assert items_for(lines, known) == ("1", "4", "1", "9", "9")
    assert missing_items(lines, known) == ()


@pytest.mark.parametrize("name", ["Kit", "Gone", "Idle"])
def test_what_cannot_be_sold_is_never_used(name: str) -> None:
    known = case(made={"Avantto sales": "9"}, product_items={"p1": "3"})
    assert items_for([line(name, product="p1")], known) == ("9",)


def test_a_chosen_item_counts_even_where_products_are_not_matched() -> None:
    known = case(made={"Avantto sales": "9"}, product_items={"p1": "77"}, settings=Settings(products=Products.DEFAULT))
    assert items_for([line("Book", product="p1"), line("Book", sku="B-1")], known) == ("77", "9")


def test_the_first_of_several_items_of_one_sku_or_name_is_used() -> None:
    rows = (Item("4", "Book", "Service", sku="B"), Item("5", "Book", "Service", sku="B"))
    assert items_for([line("Book"), line("Other", sku="B")], case(*rows)) == ("4", "4")


def test_no_default_is_looked_for_where_every_line_has_its_item() -> None:
    known = case(settings=Settings(default_item="Nothing"))
    assert items_for([line("Book"), line("Hours")], known) == ("4", "1")


def test_only_the_default_item_is_made_where_products_are_matched() -> None:
    assert items_for([line(product="p1"), line()], case()) == ("", "")
    assert missing_items([line(product="p1"), line()], case()) == (SALES,)


# -- products = create -------------------------------------------------------------------------------------------------

CREATING = Settings(products=Products.CREATE)


def test_every_product_without_an_item_gets_one_and_typed_lines_the_default() -> None:
    lines = [line("Crème: deluxe", product="p1", sku="C-1"), line("Book"), line("By hand"), line("X", sku="S")]
    known = case(settings=CREATING)
    assert items_for(lines, known) == ("", "4", "", "")
    assert missing_items(lines, known) == (ItemDraft("Crème deluxe", "79", "C-1"), SALES, ItemDraft("X", "79", "S"))


def test_one_product_on_two_lines_is_made_once() -> None:
    drafts = missing_items([line("Cut", product="p1"), line("cut", product="p2")], case(settings=CREATING))
    assert drafts == (ItemDraft("Cut", "79"),)


def test_a_product_made_before_is_used_also_while_the_list_is_older() -> None:
    known = case(settings=CREATING, made={"Crème deluxe": "55"})
    assert items_for([line("Crème: deluxe", product="p1")], known) == ("55",)


def test_a_product_made_before_under_another_case_is_used() -> None:
    assert items_for([line("CUT", product="p2")], case(settings=CREATING, made={"Cut": "55"})) == ("55",)


def test_a_product_is_not_made_beside_an_item_that_differs_only_in_case() -> None:
    assert items_for([line("BOOK", product="p1")], case(settings=CREATING)) == ("4",)


@pytest.mark.parametrize(("name", "made"), [("Kit", "Kit (2)"), ("Gone", "Gone (2)"), ("idle", "idle (2)")])
def test_a_product_whose_name_is_taken_by_what_cannot_be_sold_gets_a_number(name: str, made: str) -> None:
    (draft,) = missing_items([line(name, product="p1")], case(settings=CREATING))
    assert draft.name == made


@pytest.mark.parametrize(("country", "sku", "name"), [("GB", "", "茶"), ("US", "T-1", "T-1"), ("US", "", "Product p1")])
def test_a_product_s_name_is_one_the_company_can_store(country: str, sku: str, name: str) -> None:
    facts = company(items=ITEMS, accounts=CHART, country=country)
    (draft,) = missing_items([line("茶", product="p1", sku=sku)], case(settings=CREATING, company=facts))
    assert draft.name == name


def test_the_default_item_of_the_setting_is_not_made() -> None:
    with pytest.raises(HeldError, match="default_item is 'Nothing'"):
        missing_items([line("By hand")], case(settings=Settings(default_item="Nothing", products=Products.CREATE)))


# -- the items for discounts and for tax -------------------------------------------------------------------------------


def test_discounts_stand_on_the_discount_account_else_on_the_one_for_sales() -> None:
    assert discount_item(case()) == ""
    assert discount_item_draft(case()) == ItemDraft("Avantto discount", "82")
    without = company(items=ITEMS, accounts=ACCOUNTS[:3], discount_account="")
    assert discount_item_draft(case(company=without)) == ItemDraft("Avantto discount", "79")
    assert discount_item(case(made={"Avantto discount": "60"})) == "60"


def test_tax_stands_on_a_liability() -> None:
    assert tax_item(case()) == ""
    assert tax_item_draft(case()) == ItemDraft(TAX_ITEM, "90")
    assert tax_item(case(Item("61", TAX_ITEM, "Service", income_account="90"))) == "61"


@pytest.mark.parametrize("account", ["79", "", "404"])
def test_tax_is_never_booked_to_an_item_on_income(account: str) -> None:
    moved = case(Item("61", TAX_ITEM, "Service", income_account=account), made={TAX_ITEM: "61"})
    assert tax_item(moved) == ""
    assert tax_item_draft(moved).name == f"{TAX_ITEM} (2)"


def test_a_special_item_is_found_by_its_plain_draft_too() -> None:
    rows = (Item("7", "Avantto sales", "Inventory"), Item("8", "Avantto sales (2)", "Service", income_account="79"))
    assert special_item(case(*rows), SALES) == "8"
    assert special_item(case(rows[0]), SALES) == ""
