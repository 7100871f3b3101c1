"""Messages to a contact: who may be written to on which channel, and what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from avantto_qbo.sandbox.avantto.documents import Json, only, refuse, unprocessable
from avantto_qbo.sandbox.avantto.events import announce_message
from avantto_qbo.sandbox.avantto.world import Location, World

CHANNELS = ("SMS", "Email")
_NUMBERS = {"SMS": 2, "Email": 3}
_KEPT = ("type", "contactId", "message", "subject", "html", "emailFrom", "emailTo", "fromNumber", "toNumber")


def send(world: World, location: Location, contact: Json, body: Mapping[str, Any]) -> Json:
    """Accept a message (201 means queued, not delivered) or refuse it for good with 400."""
    channel = str(body["type"])
    if channel not in CHANNELS:
        unprocessable([f"type must be one of the following values: {', '.join(CHANNELS)}"])
    _refuse_blocked(contact, channel)
    _refuse_unreachable(contact, channel, body)
    message = {
        **only(body, _KEPT),
        "id": world.ids.short(),
        "conversationId": _conversation(world, location, contact["id"]),
        "locationId": location.id,
        "dateAdded": world.stamp(),
    }
    location.messages.append(message)
    sent = {"conversationId": message["conversationId"], "messageId": message["id"]}
    if channel == "Email":
        sent["emailMessageId"] = world.ids.short()
    return {**sent, "status": "pending", "msg": "Message queued successfully."}


def receive(world: World, location: Location, contact: Json, channel: str, text: str) -> Json:
    """Take in a message that a contact wrote, and announce it."""
    if channel not in CHANNELS:
        raise ValueError(f"channel must be one of {', '.join(CHANNELS)}")
    message = {
        "id": world.ids.short(),
        "type": channel,
        "contactId": contact["id"],
        "conversationId": _conversation(world, location, contact["id"]),
        "locationId": location.id,
        "dateAdded": world.stamp(),
        "body": text,
        "direction": "inbound",
        "contentType": "text/plain",
    }
    location.inbound.append(message)
    announce_message(world, location, message)
    return message


def written(location: Location, member: str, value: str) -> list[Json]:
    """Return the messages both ways, oldest first, whose `contactId` or `conversationId` this is."""
    return [message for message in _all(location) if message[member] == value]


def conversations(location: Location) -> list[Json]:
    """Return every conversation as the search shows it: its contact and its last message."""
    last = {found["conversationId"]: found for found in _all(location)}
    return [
        {
            "id": name,
            "contactId": message["contactId"],
            "locationId": location.id,
            "lastMessageBody": _body(message),
            "lastMessageType": f"TYPE_{message['type'].upper()}",
            "lastMessageDirection": _direction(message),
            "lastMessageDate": message["dateAdded"],
            "type": "TYPE_PHONE",
            "unreadCount": 0,
            **_party(location.contacts.get(message["contactId"], {})),
        }
        for name, message in last.items()
    ]


def shown(message: Json) -> Json:
    """Return one message as its conversation lists it."""
    plain = only(message, ("id", "locationId", "contactId", "conversationId", "dateAdded"))
    kind = {"type": _NUMBERS[message["type"]], "messageType": f"TYPE_{message['type'].upper()}", "status": "delivered"}
    return {**plain, **kind, "contentType": "text/plain", "body": _body(message), "direction": _direction(message)}


def _party(contact: Json) -> Json:
    name = contact.get("name", "")
    known = {"email": contact.get("email", ""), "phone": contact.get("phone", "")}
    return {"fullName": name, "contactName": name, **known}


def _body(message: Json) -> str:
    return str(message.get("body") or message.get("message") or message.get("html") or "")


def _direction(message: Json) -> str:
    return str(message.get("direction", "outbound"))


def _all(location: Location) -> list[Json]:
    return sorted([*location.messages, *location.inbound], key=lambda message: str(message["dateAdded"]))


def _conversation(world: World, location: Location, contact: str) -> str:
    earlier = (message["conversationId"] for message in written(location, "contactId", contact))
    return next(earlier, None) or world.ids.short()


def _refuse_blocked(contact: Json, channel: str) -> None:
    setting = (contact.get("dndSettings") or {}).get(channel) or {}
    if setting.get("code") == "unsubscribed":
        refuse(400, f"Cannot send {channel.lower()} as {contact.get('email', '')} has unsubscribed", "Bad Request")
    if contact.get("dnd") or setting.get("status") in ("active", "permanent"):
        refuse(400, f"Cannot send message as DND is active for {channel}.", "Bad Request")


def _refuse_unreachable(contact: Json, channel: str, body: Mapping[str, Any]) -> None:
    if channel == "SMS":
        if not (contact.get("phone") or body.get("toNumber")):
            refuse(400, "Missing phone number", "Bad Request")
        if not body.get("message"):
            refuse(400, "There is no message or attachments for this message. Skip sending.", "Bad Request")
    elif not (body.get("emailTo") or "@" in str(contact.get("email", ""))):
        refuse(400, "Contact's e-mail is invalid", "Bad Request")
    elif not (body.get("html") or body.get("message")):
        refuse(400, "There is no message or attachments for this message. Skip sending.", "Bad Request")
