"""Mirror one invoice: read the truth in Avantto, compare with what both sides last agreed on, do the next step."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from avantto_qbo.actors.books.customers import Customers
from avantto_qbo.actors.books.deletions import Believed, Deletions
from avantto_qbo.actors.books.invoice_case import InvoiceCases, as_last_agreed, version_of
from avantto_qbo.actors.books.invoice_copies import InvoiceCopies
from avantto_qbo.actors.books.payments import Payments
from avantto_qbo.actors.books.recollections import Recollections
from avantto_qbo.actors.books.refunds import Refunds
from avantto_qbo.actors.desk import Desk, Done, Later, Turn
from avantto_qbo.actors.doubts import Doubts
from avantto_qbo.actors.recording import WITHDRAWN
from avantto_qbo.avantto import reads as avantto_reads
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import links
from avantto_qbo.model.avantto import Invoice, Transaction
from avantto_qbo.model.ids import invoice_chain
from avantto_qbo.model.operation import Kind, Reason, Source
from avantto_qbo.model.records import Envelope, Link
from avantto_qbo.model.steps import (
    AdoptPayment,
    BookStep,
    ChangePayment,
    CreateInvoice,
    CreateRefund,
    Hold,
    InvoiceCase,
    NeedCustomer,
    NeedItem,
    PauseMoney,
    RecordPayment,
    UpdateInvoice,
    VoidInvoice,
    VoidPayment,
    Wait,
)
from avantto_qbo.rules.books.money.credit import stranded
from avantto_qbo.rules.books.money.received import is_recorded
from avantto_qbo.rules.books.plan import plan_invoice
from avantto_qbo.rules.reasons import REFUNDS_DIFFER, SKIP

_STEPS: Final = 40  # far more than any honest invoice needs in one go
_DELETED: Final = frozenset({"delete", "deleted"})
_UNCOUNTED: Final = frozenset({"paid_less", "paid_differs"})  # more is in the books than Avantto has money for
_PAYMENTS_DIFFER: Final = _UNCOUNTED | {"below_paid"}
_OURS: Final = frozenset({"live", WITHDRAWN})
_NEVER_POSTED: Final = "deleted"  # the version of what is there no more


class Invoices:
    """The invoices of one location."""

    def __init__(self, desk: Desk, customers: Customers, doubts: Doubts) -> None:
        self._desk, self._customers = desk, customers
        self._payments, self._refunds = Payments(desk, doubts), Refunds(desk, doubts)
        self._cases, self._deletions = InvoiceCases(desk, customers), Deletions(desk)
        self._copies = InvoiceCopies(desk, customers, doubts)
        self._recollections = Recollections(desk)

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
        if invoice is None or invoice.status in _DELETED:
            return await self._missing(envelope, invoice)
        return await self._bring_level(_as_of(invoice, transactions), transactions)

    async def _truth(self, invoice_id: str) -> Invoice | None:
        try:
            return await self._desk.crm.read(avantto_reads.invoice(self._desk.location, invoice_id))
        except RejectedError as error:
            if error.code == "gone":
                return None
            raise

    async def _missing(self, envelope: Envelope, shown: Invoice | None) -> Turn:
        """Deleted in Avantto: nothing of ours, nothing to do; else the books follow once it is sure."""
        link = await self._link(envelope.object_id)
        if link is None:  # what was held is moot, what is in doubt may still turn out to be in the books
            busy = await self._desk.chain_busy(invoice_chain(envelope.object_id), _NEVER_POSTED)
            return busy or await self._never_posted(envelope.object_id)
        if link.status not in _OURS:
            return Done()
        invoice = as_last_agreed(link)
        busy = await self._desk.chain_busy(invoice_chain(invoice.id), version_of(invoice))
        if busy is not None:
            return busy
        if link.status == WITHDRAWN:  # money may still come, or go back: a debit that was under way
            return await self._bring_level(invoice, await self._payments.of(invoice), deleted=True)
        judged = await self._deletions.judge(envelope.object_id, flagged=shown is not None)
        if isinstance(judged, Believed):
            return await self._bring_level(invoice, await self._payments.of(invoice, asking=True), deleted=True)
        return judged if isinstance(judged, Later) else Done()

    async def _never_posted(self, invoice: str) -> Turn:
        """Nothing of it is in the books, and nothing comes there by itself: money that came for it is shown."""
        reason = stranded(invoice, await self._payments.seen(invoice))
        if reason is None:
            return Done()
        source = Source("invoice", invoice)
        return await self._desk.hold(Kind.INVOICE_CREATE, invoice_chain(invoice), source, _NEVER_POSTED, reason)

    async def _bring_level(
        self, invoice: Invoice, transactions: tuple[Transaction, ...], *, deleted: bool = False
    ) -> Turn:
        for _ in range(_STEPS):
            busy = await self._desk.chain_busy(invoice_chain(invoice.id), version_of(invoice))
            if busy is not None:
                return busy
            await self._copies.wanted_again(invoice.id)
            case = await self._cases.of(invoice, transactions, deleted=deleted)
            case = await self._recollections.payments(await self._recollections.invoice(case))
            steps = plan_invoice(case)
            if not steps:
                return await self._level(invoice, case.link)
            turn = await self._do(case, steps[0])
            if turn is not None:
                return turn
        return self._desk.later(60, "many steps")

    async def _level(self, invoice: Invoice, link: Link | None) -> Turn:
        """Both sides agree: remember from which version, so that the next poll need not look again."""
        if link is not None and link.version != version_of(invoice):
            agreed = msgspec.structs.replace(link, version=version_of(invoice), updated_at=self._desk.now())
            await self._desk.house.journal.write(lambda db: links.put(db, agreed))
        return Done()

    async def _link(self, invoice: str) -> Link | None:
        location = self._desk.location
        return await self._desk.house.journal.read(lambda db: links.get(db, location, "invoice", invoice))

    async def _do(self, case: InvoiceCase, step: BookStep) -> Turn | None:
        match step:
            case CreateInvoice():
                return await self._copies.create(case, step)
            case UpdateInvoice():
                return await self._copies.update(case, step)
            case VoidInvoice():
                return await self._copies.void(case)
            case RecordPayment() | ChangePayment() | VoidPayment() | AdoptPayment() | CreateRefund():
                return await self._money(case, step)
            case _:
                return await self._prepare(case, step)

    async def _money(
        self, case: InvoiceCase, step: RecordPayment | ChangePayment | VoidPayment | AdoptPayment | CreateRefund
    ) -> Turn | None:
        """The steps that write money."""
        match step:
            case RecordPayment(part=part, draft=draft):
                done = await self._payments.record(case, part, draft)
            case ChangePayment():
                done = await self._payments.change(case, step)
            case VoidPayment():
                done = await self._payments.void(case, step)
            case AdoptPayment():
                await self._payments.adopt(case, step)
                return None
            case CreateRefund():
                chain = invoice_chain(case.invoice.id)
                done = await self._refunds.create(chain, version_of(case.invoice), case.company, step)
        return await self._copies.after_money(case, step, done)

    async def _prepare(self, case: InvoiceCase, step: BookStep) -> Turn | None:
        """The steps that write nothing for the invoice itself."""
        match step:
            case NeedCustomer(person=person):
                return await self._customers.ensure(person, case.invoice.currency)
            case NeedItem(draft=item):
                return await self._desk.make_item(item)
            case Wait(delay=delay, reason=reason):
                await self._payments.note_unmatched(case)
                return self._desk.later(delay.total_seconds(), reason.code)
            case Hold(reason=reason):
                return await self._hold(case, reason)
            case PauseMoney(reason=reason):
                paused = await self._desk.pause(Source("invoice", case.invoice.id), reason)
                if paused:
                    return self._desk.later(1, reason.code)
                mend = f"compare its payments in QuickBooks, then: {SKIP}"  # somebody resumed it knowing that
                return await self._copies.hold(case, Reason(reason.code, reason.text, mend))
            case _:
                return Done()

    async def _hold(self, case: InvoiceCase, reason: Reason) -> Turn | None:
        """Before a person is asked about sums: did one correct them in QuickBooks?"""
        if reason.code in _PAYMENTS_DIFFER:
            looked = await self._payments.look(case)
            if looked.gone is not None and reason.code in _UNCOUNTED and is_recorded(looked.gone.part):
                await self._copies.payment_undone(case, looked.gone)
                return None
            if looked.gone is not None:
                return await self._copies.payment_deleted(case, looked.gone)
            if looked.changed:  # what was in the books by its transactions no longer is: those are needed now
                return self._desk.later(0, reason.code)
        if reason.code in REFUNDS_DIFFER and await self._refunds.look(case.refunds):
            return None
        return await self._copies.hold(case, reason)


def _as_of(invoice: Invoice, transactions: tuple[Transaction, ...]) -> Invoice:
    """The invoice with its money is a new version when only a payment changed: a refund may free what was held.

    One that became known late is told by their number: it may be older than the invoice's own last change.
    """
    latest = max([invoice.updated_at, *(row.updated_at for row in transactions)])
    return msgspec.structs.replace(invoice, updated_at=latest + timedelta(microseconds=len(transactions)))
