"""Mirror one invoice: read the truth in Avantto, compare with what both sides last agreed on, do the next step."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

import msgspec

from avantto_qbo.actors import recording
from avantto_qbo.actors.customers import Customers
from avantto_qbo.actors.desk import Desk, Done, Turn, number_refusals
from avantto_qbo.actors.doubts import Adoption, Doubts
from avantto_qbo.actors.payments import Payments
from avantto_qbo.avantto import reads as avantto_reads
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import activity, evidence, links
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Invoice, Transaction
from avantto_qbo.model.drafts import InvoiceDraft, PaymentDraft
from avantto_qbo.model.ids import invoice_chain
from avantto_qbo.model.operation import Call, Kind, Operation, Reason, Source
from avantto_qbo.model.outcome import Fault, FaultClass
from avantto_qbo.model.records import Activity, Envelope, Link
from avantto_qbo.model.steps import (
    AdoptPayment,
    BookStep,
    CreateInvoice,
    Hold,
    InvoiceCase,
    NeedCustomer,
    NeedItem,
    PauseMoney,
    PostedPayment,
    RecordPayment,
    UpdateInvoice,
    VoidInvoice,
    Wait,
)
from avantto_qbo.quickbooks import encode
from avantto_qbo.quickbooks import reads as books_reads
from avantto_qbo.rules.books.conflict import conflicts, with_their_items
from avantto_qbo.rules.books.defaults import DEFAULT_ITEM
from avantto_qbo.rules.books.plan import plan_invoice

_STEPS: Final = 40  # far more than any honest invoice needs in one go


class Invoices:
    """The invoices of one location."""

    def __init__(self, desk: Desk, customers: Customers, doubts: Doubts) -> None:
        self._desk, self._customers, self._doubts = desk, customers, doubts
        self._payments = Payments(desk, doubts)

    async def handle(self, envelope: Envelope) -> Turn:
        """Bring the books level with invoice `envelope.object_id`."""
        try:
            invoice = await self._truth(envelope.object_id)
            transactions = await self._payments.of(invoice) if invoice is not None else ()
        except RejectedError as error:
            if error.code == "scope":  # of the connection, not of this document: the polls say it once for all
                raise
            chain, source = invoice_chain(envelope.object_id), Source("invoice", envelope.object_id)
            return await self._desk.unreadable(Kind.INVOICE_CREATE, chain, source, error)
        if invoice is None:
            return await self._missing(envelope)
        return await self._bring_level(invoice, transactions)

    async def _bring_level(self, invoice: Invoice, transactions: tuple[Transaction, ...]) -> Turn:
        for _ in range(_STEPS):
            busy = await self._desk.chain_busy(invoice_chain(invoice.id), _version(invoice))
            if busy is not None:
                return busy
            case = await self._case(invoice, transactions)
            steps = plan_invoice(case)
            if not steps:
                return await self._level(invoice, case)
            turn = await self._do(case, steps[0])
            if turn is not None:
                return turn
        return self._desk.later(60, "many steps")

    async def _truth(self, invoice_id: str) -> Invoice | None:
        try:
            return await self._desk.crm.read(avantto_reads.invoice(self._desk.location, invoice_id))
        except RejectedError as error:
            if error.code == "gone":
                return None
            raise

    async def _missing(self, envelope: Envelope) -> Turn:
        """Deleted in Avantto: nothing of ours, nothing to do; else a person decides."""
        location = self._desk.location
        link = await self._desk.house.journal.read(lambda db: links.get(db, location, "invoice", envelope.object_id))
        if link is None or link.status != "live":
            return Done()
        chain = invoice_chain(envelope.object_id)
        busy = await self._desk.chain_busy(chain, "deleted")
        if busy is not None:
            return busy
        text = f"The invoice was deleted in Avantto but stands in QuickBooks (invoice id {link.object_id})."
        reason = Reason("invoice.deleted", text, "void it in QuickBooks, then: avantto-qbo skip ID")
        return await self._desk.hold(Kind.INVOICE_VOID, chain, Source("invoice", envelope.object_id), "deleted", reason)

    async def _case(self, invoice: Invoice, transactions: tuple[Transaction, ...]) -> InvoiceCase:
        desk = self._desk
        record, settings = await desk.place()
        link, paid, refused, unmatched = await desk.house.journal.read(lambda db: self._memory(db, invoice))
        live = link if link is not None and link.status in {"live", "voided"} else None
        return InvoiceCase(
            invoice=invoice,
            location=record,
            settings=settings,
            company=await desk.realm.company(),
            now=desk.now(),
            link=live,
            agreed=msgspec.json.decode(live.agreed, type=InvoiceDraft) if live and live.agreed else None,
            customer=await self._customers.known(invoice.person),
            default_item=await desk.default_item(DEFAULT_ITEM),
            transactions=transactions,
            posted=paid,
            first_seen_unmatched=unmatched,
            number_variant=refused,
        )

    def _memory(
        self, db: Connection, invoice: Invoice
    ) -> tuple[Link | None, tuple[PostedPayment, ...], int, datetime | None]:
        location = self._desk.location
        posted = [link for link in links.of_source(db, location, "payment", invoice.id) if link.status == "live"]
        since = evidence.get(db, location, "unmatched", invoice.id)
        return (
            links.get(db, location, "invoice", invoice.id),
            tuple(_posted(link) for link in posted),
            len(number_refusals(db, location, invoice_chain(invoice.id))),
            datetime.fromisoformat(since.decode()) if since else None,
        )

    async def _level(self, invoice: Invoice, case: InvoiceCase) -> Turn:
        """Both sides agree: remember from which version, so that the next poll need not look again."""
        link = case.link
        if link is not None and link.version != _version(invoice):
            agreed = msgspec.structs.replace(link, version=_version(invoice), updated_at=self._desk.now())
            await self._desk.house.journal.write(lambda db: links.put(db, agreed))
        return Done()

    async def _do(self, case: InvoiceCase, step: BookStep) -> Turn | None:
        match step:
            case CreateInvoice(draft=draft):
                return await self._create(case, draft)
            case UpdateInvoice(draft=draft, changed=changed):
                return await self._update(case, draft, changed)
            case VoidInvoice():
                return await self._void(case)
            case RecordPayment(part=part, draft=payment):
                done = await self._payments.record(case, part, payment)
                return await self._hold(case, done.reason) if isinstance(done, Hold) else done
            case AdoptPayment():
                await self._payments.adopt(case, step)
                return None
            case _:
                return await self._prepare(case, step)

    async def _prepare(self, case: InvoiceCase, step: BookStep) -> Turn | None:
        """The steps that write nothing for the invoice itself."""
        match step:
            case NeedCustomer(person=person):
                return await self._customers.ensure(person)
            case NeedItem(draft=item):
                return await self._desk.make_item(item)
            case Wait(delay=delay, reason=reason):
                await self._payments.note_unmatched(case)
                return self._desk.later(delay.total_seconds(), reason.code)
            case Hold(reason=reason):
                return await self._hold(case, reason)
            case PauseMoney(reason=reason):
                paused = await self._desk.pause(Source("invoice", case.invoice.id), reason)
                return self._desk.later(1, reason.code) if paused else await self._hold(case, reason)
            case _:
                return Done()

    async def _hold(self, case: InvoiceCase, reason: Reason) -> Turn:
        kind = Kind.INVOICE_UPDATE if case.link else Kind.INVOICE_CREATE
        chain, source = invoice_chain(case.invoice.id), Source("invoice", case.invoice.id)
        return await self._desk.hold(kind, chain, source, _version(case.invoice), reason)

    def _operation(self, case: InvoiceCase, kind: Kind, call: Call, draft: InvoiceDraft) -> Operation:
        return self._desk.operation(
            kind,
            invoice_chain(case.invoice.id),
            Source("invoice", case.invoice.id),
            call,
            draft,
            version=_version(case.invoice),
            target=case.link.object_id if case.link else "",
            expected=f"{draft.total.amount:f}",
        )

    async def _create(self, case: InvoiceCase, draft: InvoiceDraft) -> Turn | None:
        op = self._operation(case, Kind.INVOICE_CREATE, encode.invoice_create(draft, case.company), draft)
        adopted = await self._adopt_existing(op)
        if adopted.hold is not None:
            return await self._hold(case, adopted.hold)
        if adopted.found:
            return None
        later, _ = await self._desk.carry_out(op, partial(_note_variant, case, draft) if case.number_variant else None)
        return later

    async def _adopt_existing(self, op: Operation) -> Adoption:
        """Before anything is made (again, or under a variant of its number): is it there already, and is it ours?"""
        before = await self._desk.perhaps_there(op.kind, op.chain, op.source)
        return await self._doubts.adopt_if_ours(before) if before is not None else Adoption()

    async def _update(self, case: InvoiceCase, draft: InvoiceDraft, changed: frozenset[str]) -> Turn | None:
        link = _present(case.link)
        call = encode.invoice_update(link.object_id, link.sync_token, draft, changed, case.company)
        later, verdict = await self._desk.carry_out(self._operation(case, Kind.INVOICE_UPDATE, call, draft))
        if _stale(verdict.fault):
            return await self._read_again(case, changed)
        return later

    async def _void(self, case: InvoiceCase) -> Turn | None:
        link = _present(case.link)
        draft = case.agreed
        op = self._desk.operation(
            Kind.INVOICE_VOID,
            invoice_chain(case.invoice.id),
            Source("invoice", case.invoice.id),
            encode.invoice_void(link.object_id, link.sync_token),
            draft,
            version=_version(case.invoice),
            target=link.object_id,
        )
        later, verdict = await self._desk.carry_out(op)
        if _stale(verdict.fault):
            return await self._read_again(case, frozenset(), voiding=True)
        return later

    async def _read_again(self, case: InvoiceCase, changed: frozenset[str], *, voiding: bool = False) -> Turn | None:
        """The copy in QuickBooks moved on (our own payment, or a person): the one re-read a conflict is worth."""
        link, agreed = _present(case.link), case.agreed
        theirs = await self._desk.realm.access.read(
            books_reads.invoice(link.object_id, case.company.currency), key=self._desk.location
        )
        both = conflicts(agreed, theirs.draft, changed) if agreed else changed
        if agreed is not None:
            link = msgspec.structs.replace(link, agreed=msgspec.json.encode(with_their_items(agreed, theirs.draft)))
        if theirs.row.voided:
            return await self._voided_there(link)
        if voiding and theirs.row.payments:
            text = f"Invoice {case.invoice.number} was voided in Avantto, but a payment entered in QuickBooks is on it."
            mend = "unlink the payment and void it in QuickBooks, then: avantto-qbo skip ID"
            return await self._hold(case, Reason("void_paid", text, mend))
        if both:
            names = ", ".join(sorted(both))
            text = f"Invoice {case.invoice.number} was changed in QuickBooks and in Avantto: {names}."
            return await self._hold(case, Reason("invoice.conflict", text, "avantto-qbo retry ID or skip ID"))
        fresh = msgspec.structs.replace(link, sync_token=theirs.row.sync_token, updated_at=self._desk.now())
        await self._desk.house.journal.write(lambda db: links.put(db, fresh))
        return None

    async def _voided_there(self, link: Link) -> Turn | None:
        """A person's void in QuickBooks is respected: the next plan finds it in the link."""
        voided = recording.with_status(link, "voided", self._desk.now())
        await self._desk.house.journal.write(lambda db: links.put(db, voided))
        return None


def _note_variant(case: InvoiceCase, draft: InvoiceDraft, db: Connection) -> None:
    """A number that somebody else has is said aloud: the invoice goes by another one."""
    text = f"number {case.invoice.number} is taken in QuickBooks; posted as {draft.number or 'numbered there'}"
    line = Activity(case.now, case.location.id, "invoice.number_taken", text, subject=case.invoice.id)
    activity.record(db, line)


def _version(invoice: Invoice) -> str:
    return invoice.updated_at.isoformat()


def _posted(link: Link) -> PostedPayment:
    draft = msgspec.json.decode(link.agreed, type=PaymentDraft)
    return PostedPayment(link.part, draft.total, link.object_id)


def _stale(fault: Fault | None) -> bool:
    return fault is not None and fault.kind is FaultClass.STALE


def _present(link: Link | None) -> Link:
    if link is None:
        raise LookupError("a change was planned for an invoice that has no copy")
    return link
