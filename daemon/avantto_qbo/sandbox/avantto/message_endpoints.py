"""Endpoints about conversations: send a message, find a contact's conversation, read what was said."""

from __future__ import annotations

from avantto_qbo.sandbox.avantto import conversations
from avantto_qbo.sandbox.avantto.documents import Json, refuse
from avantto_qbo.sandbox.avantto.routing import CONVERSATIONS_VERSION, Call, Route, members, owned

# `status` and `subType` are listed as required by the vendor, but public clients do without and succeed.
_MESSAGE = (
    "subType status message subject html emailFrom emailTo emailCc emailBcc fromNumber toNumber attachments "
    "scheduledTimestamp templateId threadId replyMessageId conversationProviderId appointmentId emailReplyMode "
    "customSubtypeId forward usesNativeSchedulingAi optimizationPeriod"
)
_SEARCH = (
    "contactId assignedTo followers mentions query sort startAfterDate id limit lastMessageType lastMessageAction "
    "lastMessageDirection status sortBy startDate endDate"
)


def _send(call: Call) -> Json:
    contact = owned(call, call.location.contacts, str(call.body["contactId"]))
    if contact is None:
        refuse(400, "Contact not found", "Bad Request")
    return conversations.send(call.world, call.location, contact, call.body)


def _search(call: Call) -> Json:
    wanted = [(name, call.query[name]) for name in ("contactId", "id", "lastMessageDirection") if name in call.query]
    every = conversations.conversations(call.location)
    found = [row for row in every if all(row[name] == value for name, value in wanted)]
    limit, _ = call.page(default=20)
    return {"conversations": found[:limit], "total": len(found)}


def _messages(call: Call) -> Json:
    """Answer one page, newest first; `lastMessageId` of the query is where the page before ended."""
    found = conversations.written(call.location, "conversationId", call.path["conversationId"])[::-1]
    if not found:
        refuse(404, "Conversation not found", "Not Found")
    limit, _ = call.page(default=20)
    after = call.query.get("lastMessageId", "")
    start = next((place + 1 for place, message in enumerate(found) if message["id"] == after), 0)
    page = found[start : start + limit]
    listed = [conversations.shown(message) for message in page]
    more = start + limit < len(found)
    return {"lastMessageId": page[-1]["id"] if page else "", "nextPage": more, "messages": listed}


ROUTES = (
    Route(
        "POST",
        "/conversations/messages",
        "conversations.send",
        _send,
        "conversations/message.write",
        status=201,
        version=CONVERSATIONS_VERSION,
        body=members("type", "contactId", optional=_MESSAGE),
    ),
    Route(
        "GET",
        "/conversations/search",
        "conversations.search",
        _search,
        "conversations.readonly",
        version=CONVERSATIONS_VERSION,
        query=members("locationId", optional=_SEARCH),
    ),
    Route(
        "GET",
        "/conversations/{conversationId}/messages",
        "conversations.messages",
        _messages,
        "conversations/message.readonly",
        version=CONVERSATIONS_VERSION,
        query=members(optional="lastMessageId limit type"),
    ),
)
