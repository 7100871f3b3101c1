"""Charges that fail, are called back, refunded, paid twice or known late; and invoices that change under the money."""

from __future__ import annotations

from typing import Any

import pytest

from unit.sandbox.avantto_desk import ALT, ANN, PLACE, Desk, money

WASH = {"name": "Wash", "amount": 100}


def sent(desk: Desk, **more: Any) -> str:
    invoice = desk.play.create_invoice(PLACE, ANN, [WASH], **more)
    return str(desk.play.send_invoice(PLACE, invoice["_id"])["_id"])


def state(desk: Desk, invoice: str) -> tuple[Any, ...]:
    told = desk.get(f"/invoices/{invoice}", **ALT)
    return told["status"], told["amountPaid"], told["amountDue"]


def row(desk: Desk, transaction: str) -> Any:
    return next(found for found in desk.get("/payments/transactions", **ALT)["data"] if found["_id"] == transaction)


def test_a_bank_debit_names_a_bank_account_and_stays_pending() -> None:
    desk = Desk()
    invoice = sent(desk)
    begun = desk.play.start_processing(PLACE, invoice, mode="ach")["transaction"]
    desk.pass_days(5)
    assert (row(desk, begun["_id"])["status"], list(begun["paymentMethod"])) == ("pending", ["us_bank_account"])
    assert state(desk, invoice) == ("payment_processing", 0, 100)


def test_a_debit_called_back_after_success_takes_its_money_along() -> None:
    desk = Desk()
    invoice = sent(desk)
    begun = desk.play.start_processing(PLACE, invoice, mode="ach")["transaction"]["_id"]
    desk.play.settle_transaction(PLACE, begun)
    assert state(desk, invoice) == ("paid", 100, 0)
    desk.events()
    assert desk.play.settle_transaction(PLACE, begun, status="failed")["status"] == "failed"
    assert state(desk, invoice) == ("sent", 0, 100)
    assert desk.event_types() == ["InvoiceUpdate"]


def test_only_the_called_back_payment_goes_off_with_its_tip_and_fee() -> None:
    desk = Desk()
    desk.play.set(PLACE, tip_as="charge", processing_fee_in="total")
    invoice = sent(desk, processing_fees=[{"charge": 10}])
    kept = desk.play.pay_invoice(PLACE, invoice, amount=40)["transaction"]["_id"]
    lost = desk.play.pay_invoice(PLACE, invoice, tip=8)["transaction"]["_id"]
    assert state(desk, invoice) == ("paid", 118, 0)
    desk.play.settle_transaction(PLACE, lost, status="failed")
    assert state(desk, invoice) == ("partially_paid", 44, 60)
    told = desk.get(f"/invoices/{invoice}", **ALT)
    assert [entry["amount"] for entry in told["miscellaneousCharges"]["paidCharges"]] == [4]
    assert (told["total"], row(desk, kept)["status"]) == (104, "succeeded")


def test_a_void_invoice_stays_void_when_its_payment_is_called_back() -> None:
    desk = Desk()
    invoice = sent(desk)
    paid = desk.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    desk.play.void_invoice(PLACE, invoice)
    desk.play.settle_transaction(PLACE, paid, status="failed")
    assert state(desk, invoice)[:2] == ("void", 0)


@pytest.mark.parametrize("status", ["failed", "refunded"])
def test_a_charge_that_is_over_cannot_be_settled_again(status: str) -> None:
    desk = Desk()
    desk.play.set(PLACE, refunded_status=True)
    paid = desk.play.pay_invoice(PLACE, sent(desk))["transaction"]["_id"]
    if status == "failed":
        desk.play.settle_transaction(PLACE, paid, status="failed")
    else:
        desk.play.refund(PLACE, paid)
    with pytest.raises(ValueError, match="not pending"):
        desk.play.settle_transaction(PLACE, paid, status="failed")


def test_a_refund_leaves_the_invoice_paid_unless_wanted() -> None:
    desk = Desk()
    invoice = sent(desk)
    paid = desk.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    desk.events()
    desk.play.refund(PLACE, paid, amount=30)
    assert state(desk, invoice) == ("paid", 100, 0)
    assert desk.events() == []


def test_refunds_can_lower_what_was_paid_one_after_the_other() -> None:
    desk = Desk()
    desk.play.set(PLACE, refund_lowers_paid=True)
    invoice = sent(desk)
    paid = desk.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    desk.events()
    desk.play.refund(PLACE, paid, amount="30.25")
    assert state(desk, invoice) == ("partially_paid", money("69.75"), money("30.25"))
    desk.play.refund(PLACE, paid)
    assert state(desk, invoice) == ("sent", 0, 100)
    assert row(desk, paid)["amountRefunded"] == 100
    assert desk.event_types() == ["InvoiceUpdate", "InvoiceUpdate"]


def test_a_tip_is_given_back_last() -> None:
    desk = Desk()
    desk.play.set(PLACE, refund_lowers_paid=True)
    invoice = sent(desk)
    paid = desk.play.pay_invoice(PLACE, invoice, tip=10)["transaction"]["_id"]
    desk.play.refund(PLACE, paid, amount=105)
    assert state(desk, invoice) == ("partially_paid", 5, 100)


@pytest.mark.parametrize(("lowers", "paid"), [(True, 0), (False, 0)])
def test_a_refund_counts_once_when_the_debit_is_called_back(lowers: bool, paid: int) -> None:
    desk = Desk()
    desk.play.set(PLACE, refund_lowers_paid=lowers)
    invoice = sent(desk)
    charge = desk.play.pay_invoice(PLACE, invoice, tip=10)["transaction"]["_id"]
    desk.play.refund(PLACE, charge, amount=30)
    desk.play.settle_transaction(PLACE, charge, status="failed")
    assert state(desk, invoice) == ("sent", paid, 100)


