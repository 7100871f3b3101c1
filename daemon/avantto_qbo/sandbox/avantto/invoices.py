"""Invoices: the document, what it adds up to, and its life from draft to paid, void or gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from avantto_qbo.sandbox.avantto.documents import Json, digits_of, exact, midnight, number, only, refuse
from avantto_qbo.sandbox.avantto.events import InvoiceEvent, announce_invoice
from avantto_qbo.sandbox.avantto.totals import add_up
from avantto_qbo.sandbox.avantto.world import Location, World

STATUSES = ("draft", "sent", "payment_processing", "paid", "void", "partially_paid")
_DAYS_TO_PAY = 7


def create(
    world: World,
    location: Location,
    contact: Json,
    items: Sequence[Mapping[str, Any]],
    *,
    discount: Json | None,
    invoice_number: str | None,
    issue_date: str | None,
    due_date: str | None,
    live: bool,
    created_at: str | None,
) -> Json:
    """Create a draft; dates are calendar days, by default today in the location's time zone and a week later."""
    location.invoice_numbers += 1
    today = world.now().astimezone(ZoneInfo(location.timezone)).date()
    invoice = {
        "_id": world.ids.document(),
        "status": "draft",
        "liveMode": live,
        "amountPaid": 0,
        "altId": location.id,
        "altType": "location",
        "name": "New Invoice",
        "businessDetails": business(location),
        "invoiceNumber": invoice_number or f"INV-{location.invoice_numbers:06d}",
        "currency": location.currency,
        "contactDetails": contact_details(contact),
        "issueDate": issue_date or today.isoformat(),
        "dueDate": due_date or (today + timedelta(days=_DAYS_TO_PAY)).isoformat(),
        "discount": discount or {"type": "percentage", "value": 0},
        "invoiceItems": lines(world, location, items),
        "title": "INVOICE",
        "createdAt": created_at or world.stamp(),
        "automaticTaxesEnabled": False,
        "automaticTaxesCalculated": False,
    }
    return keep(world, location, _summed(location, invoice), "InvoiceCreate")


def edit(world: World, location: Location, invoice: Json, changes: Json) -> Json:
    """Change a document that is not void, paid ones too; status and amount due follow the new total."""
    _refuse_void(invoice)
    changed = _summed(location, {**invoice, **changes})
    return keep(world, location, _with_status(changed), "InvoiceUpdate")


def send(world: World, location: Location, invoice: Json) -> Json:
    """Mark as sent; a document with money on it keeps its status."""
    _refuse_void(invoice)
    status = "sent" if invoice["status"] == "draft" else invoice["status"]
    return keep(world, location, {**invoice, "status": status}, "InvoiceSent")


def receive(world: World, location: Location, invoice: Json, amount: Decimal) -> Json:
    """Add money to what was paid; above the total it stays visible in `amountPaid` only."""
    _refuse_void(invoice)
    paid = {**invoice, "amountPaid": number(exact(invoice["amountPaid"]) + amount)}
    settled = _with_status(_summed(location, paid))
    return keep(world, location, settled, "InvoicePaid" if settled["status"] == "paid" else "InvoicePartiallyPaid")


def begin_processing(world: World, location: Location, invoice: Json) -> Json:
    """Show that a bank debit is under way."""
    _refuse_void(invoice)
    return keep(world, location, {**invoice, "status": "payment_processing"}, "InvoiceUpdate")


def end_processing(world: World, location: Location, invoice: Json) -> Json:
    """Return to the status before a debit that failed."""
    status = "partially_paid" if exact(invoice["amountPaid"]) > 0 else "sent"
    return keep(world, location, {**invoice, "status": status}, "InvoiceUpdate")


def void(world: World, location: Location, invoice: Json) -> Json:
    """Void, paid or not; the numbers stay."""
    _refuse_void(invoice)
    return keep(world, location, {**invoice, "status": "void"}, "InvoiceVoid")


def delete(world: World, location: Location, invoice: Json) -> Json:
    """Delete; the API answers 404 from now on."""
    gone = location.invoices.pop(invoice["_id"])
    location.deleted_invoices[gone["_id"]] = gone
    announce_invoice(world, location, "InvoiceDelete", gone)
    return gone


