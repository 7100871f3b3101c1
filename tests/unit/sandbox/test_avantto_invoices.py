"""Invoices over the API, and what people do to them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from unit.sandbox.avantto_desk import ALT, ANN, GST, PLACE, Desk

CAKE = {"name": "Cake", "qty": 2, "amount": "60.50", "taxes": [GST]}
TEA = {"name": "Tea", "amount": 17}


def drafted(desk: Desk, **more: Any) -> dict[str, Any]:
    return desk.play.create_invoice(PLACE, ANN, more.pop("items", [TEA, CAKE]), **more)


def read(desk: Desk, invoice: dict[str, Any]) -> Any:
    return desk.get(f"/invoices/{invoice['_id']}", **ALT)


def listed(desk: Desk, **query: str) -> Any:
    return desk.get("/invoices/", **ALT, **{"limit": "100", "offset": "0", **query})


def test_a_draft_adds_up_and_reads_back_exactly() -> None:
    desk = Desk()
    invoice = read(desk, drafted(desk, number="INV-7"))
    assert (invoice["status"], invoice["invoiceNumber"]) == ("draft", "INV-7")
    assert invoice["totalSummary"] == {"subTotal": 138, "discount": 0, "tax": Decimal("12.1")}
    assert (invoice["total"], invoice["amountDue"], invoice["amountPaid"]) == (Decimal("150.1"), Decimal("150.1"), 0)
    assert invoice["contactDetails"]["email"] == "ann@example.com"


def test_dates_are_the_locations_own_days() -> None:
    desk = Desk()
    desk.play.add_location(PLACE, "Sydney", timezone="Australia/Sydney", country="AU", currency="AUD")
    desk.play.mint_tokens(PLACE)
    invoice = drafted(desk)
    assert (invoice["issueDate"], invoice["dueDate"]) == ("2026-11-03", "2026-11-10")
    desk.play.set(PLACE, invoice_instants=True)
    assert read(desk, invoice)["issueDate"] == "2026-11-02T13:00:00.000Z"


def test_numbers_count_up_unless_given() -> None:
    desk = Desk()
    assert [drafted(desk)["invoiceNumber"] for _ in range(2)] == ["INV-000001", "INV-000002"]
    assert drafted(desk, number="A-1")["invoiceNumber"] == "A-1"


def test_the_number_can_be_typed_as_a_number() -> None:
    desk = Desk()
    invoice = drafted(desk, number="19")
    desk.play.set(PLACE, numeric_invoice_number=True)
    assert read(desk, invoice)["invoiceNumber"] == 19


def test_an_invoice_may_bill_another_email_than_the_contacts() -> None:
    desk = Desk()
    ann = desk.play.create_contact(PLACE, **ANN)
    invoice = desk.play.create_invoice(PLACE, {"id": ann["id"], "email": "books@example.com"}, [TEA])
    assert invoice["contactDetails"]["id"] == ann["id"]
    assert invoice["contactDetails"]["email"] == "books@example.com"


def test_a_contact_is_found_by_email_before_one_is_made() -> None:
    desk = Desk()
    assert drafted(desk)["contactDetails"]["id"] == drafted(desk)["contactDetails"]["id"]


def test_an_invoice_goes_from_draft_to_paid() -> None:
    desk = Desk()
    invoice = drafted(desk)
    assert desk.play.send_invoice(PLACE, invoice["_id"])["status"] == "sent"
    part = desk.play.pay_invoice(PLACE, invoice["_id"], amount="50.05")
    assert (part["invoice"]["status"], part["invoice"]["amountDue"]) == ("partially_paid", Decimal("100.05"))
    desk.play.pay_invoice(PLACE, invoice["_id"])
    paid = read(desk, invoice)
    assert (paid["status"], paid["amountDue"], paid["amountPaid"]) == ("paid", 0, Decimal("150.1"))


def test_money_above_the_total_shows_in_amount_paid_only() -> None:
    desk = Desk()
    invoice = drafted(desk, items=[TEA])
    desk.play.pay_invoice(PLACE, invoice["_id"], amount=20)
    paid = read(desk, invoice)
    assert (paid["total"], paid["amountPaid"], paid["amountDue"]) == (17, 20, 0)


def test_an_edit_of_a_paid_invoice_reopens_it() -> None:
    desk = Desk()
    invoice = drafted(desk, items=[TEA])
    desk.play.pay_invoice(PLACE, invoice["_id"])
    edited = desk.play.edit_invoice(PLACE, invoice["_id"], items=[{"name": "Tea", "amount": 20}])
    assert (edited["status"], edited["amountDue"]) == ("partially_paid", 3)


def test_an_edit_changes_only_what_is_given() -> None:
    desk = Desk()
    invoice = drafted(desk)
    desk.clock.advance(1)
    edited = desk.play.edit_invoice(PLACE, invoice["_id"], discount={"type": "fixed", "value": 38}, number="N-2")
    assert (edited["total"], edited["invoiceNumber"]) == (Decimal("108.77"), "N-2")
    assert edited["invoiceItems"] == invoice["invoiceItems"]
    assert edited["updatedAt"] > invoice["updatedAt"]


def test_a_bank_debit_is_processing_until_it_settles() -> None:
    desk = Desk()
    invoice = desk.play.send_invoice(PLACE, drafted(desk)["_id"])
    begun = desk.play.start_processing(PLACE, invoice["_id"])
    assert (begun["invoice"]["status"], begun["transaction"]["status"]) == ("payment_processing", "pending")
    desk.play.settle_transaction(PLACE, begun["transaction"]["_id"])
    assert read(desk, invoice)["status"] == "paid"


def test_a_failed_debit_leaves_the_invoice_open() -> None:
    desk = Desk()
    invoice = desk.play.send_invoice(PLACE, drafted(desk)["_id"])
    begun = desk.play.start_processing(PLACE, invoice["_id"])
    desk.play.settle_transaction(PLACE, begun["transaction"]["_id"], status="failed")
    assert (read(desk, invoice)["status"], read(desk, invoice)["amountPaid"]) == ("sent", 0)
    with pytest.raises(ValueError, match="not pending"):
        desk.play.settle_transaction(PLACE, begun["transaction"]["_id"])


def test_a_void_invoice_keeps_its_numbers_and_cannot_change() -> None:
    desk = Desk()
    invoice = drafted(desk)
    desk.play.void_invoice(PLACE, invoice["_id"])
    assert (read(desk, invoice)["status"], read(desk, invoice)["total"]) == ("void", Decimal("150.1"))
    with pytest.raises(ValueError, match="void"):
        desk.play.pay_invoice(PLACE, invoice["_id"])


def test_a_deleted_invoice_is_not_found_or_flagged() -> None:
    desk = Desk()
    invoice = drafted(desk)
    desk.play.delete_invoice(PLACE, invoice["_id"])
    assert desk.call("GET", f"/invoices/{invoice['_id']}", ALT).status == 404
    assert listed(desk)["total"] == 0
    desk.play.set(PLACE, deleted_invoice_flag=True)
    assert read(desk, invoice)["deleted"] is True


def test_the_list_pages_newest_first_and_carries_updated_at() -> None:
    desk = Desk()
    for number in ("1", "2", "3"):
        drafted(desk, number=number)
        desk.clock.advance(1)
    page = listed(desk, limit="2", offset="1")
    assert ([row["invoiceNumber"] for row in page["invoices"]], page["total"]) == (["2", "1"], 3)
    assert all(row["updatedAt"] for row in page["invoices"])


def test_the_list_filters_by_status_mode_contact_and_text() -> None:
    desk = Desk()
    sent = desk.play.send_invoice(PLACE, drafted(desk, number="S-1")["_id"])
    test = drafted(desk, number="T-1", live=False)
    bo = desk.play.create_invoice(PLACE, {"name": "Bo", "email": "bo@example.com"}, [TEA])

    def ids(**query: str) -> set[str]:
        return {row["_id"] for row in listed(desk, **query)["invoices"]}

    assert ids(status="sent") == {sent["_id"]}
    assert ids(paymentMode="test") == {test["_id"]}
    assert ids(contactId=bo["contactDetails"]["id"]) == {bo["_id"]}
    assert ids(search="T-1") == {test["_id"]}
    assert ids(startAt="2026-11-03") == set()
    assert ids(startAt="2026-11-02", endAt="2026-11-02") == {sent["_id"], test["_id"], bo["_id"]}


@pytest.mark.parametrize(
    "query",
    [{"status": "overdue"}, {"limit": "101"}, {"limit": "many"}, {"startAt": "yesterday"}, {"altType": "agency"}],
)
def test_queries_that_make_no_sense_are_unprocessable(query: dict[str, str]) -> None:
    desk = Desk()
    drafted(desk)
    assert desk.call("GET", "/invoices/", {**ALT, "limit": "10", "offset": "0", **query}).status == 422


def test_created_at_can_lie_before_the_present() -> None:
    desk = Desk()
    assert read(desk, drafted(desk, created_at="2026-01-05T10:00:00.000Z"))["createdAt"] == "2026-01-05T10:00:00.000Z"


def test_a_debit_that_settles_after_the_void_leaves_the_invoice_void() -> None:
    desk = Desk()
    invoice = desk.play.send_invoice(PLACE, drafted(desk)["_id"])
    begun = desk.play.start_processing(PLACE, invoice["_id"])
    desk.play.void_invoice(PLACE, invoice["_id"])
    settled = desk.play.settle_transaction(PLACE, begun["transaction"]["_id"])
    assert (settled["status"], read(desk, invoice)["status"]) == ("succeeded", "void")


def test_nothing_due_cannot_be_paid() -> None:
    desk = Desk()
    invoice = drafted(desk, items=[TEA])
    desk.play.pay_invoice(PLACE, invoice["_id"])
    with pytest.raises(ValueError, match="nothing is due"):
        desk.play.pay_invoice(PLACE, invoice["_id"])
