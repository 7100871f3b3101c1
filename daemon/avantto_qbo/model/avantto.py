"""Avantto's documents as we read them. Money stays in the vendor's major units as `Decimal` until a rule takes it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from avantto_qbo.model.ids import ContactId, LocationId


class Tax(msgspec.Struct, frozen=True):
    """One tax on a line; `rate` is in percent."""

    name: str
    rate: Decimal
    inclusive: bool = False


class Address(msgspec.Struct, frozen=True):
    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


class Person(msgspec.Struct, frozen=True):
    """The customer as one document names them. Every field but the id may be empty."""

    contact_id: ContactId
    name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    first_name: str = ""
    last_name: str = ""
    address: Address = Address()


class InvoiceItem(msgspec.Struct, frozen=True):
    """One line: `amount` is the unit price, `quantity` may be fractional."""

    name: str
    amount: Decimal
    quantity: Decimal
    description: str = ""
    product_id: str = ""
    taxes: tuple[Tax, ...] = ()
    tax_inclusive: bool = False
    sku: str = ""


class Discount(msgspec.Struct, frozen=True):
    """An invoice's discount; `kind` is `percentage` or `fixed`; `product_ids` limits it to some products."""

    kind: str
    value: Decimal
    product_ids: tuple[str, ...] = ()


class Fee(msgspec.Struct, frozen=True):
    """Money on a document beside its items, by the name Avantto gives it: a processing fee, a tip, a late fee."""

    name: str
    amount: Decimal


class Invoice(msgspec.Struct, frozen=True):
    """An invoice as `GET /invoices/{id}` states it. Dates are the vendor's text: a day or an instant.

    `fees` are the processing fees that were paid; `tips` and `late_fees` say whether they are switched on for it. The
    API page of the answer names none of the three (UNVERIFIED): they are read where they come.
    """

    id: str
    location: LocationId
    status: str
    live: bool
    number: str
    currency: str
    person: Person
    items: tuple[InvoiceItem, ...]
    total: Decimal
    amount_paid: Decimal
    amount_due: Decimal
    subtotal: Decimal
    discount_total: Decimal
    tax_total: Decimal
    issue_date: str
    due_date: str
    created_at: datetime
    updated_at: datetime
    discount: Discount | None = None
    title: str = ""
    fees: tuple[Fee, ...] = ()
    tips: bool = False
    late_fees: bool = False


class InvoiceHead(msgspec.Struct, frozen=True):
    """What a row of the invoice list is read for."""

    id: str
    status: str
    created_at: datetime
    updated_at: datetime


class Transaction(msgspec.Struct, frozen=True):
    """A payment. The list row carries `fulfilled_at`; only the detail carries `qbo_synced`."""

    id: str
    location: LocationId
    contact_id: ContactId
    status: str
    live: bool
    currency: str
    amount: Decimal
    source_type: str
    created_at: datetime
    updated_at: datetime
    amount_refunded: Decimal = Decimal(0)
    contact_name: str = ""
    contact_email: str = ""
    entity_type: str = ""
    entity_id: str = ""
    source_sub_type: str = ""
    source_name: str = ""
    source_id: str = ""
    subscription_id: str = ""
    provider: str = ""
    method: str = ""
    fulfilled_at: datetime | None = None
    qbo_synced: bool = False
    test: bool = False
    merged_from: ContactId = ContactId("")

    @property
    def charged_at(self) -> datetime:
        """When the money moved: what the cut-off and the date in the books go by (S5)."""
        return self.fulfilled_at or self.created_at


class OrderItem(msgspec.Struct, frozen=True):
    """One line of an order: `amount` is the unit price; `recurring` lines are charged at every renewal."""

    name: str
    quantity: Decimal
    amount: Decimal
    product_id: str = ""
    recurring: bool = False
    taxes: tuple[Tax, ...] = ()
    sku: str = ""
    setup_fee: bool = False
    description: str = ""


class Order(msgspec.Struct, frozen=True):
    """An order. REST leaves `tax` and `shipping` None; the order webhook's copy has them (S4).

    `automatic_tax`: Avantto's own engine taxed it, so that no item names the tax.
    """

    id: str
    location: LocationId
    status: str
    live: bool
    currency: str
    amount: Decimal
    person: Person
    items: tuple[OrderItem, ...]
    created_at: datetime
    subtotal: Decimal | None = None
    discount: Decimal = Decimal(0)
    tax: Decimal | None = None
    shipping: Decimal | None = None
    coupon: str = ""
    source_type: str = ""
    source_sub_type: str = ""
    source_name: str = ""
    source_id: str = ""
    test: bool = False
    automatic_tax: bool = False


class Contact(msgspec.Struct, frozen=True):
    """A contact. `no_disturb` names the channels closed to us: any of `all`, `email`, `sms`."""

    id: ContactId
    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    source: str = ""
    address: Address = Address()
    tags: tuple[str, ...] = ()
    no_disturb: frozenset[str] = frozenset()


class Location(msgspec.Struct, frozen=True):
    """The sub-account itself. `time_zone` is an IANA name."""

    id: LocationId
    name: str
    time_zone: str
    country: str = ""
    allow_duplicates: bool = False
    google_place_id: str = ""


class CustomValue(msgspec.Struct, frozen=True):
    name: str
    value: str


class Workflow(msgspec.Struct, frozen=True):
    """An automation a location has built; only a published one takes contacts."""

    id: str
    name: str
    published: bool
