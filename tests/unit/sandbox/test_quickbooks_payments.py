"""Payments, links and balances."""

from __future__ import annotations

from decimal import Decimal

from unit.sandbox.quickbooks_desk import REALM, Desk, line, payment, ref, version


def test_a_linked_payment_moves_the_balance_and_the_version_of_the_invoice() -> None:
    desk = Desk()
    customer = desk.customer()
    bill = desk.invoice(customer)
    paid = desk.payment(customer, "40.00", (bill, "40.00"))
    after = desk.read("Invoice", bill["Id"])
    assert (after["Balance"], after["SyncToken"]) == (Decimal("60.00"), "1")
    assert after["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "Payment"}]
    assert desk.refused("Invoice", version(bill, PrivateNote="old token")) == "5010"


def test_the_customers_balance_follows_invoices_and_credits() -> None:
    desk = Desk()
    customer = desk.customer()
    bill = desk.invoice(customer)
    desk.payment(customer, "130.00", (bill, "100.00"))
    assert desk.read("Customer", customer["Id"])["Balance"] == Decimal("-30.00")


def test_a_payment_without_an_amount_is_refused() -> None:
    desk = Desk()
    assert desk.refused("Payment", {"CustomerRef": ref(desk.customer())}) == "6000"


def test_a_payment_cannot_apply_more_than_it_has() -> None:
    desk = Desk()
    customer = desk.customer()
    assert desk.refused("Payment", payment(customer, "10.00", (desk.invoice(customer), "20.00"))) == "6000"


def test_an_invoice_cannot_be_paid_beyond_its_balance() -> None:
    desk = Desk()
    customer = desk.customer()
    bill = desk.invoice(customer)
    desk.payment(customer, "60.00", (bill, "60.00"))
    assert desk.refused("Payment", payment(customer, "60.00", (bill, "60.00"))) == "6000"


def test_an_invoice_is_linked_by_its_id_not_its_number() -> None:
    desk = Desk()
    customer = desk.customer()
    desk.invoice(customer, DocNumber="INV-7")
    assert desk.refused("Payment", payment(customer, "10.00", ({"Id": "INV-7"}, "10.00"))) == "610"


def test_another_customers_invoice_cannot_be_paid() -> None:
    desk = Desk()
    bill = desk.invoice(desk.customer("Anna Berg"))
    assert desk.refused("Payment", payment(desk.customer("Bo Dahl"), "10.00", (bill, "10.00"))) == "6000"


def test_a_parent_pays_for_a_sub_customer_that_is_billed_with_it() -> None:
    desk = Desk()
    parent = desk.customer("Anna Berg")
    bill = desk.invoice(desk.customer("Kitchen", ParentRef=ref(parent), BillWithParent=True))
    assert desk.payment(parent, "100.00", (bill, "100.00"))["UnappliedAmt"] == 0


def test_unlinking_leaves_the_money_as_credit_and_opens_the_invoice() -> None:
    desk = Desk()
    customer = desk.customer()
    bill = desk.invoice(customer)
    paid = desk.payment(customer, "100.00", (bill, "100.00"))
    assert desk.post("Payment", version(paid, Line=[]))["UnappliedAmt"] == Decimal("100.00")
    after = desk.read("Invoice", bill["Id"])
    assert (after["Balance"], after["LinkedTxn"]) == (Decimal("100.00"), [])


def test_unlinked_money_is_linked_again() -> None:
    desk = Desk()
    customer = desk.customer()
    first, second = desk.invoice(customer), desk.invoice(customer)
    paid = desk.payment(customer, "100.00", (first, "100.00"))
    free = desk.post("Payment", version(paid, Line=[]))
    moved = desk.post("Payment", version(free, Line=payment(customer, "0", (second, "70.00"))["Line"]))
    assert moved["UnappliedAmt"] == Decimal("30.00")
    assert [desk.read("Invoice", one["Id"])["Balance"] for one in (first, second)] == [100, Decimal("30.00")]


def test_a_sparse_update_without_lines_keeps_the_links_and_a_full_one_drops_them() -> None:
    desk = Desk()
    customer = desk.customer()
    paid = desk.payment(customer, "100.00", (desk.invoice(customer), "100.00"))
    noted = desk.post("Payment", version(paid, PrivateNote="x"))
    assert noted["UnappliedAmt"] == 0
    full = {"Id": paid["Id"], "SyncToken": noted["SyncToken"], "CustomerRef": ref(customer), "TotalAmt": 100}
    assert desk.post("Payment", full)["UnappliedAmt"] == Decimal("100.00")


def test_money_moves_to_another_customer_together_with_its_link() -> None:
    desk = Desk()
    anna, bo = desk.customer("Anna Berg"), desk.customer("Bo Dahl")
    hers, his = desk.invoice(anna), desk.invoice(bo)
    paid = desk.payment(anna, "100.00", (hers, "100.00"))
    assert desk.refused("Payment", version(paid, CustomerRef=ref(bo))) == "6000"
    desk.post("Payment", version(paid, CustomerRef=ref(bo), Line=payment(bo, "0", (his, "100.00"))["Line"]))
    assert [desk.read("Customer", one["Id"])["Balance"] for one in (anna, bo)] == [100, 0]


def test_credit_moves_to_another_customer() -> None:
    desk = Desk()
    anna, bo = desk.customer("Anna Berg"), desk.customer("Bo Dahl")
    paid = desk.payment(anna, "40.00")
    desk.post("Payment", version(paid, CustomerRef=ref(bo), Line=[]))
    assert [desk.read("Customer", one["Id"])["Balance"] for one in (anna, bo)] == [0, Decimal("-40.00")]


def test_a_payment_cannot_be_lowered_below_what_it_settles() -> None:
    desk = Desk()
    customer = desk.customer()
    paid = desk.payment(customer, "100.00", (desk.invoice(customer), "100.00"))
    assert desk.refused("Payment", version(paid, TotalAmt=Decimal("99.99"))) == "6000"


def test_a_voided_invoice_cannot_be_paid() -> None:
    desk = Desk()
    customer = desk.customer()
    bill = desk.invoice(customer)
    desk.post("Invoice", version(bill), operation="void")
    assert desk.refused("Payment", payment(customer, "10.00", (bill, "10.00"))) == "6000"


def test_an_inactive_customer_cannot_pay_but_their_payment_can_be_changed() -> None:
    desk = Desk()
    customer = desk.customer()
    paid = desk.payment(customer, "10.00")
    desk.play.deactivate(REALM, "Customer", customer["Id"])
    assert desk.refused("Payment", payment(customer, "10.00")) == "610"
    assert desk.post("Payment", version(paid, PrivateNote="x"))["PrivateNote"] == "x"


def test_an_invoice_is_voided_once_its_money_is_unlinked() -> None:
    desk = Desk()
    customer = desk.customer()
    bill = desk.invoice(customer)
    paid = desk.payment(customer, "60.00", (bill, "60.00"))
    desk.post("Payment", version(paid, Line=[]))
    desk.post("Invoice", version(desk.read("Invoice", bill["Id"])), operation="void")
    assert desk.read("Customer", customer["Id"])["Balance"] == Decimal("-60.00")


def test_a_void_or_a_deletion_of_a_payment_opens_the_invoice() -> None:
    desk = Desk()
    customer = desk.customer()
    first, second = desk.invoice(customer), desk.invoice(customer)
    desk.post("Payment", version(desk.payment(customer, "100.00", (first, "100.00"))), operation="delete")
    voided = desk.payment(customer, "100.00", (second, "100.00"))
    desk.post("Payment", version(voided), operation="update", include="void")
    assert [desk.read("Invoice", bill["Id"])["Balance"] for bill in (first, second)] == [Decimal("100.00")] * 2


def test_an_invoice_with_an_applied_payment_is_neither_voided_deleted_nor_lowered_below_it() -> None:
    desk = Desk()
    customer = desk.customer()
    bill = desk.invoice(customer)
    desk.payment(customer, "60.00", (bill, "60.00"))
    newest = desk.read("Invoice", bill["Id"])
    assert desk.refused("Invoice", version(newest), operation="void") == "6000"
    assert desk.refused("Invoice", version(newest), operation="delete") == "6000"
    assert desk.refused("Invoice", version(newest, Line=[line("59.99")])) == "6000"
    assert desk.post("Invoice", version(newest, Line=[line("60.00")]))["Balance"] == 0


def test_the_customer_of_a_paid_invoice_cannot_be_changed() -> None:
    desk = Desk()
    customer = desk.customer()
    bill = desk.invoice(customer)
    desk.payment(customer, "60.00", (bill, "60.00"))
    newest = desk.read("Invoice", bill["Id"])
    assert desk.refused("Invoice", version(newest, CustomerRef=ref(desk.customer("Bo Dahl")))) == "6000"


def test_a_reference_number_is_short() -> None:
    desk = Desk()
    assert desk.refused("Payment", payment(desk.customer(), "1.00", PaymentRefNum="x" * 22)) == "2050"
