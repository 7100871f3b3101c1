"""Gather everything the plan of an invoice is decided from: settings, company, links, payments, items."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from avantto_qbo.actors.books.customers import Customers
from avantto_qbo.actors.books.payments import Payments
from avantto_qbo.actors.books.refunds import Refunds
from avantto_qbo.actors.desk import Desk, number_refusals
from avantto_qbo.journal import evidence, links, merges
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Invoice, Person, Transaction
from avantto_qbo.model.drafts import InvoiceDraft, PaymentDraft
from avantto_qbo.model.ids import ContactId, LocationId, RealmId, invoice_chain
from avantto_qbo.model.operation import Operation
from avantto_qbo.model.records import Link
from avantto_qbo.model.steps import InvoiceCase, PostedPayment, PostedRefund

_NONE: Final = Decimal(0)
_ALLOWED: Final = "allowed"
D = TypeVar("D", InvoiceDraft, PaymentDraft)


class _Memory(msgspec.Struct, frozen=True):
    """What the journal holds about one invoice."""

    link: Link | None
    agreed: InvoiceDraft | None
    posted: tuple[PostedPayment, ...]
    withdrawn: tuple[PostedPayment, ...]
    refunds: tuple[PostedRefund, ...]
    refusals: int
    unmatched: datetime | None
    allowed: bytes | None


class InvoiceCases:
    """The cases of one location's invoices."""

    def __init__(self, desk: Desk, customers: Customers) -> None:
        self._desk, self._customers = desk, customers

    async def of(
        self, invoice: Invoice, transactions: tuple[Transaction, ...], *, deleted: bool = False
    ) -> InvoiceCase:
        """The case of an invoice as it is now; `deleted` when Avantto has it no more. Raises as reads do."""
        desk = self._desk
        record, settings = await desk.place()
        memory = await desk.house.journal.read(lambda db: _remember(db, desk.location, invoice, transactions))
        return InvoiceCase(
            invoice=invoice,
            location=record,
            settings=settings,
            company=await desk.realm.company(),
            now=desk.now(),
            link=memory.link,
            agreed=memory.agreed,
            customer=await self._customers.known(invoice.person, invoice.currency) if not deleted else None,
            made_items=await desk.made_items(),
            product_items=await desk.product_items(),
            transactions=transactions,
            posted=memory.posted,
            refunds=memory.refunds,
            deleted=deleted,
            first_seen_unmatched=memory.unmatched,
            number_variant=memory.refusals,
            withdrawn=memory.withdrawn,
            late_allowed=memory.allowed == f"late_change@{version_of(invoice)}".encode(),
        )


def as_last_agreed(link: Link) -> Invoice:
    """An invoice that Avantto deleted, as the books know it: its number and total, nothing paid."""
    draft = msgspec.json.decode(link.agreed, type=InvoiceDraft) if link.agreed else None
    total = draft.total.amount if draft is not None else _NONE
    return Invoice(
        id=link.source_id,
        location=link.location,
        status="deleted",
        live=True,
        number=draft.number if draft is not None else "",
        currency=draft.total.currency if draft is not None else "USD",
        person=Person(ContactId("")),
        items=(),
        total=total,
        amount_paid=_NONE,
        amount_due=total,
        subtotal=total,
        discount_total=_NONE,
        tax_total=_NONE,
        issue_date="",
        due_date="",
        created_at=link.created_at,
        updated_at=link.created_at,
    )


def allow(db: Connection, op: Operation, now: datetime) -> None:
    """Note that a person wants this very version tried again, knowing why it was held."""
    code = op.reason.code if op.reason is not None else ""
    evidence.put(db, op.location, _ALLOWED, op.source.id, "", f"{code}@{op.version}".encode(), now)


def version_of(invoice: Invoice) -> str:
    """What tells one state of the document from the next."""
    return invoice.updated_at.isoformat()


def _remember(
    db: Connection, location: LocationId, document: Invoice, transactions: tuple[Transaction, ...]
) -> _Memory:
    invoice = document.id
    link = links.get(db, location, "invoice", invoice)
    realm = link.realm if link is not None else RealmId("")
    posted = (
        *(_payment_on_survivor(db, realm, payment) for payment in Payments.posted(db, location, invoice)),
        *_deleted_there(db, location, invoice),
    )
    # A deleted invoice shows no transactions any more, but what was refunded of its payments stays refunded.
    paid_by = dict.fromkeys([*(row.id for row in transactions), *(payment.part for payment in posted)])
    return _Memory(
        link=link,
        agreed=_agreed(db, link) if link is not None and link.agreed else None,
        posted=posted,
        withdrawn=Payments.withdrawn(db, location, invoice),
        refunds=Refunds.of(db, location, paid_by),
        refusals=len(number_refusals(db, location, invoice_chain(invoice))),
        unmatched=Payments.unmatched_since(db, location, document),
        allowed=evidence.get(db, location, _ALLOWED, invoice),
    )


def _deleted_there(db: Connection, location: LocationId, invoice: str) -> tuple[PostedPayment, ...]:
    """Payments of ours that a person deleted in QuickBooks: they count as posted, or they would come back unasked."""
    gone = (link for link in links.of_source(db, location, "payment", invoice) if link.status == "deleted")
    amounts = ((link, msgspec.json.decode(link.agreed, type=PaymentDraft).total) for link in gone)
    return tuple(PostedPayment(link.part, amount, link.object_id) for link, amount in amounts)


def _agreed(db: Connection, link: Link) -> InvoiceDraft:
    return _on_survivor(db, link.realm, msgspec.json.decode(link.agreed, type=InvoiceDraft))


def _on_survivor(db: Connection, realm: RealmId, draft: D) -> D:
    """QuickBooks moved what a merged customer had to the survivor itself: nobody changed the document."""
    return msgspec.structs.replace(draft, customer=merges.survivor(db, realm, draft.customer))


def _payment_on_survivor(db: Connection, realm: RealmId, payment: PostedPayment) -> PostedPayment:
    draft = _on_survivor(db, realm, payment.draft) if payment.draft is not None else None
    return msgspec.structs.replace(payment, draft=draft)
