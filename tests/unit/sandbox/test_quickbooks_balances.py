"""Credits, merged customers, and what a customer owes after any series of steps."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from unit.sandbox.quickbooks_desk import REALM, Desk, line, payment, ref, version


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
