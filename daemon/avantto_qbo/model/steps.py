"""What a plan is made of: the next things to do for one document, decided from values alone.

A plan never looks anything up. What it lacks it names (`NeedCustomer`, `NeedItem`), the actor fetches or creates that,
and the plan is made again. An empty plan means both sides agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from avantto_qbo.model.avantto import Contact, Invoice, Order, Person, Transaction, Workflow
from avantto_qbo.model.drafts import (
    ContactDraft,
    InvoiceDraft,
    ItemDraft,
    MessageDraft,
    PaymentDraft,
    ReceiptDraft,
    RefundDraft,
)
from avantto_qbo.model.ids import ContactId, CustomerId
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.quickbooks import Company, CustomerRow, InvoiceRow, PaymentRow
from avantto_qbo.model.records import Link, LocationRecord, Review
from avantto_qbo.model.settings import Settings


class NeedCustomer(msgspec.Struct, frozen=True):
    """The QuickBooks customer of this person must be found or made first (U1)."""

    person: Person


class NeedItem(msgspec.Struct, frozen=True):
    """An item must be made once: the default, the one for discounts or for tax, or a product's own."""

    draft: ItemDraft


class CreateInvoice(msgspec.Struct, frozen=True):
    """Post an invoice; `flags` are what the bookkeeper should know about it, one activity line each."""

    draft: InvoiceDraft
    flags: tuple[Reason, ...] = ()


class UpdateInvoice(msgspec.Struct, frozen=True):
    """Send only `changed`: names of InvoiceDraft fields; `lines` stands for lines, discount and tax together."""

    draft: InvoiceDraft
    changed: frozenset[str]
    flags: tuple[Reason, ...] = ()


class VoidInvoice(msgspec.Struct, frozen=True):
    pass


class RecordPayment(msgspec.Struct, frozen=True):
    """`part` is the transaction id, or `recorded:N` for money Avantto knows without a transaction."""

    part: str
    draft: PaymentDraft


class ChangePayment(msgspec.Struct, frozen=True):
    """A payment of ours is moved: to another customer, off the invoice (`draft.invoice` "") or back on it."""

    part: str
    draft: PaymentDraft


class VoidPayment(msgspec.Struct, frozen=True):
    """The money never came, or was taken back by the bank: the payment is voided (I5)."""

    part: str


class CreateRefund(msgspec.Struct, frozen=True):
    """Money went back. `transaction` with `draft.refunded` is the key: every increase is one refund receipt."""

    transaction: str
    draft: RefundDraft
    flags: tuple[Reason, ...] = ()


class AdoptPayment(msgspec.Struct, frozen=True):
    """A transaction turned up for a payment that was recorded without one: only the link changes."""

    old_part: str
    new_part: str


class CreateReceipt(msgspec.Struct, frozen=True):
    """Post a sales receipt; `flags` as for an invoice."""

    draft: ReceiptDraft
    flags: tuple[Reason, ...] = ()


class VoidReceipt(msgspec.Struct, frozen=True):
    """The charge was taken back by the bank after it had succeeded: there was no sale."""


class Hold(msgspec.Struct, frozen=True):
    """Only a human can decide; the reason names the field or the document and the command that mends it."""

    reason: Reason


class Wait(msgspec.Struct, frozen=True):
    """Look again after `delay`: the other side is not finished yet (a pending payment, a late transaction)."""

    delay: timedelta
    reason: Reason


class Ignore(msgspec.Struct, frozen=True):
    """Not for the books, and why (test mode, before the cut-off, a draft, switched off)."""

    reason: Reason


class PauseMoney(msgspec.Struct, frozen=True):
    """The built-in integration posts too: the location's money operations pause until it is turned off (S3)."""

    reason: Reason


BookStep = (
    NeedCustomer
    | NeedItem
    | CreateInvoice
    | UpdateInvoice
    | VoidInvoice
    | RecordPayment
    | ChangePayment
    | VoidPayment
    | AdoptPayment
    | CreateRefund
    | CreateReceipt
    | VoidReceipt
    | Hold
    | Wait
    | Ignore
    | PauseMoney
)


class PostedPayment(msgspec.Struct, frozen=True):
    """A payment we put on an invoice: which part it stands for, how much, and which QBO object it is."""

    part: str
    amount: Money
    object_id: str
    draft: PaymentDraft | None = None  # as both sides agreed on it; None only in old journals


class PostedRefund(msgspec.Struct, frozen=True):
    """A refund receipt of ours: all that was refunded of `transaction` up to and with it."""

    transaction: str
    refunded: Money
    object_id: str


