"""Messages to a contact: who may be written to on which channel, and what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from avantto_qbo.sandbox.avantto.documents import Json, only, refuse, unprocessable
from avantto_qbo.sandbox.avantto.world import Location, World

CHANNELS = ("SMS", "Email")
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


def _conversation(world: World, location: Location, contact: str) -> str:
    earlier = (message["conversationId"] for message in location.messages if message["contactId"] == contact)
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
