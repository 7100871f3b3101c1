"""What shall stand in QuickBooks: the values a rule decides on and an encoder turns into bytes.

A draft is also what both sides agreed on once its operation is done; it is kept as JSON beside the link, and the next
version of the document is compared with it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec

from avantto_qbo.model.avantto import Address
from avantto_qbo.model.ids import ContactId, CustomerId
from avantto_qbo.model.money import Money


class TaxForm(StrEnum):
    """How a document's tax is stated in the books; each takes the place of the one before where that fails."""

    INCLUSIVE = "inclusive"  # tax codes, and lines that show their price with tax (outside the US)
    CODES = "codes"  # tax codes on net lines; in the US TAX and NON with the total tax
    LINE = "line"  # no codes: the tax is a line of its own to a liability account


class Role(StrEnum):
    """What a line is."""

    ITEM = "item"
    EXTRA = "extra"  # shipping, a fee, a tip, a cent of rounding
    DISCOUNT = "discount"
    TAX = "tax"


class TaxPart(msgspec.Struct, frozen=True):
    """What one tax rate of the company comes to on a document: `rate` in percent of `base`."""

    rate_id: str
    rate: Decimal
    base: Money
    amount: Money


class DraftLine(msgspec.Struct, frozen=True):
    """One sales line; `amount` is before tax.

    Quantity and unit price are sent only when their half-up product is the amount (6070). `gross` is the price with
    tax of a line of the form INCLUSIVE. `taxes` says in words which taxes Avantto has on it, `role` what it is when it
    is no item of Avantto's. `parts`: the JSON of the lines a bookkeeper made of this one in QuickBooks, sent again as
    they stand.
    """

    item: str
    amount: Money
    description: str = ""
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    tax_code: str = "NON"
    gross: Money | None = None
    class_: str = ""
    taxes: str = ""
    role: Role = Role.ITEM
    parts: tuple[bytes, ...] = ()


class InvoiceDraft(msgspec.Struct, frozen=True):
    """An invoice. `number` is "" where QuickBooks numbers it; `discount` is positive; `total` is Avantto's.

    `tax_code` is the one code of the whole document where a US company keeps its tax codes by hand.
    """

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
    form: TaxForm = TaxForm.CODES
    tax_parts: tuple[TaxPart, ...] = ()
    tax_code: str = ""
    department: str = ""


class PaymentDraft(msgspec.Struct, frozen=True):
    """Money received on an invoice; `reference` is PaymentRefNum (≤ 21).

    `invoice` is "" for money that is unlinked: it stays the customer's credit (I5).
    """

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
    form: TaxForm = TaxForm.CODES
    tax_parts: tuple[TaxPart, ...] = ()
    tax_code: str = ""
    department: str = ""


class RefundDraft(ReceiptDraft, frozen=True, kw_only=True):
    """Money given back: a sale in reverse, of what was refunded since the last one; `account` is where it left from.

    `refunded` is the sum of all refunds of the same payment up to this one.
    """

    refunded: Money


class CustomerDraft(msgspec.Struct, frozen=True):
    """A customer to create; `notes` carries our marker, `currency` is "" where the company has only one."""

    display_name: str
    notes: str
    email: str = ""
    phone: str = ""
    given_name: str = ""
    family_name: str = ""
    company_name: str = ""
    address: Address = Address()
    currency: str = ""


class ItemDraft(msgspec.Struct, frozen=True):
    """A Service item; `income_account` is the account its lines are booked to, which may be a liability."""

    name: str
    income_account: str
    sku: str = ""


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


SaleDraft = InvoiceDraft | ReceiptDraft
Draft = SaleDraft | RefundDraft | PaymentDraft | CustomerDraft | ItemDraft | ContactDraft | MessageDraft