class InvoiceCase(msgspec.Struct, frozen=True):
    """Everything the plan of an invoice is decided from. `agreed` is the last draft both sides held.

    `deleted`: Avantto has it no more; `invoice` is then what it last showed. `made_items` are the items this realm was
    given, by name; `product_items` those a person chose for a product, by product id.
    """

    invoice: Invoice
    location: LocationRecord
    settings: Settings
    company: Company
    now: datetime
    link: Link | None = None
    agreed: InvoiceDraft | None = None
    customer: CustomerId | None = None
    made_items: Mapping[str, str] = {}
    product_items: Mapping[str, str] = {}
    transactions: tuple[Transaction, ...] = ()
    posted: tuple[PostedPayment, ...] = ()
    refunds: tuple[PostedRefund, ...] = ()
    deleted: bool = False
    first_seen_unmatched: datetime | None = None  # since when amountPaid exceeds what transactions explain
    number_variant: int = 0  # how many times the number was refused as taken
    withdrawn: tuple[PostedPayment, ...] = ()  # our payments that were voided: the bank took the money back
    late_allowed: bool = False  # a person let a change of a month that is over through


class ReceiptCase(msgspec.Struct, frozen=True):
    """Everything the plan of a receipt is decided from. `evidence` is the order webhook's copy, if one was kept.

    `agreed` is the receipt as it was posted; `siblings` are the other transactions of the same order.
    """

    transaction: Transaction
    location: LocationRecord
    settings: Settings
    company: Company
    now: datetime
    order: Order | None = None
    evidence: Order | None = None
    link: Link | None = None
    customer: CustomerId | None = None
    made_items: Mapping[str, str] = {}
    product_items: Mapping[str, str] = {}
    number_variant: int = 0
    agreed: ReceiptDraft | None = None
    refunds: tuple[PostedRefund, ...] = ()
    siblings: tuple[Transaction, ...] = ()


class CreateContact(msgspec.Struct, frozen=True):
    draft: ContactDraft


class FillContact(msgspec.Struct, frozen=True):
    """Fill the blanks named in `draft` (may be none) and add the tag unless it is there."""

    contact: ContactId
    draft: ContactDraft | None
    tag: bool


class LinkContact(msgspec.Struct, frozen=True):
    """Nothing to write: the pair is only linked (C4, or an adopted contact that lacks nothing)."""

    contact: ContactId


class FindContact(msgspec.Struct, frozen=True):
    """Ask Avantto for a contact with this e-mail or phone (E.164) before creating one (C3); `others`: more e-mails."""

    email: str
    phone: str
    others: tuple[str, ...] = ()


CrmStep = CreateContact | FillContact | LinkContact | FindContact | Hold | Ignore


class ContactCase(msgspec.Struct, frozen=True):
    """Everything the plan of a contact is decided from.

    `searched` is True once Avantto was asked; `found` is what it answered or what the duplicate refusal named. `bulk`:
    one of very many at connect.
    """

    row: CustomerRow
    location: LocationRecord
    settings: Settings
    link: Link | None = None
    own_contact: ContactId | None = None  # named by our marker in Notes
    searched: bool = False
    found: Contact | None = None
    bulk: bool = False
    survivor: CustomerId | None = None  # whom this customer was merged into


class SendMessage(msgspec.Struct, frozen=True):
    draft: MessageDraft


class AddToWorkflow(msgspec.Struct, frozen=True):
    """The location's own workflow makes the request (R2)."""

    contact: ContactId
    workflow: str


class Settle(msgspec.Struct, frozen=True):
    """The review ends in `state` without sending: declined, or shadow."""

    state: str
    reason: Reason


class NeedHistory(msgspec.Struct, frozen=True):
    """One query: the customer's invoices."""

    customer: CustomerId


class NeedPayments(msgspec.Struct, frozen=True):
    """The other payments of an invoice that credits settled: was there money among them?"""

    ids: tuple[str, ...]


class NeedWorkflows(msgspec.Struct, frozen=True):
    """The location's workflows, to find the one that `review_workflow` names."""


class NeedContact(msgspec.Struct, frozen=True):
    """The customer must be a contact first."""

    customer: CustomerId


ReviewStep = (
    SendMessage
    | AddToWorkflow
    | Settle
    | NeedHistory
    | NeedPayments
    | NeedContact
    | NeedWorkflows
    | Hold
    | Wait
    | Ignore
)


class ReviewCase(msgspec.Struct, frozen=True):
    """Everything the decision about a review request is made from.

    `history` None: not asked yet. `imported`: the contact came from QuickBooks and never wrote.
    `link` "" means no review link could be found anywhere. `refunded`: Avantto gave the money back. `others` are the
    invoice's other payments, `workflows` the location's; None means not asked yet. `forgotten_until`: what was asked
    up to then is not known, because the journal was restored; `forgotten_gone`: payments were deleted in that time.
    """

    payment: PaymentRow
    review: Review | None
    location: LocationRecord
    settings: Settings
    now: datetime
    history: tuple[InvoiceRow, ...] | None = None
    contact: Contact | None = None
    imported: bool = True
    link: str = ""
    business: str = ""
    refunded: bool = False
    others: tuple[PaymentRow, ...] | None = None
    workflows: tuple[Workflow, ...] | None = None
    forgotten_until: datetime | None = None
    forgotten_gone: bool = False


SaleCase = InvoiceCase | ReceiptCase