def test_an_invoice_can_be_paid_twice() -> None:
    desk = Desk()
    invoice = sent(desk)
    desk.play.pay_invoice(PLACE, invoice)
    desk.play.pay_invoice(PLACE, invoice, amount=100)
    assert state(desk, invoice) == ("paid", 200, 0)
    assert len(desk.get("/payments/transactions", **ALT)["data"]) == 2


@pytest.mark.parametrize("mode", ["cash", "cheque", "bank_transfer", "other"])
def test_money_by_hand_may_get_its_transaction_later(mode: Any) -> None:
    desk = Desk()
    invoice = sent(desk)
    desk.play.pay_invoice(PLACE, invoice, amount=60)
    assert desk.play.pay_invoice(PLACE, invoice, mode=mode)["transaction"] is None
    desk.events()
    late = desk.play.add_late_transaction(PLACE, invoice, mode=mode)
    assert (late["amount"], late["entityId"], late["paymentProviderType"]) == (40, invoice, mode)
    assert (state(desk, invoice), desk.events()) == (("paid", 100, 0), [])
    with pytest.raises(ValueError, match="nothing is due"):
        desk.play.add_late_transaction(PLACE, invoice)


def test_a_late_transaction_can_lie_in_the_past() -> None:
    desk = Desk()
    invoice = sent(desk)
    desk.play.pay_invoice(PLACE, invoice, mode="cash")
    late = desk.play.add_late_transaction(PLACE, invoice, created_at="2026-10-31T23:30:00.000Z")
    assert (late["createdAt"], late["fulfilledAt"]) == ("2026-10-31T23:30:00.000Z",) * 2
    assert desk.get("/payments/transactions", **ALT, startAt="2026-11-01")["data"] == []


@pytest.mark.parametrize("provider", ["paypal", "authorize-net", "square"])
def test_a_charge_names_its_processor(provider: str) -> None:
    desk = Desk()
    paid = desk.play.pay_invoice(PLACE, sent(desk), provider=provider)["transaction"]
    assert paid["paymentProviderType"] == provider
    detail = desk.get(f"/payments/transactions/{paid['_id']}", **ALT)
    assert detail["paymentProvider"]["type"] == provider


@pytest.mark.parametrize("source", ["text2Pay", "document_contracts"])
def test_texts_and_documents_bill_through_invoices(source: str) -> None:
    desk = Desk()
    invoice = sent(desk)
    paid = desk.play.pay_invoice(PLACE, invoice, source_type=source)["transaction"]
    assert (paid["entitySourceType"], paid["entitySourceId"]) == (source, invoice)


@pytest.mark.parametrize(("price", "after"), [(60, ("paid", 100, 0)), (130, ("partially_paid", 100, 30))])
def test_an_edit_after_a_full_payment_moves_what_is_due(price: int, after: tuple[Any, ...]) -> None:
    desk = Desk()
    invoice = sent(desk)
    desk.play.pay_invoice(PLACE, invoice)
    desk.play.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": price}])
    assert state(desk, invoice) == after


def test_number_dates_customer_and_email_can_change_after_a_part_payment() -> None:
    desk = Desk()
    invoice = sent(desk)
    desk.play.pay_invoice(PLACE, invoice, amount=10)
    desk.events()
    desk.play.edit_invoice(PLACE, invoice, number="N-9", issue_date="2026-10-01", due_date="2026-12-31", name="Car")
    desk.play.edit_invoice(PLACE, invoice, email="Books@Example.com")
    told = desk.get(f"/invoices/{invoice}", **ALT)
    assert (told["invoiceNumber"], told["issueDate"], told["dueDate"]) == ("N-9", "2026-10-01", "2026-12-31")
    assert (told["contactDetails"]["email"], told["contactDetails"]["name"]) == ("Books@Example.com", "Ann Lee")
    desk.play.edit_invoice(PLACE, invoice, contact={"name": "Bo Ek", "email": "bo@example.com"})
    changed = desk.get(f"/invoices/{invoice}", **ALT)["contactDetails"]
    assert (changed["name"], changed["id"] == told["contactDetails"]["id"]) == ("Bo Ek", False)
    assert desk.event_types().count("InvoiceUpdate") == 3
    assert state(desk, invoice) == ("partially_paid", 10, 90)


@pytest.mark.parametrize(("paid", "after"), [(0, "sent"), (40, "partially_paid"), (100, "paid")])
def test_a_void_invoice_can_be_sent_again_where_the_knob_allows(paid: int, after: str) -> None:
    desk = Desk()
    invoice = sent(desk)
    if paid:
        desk.play.pay_invoice(PLACE, invoice, amount=paid)
    desk.play.void_invoice(PLACE, invoice)
    with pytest.raises(ValueError, match="void"):
        desk.play.send_invoice(PLACE, invoice)
    desk.play.set(PLACE, resend_void=True)
    desk.events()
    desk.play.send_invoice(PLACE, invoice)
    assert state(desk, invoice)[0] == after
    assert desk.event_types()[0] == "InvoiceSent"


def test_a_paid_invoice_can_be_deleted() -> None:
    desk = Desk()
    invoice = sent(desk)
    paid = desk.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    desk.play.delete_invoice(PLACE, invoice)
    assert desk.call("GET", f"/invoices/{invoice}", ALT).status == 404
    assert desk.play.settle_transaction(PLACE, paid, status="failed")["status"] == "failed"
