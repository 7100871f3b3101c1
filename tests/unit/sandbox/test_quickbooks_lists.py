"""Items with their accounts, and the classes and departments of documents."""

from __future__ import annotations

from typing import Any

import pytest

from unit.sandbox.quickbooks_desk import REALM, Desk, invoice, line, ref, version

STOCK = {
    "Name": "Oil",
    "Type": "Inventory",
    "IncomeAccountRef": {"value": "2"},
    "AssetAccountRef": {"value": "9"},
    "ExpenseAccountRef": {"value": "2"},
    "QtyOnHand": 5,
    "InvStartDate": "2026-01-01",
}


def item(desk: Desk, name: str = "Massage", **members: Any) -> Any:
    return desk.post("Item", {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": "1"}, **members})


@pytest.mark.parametrize(("account", "taken"), [("1", True), ("6", True), ("4", False), ("7", False), ("9", False)])
def test_an_item_is_booked_to_income_or_to_a_liability(account: str, taken: bool) -> None:
    desk = Desk()
    body = {"Name": "Sales tax", "Type": "Service", "IncomeAccountRef": {"value": account}}
    if taken:
        assert desk.post("Item", body)["IncomeAccountRef"]["value"] == account
    else:
        assert desk.refused("Item", body) == "6430"


def test_a_line_of_a_liability_item_goes_to_the_liability() -> None:
    desk = Desk()
    tax = item(desk, "Sales tax", IncomeAccountRef={"value": "6"})
    stored = desk.invoice(desk.customer(), line(), line("8.25", ItemRef=ref(tax)))
    accounts = [row["SalesItemLineDetail"]["ItemAccountRef"]["name"] for row in stored["Line"][:2]]
    assert accounts == ["Services", "Sales Tax Payable"]


def test_an_item_is_found_by_its_stock_keeping_unit() -> None:
    desk = Desk()
    item(desk, Sku="MAS-60")
    assert desk.ask("select * from Item where Sku = 'MAS-60'")["Item"][0]["Name"] == "Massage"


@pytest.mark.parametrize("absent", ["AssetAccountRef", "ExpenseAccountRef", "QtyOnHand", "InvStartDate"])
def test_stock_needs_accounts_quantity_and_start(absent: str) -> None:
    desk = Desk()
    assert desk.refused("Item", {name: value for name, value in STOCK.items() if name != absent}) == "2020"


def test_stock_stays_stock() -> None:
    desk = Desk()
    assert desk.refused("Item", version(desk.post("Item", STOCK), Type="Service")) == "6000"
    assert desk.post("Item", version(item(desk), Type="NonInventory"))["Type"] == "NonInventory"


def test_a_category_cannot_be_sold() -> None:
    desk = Desk()
    category = desk.post("Item", {"Name": "Treatments", "Type": "Category"})
    assert desk.refused("Invoice", invoice(desk.customer(), line(ItemRef=ref(category)))) == "6000"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Type": "Idea"}, "2170"),
        ({"UnitPrice": 100_000_000_000}, "2110"),
        ({"Name": "a:b"}, "2040"),
        ({"Name": "x" * 101}, "2050"),
        ({"Sku": "x" * 101}, "2050"),
    ],
)
def test_a_malformed_item_is_refused_with_the_code_of_its_rule(members: dict[str, Any], code: str) -> None:
    assert Desk().refused("Item", {"Name": "x", "IncomeAccountRef": {"value": "1"}, **members}) == code


def test_deactivation_renames_an_item_and_hides_it_from_queries() -> None:
    desk = Desk()
    gone = desk.play.deactivate(REALM, "Item", item(desk)["Id"])
    assert gone["Name"] == "Massage (deleted)"
    assert [one["Name"] for one in desk.ask("select * from Item")["Item"]] == ["Services", "Hours"]
    assert item(desk)["Id"] != gone["Id"]


def test_an_item_whose_account_is_inactive_cannot_be_sold() -> None:
    desk = Desk()
    spa = item(desk, IncomeAccountRef={"value": "2"})
    customer = desk.customer()
    stored = desk.invoice(customer, line(ItemRef=ref(spa)))
    desk.play.deactivate(REALM, "Account", "2")
    assert desk.refused("Invoice", invoice(customer, line(ItemRef=ref(spa)))) == "2500"
    assert desk.refused("Invoice", version(stored, Line=stored["Line"])) == "2500"
    assert desk.post("Invoice", version(stored, PrivateNote="no lines sent"))["PrivateNote"] == "no lines sent"


