"""Payments, links and balances."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_a_credit_memo_is_used_by_a_payment_without_money() -> None:
    desk = Desk()
    customer = desk.customer()
    bill = desk.invoice(customer)
    memo = desk.post("CreditMemo", {"CustomerRef": ref(customer), "Line": [line("30.00")]})
    rows = [
        {"Amount": Decimal("30.00"), "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Invoice"}]},
        {"Amount": Decimal("30.00"), "LinkedTxn": [{"TxnId": memo["Id"], "TxnType": "CreditMemo"}]},
    ]
    desk.post("Payment", {"CustomerRef": ref(customer), "TotalAmt": 0, "Line": rows})
    assert desk.read("Invoice", bill["Id"])["Balance"] == Decimal("70.00")
    assert desk.read("CreditMemo", memo["Id"])["RemainingCredit"] == 0
    assert desk.read("Customer", customer["Id"])["Balance"] == Decimal("70.00")


def test_credit_is_applied_to_a_new_invoice_only_where_the_company_wants_it() -> None:
    desk = Desk()
    customer = desk.customer()
    desk.payment(customer, "30.00")
    assert desk.invoice(customer)["Balance"] == Decimal("100.00")
    desk.play.set(REALM, auto_apply_credit=True)
    assert desk.invoice(customer)["Balance"] == Decimal("70.00")


def test_merging_moves_transactions_and_retires_the_loser() -> None:
    desk = Desk()
    winner, loser = desk.customer("Anna Berg"), desk.customer("A. Berg")
    bill = desk.invoice(loser)
    desk.play.merge_customers(REALM, winner["Id"], loser["Id"])
    assert desk.read("Invoice", bill["Id"])["CustomerRef"]["value"] == winner["Id"]
    assert desk.read("Customer", winner["Id"])["Balance"] == Decimal("100.00")
    assert desk.read("Customer", loser["Id"])["Active"] is False


def test_what_is_left_of_a_merged_customer_is_a_switch() -> None:
    desk = Desk(merge_leaves="gone")
    winner, loser = desk.customer("Anna Berg"), desk.customer("A. Berg")
    desk.play.merge_customers(REALM, winner["Id"], loser["Id"])
    assert desk.send("GET", f"customer/{loser['Id']}").json()["Fault"]["Error"][0]["code"] == "610"


def test_a_posting_can_change_the_customers_version() -> None:
    desk = Desk(balance_touches_customer=True)
    customer = desk.customer()
    desk.invoice(customer)
    assert desk.refused("Customer", version(customer, Notes="old token")) == "5010"


STEPS = st.lists(
    st.tuples(st.sampled_from(["invoice", "pay", "credit", "unlink", "void", "delete"]), st.integers(1, 200)),
    max_size=25,
)


def step(desk: Desk, customer: object, kind: str, amount: int) -> None:
    """Try one thing a bookkeeper might do; a refusal is as good as a success."""
    state = desk.play.state(REALM)
    bills, money = state["Invoice"], state["Payment"]
    if kind == "invoice":
        desk.invoice(customer, line(str(amount)))
    elif kind == "credit":
        desk.post("CreditMemo", {"CustomerRef": ref(customer), "Line": [line(str(amount))]})
    elif kind == "pay" and bills:
        bill = bills[amount % len(bills)]
        desk.send("POST", "payment", payment(customer, str(amount), (bill, str(min(bill["Balance"], Decimal(amount))))))
    elif kind == "unlink" and money:
        desk.send("POST", "payment", version(money[amount % len(money)], Line=[]))
    elif kind == "void" and bills:
        desk.send("POST", "invoice", version(bills[amount % len(bills)]), operation="void")
    elif kind == "delete" and money:
        desk.send("POST", "payment", version(money[amount % len(money)]), operation="delete")


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_the_customer_always_owes_what_the_documents_say(steps: list[tuple[str, int]]) -> None:
    desk = Desk()
    customer = desk.customer()
    for kind, amount in steps:
        step(desk, customer, kind, amount)
    state = desk.play.state(REALM)
    owed = sum(form["Balance"] for form in state["Invoice"])
    credit = sum(form["UnappliedAmt"] for form in state["Payment"]) + sum(
        form["Balance"] for form in state["CreditMemo"]
    )
    assert state["Customer"][0]["Balance"] == owed - credit
    paid = sum(form["TotalAmt"] - form["UnappliedAmt"] for form in state["Payment"])
    assert sum(form["TotalAmt"] - form["Balance"] for form in state["Invoice"]) == paid
