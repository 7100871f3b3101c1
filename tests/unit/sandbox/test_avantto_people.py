"""Merged contacts, contacts who wrote, and contacts sent through a workflow."""

from __future__ import annotations

from typing import Any

import pytest

from unit.sandbox.avantto_desk import ALT, ANN, CONVERSATIONS, OTHER_PLACE, PLACE, Desk

BO = {"name": "Bo Ek", "email": "bo@example.com"}
TEE = {"name": "Tee", "amount": 17}


def said(desk: Desk, path: str, **query: str) -> Any:
    reply = desk.call("GET", path, query, version=CONVERSATIONS)
    assert reply.status == 200, reply.body
    return reply.json()


def test_after_a_merge_transactions_tell_whose_they_were() -> None:
    desk = Desk()
    row = desk.play.sell_order_form(PLACE, BO, [TEE])["transaction"]
    ann = desk.play.create_contact(PLACE, **ANN)["id"]
    bo = row["contactId"]
    desk.events()
    survivor = desk.play.merge_contacts(PLACE, ann, bo)
    assert desk.event_types() == ["ContactDelete", "ContactUpdate"]
    assert desk.call("GET", f"/contacts/{bo}").status == 404
    assert (survivor["id"], survivor["email"]) == (ann, "ann@example.com")
    (listed,) = desk.get("/payments/transactions", **ALT)["data"]
    told = desk.get(f"/payments/transactions/{row['_id']}", **ALT)
    for shown in (listed, told):
        assert (shown["contactId"], shown["mergedFromContactId"]) == (ann, bo)
    assert (listed["contactEmail"], listed["updatedAt"]) == ("bo@example.com", row["updatedAt"])


def test_after_a_merge_every_document_names_the_survivor() -> None:
    desk = Desk()
    begun = desk.play.start_subscription(PLACE, {**BO, "phone": "+12125550188"}, [TEE])
    invoice = desk.play.create_invoice(PLACE, BO, [TEE])["_id"]
    untouched = desk.play.create_invoice(PLACE, {"name": "Cy", "email": "cy@example.com"}, [TEE])
    ann = desk.play.create_contact(PLACE, name="Ann Lee", email="ann@example.com", tags=["vip"])["id"]
    survivor = desk.play.merge_contacts(PLACE, ann, begun["order"]["contactId"])
    assert (survivor["phone"], survivor["tags"]) == ("+12125550188", ["vip"])
    assert desk.get(f"/payments/orders/{begun['order']['_id']}", altId=PLACE)["contactId"] == ann
    details = desk.get(f"/invoices/{invoice}", **ALT)["contactDetails"]
    assert (details["id"], details["email"]) == (ann, "bo@example.com")
    renewal = desk.play.renew_subscription(PLACE, begun["subscription"]["_id"])
    assert (renewal["contactId"], "mergedFromContactId" in renewal) == (ann, False)
    kept = desk.get(f"/invoices/{untouched['_id']}", **ALT)["contactDetails"]["id"]
    assert kept == untouched["contactDetails"]["id"]


def test_a_contact_is_not_merged_into_itself() -> None:
    desk = Desk()
    ann = desk.play.create_contact(PLACE, **ANN)["id"]
    with pytest.raises(ValueError, match="itself"):
        desk.play.merge_contacts(PLACE, ann, ANN)


def test_a_contact_who_wrote_once_is_known_by_the_conversation() -> None:
    desk = Desk()
    ann = desk.play.create_contact(PLACE, **ANN)["id"]
    desk.play.create_contact(PLACE, **BO)
    assert said(desk, "/conversations/search", locationId=PLACE, contactId=ann) == {"conversations": [], "total": 0}
    desk.events()
    desk.play.receive_message(PLACE, ann, text="Do you have time?")
    (event,) = desk.events()
    assert (event["type"], event["contactId"], event["direction"]) == ("InboundMessage", ann, "inbound")
    desk.clock.advance(60)
    desk.message({"type": "SMS", "contactId": ann, "message": "Yes!"})
    (found,) = said(desk, "/conversations/search", locationId=PLACE, contactId=ann)["conversations"]
    assert (found["lastMessageBody"], found["lastMessageType"], found["email"]) == (
        "Yes!",
        "TYPE_SMS",
        "ann@example.com",
    )
    listed = said(desk, f"/conversations/{found['id']}/messages")["messages"]
    assert [(message["direction"], message["body"]) for message in listed] == [
        ("outbound", "Yes!"),
        ("inbound", "Do you have time?"),
    ]


def test_what_a_contact_wrote_is_not_among_the_messages_it_was_sent() -> None:
    desk = Desk()
    desk.play.receive_message(PLACE, ANN, channel="Email", text="Hello")
    assert desk.play.messages(PLACE) == []
    assert [message["body"] for message in desk.play.state(PLACE)["inbound"]] == ["Hello"]
    with pytest.raises(ValueError, match="channel"):
        desk.play.receive_message(PLACE, ANN, channel="Fax")


def test_conversations_are_found_by_who_spoke_last() -> None:
    desk = Desk()
    for person in (ANN, BO):
        desk.play.receive_message(PLACE, person)
    answered = desk.play.create_contact(OTHER_PLACE, **ANN)["id"]
    desk.clock.advance(1)
    ann = desk.play.update_contact(PLACE, ANN)["id"]
    desk.message({"type": "Email", "contactId": ann, "html": "<p>Hi</p>"})
    waiting = said(desk, "/conversations/search", locationId=PLACE, lastMessageDirection="inbound")
    assert [row["fullName"] for row in waiting["conversations"]] == ["Bo Ek"]
    assert answered not in {row["contactId"] for row in waiting["conversations"]}


def test_a_conversation_is_read_page_by_page() -> None:
    desk = Desk()
    for number in range(5):
        message = desk.play.receive_message(PLACE, ANN, text=str(number))
        desk.clock.advance(1)
    path = f"/conversations/{message['conversationId']}/messages"
    first = said(desk, path, limit="3")
    rest = said(desk, path, limit="3", lastMessageId=first["lastMessageId"])
    assert ([row["body"] for row in first["messages"]], first["nextPage"]) == (["4", "3", "2"], True)
    assert ([row["body"] for row in rest["messages"]], rest["nextPage"]) == (["1", "0"], False)
    reply = desk.call("GET", "/conversations/unknown/messages", version=CONVERSATIONS)
    assert reply.status == 404


@pytest.mark.parametrize("status", ["published", "draft"])
def test_only_a_published_workflow_takes_contacts(status: str) -> None:
    desk = Desk()
    ann = desk.play.create_contact(PLACE, **ANN)["id"]
    workflow = desk.play.add_workflow(PLACE, "Ask for a review", status)["id"]
    reply = desk.call("POST", f"/contacts/{ann}/workflow/{workflow}", body={})
    kept = [(entry["contactId"], entry["workflowId"]) for entry in desk.play.enrolments(PLACE)]
    assert (reply.status, kept) == ((200, [(ann, workflow)]) if status == "published" else (400, []))