def test_money_is_refused_by_an_inactive_account() -> None:
    desk = Desk()
    desk.play.deactivate(REALM, "Account", "4")
    body = {"Line": [line()], "DepositToAccountRef": {"value": "4"}}
    assert (desk.refused("SalesReceipt", body), desk.refused("RefundReceipt", body)) == ("2500", "2500")


def divided(**knobs: Any) -> tuple[Desk, dict[str, Any], dict[str, Any]]:
    """A company with a class, a department and what is asked for with them."""
    desk = Desk(**knobs)
    class_ = desk.play.create(REALM, "Class", {"Name": "Spa"})
    department = desk.play.create(REALM, "Department", {"Name": "Harbour"})
    return desk, ref(class_), ref(department)


@pytest.mark.parametrize(
    ("per", "on_line", "on_form"), [("both", True, True), ("line", True, False), ("transaction", False, True)]
)
def test_a_class_stands_where_the_company_tracks_it(per: str, on_line: bool, on_form: bool) -> None:
    desk, class_, _ = divided(class_tracking=True, class_per=per)
    stored = desk.invoice(desk.customer(), line(ClassRef=class_), ClassRef=class_)
    assert ("ClassRef" in stored["Line"][0]["SalesItemLineDetail"], "ClassRef" in stored) == (on_line, on_form)
    prefs = desk.ask("select * from Preferences")["Preferences"][0]["AccountingInfoPrefs"]
    assert (prefs["ClassTrackingPerTxnLine"], prefs["ClassTrackingPerTxn"]) == (on_line, on_form)


def test_classes_and_departments_are_dropped_where_they_are_not_tracked() -> None:
    desk, class_, department = divided()
    stored = desk.invoice(desk.customer(), line(ClassRef=class_), ClassRef=class_, DepartmentRef=department)
    assert not stored.keys() & {"ClassRef", "DepartmentRef"}
    assert "ClassRef" not in stored["Line"][0]["SalesItemLineDetail"]


def test_a_department_is_kept_on_documents_and_payments() -> None:
    desk, _, department = divided(department_tracking=True)
    customer = desk.customer()
    kept = [desk.invoice(customer, DepartmentRef=department), desk.payment(customer, "1.00", DepartmentRef=department)]
    assert [form["DepartmentRef"]["name"] for form in kept] == ["Harbour", "Harbour"]


def test_unknown_or_inactive_divisions_are_refused() -> None:
    desk, class_, department = divided(class_tracking=True, department_tracking=True)
    customer = desk.customer()
    assert desk.refused("Invoice", invoice(customer, line(ClassRef={"value": "99"}))) == "2500"
    assert desk.refused("Invoice", invoice(customer, DepartmentRef={"value": "99"})) == "2500"
    desk.play.deactivate(REALM, "Class", class_["value"])
    desk.play.deactivate(REALM, "Department", department["value"])
    assert desk.refused("Invoice", invoice(customer, ClassRef=class_)) == "2500"
    assert desk.refused("Invoice", invoice(customer, DepartmentRef=department)) == "2500"


def test_a_class_below_another_has_a_full_name() -> None:
    desk, class_, _ = divided()
    below = desk.post("Class", {"Name": "Massage", "SubClass": True, "ParentRef": class_})
    assert below["FullyQualifiedName"] == "Spa:Massage"


def test_divisions_can_be_queried() -> None:
    desk, _, _ = divided()
    assert desk.ask("select * from Class where Name = 'Spa'")["Class"][0]["FullyQualifiedName"] == "Spa"
    assert desk.ask("select * from Department")["Department"][0]["Name"] == "Harbour"


def test_a_payment_method_made_inactive_is_spelt_its_own_way() -> None:
    desk = Desk()
    assert desk.play.deactivate(REALM, "PaymentMethod", "1")["Name"] == "Cash (Deleted)"
    assert (
        desk.refused(
            "Payment", {"CustomerRef": ref(desk.customer()), "TotalAmt": 1, "PaymentMethodRef": {"value": "1"}}
        )
        == "2500"
    )
