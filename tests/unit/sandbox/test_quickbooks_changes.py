"""Change data capture, batches and the webhooks that announce changes."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta

from avantto_qbo.sandbox.http import decode_json
from unit.sandbox.quickbooks_desk import REALM, Desk, invoice, version


def test_changes_come_in_arrays_with_deleted_ones_as_stubs_at_the_end() -> None:
    desk = Desk()
    start = desk.clock()
    customer = desk.customer()
    gone, kept = desk.payment(customer, "1.00"), desk.payment(customer, "2.00")
    desk.post("Payment", version(gone), operation="delete")
    customers, payments = desk.cdc("Customer,Payment", start)
    assert [row["Id"] for row in customers["Customer"]] == [customer["Id"]]
    assert [(row["Id"], row.get("status")) for row in payments["Payment"]] == [
        (kept["Id"], None),
        (gone["Id"], "Deleted"),
    ]
    assert set(payments["Payment"][1]) == {"domain", "status", "Id", "MetaData"}


def test_no_change_is_an_empty_object_for_each_entity() -> None:
    desk = Desk()
    desk.clock.advance(60)
    assert desk.cdc("Customer,Payment", desk.clock()) == [{}, {}]


def test_an_unchanged_object_is_not_reported() -> None:
    desk = Desk()
    desk.customer("Early")
    desk.clock.advance(60)
    start = desk.clock()
    desk.customer("Late")
    assert [row["DisplayName"] for row in desk.cdc("Customer", start)[0]["Customer"]] == ["Late"]


def test_a_void_is_an_ordinary_change() -> None:
    desk = Desk()
    bill = desk.invoice(desk.customer())
    start = desk.clock() + timedelta(seconds=1)
    desk.post("Invoice", version(bill), operation="void")
    assert [(row["TotalAmt"], row["PrivateNote"]) for row in desk.cdc("Invoice", start)[0]["Invoice"]] == [
        (0, "Voided")
    ]


def test_one_answer_holds_a_thousand_objects_over_all_entities() -> None:
    desk = Desk()
    start = desk.clock()
    desk.play.create_many(REALM, "Customer", [{"DisplayName": f"C{number}"} for number in range(700)])
    desk.play.create_many(REALM, "Vendor", [{"DisplayName": f"V{number}"} for number in range(700)])
    customers, vendors = desk.cdc("Customer,Vendor", start)
    assert len(customers.get("Customer", [])) + len(vendors["Vendor"]) == 1000


def test_nobody_looks_back_more_than_thirty_days() -> None:
    desk = Desk()
    since = desk.clock() - timedelta(days=31)
    reply = desk.send("GET", "cdc", entities="Customer", changedSince=since.isoformat())
    assert reply.status == 400
    assert "older than fixed days" in reply.json()["Fault"]["Error"][0]["Detail"]


def test_tax_codes_are_not_captured() -> None:
    desk = Desk()
    reply = desk.send("GET", "cdc", entities="TaxCode", changedSince=desk.clock().isoformat())
    assert reply.status == 400


def batch(desk: Desk, *items: object, **query: str) -> object:
    return desk.send("POST", "batch", {"BatchItemRequest": list(items)}, **query)


def test_a_failing_item_does_not_stop_the_others() -> None:
    desk = Desk()
    customer = desk.customer()
    reply = batch(
        desk,
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": "anna berg"}},
        {"bId": "2", "operation": "create", "Invoice": invoice(customer)},
        {"bId": "3", "Query": "select count(*) from Vendor"},
    )
    first, second, third = reply.json()["BatchItemResponse"]
    assert first["Fault"]["Error"][0]["code"] == "6240"
    assert (second["bId"], second["Invoice"]["Id"]) == ("2", "1")
    assert third == {"bId": "3", "QueryResponse": {"totalCount": 0}}


def test_a_batch_has_thirty_items_at_most() -> None:
    items = [{"bId": str(number), "Query": "select * from Vendor"} for number in range(31)]
    assert batch(Desk(), *items).json()["Fault"]["Error"][0]["code"] == "1040"


def test_a_batch_voids_in_the_documented_form_only() -> None:
    desk = Desk()
    paid = desk.payment(desk.customer(), "1.00")
    wrong = {"bId": "1", "operation": "void", "Payment": version(paid)}
    right = {"bId": "2", "operation": "update", "optionsData": "void", "Payment": version(paid)}
    first, second = batch(desk, wrong, right).json()["BatchItemResponse"]
    assert first["Fault"]["Error"][0]["code"] == "500"
    assert second["Payment"]["TotalAmt"] == 0


def listening(**settings: object) -> Desk:
    desk = Desk()
    desk.play.webhooks(url="http://127.0.0.1:1/hook", verifier="verify-me", **settings)
    return desk


def test_a_change_of_our_own_is_announced_as_a_signed_cloud_event() -> None:
    desk = listening()
    customer = desk.customer()
    delivery = desk.service.outbox.take()[0]
    event = decode_json(delivery.body)[0]
    assert (event["type"], event["intuitentityid"], event["intuitaccountid"]) == (
        "qbo.customer.created.v1",
        customer["Id"],
        REALM,
    )
    expected = hmac.new(b"verify-me", delivery.body, hashlib.sha256).digest()
    assert base64.b64decode(delivery.headers["intuit-signature"]) == expected


def test_a_payment_announces_its_invoice_too() -> None:
    desk = listening()
    customer = desk.customer()
    bill = desk.invoice(customer)
    desk.service.outbox.take()
    desk.payment(customer, "100.00", (bill, "100.00"))
    kinds = [event["type"] for event in decode_json(desk.service.outbox.take()[0].body)]
    assert kinds == ["qbo.payment.created.v1", "qbo.invoice.updated.v1"]


def test_a_merge_names_the_loser_in_the_older_form() -> None:
    desk = listening(legacy=True)
    winner, loser = desk.customer("Anna Berg"), desk.customer("A. Berg")
    desk.service.outbox.take()
    desk.play.merge_customers(REALM, winner["Id"], loser["Id"])
    (told,) = decode_json(desk.service.outbox.take()[0].body)["eventNotifications"]
    (entity,) = told["dataChangeEvent"]["entities"]
    assert (entity["operation"], entity["id"], entity["deletedId"]) == ("Merge", winner["Id"], loser["Id"])


def test_webhooks_can_be_lost_doubled_and_switched_off() -> None:
    desk = listening(drop_next=1, duplicate=1.0)
    desk.customer("Lost")
    desk.customer("Doubled")
    assert len(desk.service.outbox.take()) == 2
    desk.play.webhooks(enabled=False)
    desk.customer("Silent")
    assert desk.service.outbox.take() == []


def test_an_unacknowledged_webhook_is_tried_again_with_the_vendors_waits() -> None:
    desk = listening(retry_scale=0.1)
    desk.customer()
    delivery = desk.service.outbox.take()[0]
    second = desk.service.outbox.settle(delivery, 503)
    assert second is not None
    assert (second.attempt, second.delay, second.body) == (2, 1.0, delivery.body)
    assert desk.service.outbox.settle(second, 200) is None
