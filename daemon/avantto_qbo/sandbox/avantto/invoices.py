"""Invoices: the document, what it adds up to, and its life from draft to paid, void or gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from avantto_qbo.sandbox.avantto import charges
from avantto_qbo.sandbox.avantto.documents import Json, as_text, digits_of, exact, midnight, number, refuse
from avantto_qbo.sandbox.avantto.events import InvoiceEvent, announce_invoice
from avantto_qbo.sandbox.avantto.lines import lines, taxed_by_engine
from avantto_qbo.sandbox.avantto.parties import business, contact_details
from avantto_qbo.sandbox.avantto.totals import add_up
from avantto_qbo.sandbox.avantto.world import Location, World

STATUSES = ("draft", "sent", "payment_processing", "paid", "void", "partially_paid")
_DAYS_TO_PAY = 7
_SUMS = ("total", "amountPaid", "amountDue")


def create(
    world: World,
    location: Location,
    contact: Json,
    items: Sequence[Mapping[str, Any]],
    members: Json,
    tax_rate: Decimal | None = None,
) -> Json:
    """Create a draft; `members` overrides what a new document says.

    Dates are calendar days, by default today in the location's time zone and a week later. `tax_rate` lets the
    vendor's own engine tax the document.
    """
    location.invoice_numbers += 1
    today = world.now().astimezone(ZoneInfo(location.timezone)).date()
    currency = members.get("currency", location.currency)
    invoice = {
        "_id": world.ids.document(),
        "status": "draft",
        "liveMode": True,
        "amountPaid": 0,
        "altId": location.id,
        "altType": "location",
        "name": "New Invoice",
        "businessDetails": business(location),
        "invoiceNumber": f"INV-{location.invoice_numbers:06d}",
        "currency": currency,
        "contactDetails": contact_details(contact),
        "issueDate": today.isoformat(),
        "dueDate": (today + timedelta(days=_DAYS_TO_PAY)).isoformat(),
        "discount": {"type": "percentage", "value": 0},
        "invoiceItems": lines(world, currency, items),
        "title": "INVOICE",
        "createdAt": world.stamp(),
        "automaticTaxesEnabled": tax_rate is not None,
        "automaticTaxesCalculated": tax_rate is not None,
        "ledger": {**charges.EMPTY_LEDGER, "taxRate": tax_rate},
        **members,
    }
    return keep(world, location, _summed(location, invoice), "InvoiceCreate")


def edit(world: World, location: Location, invoice: Json, changes: Json) -> Json:
    """Change a document that is not void, paid ones too; status and amount due follow the new total."""
    _refuse_void(invoice)
    changed = _summed(location, {**invoice, **changes})
    return keep(world, location, _with_status(changed), "InvoiceUpdate")


def send(world: World, location: Location, invoice: Json) -> Json:
    """Mark as sent; a document with money on it keeps its status. By knob a void one lives again."""
    if invoice["status"] == "void" and location.knobs.resend_void:
        return keep(world, location, _with_status({**invoice, "status": "sent"}), "InvoiceSent")
    _refuse_void(invoice)
    status = "sent" if invoice["status"] == "draft" else invoice["status"]
    return keep(world, location, {**invoice, "status": status}, "InvoiceSent")


def receive(world: World, location: Location, invoice: Json, payment: charges.Takings) -> Json:
    """Add money to what was paid; above the total it stays visible in `amountPaid` only."""
    _refuse_void(invoice)
    settled = _with_status(_summed(location, charges.taken(location, invoice, payment)))
    return keep(world, location, settled, "InvoicePaid" if settled["status"] == "paid" else "InvoicePartiallyPaid")


def reverse(world: World, location: Location, invoice: Json, payment: charges.Takings, refunded: Decimal) -> Json:
    """Take a payment off again that the bank called back; `refunded` of it went off before."""
    without = charges.taken(location, invoice, payment, -1)
    returned = {**without, "amountPaid": number(exact(without["amountPaid"]) + refunded)}
    return keep(world, location, _reopened(_summed(location, returned)), "InvoiceUpdate")


def refund(world: World, location: Location, invoice: Json, amount: Decimal) -> Json:
    """Lower what was paid by what was given back."""
    return keep(world, location, _reopened(_summed(location, charges.lowered(invoice, amount))), "InvoiceUpdate")


def charge_late_fee(world: World, location: Location, invoice: Json, amount: Decimal) -> Json:
    """Add a late fee to what is due; whether the total says so is a knob's."""
    _refuse_void(invoice)
    ledger = {**invoice["ledger"], "lateFees": number(exact(invoice["ledger"]["lateFees"]) + amount)}
    return keep(world, location, _with_status(_summed(location, {**invoice, "ledger": ledger})), "InvoiceUpdate")


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


def shown(location: Location, invoice: Json) -> Json:
    """Return the document as the API shows it, with the undocumented shapes the knobs ask for."""
    knobs = location.knobs
    hidden = {"ledger"} if knobs.charges_shown else {"ledger", *charges.CONFIGURATIONS}
    document = {member: value for member, value in invoice.items() if member not in hidden}
    if knobs.invoice_instants:
        for day in ("issueDate", "dueDate"):
            document[day] = midnight(document[day], location.timezone)
    if knobs.numeric_invoice_number and str(document["invoiceNumber"]).isdigit():
        document["invoiceNumber"] = int(document["invoiceNumber"])
    if knobs.text_numbers:
        items = [as_text(item, ("qty", "amount")) for item in document["invoiceItems"]]
        document = {**as_text(document, _SUMS), "invoiceItems": items}
    return document


def keep(world: World, location: Location, invoice: Json, event: InvoiceEvent) -> Json:
    """Store a document under a new `updatedAt` and announce it."""
    kept = {**invoice, "updatedAt": world.stamp()}
    location.invoices[kept["_id"]] = kept
    world.own(kept["_id"], location)
    announce_invoice(world, location, event, kept)
    return kept


def _summed(location: Location, invoice: Json) -> Json:
    knobs, ledger = location.knobs, invoice["ledger"]
    sums = add_up(
        taxed_by_engine(invoice["invoiceItems"], ledger["taxRate"]),
        invoice["discount"],
        digits_of(invoice["currency"]),
        knobs.tax_rounding,
        knobs.inclusive_subtotal,
    )
    late, in_total = exact(ledger["lateFees"]), knobs.late_fee_in == "total"
    total = sums.total + exact(ledger["feesInTotal"]) + (late if in_total else 0)
    claim = total if in_total else total + late
    due = max(Decimal(0), claim - exact(invoice["amountPaid"]) + exact(ledger["onTop"]))
    summary = {"subTotal": number(sums.subtotal), "discount": number(sums.discount), "tax": number(sums.tax)}
    return {**invoice, "total": number(total), "amountDue": number(due), "totalSummary": summary}


def _with_status(invoice: Json) -> Json:
    if exact(invoice["amountPaid"]) <= 0:
        return invoice
    return {**invoice, "status": "paid" if exact(invoice["amountDue"]) == 0 else "partially_paid"}


def _reopened(invoice: Json) -> Json:
    if invoice["status"] == "void":
        return invoice
    return _with_status({**invoice, "status": "sent"})


def _refuse_void(invoice: Json) -> None:
    if invoice["status"] == "void":
        refuse(400, "Invoice is void and cannot be changed", "Bad Request")
