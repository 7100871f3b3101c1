"""An answer that is lost never makes two of anything, whoever kept the request id (the doubt rule)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from avantto_qbo.model.operation import State
from integration.business import ANN, BOB, Business
from integration.house import SETTLE_SECONDS
from integration.processes import Json

# What makes each kind of write, and which object it is in the books.
Play = Callable[[Business], object]


def sent(business: Business) -> str:
    return business.sent_invoice(100)


def paid(business: Business) -> None:
    business.crm("pay_invoice", invoice=sent(business))


WRITES: dict[str, tuple[Play, str]] = {
    "customer.create": (sent, "Customer"),
    "invoice.create": (sent, "Invoice"),
    "payment.create": (paid, "Payment"),
    "salesreceipt.create": (Business.sale, "SalesReceipt"),
}


# When the last look-up is over, and a round of polls.
ALL_LOOKS = 5 * SETTLE_SECONDS + 4


def carried_out(business: Business, operation: str) -> list[Json]:
    """What came of one kind of write, once all is quiet and both sides were asked again."""
    play, entity = WRITES[operation]
    play(business)
    business.until(lambda: business.house.books("faults")["fired"], "the fault met its request")
    business.all_quiet(within=max(ALL_LOOKS, 25.0))
    return business.objects(entity)


@pytest.mark.parametrize("requestid", ["honoured", "ignored"])
@pytest.mark.parametrize("operation", WRITES)
def test_an_answer_lost_after_the_commit_leaves_exactly_one(business: Business, operation: str, requestid: str) -> None:
    business.set_books(requestid=requestid)
    business.books_fault(operation, "lost_after")
    assert len(carried_out(business, operation)) == 1
    assert len(business.requests(operation)) == 1


def test_a_server_error_after_the_commit_leaves_exactly_one(business: Business) -> None:
    business.books_fault("payment.create", "status_after", status=502, body="<html>Bad Gateway</html>")
    assert len(carried_out(business, "payment.create")) == 1
    assert len(business.requests("payment.create")) == 1


def test_a_commit_that_comes_after_the_first_look_is_found_by_a_later_one(business: Business) -> None:
    business.books_fault("invoice.create", "late", seconds=1.5 * SETTLE_SECONDS)
    assert len(carried_out(business, "invoice.create")) == 1
    assert not business.waiting_for_a_person()


@pytest.mark.parametrize("requestid", ["honoured", "ignored"])
def test_a_customer_that_queries_do_not_show_yet_is_not_made_twice(business: Business, requestid: str) -> None:
    business.sale()
    business.until_in_books("SalesReceipt")
    business.set_books(requestid=requestid, query_lag=3600)
    business.books_fault("customer.create", "lost_after")
    business.sent_invoice(contact=BOB)
    business.until(lambda: len(business.requests("customer.create")) > 2, "it is sent again", within=ALL_LOOKS)
    business.set_books(query_lag=0)
    business.until_in_books("Invoice")
    business.all_quiet()
    assert [customer["DisplayName"] for customer in business.objects("Customer")] == [ANN["name"], BOB["name"]]
    first, second = business.requests("customer.create")[1:3]
    assert (first["request"], first["query"]["requestid"]) == (second["request"], second["query"]["requestid"])


@pytest.mark.parametrize(
    ("operation", "trouble"),
    [
        ("invoice.create", {"action": "reset_before"}),
        ("payment.create", {"action": "status", "status": 500}),
    ],
)
def test_what_was_never_committed_and_has_no_fence_waits_for_a_person_and_goes_out_once(
    business: Business, operation: str, trouble: dict[str, Any]
) -> None:
    play, entity = WRITES[operation]
    business.books_fault(operation, **trouble)
    play(business)
    held = business.until_held("doubt_unresolved", within=ALL_LOOKS)
    assert business.objects(entity) == []
    assert business.house.cli("retry", held.id).code == 0
    business.until_in_books(entity)
    business.all_quiet()
    assert len(business.objects(entity)) == 1
    assert business.waiting_for_a_person() == ()


def test_a_customer_that_was_never_made_is_made_by_itself(business: Business) -> None:
    business.books_fault("customer.create", "reset_before")
    business.sent_invoice()
    business.until_in_books("Invoice", within=ALL_LOOKS)
    assert len(business.objects("Customer")) == 1


def test_an_invoice_goes_again_by_itself_where_the_books_refuse_a_number_twice(business: Business) -> None:
    taken = {"DocNumber": "INV-000001", "CustomerRef": {"value": business.new_customer("Someone")["Id"]}}
    line = {"Amount": 5, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    business.books("create", entity="Invoice", body={**taken, "Line": [line]})
    business.sent_invoice(10)
    business.until_in_books("Invoice", 2)
    business.books_fault("invoice.create", "reset_before")
    business.sent_invoice(20)
    business.until_in_books("Invoice", 3, within=ALL_LOOKS)
    business.all_quiet()
    assert sorted(invoice["TotalAmt"] for invoice in business.objects("Invoice")) == [5, 10, 20]


def test_an_edit_whose_answer_was_lost_is_carried_out_once(business: Business) -> None:
    invoice = business.sent_invoice(10)
    business.until_in_books("Invoice")
    business.books_fault("invoice.update", "lost_after")
    business.crm("edit_invoice", invoice=invoice, items=[{"name": "Wash", "amount": 11}])
    business.until(lambda: business.objects("Invoice")[0]["TotalAmt"] == 11, "the edit is in the books")
    business.all_quiet()
    (copy,) = business.objects("Invoice")
    assert (copy["TotalAmt"], copy["SyncToken"]) == (11, "1")


def test_another_customer_does_not_wait_for_a_document_in_doubt(business: Business) -> None:
    business.books_fault("invoice.create", "reset_before")
    business.sent_invoice(10)
    business.until(lambda: business.number_of(State.DOUBT), "the first is in doubt")
    business.sent_invoice(20, contact=BOB)
    business.until_in_books("Invoice")
    assert [invoice["TotalAmt"] for invoice in business.objects("Invoice")] == [20]
    business.until_held("doubt_unresolved")


def killed_while_sending(business: Business) -> None:
    business.until(lambda: business.house.books("faults")["fired"], "the request is at the books")
    business.restart_daemon()


@pytest.mark.parametrize("operation", WRITES)
def test_an_answer_lost_because_the_daemon_was_killed_leaves_exactly_one(business: Business, operation: str) -> None:
    play, entity = WRITES[operation]
    business.books_fault(operation, "delay_after", seconds=30)
    play(business)
    killed_while_sending(business)
    business.all_quiet(within=max(ALL_LOOKS, 25.0))
    assert len(business.objects(entity)) == 1
    assert len(business.requests(operation)) == 1


def test_a_commit_that_comes_after_the_daemon_was_killed_leaves_exactly_one(business: Business) -> None:
    business.books_fault("invoice.create", "delay", seconds=0.7)
    business.sent_invoice()
    killed_while_sending(business)
    business.all_quiet(within=max(ALL_LOOKS, 25.0))
    assert len(business.objects("Invoice")) == 1
    assert business.waiting_for_a_person() == ()


def test_a_contact_whose_answer_was_lost_is_not_made_twice(business: Business) -> None:
    business.crm_fault("contacts.create", "lost_after")
    business.new_customer("Walk In", "walk@example.com")
    business.until(lambda: business.house.crm("faults")["fired"], "the fault met its request")
    business.all_quiet()
    assert [contact["email"] for contact in business.contacts()] == ["walk@example.com"]
