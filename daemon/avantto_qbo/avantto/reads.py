"""What can be asked of Avantto: each read says how to ask and how to understand the answer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from avantto_qbo.avantto.invoices import decode_invoice, decode_invoice_page
from avantto_qbo.avantto.orders import decode_order
from avantto_qbo.avantto.people import (
    decode_contact,
    decode_contacts,
    decode_custom_values,
    decode_found_contact,
    decode_location,
)
from avantto_qbo.avantto.requests import path
from avantto_qbo.avantto.rows import decode_transaction, decode_transaction_page
from avantto_qbo.model.avantto import Contact, CustomValue, Invoice, InvoiceHead, Location, Order, Transaction
from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import ContactId, LocationId
from avantto_qbo.model.page import Page

PAGE: Final = 100  # the largest page in public use; the true limit is not documented


def location(location: LocationId) -> Read[Location]:
    """Ask for the sub-account itself."""
    return Read(path("locations", location), decode_location)


def custom_values(location: LocationId) -> Read[tuple[CustomValue, ...]]:
    """Ask for the location's custom values."""
    return Read(path("locations", location, "customValues"), decode_custom_values)


def invoice(location: LocationId, invoice_id: str) -> Read[Invoice]:
    """Ask for one invoice in full."""
    asked = path("invoices", invoice_id, altId=location, altType="location")
    return Read(asked, lambda body: decode_invoice(location, body))


def invoices_page(
    location: LocationId, offset: int, limit: int = PAGE, status: str = "", search: str = ""
) -> Read[Page[InvoiceHead]]:
    """Ask for a page of invoices, newest issue date first; the answer is the heads. `search` may be an id.

    No filter by change exists: the heads' `updated_at` tells which to read in full.
    """
    asked = path(
        "invoices",
        "",
        altId=location,
        altType="location",
        status=status,
        search=search,
        limit=limit,
        offset=offset,
        sortField="issueDate",
        sortOrder="descend",
    )
    return Read(asked, decode_invoice_page)


def transactions_page(
    location: LocationId,
    offset: int,
    limit: int = PAGE,
    start: datetime | date | None = None,
    end: datetime | date | None = None,
    entity_id: str = "",
    subscription_id: str = "",
) -> Read[Page[Transaction]]:
    """Ask for a page of transactions created in a window.

    The rows carry `fulfilled_at` but not `qbo_synced`. A day is sent as documented; an instant is sent in full, which
    the vendor takes but does not document.
    """
    asked = path(
        "payments",
        "transactions",
        altId=location,
        altType="location",
        startAt=_moment(start),
        endAt=_moment(end),
        entityId=entity_id,
        subscriptionId=subscription_id,
        limit=limit,
        offset=offset,
    )
    return Read(asked, lambda body: decode_transaction_page(location, body))


def transaction(location: LocationId, transaction_id: str) -> Read[Transaction]:
    """Ask for one transaction: the answer carries `qbo_synced` but not `fulfilled_at`."""
    asked = path("payments", "transactions", transaction_id, altId=location, altType="location")
    return Read(asked, lambda body: decode_transaction(location, body))


def order(location: LocationId, order_id: str) -> Read[Order]:
    """Ask for one order; tax and shipping are told by its webhook only."""
    return Read(path("payments", "orders", order_id, altId=location), lambda body: decode_order(location, body))


def contact(contact_id: ContactId) -> Read[Contact]:
    """Ask for one contact."""
    return Read(path("contacts", contact_id), decode_contact)


def find_contact(location: LocationId, email: str = "", phone: str = "") -> Read[Contact | None]:
    """Ask for the contact with this e-mail (any case) or E.164 phone, None when there is none.

    Unlike `/contacts/search` this look-up does not lag behind writes. What it answers is compared before it is
    believed: the location's settings decide by which field it searches.
    """
    asked = path("contacts", "search", "duplicate", locationId=location, email=email, number=phone)

    def decode(body: bytes) -> Contact | None:
        found = decode_found_contact(body)
        return found if found is not None and _answers_to(found, email, phone) else None

    return Read(asked, decode)


def contacts_named(location: LocationId, name: str) -> Read[tuple[Contact, ...]]:
    """Ask for the contacts of exactly this name (any case), oldest first; the index lags some minutes behind writes.

    The list is deprecated, but the only one that takes a text; it answers with whatever holds it.
    """
    wanted = name.strip().casefold()
    asked = path("contacts", "", locationId=location, query=name.strip(), limit=PAGE)
    return Read(asked, lambda body: tuple(one for one in decode_contacts(body) if one.name.casefold() == wanted))


def _answers_to(contact: Contact, email: str, phone: str) -> bool:
    same_email = bool(email) and contact.email.casefold() == email.strip().casefold()
    return same_email or (bool(phone) and contact.phone == phone)


def _moment(value: datetime | date | None) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat()
