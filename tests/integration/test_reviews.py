"""One review request, once ever, when a customer's first invoice is paid (R1 to R3)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.business import ANN, Business
from integration.house import House
from integration.processes import Json


@pytest.fixture
def asking(business: Business) -> Business:
    """A business that asks for reviews at any hour."""
    business.set(reviews="on")
    return business


@pytest.fixture
def linkless(house: House) -> Iterator[Business]:
    """A business that asks for reviews but has no page for them."""
    place = house.business(google_place_id="").connected()
    place.set(reviews="on")
    yield place
    place.disconnect()


def paid_invoice(business: Business, amount: int = 100) -> str:
    invoice = business.sent_invoice(amount)
    business.until(lambda: amount in [one["TotalAmt"] for one in business.objects("Invoice")], "posted")
    business.crm("pay_invoice", invoice=invoice)
    business.until(lambda: amount in [one["TotalAmt"] for one in business.objects("Payment")], "paid in the books")
    return invoice


def one_message(business: Business) -> Json:
    business.until(business.messages, "a message was sent")
    business.all_quiet()
    (message,) = business.messages()
    return message


def test_the_first_paid_invoice_brings_one_request_and_the_second_none(asking: Business) -> None:
    paid_invoice(asking, 100)
    message = one_message(asking)
    assert message["type"] == "Email"
    assert message["subject"] == "How did we do?"
    assert "Hi Ann" in message["html"]
    assert 'href="https://search.google.com/local/writereview?placeid=place"' in message["html"]
    paid_invoice(asking, 200)
    asking.all_quiet()
    assert len(asking.messages()) == 1


def test_a_partial_payment_asks_for_nothing_and_the_rest_does(asking: Business) -> None:
    invoice = asking.sent_invoice(100)
    asking.until_in_books("Invoice")
    asking.crm("pay_invoice", invoice=invoice, amount=40)
    asking.until_in_books("Payment")
    asking.all_quiet()
    assert asking.messages() == []
    asking.crm("pay_invoice", invoice=invoice)
    assert one_message(asking)["type"] == "Email"


def test_an_invoice_of_quickbooks_own_paid_there_asks_too(asking: Business) -> None:
    customer = asking.new_customer("Walk In", "walk@example.com")
    asking.until(asking.contacts, "a contact")
    line = {"Amount": 50, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    reference = {"CustomerRef": {"value": customer["Id"]}}
    invoice = asking.books("create", entity="Invoice", body={**reference, "Line": [line]})
    linked = {"Amount": 50, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    asking.books("create", entity="Payment", body={**reference, "TotalAmt": 50, "Line": [linked]})
    message = one_message(asking)
    assert message["contactId"] == asking.contacts()[0]["id"]


def test_do_not_disturb_on_one_channel_leaves_the_other(asking: Business) -> None:
    invoice = asking.sent_invoice()
    asking.until_in_books("Invoice")
    asking.crm("set_dnd", contact=ANN, email=True)
    asking.crm("pay_invoice", invoice=invoice)
    message = one_message(asking)
    assert message["type"] == "SMS"
    assert "https://search.google.com/" in message["message"]


def test_a_refusal_nobody_knew_of_leaves_the_other_channel_once(asking: Business) -> None:
    body = '{"statusCode": 400, "message": "Cannot send email as ann@example.com has unsubscribed"}'
    asking.crm_fault("conversations.send", "status", status=400, body=body)
    paid_invoice(asking)
    assert one_message(asking)["type"] == "SMS"
    assert asking.waiting_for_a_person() == ()


def test_do_not_disturb_on_every_channel_sends_nothing(asking: Business) -> None:
    invoice = asking.sent_invoice()
    asking.until_in_books("Invoice")
    asking.crm("set_dnd", contact=ANN, all=True)
    asking.crm("pay_invoice", invoice=invoice)
    asking.until_in_books("Payment")
    asking.all_quiet()
    assert asking.messages() == []
    assert asking.waiting_for_a_person() == ()


def test_without_a_review_link_requests_wait_and_go_out_once_it_is_set(linkless: Business) -> None:
    paid_invoice(linkless)
    waiting = linkless.until_held("review_link")
    assert f"avantto-qbo settings {linkless.location} review_link=" in waiting.mend
    assert linkless.messages() == []
    linkless.set(review_link="https://example.com/review")
    message = one_message(linkless)
    assert 'href="https://example.com/review"' in message["html"]
    assert linkless.waiting_for_a_person() == ()


@pytest.mark.parametrize("action", ["lost_after", "reset_before"])
def test_a_lost_answer_never_brings_a_second_request(asking: Business, action: str) -> None:
    asking.crm_fault("conversations.send", action)
    paid_invoice(asking)
    asking.until(lambda: asking.house.crm("faults")["fired"], "the request was sent")
    asking.all_quiet()
    assert len(sent(asking)) == 1


def test_a_request_under_way_when_the_daemon_was_killed_is_never_sent_again(asking: Business) -> None:
    asking.crm_fault("conversations.send", "delay_after", seconds=30)
    paid_invoice(asking)
    asking.until(lambda: asking.house.crm("faults")["fired"], "the request was sent")
    asking.restart_daemon()
    asking.all_quiet()
    assert len(asking.messages()) == 1
    assert len(sent(asking)) == 1


def sent(business: Business) -> list[Json]:
    """Every message the location's app asked for, answered or not."""
    fired = business.house.crm("faults")["fired"]
    operations = business.crm("counters")["operations"]
    refused = [one for one in fired if one["action"] == "reset_before"]
    return [*refused, *[{}] * operations.get("conversations.send", 0)]


def test_shadow_mode_decides_and_sends_nothing(asking: Business) -> None:
    asking.set(reviews="shadow")
    paid_invoice(asking)
    asking.all_quiet()
    asking.set(reviews="on")
    paid_invoice(asking, 200)
    asking.all_quiet()
    assert asking.messages() == []
