"""Outgoing webhooks: which come, what they look like, how they are signed and tried again."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from unit.sandbox.avantto_desk import ANN, GST, OTHER_PLACE, PLACE, Desk

TEA = {"name": "Tea", "amount": 20, "taxes": [GST]}


def of_kind(desk: Desk, kind: str) -> Any:
    return next(event for event in desk.events() if event["type"] == kind)


def test_every_body_is_signed_with_the_sandboxs_own_key() -> None:
    desk = Desk()
    desk.play.create_contact(PLACE, **ANN)
    (delivery,) = desk.service.outbox.take()
    key = load_pem_public_key(desk.play.public_key()["public_key"].encode())
    assert isinstance(key, Ed25519PublicKey)
    key.verify(base64.b64decode(delivery.headers["X-GHL-Signature"]), delivery.body)
    assert "x-wh-signature" not in delivery.headers
    assert desk.service.public_key == desk.play.public_key()["public_key"]


def test_the_legacy_signature_comes_along_when_wanted() -> None:
    desk = Desk()
    desk.play.set(legacy_signature=True)
    desk.play.create_contact(PLACE, **ANN)
    (delivery,) = desk.service.outbox.take()
    key = load_pem_public_key(desk.play.public_key()["legacy_public_key"].encode())
    assert isinstance(key, RSAPublicKey)
    key.verify(base64.b64decode(delivery.headers["x-wh-signature"]), delivery.body, PKCS1v15(), SHA256())


def test_an_invoice_is_announced_through_its_whole_life() -> None:
    desk = Desk()
    invoice = desk.play.create_invoice(PLACE, ANN, [TEA])["_id"]
    desk.play.edit_invoice(PLACE, invoice, number="X-1")
    desk.play.send_invoice(PLACE, invoice)
    desk.play.pay_invoice(PLACE, invoice, amount=1)
    desk.play.pay_invoice(PLACE, invoice)
    desk.play.void_invoice(PLACE, invoice)
    desk.play.delete_invoice(PLACE, invoice)
    assert desk.event_types() == [
        "ContactCreate",
        "InvoiceCreate",
        "InvoiceUpdate",
        "InvoiceSent",
        "InvoiceUpdate",
        "InvoicePartiallyPaid",
        "InvoiceUpdate",
        "InvoicePaid",
        "InvoiceUpdate",
        "InvoiceVoid",
        "InvoiceDelete",
    ]


def test_updates_beside_other_invoice_events_can_be_left_out() -> None:
    desk = Desk()
    desk.play.set(PLACE, paired_updates=False)
    desk.play.send_invoice(PLACE, desk.play.create_invoice(PLACE, ANN, [TEA])["_id"])
    assert desk.event_types() == ["ContactCreate", "InvoiceCreate", "InvoiceSent"]


def test_an_invoice_event_is_flat_and_does_not_tell_the_tax() -> None:
    desk = Desk()
    invoice = desk.play.create_invoice(PLACE, ANN, [TEA])
    event = of_kind(desk, "InvoiceCreate")
    assert (event["_id"], event["altId"], event["locationId"]) == (invoice["_id"], PLACE, PLACE)
    assert (event["total"], event["totalSummary"]) == (22, {"subTotal": 20, "discount": 0})
    assert isinstance(event["businessDetails"]["address"], str)
    assert {"appId", "timestamp", "webhookId"} <= event.keys()


def test_invoice_events_can_come_without_their_envelope() -> None:
    desk = Desk()
    desk.play.set(PLACE, sparse_invoice_events=True)
    desk.play.create_invoice(PLACE, ANN, [TEA])
    event = of_kind(desk, "InvoiceCreate")
    assert not {"locationId", "appId", "timestamp", "webhookId"} & event.keys()
    assert event["altId"] == PLACE


def test_a_deleted_invoice_is_announced_with_status_delete() -> None:
    desk = Desk()
    desk.play.delete_invoice(PLACE, desk.play.create_invoice(PLACE, ANN, [TEA])["_id"])
    assert of_kind(desk, "InvoiceDelete")["status"] == "delete"


def test_an_order_event_tells_tax_shipping_and_lines() -> None:
    desk = Desk()
    desk.play.sell_order_form(PLACE, ANN, [TEA], shipping=3)
    created, completed = [event for event in desk.events() if event["type"].startswith("Order")]
    assert (created["type"], created["status"]) == ("OrderCreate", "pending")
    assert (completed["type"], completed["status"]) == ("OrderStatusUpdate", "completed")
    assert completed["amountSummary"] == {"subtotal": 20, "discount": 0, "tax": 2, "shipping": 3}
    assert completed["taxSummary"][0]["amount"] == 2
    assert (completed["items"][0]["name"], completed["amount"]) == ("Tea", 25)
    assert completed["contactSnapshot"]["email"] == ANN["email"]


def test_no_event_is_about_transactions_and_renewals_are_silent() -> None:
    desk = Desk()
    begun = desk.play.start_subscription(PLACE, ANN, [TEA])
    desk.play.renew_subscription(PLACE, begun["subscription"]["_id"])
    desk.play.refund(PLACE, begun["transaction"]["_id"], 1)
    assert desk.event_types() == ["ContactCreate", "OrderCreate", "OrderStatusUpdate"]


def test_renewals_can_be_made_to_speak() -> None:
    desk = Desk()
    desk.play.set(PLACE, renewal_events=True)
    begun = desk.play.start_subscription(PLACE, ANN, [TEA])
    desk.events()
    desk.play.renew_subscription(PLACE, begun["subscription"]["_id"])
    assert desk.event_types() == ["OrderStatusUpdate"]


def test_locations_without_the_app_are_silent() -> None:
    desk = Desk()
    desk.play.create_contact(OTHER_PLACE, **ANN)
    assert desk.events() == []


@pytest.mark.parametrize(("status", "again"), [(429, True), (500, False), (200, False), (None, False)])
def test_only_429_is_tried_again(status: int | None, again: bool) -> None:
    desk = Desk()
    desk.play.webhooks(retry_scale=0.01)
    desk.play.create_contact(PLACE, **ANN)
    (delivery,) = desk.service.outbox.take()
    retry = desk.service.outbox.settle(delivery, status)
    assert (retry is not None) == again
    if retry is not None:
        assert (retry.attempt, retry.delay, retry.body) == (2, 6.0, delivery.body)


def test_a_webhook_is_given_up_after_six_retries() -> None:
    desk = Desk()
    desk.play.create_contact(PLACE, **ANN)
    (delivery,) = desk.service.outbox.take()
    tries = 0
    following = desk.service.outbox.settle(delivery, 429)
    while following is not None:
        tries += 1
        following = desk.service.outbox.settle(following, 429)
    assert tries == 6
