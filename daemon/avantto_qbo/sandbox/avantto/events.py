"""Outgoing webhooks: flat JSON, the envelope's members beside the resource's, signed over the raw bytes.

There is no transaction, payment or refund webhook. Events go only to locations that installed the app.
"""

from __future__ import annotations

from typing import Literal

from avantto_qbo.sandbox.avantto.documents import Json, only
from avantto_qbo.sandbox.avantto.world import Location, World
from avantto_qbo.sandbox.http import encode_json
from avantto_qbo.sandbox.webhooks import RetryPolicy

# 429 is tried again six times, ten minutes apart; anything else is lost.
RETRIES = RetryPolicy(delays=(600.0,) * 6, timeout=15.0, failed=lambda status: status == 429)

InvoiceEvent = Literal[
    "InvoiceCreate",
    "InvoiceUpdate",
    "InvoiceSent",
    "InvoicePartiallyPaid",
    "InvoicePaid",
    "InvoiceVoid",
    "InvoiceDelete",
]
_CONTACT_MEMBERS = (
    "id",
    "address1",
    "city",
    "state",
    "companyName",
    "country",
    "source",
    "dateAdded",
    "dateOfBirth",
    "dnd",
    "email",
    "name",
    "firstName",
    "lastName",
    "phone",
    "postalCode",
    "tags",
    "website",
    "attachments",
    "assignedTo",
    "customFields",
)
_INVOICE_MEMBERS = (
    "_id",
    "status",
    "liveMode",
    "amountPaid",
    "altId",
    "altType",
    "name",
    "businessDetails",
    "invoiceNumber",
    "currency",
    "contactDetails",
    "issueDate",
    "dueDate",
    "discount",
    "invoiceItems",
    "total",
    "title",
    "amountDue",
    "createdAt",
    "updatedAt",
    "totalSummary",
)
_ORDER_MEMBERS = (
    "_id",
    "altId",
    "altType",
    "status",
    "taxSummary",
    "fulfillmentStatus",
    "contactId",
    "currency",
    "amount",
    "liveMode",
    "amountSummary",
    "source",
    "createdAt",
    "updatedAt",
    "contactSnapshot",
    "items",
)


def announce(world: World, location: Location, kind: str, resource: Json, *, sparse: bool = False) -> None:
    """Queue one signed event; `sparse` leaves the envelope at its type, as the vendor's invoice samples do."""
    if not location.installed:
        return
    envelope = {"type": kind}
    if not sparse:
        envelope |= {"locationId": location.id, "appId": world.app_id}
        envelope |= {"timestamp": world.stamp(), "webhookId": world.ids.uuid()}
    _send(world, {**envelope, **resource})


def announce_contact(world: World, location: Location, kind: str, contact: Json) -> None:
    """Queue a contact event."""
    announce(world, location, kind, only(contact, _CONTACT_MEMBERS))


def announce_invoice(world: World, location: Location, kind: InvoiceEvent, invoice: Json) -> None:
    """Queue an invoice event, whose address is one line and whose summary does not tell the tax."""
    shown = only(invoice, _INVOICE_MEMBERS)
    address = invoice["businessDetails"]["address"]
    shown["businessDetails"] = {**invoice["businessDetails"], "address": ", ".join(address.values())}
    shown["totalSummary"] = only(invoice["totalSummary"], ("subTotal", "discount"))
    shown["invoiceNumber"] = str(invoice["invoiceNumber"])
    if kind == "InvoiceDelete":
        shown["status"] = "delete"
    announce(world, location, kind, shown, sparse=location.knobs.sparse_invoice_events)
    if location.knobs.paired_updates and kind in ("InvoiceSent", "InvoicePaid", "InvoicePartiallyPaid"):
        announce(world, location, "InvoiceUpdate", shown, sparse=location.knobs.sparse_invoice_events)


def announce_message(world: World, location: Location, message: Json) -> None:
    """Queue the event of a message that a contact wrote."""
    shown = only(message, ("contactId", "conversationId", "dateAdded", "body", "direction", "contentType"))
    announce(world, location, "InboundMessage", {**shown, "messageId": message["id"], "messageType": message["type"]})


def announce_order(world: World, location: Location, kind: str, order: Json) -> None:
    """Queue an order event; unlike the API it tells tax and shipping."""
    announce(world, location, kind, only(order, _ORDER_MEMBERS))


def announce_app(world: World, location: Location, kind: Literal["INSTALL", "UNINSTALL"]) -> None:
    """Queue the app's own event; these go out whether or not the location still has the app."""
    body: Json = {"type": kind, "appId": world.app_id, "locationId": location.id}
    if kind == "INSTALL":
        body |= {"installType": "Location", "companyId": world.company, "userId": world.ids.short()}
        body |= {"companyName": "Sandbox Company", "isWhitelabelCompany": False, "whitelabelDetails": {}}
        body |= {"timestamp": world.stamp(), "webhookId": world.ids.uuid()}
    _send(world, body)


def _send(world: World, event: Json) -> None:
    body = encode_json(event)
    world.outbox.announce(body, world.signer.headers(body, legacy=world.app.legacy_signature))
