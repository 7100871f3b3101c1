"""Messages: accepted and kept, or refused for good."""

from __future__ import annotations

from typing import Any

import pytest

from unit.sandbox.avantto_desk import ANN, PLACE, Desk


def sms(contact: dict[str, Any]) -> dict[str, Any]:
    return {"type": "SMS", "contactId": contact["id"], "message": "Thank you!"}


def email(contact: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Email", "contactId": contact["id"], "subject": "Thanks", "html": "<p>Thank you!</p>"}


def test_accepted_messages_are_kept_in_one_conversation() -> None:
    desk = Desk()
    ann = desk.play.create_contact(PLACE, **ANN)
    first, second = desk.message(sms(ann)), desk.message(email(ann))
    assert (first.status, second.status) == (201, 201)
    assert first.json()["conversationId"] == second.json()["conversationId"]
    assert "emailMessageId" in second.json()
    kept = desk.play.messages(PLACE)
    assert [(message["type"], message.get("message"), message.get("html")) for message in kept] == [
        ("SMS", "Thank you!", None),
        ("Email", None, "<p>Thank you!</p>"),
    ]


@pytest.mark.parametrize("block", [True, "permanent"])
def test_do_not_disturb_blocks_its_channel_only(block: bool | str) -> None:
    desk = Desk()
    ann = desk.play.create_contact(PLACE, **ANN)
    desk.play.set_dnd(PLACE, ann["id"], sms=block)
    refused = desk.message(sms(ann))
    assert (refused.status, refused.json()["message"]) == (400, "Cannot send message as DND is active for SMS.")
    assert desk.message(email(ann)).status == 201
    assert len(desk.play.messages(PLACE)) == 1


def test_do_not_disturb_for_all_blocks_every_channel_until_lifted() -> None:
    desk = Desk()
    ann = desk.play.create_contact(PLACE, **ANN)
    desk.play.set_dnd(PLACE, ann["id"], all=True)
    assert desk.message(email(ann)).json()["message"] == "Cannot send message as DND is active for Email."
    desk.play.set_dnd(PLACE, ann["id"], all=False)
    assert desk.message(email(ann)).status == 201


def test_the_unsubscribed_get_no_email() -> None:
    desk = Desk()
    ann = desk.play.create_contact(PLACE, **ANN)
    desk.play.set_dnd(PLACE, ann["id"], email="unsubscribed")
    refused = desk.message(email(ann))
    assert (refused.status, refused.json()["message"]) == (
        400,
        "Cannot send email as ann@example.com has unsubscribed",
    )


def test_a_channel_without_an_address_is_refused() -> None:
    desk = Desk()
    nameless = desk.play.create_contact(PLACE, name="Walk-in")
    assert desk.message(sms(nameless)).json()["message"] == "Missing phone number"
    assert desk.message(email(nameless)).status == 400


@pytest.mark.parametrize("kind", ["SMS", "Email"])
def test_empty_messages_are_refused(kind: str) -> None:
    desk = Desk()
    ann = desk.play.create_contact(PLACE, **ANN)
    assert desk.message({"type": kind, "contactId": ann["id"]}).status == 400


def test_type_and_contact_are_required_and_known() -> None:
    desk = Desk()
    ann = desk.play.create_contact(PLACE, **ANN)
    assert desk.message({"message": "hi"}).status == 422
    assert desk.message({**sms(ann), "type": "Pigeon"}).status == 422
    assert desk.message({**sms(ann), "contactId": "nobody"}).status == 400
