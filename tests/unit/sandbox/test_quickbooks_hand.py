"""What a human does in QuickBooks' own pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from avantto_qbo.sandbox.control import ControlError
from unit.sandbox.quickbooks_desk import REALM, Desk, discount, invoice, line, of_rate, taxed, version, with_tax


def sold(form: Any) -> list[Any]:
    return [row for row in form["Line"] if row["DetailType"] == "SalesItemLineDetail"]


def test_a_deleted_invoice_comes_back_under_a_new_id() -> None:
    desk = Desk()
    old = desk.invoice(desk.customer(), line("70.00"), discount("5.00"), DocNumber="INV-7", PrivateNote="marker")
    desk.play.delete(REALM, "Invoice", {"Id": old["Id"]})
    new = desk.play.restore(REALM, "Invoice", old["Id"])
    assert new["Id"] != old["Id"]
    assert [new[name] for name in ("DocNumber", "PrivateNote", "TotalAmt")] == ["INV-7", "marker", Decimal("65.00")]


def test_a_voided_invoice_comes_back_beside_its_void() -> None:
    desk = Desk("uk")
    sent = {"TaxLine": [of_rate("1", "20.01")], "TotalTax": Decimal("20.01")}
    old = desk.invoice(
        desk.customer(), taxed(code="2"), DocNumber="INV-7", GlobalTaxCalculation="TaxExcluded", TxnTaxDetail=sent
    )
    desk.play.void(REALM, "Invoice", {"Id": old["Id"]})
    new = desk.play.restore(REALM, "Invoice", old["Id"])
    assert (new["DocNumber"], new["TotalAmt"]) == ("INV-7", Decimal("120.01"))
    assert desk.read("Invoice", old["Id"])["TotalAmt"] == 0


def test_a_restored_payment_is_linked_where_the_invoice_is_still_open() -> None:
    desk = Desk()
    customer = desk.customer()
    bill = desk.invoice(customer)
    first = desk.payment(customer, "100.00", (bill, "100.00"), PaymentRefNum="abc")
    desk.play.delete(REALM, "Payment", {"Id": first["Id"]})
    second = desk.play.restore(REALM, "Payment", first["Id"])
    assert (second["PaymentRefNum"], desk.read("Invoice", bill["Id"])["Balance"]) == ("abc", 0)
    desk.play.void(REALM, "Payment", {"Id": second["Id"]})
    desk.payment(customer, "100.00", (bill, "100.00"))
    assert desk.play.restore(REALM, "Payment", second["Id"])["UnappliedAmt"] == Decimal("100.00")


def test_only_what_was_removed_can_be_restored() -> None:
    desk = Desk()
    stored = desk.invoice(desk.customer())
    with pytest.raises(ControlError, match="610"):
        desk.play.restore(REALM, "Invoice", stored["Id"])
    with pytest.raises(ControlError, match="no entity"):
        desk.play.restore(REALM, "Bill", stored["Id"])


def test_a_line_gets_another_item_and_text_and_the_tax_stays() -> None:
    desk = Desk()
    old = desk.invoice(desk.customer(), taxed("100.00"), TxnTaxDetail={"TotalTax": Decimal("7.77")})
    new = desk.play.edit_line(REALM, "Invoice", old["Id"], ItemRef={"value": "2"}, Description="by hand")
    row = sold(new)[0]
    assert (row["SalesItemLineDetail"]["ItemRef"]["name"], row["Description"]) == ("Hours", "by hand")
    assert (row["Id"], new["SyncToken"], new["TotalAmt"]) == ("1", "1", Decimal("107.77"))


def test_a_line_of_text_is_reworded() -> None:
    desk = Desk()
    text = {"DetailType": "DescriptionOnly", "Description": "hello"}
    old = desk.invoice(desk.customer(), line(), text)
    assert (
        desk.play.edit_line(REALM, "Invoice", old["Id"], line=2, Description="bye")["Line"][1]["Description"] == "bye"
    )


def test_a_line_gets_a_class_where_classes_are_tracked() -> None:
    desk = Desk(class_tracking=True)
    spa = desk.play.create(REALM, "Class", {"Name": "Spa"})
    old = desk.invoice(desk.customer(), line(), line("20.00"))
    new = desk.play.edit_line(REALM, "Invoice", old["Id"], line=2, ClassRef={"value": spa["Id"]})
    assert [row["SalesItemLineDetail"].get("ClassRef", {}).get("name") for row in sold(new)] == [None, "Spa"]


def test_the_account_of_a_discount_is_changed() -> None:
    desk = Desk()
    old = desk.invoice(desk.customer(), line(), discount("5.00"))
    new = desk.play.edit_line(REALM, "Invoice", old["Id"], line=2, DiscountAccountRef={"value": "2"})
    assert new["Line"][-1]["DiscountLineDetail"]["DiscountAccountRef"]["name"] == "Sales of Product Income"


def test_a_new_amount_or_tax_code_has_the_tax_reckoned_anew() -> None:
    desk = Desk("uk")
    sent = {"TaxLine": [of_rate("1", "20.01")]}
    old = desk.invoice(
        desk.customer(),
        taxed("100.00", "2", Qty=2, UnitPrice=50),
        GlobalTaxCalculation="TaxExcluded",
        TxnTaxDetail=sent,
    )
    new = desk.play.edit_line(REALM, "Invoice", old["Id"], Amount=Decimal("50.00"))
    assert (new["TotalAmt"], "Qty" in sold(new)[0]["SalesItemLineDetail"]) == (Decimal("60.00"), False)
    assert desk.play.edit_line(REALM, "Invoice", old["Id"], TaxCodeRef={"value": "3"})["TotalAmt"] == Decimal("52.50")


def test_a_line_is_split_and_the_total_stays() -> None:
    desk = Desk()
    old = desk.invoice(desk.customer(), line("5.00"), line("100.00", Qty=4, UnitPrice=25))
    new = desk.play.split_line(REALM, "Invoice", old["Id"], ["60.00", "40.00"], line=2)
    assert [(row["Id"], row["Amount"]) for row in sold(new)] == [
        ("1", Decimal("5.00")),
        ("2", Decimal("60.00")),
        ("3", Decimal("40.00")),
    ]
    assert new["TotalAmt"] == old["TotalAmt"]


def test_a_price_that_includes_tax_is_split_with_its_tax() -> None:
    desk = Desk("uk")
    old = desk.invoice(desk.customer(), with_tax("99.99", "2"), GlobalTaxCalculation="TaxInclusive")
    new = desk.play.split_line(REALM, "Invoice", old["Id"], ["33.33", "50.00"])
    prices = [row["SalesItemLineDetail"]["TaxInclusiveAmt"] for row in sold(new)]
    assert (prices, new["TotalAmt"]) == ([Decimal("39.99"), Decimal("60.00")], Decimal("99.99"))


def test_a_split_that_changes_the_total_is_refused() -> None:
    desk = Desk()
    old = desk.invoice(desk.customer())
    with pytest.raises(ControlError, match="add up"):
        desk.play.split_line(REALM, "Invoice", old["Id"], ["60.00", "41.00"])
    with pytest.raises(ControlError, match="Invoice 99"):
        desk.play.edit_line(REALM, "Invoice", "99", Description="x")
    with pytest.raises(ControlError, match="line 3"):
        desk.play.edit_line(REALM, "Invoice", old["Id"], line=3, Description="x")


def test_terms_and_memo_are_changed_as_any_member() -> None:
    desk = Desk()
    old = desk.invoice(desk.customer())
    members = {"SalesTermRef": {"value": "2"}, "CustomerMemo": {"value": "thanks"}}
    new = desk.play.update(REALM, "Invoice", {"Id": old["Id"], **members})
    assert (new["SalesTermRef"]["name"], new["CustomerMemo"]["value"]) == ("Net 15", "thanks")


@pytest.mark.parametrize(("entity", "member"), [("Customer", "DisplayName"), ("Item", "Name"), ("TaxCode", "Name")])
def test_names_are_changed_and_switched_off_and_on(entity: str, member: str) -> None:
    desk = Desk("uk")
    desk.customer()
    identifier = "2" if entity != "Customer" else "1"
    assert desk.play.rename(REALM, entity, identifier, "New name")[member] == "New name"
    assert desk.play.deactivate(REALM, entity, identifier)[member] == "New name (deleted)"
    again = desk.play.deactivate(REALM, entity, identifier, active=True)
    assert (again[member], again["Active"]) == ("New name", True)


def test_what_does_not_exist_cannot_be_renamed() -> None:
    with pytest.raises(ControlError, match="610"):
        Desk().play.rename(REALM, "Item", "99", "x")


def test_the_books_are_closed_and_opened() -> None:
    desk = Desk()
    customer = desk.customer()
    desk.play.close_books(REALM, "2026-10-31")
    form = invoice(customer, TxnDate="2026-10-15")
    assert desk.refused("Invoice", form) == "6210"
    desk.play.close_books(REALM)
    stored = desk.post("Invoice", form)
    assert desk.post("Invoice", version(stored, PrivateNote="x"))["PrivateNote"] == "x"