def lines(world: World, location: Location, items: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Complete line items with ids and currency; a tax needs only a name and a rate in percent."""
    return [
        {
            **only(item, ("description", "productId", "priceId", "sku", "type", "taxInclusive", "isSetupFeeItem")),
            "_id": world.ids.document(),
            "name": item["name"],
            "currency": location.currency,
            "qty": number(exact(item.get("qty", 1))),
            "amount": number(exact(item["amount"])),
            "taxes": [tax(entry) for entry in item.get("taxes") or []],
        }
        for item in items
    ]


def tax(entry: Mapping[str, Any]) -> Json:
    """Complete a tax; without an id its name and rate stand for it, so that equal taxes add up together."""
    rate = number(exact(entry["rate"]))
    known = sha256(f"{entry['name']}\x1f{rate}".encode()).hexdigest()[:24]
    return {"_id": entry.get("_id") or known, "name": entry["name"], "rate": rate, "calculation": "exclusive"}


def business(location: Location) -> Json:
    """Return the sender as the API shows it."""
    profile = location.profile
    place = {
        "addressLine1": profile["address"],
        "city": profile["city"],
        "state": profile["state"],
        "countryCode": profile["country"],
        "postalCode": profile["postalCode"],
    }
    return {
        "name": profile["business"]["name"],
        "address": {key: value for key, value in place.items() if value},
        "phoneNo": profile["phone"],
        "website": profile["website"],
        "logoUrl": profile["logoUrl"],
        "customValues": [],
    }


def contact_details(contact: Mapping[str, Any]) -> Json:
    """Return the copy of a contact that an invoice carries."""
    address = {
        "countryCode": contact.get("country"),
        "addressLine1": contact.get("address1"),
        "city": contact.get("city"),
        "state": contact.get("state"),
        "postalCode": contact.get("postalCode"),
    }
    known = {
        "id": contact["id"],
        "name": contact.get("name", ""),
        "phoneNo": contact.get("phone"),
        "email": contact.get("email"),
        "companyName": contact.get("companyName"),
    }
    details: Json = {key: value for key, value in known.items() if value is not None}
    filled = {key: value for key, value in address.items() if value}
    return {**details, "customFields": [], "additionalEmails": [], "address": filled}


def shown(location: Location, invoice: Json) -> Json:
    """Return the document as the API shows it, with the undocumented shapes the knobs ask for."""
    document = dict(invoice)
    if location.knobs.invoice_instants:
        for day in ("issueDate", "dueDate"):
            document[day] = midnight(document[day], location.timezone)
    if location.knobs.numeric_invoice_number and str(document["invoiceNumber"]).isdigit():
        document["invoiceNumber"] = int(document["invoiceNumber"])
    return document


def keep(world: World, location: Location, invoice: Json, event: InvoiceEvent) -> Json:
    """Store a document under a new `updatedAt` and announce it."""
    kept = {**invoice, "updatedAt": world.stamp()}
    location.invoices[kept["_id"]] = kept
    world.own(kept["_id"], location)
    announce_invoice(world, location, event, kept)
    return kept


def _summed(location: Location, invoice: Json) -> Json:
    knobs = location.knobs
    sums = add_up(
        invoice["invoiceItems"],
        invoice["discount"],
        digits_of(invoice["currency"]),
        knobs.tax_rounding,
        knobs.inclusive_subtotal,
    )
    due = max(Decimal(0), sums.total - exact(invoice["amountPaid"]))
    summary = {"subTotal": number(sums.subtotal), "discount": number(sums.discount), "tax": number(sums.tax)}
    return {**invoice, "total": number(sums.total), "amountDue": number(due), "totalSummary": summary}


def _with_status(invoice: Json) -> Json:
    if exact(invoice["amountPaid"]) <= 0:
        return invoice
    return {**invoice, "status": "paid" if exact(invoice["amountDue"]) == 0 else "partially_paid"}


def _refuse_void(invoice: Json) -> None:
    if invoice["status"] == "void":
        refuse(400, "Invoice is void and cannot be changed", "Bad Request")
