"""What shall stand in QuickBooks: the values a rule decides on and an encoder turns into bytes.

A draft is also what both sides agreed on once its operation is done; it is kept as JSON beside the link, and the next
version of the document is compared with it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from avantto_qbo.model.avantto import Address
from avantto_qbo.model.ids import ContactId, CustomerId
from avantto_qbo.model.money import Money


class DraftLine(msgspec.Struct, frozen=True):
    """One sales line. Quantity and unit price are sent only when their half-up product is the amount (6070)."""

    item: str
    amount: Money
    description: str = ""
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    tax_code: str = "NON"


class InvoiceDraft(msgspec.Struct, frozen=True):
    """An invoice. `number` is "" where QuickBooks numbers it; `discount` is positive; `total` is Avantto's."""

    customer: CustomerId
    number: str
    day: date
    due: date | None
    email: str
    lines: tuple[DraftLine, ...]
    discount: Money
    discount_account: str
    tax: Money
    total: Money
    memo: str
    note: str


class PaymentDraft(msgspec.Struct, frozen=True):
    """Money received on an invoice; `reference` is PaymentRefNum (≤ 21)."""

    customer: CustomerId
    invoice: str
    total: Money
    day: date
    reference: str
    note: str
    account: str
    method: str = ""


class ReceiptDraft(msgspec.Struct, frozen=True):
    """A sale paid at once."""

    customer: CustomerId
    number: str
    day: date
    email: str
    lines: tuple[DraftLine, ...]
    discount: Money
    discount_account: str
    tax: Money
    total: Money
    reference: str
    note: str
    memo: str
    account: str
    method: str = ""


class CustomerDraft(msgspec.Struct, frozen=True):
    """A customer to create; `notes` carries our marker."""

    display_name: str
    notes: str
    email: str = ""
    phone: str = ""
    given_name: str = ""
    family_name: str = ""
    company_name: str = ""
    address: Address = Address()


class ItemDraft(msgspec.Struct, frozen=True):
    """A Service item on an income account."""

    name: str
    income_account: str


class ContactDraft(msgspec.Struct, frozen=True):
    """A contact to create, or (as an update) only the fields to fill; empty means leave alone."""

    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    address: Address = Address()
    tags: tuple[str, ...] = ()


class MessageDraft(msgspec.Struct, frozen=True):
    """A message to a contact; `channel` is `email` (then `text` is HTML) or `sms` (plain)."""

    contact: ContactId
    channel: str
    text: str
    subject: str = ""


Draft = InvoiceDraft | PaymentDraft | ReceiptDraft | CustomerDraft | ItemDraft | ContactDraft | MessageDraft
