"""The copy of an invoice in QuickBooks: made, changed, voided; and what follows when that is refused."""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec

from avantto_qbo.actors import recording
from avantto_qbo.actors.books.conflicts import Conflicts, Ready
from avantto_qbo.actors.books.customers import Customers
from avantto_qbo.actors.books.former_customers import FormerCustomers
from avantto_qbo.actors.books.invoice_case import version_of
from avantto_qbo.actors.books.restoring import Restoring
from avantto_qbo.actors.books.sights import Sights
from avantto_qbo.actors.desk import Desk, Later, Turn
from avantto_qbo.actors.doubts import Adoption, Doubts
from avantto_qbo.journal import activity, evidence, links, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.drafts import InvoiceDraft
from avantto_qbo.model.ids import OperationId, invoice_chain
from avantto_qbo.model.operation import Call, Kind, Operation, Reason, Source, State
from avantto_qbo.model.outcome import Fault, FaultClass
from avantto_qbo.model.records import Activity, Link
from avantto_qbo.model.steps import (
    AdoptPayment,
    ChangePayment,
    CreateInvoice,
    CreateRefund,
    Hold,
    InvoiceCase,
    PostedPayment,
    RecordPayment,
    UpdateInvoice,
    VoidPayment,
)
from avantto_qbo.quickbooks import encode
from avantto_qbo.rules.books.plan import is_gone
from avantto_qbo.rules.reasons import RETRY

_FLAGGED: Final = "flagged"
Money = RecordPayment | ChangePayment | VoidPayment | AdoptPayment | CreateRefund


class InvoiceCopies:
    """The copies of one location's invoices."""

    def __init__(self, desk: Desk, customers: Customers, doubts: Doubts) -> None:
        self._desk, self._customers, self._doubts = desk, customers, doubts
        self._former = FormerCustomers(desk, customers)
        sights = Sights(desk)
        self._restoring = Restoring(desk, sights)
        self._conflicts = Conflicts(desk, sights, self._restoring)

    async def create(self, case: InvoiceCase, step: CreateInvoice) -> Turn | None:
        """Post an invoice, unless it is there already; None when the plan is to be made anew."""
        op = self._operation(case, Kind.INVOICE_CREATE, encode.invoice_create(step.draft, case.company), step.draft)
        adopted = await self._adopt_existing(op)
        if adopted.hold is not None:
            return await self.hold(case, adopted.hold)
        if adopted.found:
            return None
        later, verdict = await self._desk.carry_out(op, partial(_note_created, case, step))
        return await self._or_another_customer(case, later, verdict.fault) if later is not None else None

    async def _adopt_existing(self, op: Operation) -> Adoption:
        """Before anything is made (again, or under a variant of its number): is it there already, and is it ours?"""
        before = await self._desk.perhaps_there(op.kind, op.chain, op.source)
        return await self._doubts.adopt_if_ours(before) if before is not None else Adoption()

    async def update(self, case: InvoiceCase, step: UpdateInvoice) -> Turn | None:
        """Send what changed and nobody disputes; None when the plan is to be made anew."""
        link = _present(case.link)
        ready = await self._conflicts.ready(case, link, step)
        if not isinstance(ready, Ready):
            return ready
        call = encode.invoice_update(link.object_id, link.sync_token, ready.draft, ready.changed, case.company)
        op = msgspec.structs.replace(
            self._operation(case, Kind.INVOICE_UPDATE, call, step.draft), expected=f"{ready.total:f}"
        )
        flagged = partial(_note_flags, case, step)
        later, verdict = await self._desk.carry_out(op, flagged)
        fault = verdict.fault
        if _is(fault, FaultClass.STALE):
            return await self._conflicts.look(case, link)
        if fault is not None and fault.kind is FaultClass.GONE:
            return await self._gone(case, link, fault)
        return await self._or_another_customer(case, later, fault) if later is not None else None

    async def void(self, case: InvoiceCase) -> Turn | None:
        """Void the copy; None when the plan is to be made anew."""
        link = _present(case.link)
        call = encode.invoice_void(link.object_id, link.sync_token)
        op = msgspec.structs.replace(self._operation(case, Kind.INVOICE_VOID, call, case.agreed), expected="")
        later, verdict = await self._desk.carry_out(op)
        if _is(verdict.fault, FaultClass.STALE):
            return await self._conflicts.look(case, link, voiding=True)
        if verdict.fault is not None and verdict.fault.kind is FaultClass.GONE:
            return await self._gone(case, link, verdict.fault)
        if later is not None and _is(verdict.fault, FaultClass.FINAL):
            return await self._look_behind(case, link, later, voiding=True)
        return later

    async def hold(self, case: InvoiceCase, reason: Reason) -> Turn:
        """Hold the invoice for a person."""
        kind = Kind.INVOICE_UPDATE if case.link else Kind.INVOICE_CREATE
        source = Source("invoice", case.invoice.id)
        return await self._desk.hold(kind, invoice_chain(case.invoice.id), source, version_of(case.invoice), reason)

    async def wanted_again(self, invoice: str) -> None:
        """Let payments be posted again that a person deleted in QuickBooks and then wanted back."""
        await self._restoring.wanted_again(invoice)

    async def after_money(self, case: InvoiceCase, step: Money, done: Later | Hold | None) -> Turn | None:
        """What becomes of an invoice after money was written for it, or refused."""
        if isinstance(done, Hold):
            if done.reason.code == "payment_gone" and isinstance(step, ChangePayment | VoidPayment):
                return await self._payment_gone(case, step)
            return await self.hold(case, done.reason)
        if done is not None and case.link is not None and isinstance(step, RecordPayment | CreateRefund):
            return await self._refused_money(case, case.link, step, done)
        return done

    async def _refused_money(
        self, case: InvoiceCase, link: Link, step: RecordPayment | CreateRefund, done: Later
    ) -> Turn | None:
        """Was it refused because of what a person did to the invoice, or to its customer?"""
        op = await self._held(done)
        if op is None or op.reason is None or not op.reason.code.startswith("refused."):
            return done
        stands = isinstance(step, RecordPayment) and link.status == "live"
        turn = await self._look_behind(case, link, done) if stands else done
        if turn is not done or case.agreed is None:
            return turn
        return None if await self._former.merged(link, case.agreed.customer, done) else done

    async def _gone(self, case: InvoiceCase, link: Link, fault: Fault) -> Turn | None:
        """Something the change named is not there: the invoice itself, or else its customer, which is inactive."""
        turn = await self._conflicts.look(case, link)
        if turn is not None or await self._moved(link):
            return turn
        if await self._forgotten(case, "superseded.gone") > 1:
            what = "its customer, an item or an account on it was made inactive or deleted there"
            text = f"Invoice {case.invoice.number}: QuickBooks refused it: {fault.message} ({what})"
            mend = f"make it active again in QuickBooks, then: {RETRY}"
            return await self.hold(case, Reason(f"refused.{fault.code}", text, mend))
        await self._customers.forget(case.invoice.person, case.invoice.currency)
        return None

    async def _look_behind(self, case: InvoiceCase, link: Link, later: Later, *, voiding: bool = False) -> Turn | None:
        """Was it refused because of what a person did to the invoice? `later` itself when it stands as it stood."""
        turn = await self._conflicts.look(case, link, voiding=voiding)
        if turn is None and not await self._moved(link):
            return later
        await self._let_go(later, Reason("superseded", "The invoice is not where it was in QuickBooks."))
        return turn

    async def _moved(self, link: Link) -> bool:
        """Say whether a look found the copy elsewhere, void or deleted."""
        now = await self._desk.house.journal.read(lambda db: links.get(db, link.location, "invoice", link.source_id))
        return now is None or (now.object_id, now.status) != (link.object_id, link.status)

    async def _or_another_customer(self, case: InvoiceCase, later: Later, fault: Fault | None) -> Later | None:
        replaced = await self._former.replaced(case.invoice.person, case.invoice.currency, later, fault)
        return None if replaced else later

    async def _forgotten(self, case: InvoiceCase, code: str) -> int:
        """How often a write of this version was let go for this reason."""
        location, chain, version = self._desk.location, invoice_chain(case.invoice.id), version_of(case.invoice)
        before = await self._desk.house.journal.read(lambda db: operations.of_chain(db, location, chain))
        return sum(op.version == version and op.reason is not None and op.reason.code == code for op in before)

    async def _payment_gone(self, case: InvoiceCase, step: ChangePayment | VoidPayment) -> Turn | None:
        """A payment of ours was deleted: nothing is left to take back; money that should be there is asked about."""
        if isinstance(step, ChangePayment) and not is_gone(case):
            payment = next(one for one in case.posted if one.part == step.part)
            return await self._restoring.payment(case, payment)
        status = recording.WITHDRAWN if isinstance(step, VoidPayment) else "deleted"
        await self._restoring.payment_left(case, step.part, status)
        return None

    async def payment_deleted(self, case: InvoiceCase, payment: PostedPayment) -> Turn | None:
        """A person deleted or voided a payment of ours."""
        return await self._restoring.payment(case, payment)

    async def payment_undone(self, case: InvoiceCase, payment: PostedPayment) -> None:
        """A person deleted what Avantto does not count any more either: it is as if it had never been."""
        await self._restoring.payment_left(case, payment.part, "undone")

    async def _held(self, later: Later) -> Operation | None:
        op = await self._desk.house.journal.read(lambda db: operations.get(db, OperationId(later.waiting_for)))
        return op if op is not None and op.state is State.HELD else None

    async def _let_go(self, later: Later, reason: Reason) -> None:
        op = await self._held(later)
        if op is not None:
            await self._desk.let_go(op, reason)

    def _operation(self, case: InvoiceCase, kind: Kind, call: Call, draft: InvoiceDraft | None) -> Operation:
        return self._desk.operation(
            kind,
            invoice_chain(case.invoice.id),
            Source("invoice", case.invoice.id),
            call,
            draft,
            version=version_of(case.invoice),
            target=case.link.object_id if case.link and kind is not Kind.INVOICE_CREATE else "",
            expected=f"{draft.total.amount:f}" if draft is not None else "",
        )


def _note_created(case: InvoiceCase, step: CreateInvoice, db: Connection) -> None:
    """A number that somebody else has is said aloud: the invoice goes by another one."""
    if case.number_variant:
        number = step.draft.number or "numbered there"
        text = f"number {case.invoice.number} is taken in QuickBooks; posted as {number}"
        line = Activity(case.now, case.location.id, "invoice.number_taken", text, subject=case.invoice.id)
        activity.record(db, line)
    _note_flags(case, step, db)


def _note_flags(case: InvoiceCase, step: CreateInvoice | UpdateInvoice, db: Connection) -> None:
    """Say each flag once for a version of the document, however often its write is made anew."""
    place, invoice = case.location.id, case.invoice.id
    told = f"{version_of(case.invoice)} {' '.join(sorted(flag.text for flag in step.flags))}".encode()
    if step.flags and evidence.get(db, place, _FLAGGED, invoice) != told:
        evidence.put(db, place, _FLAGGED, invoice, "", told, case.now)
        recording.note_flags(db, place, invoice, step.flags, case.now)


def _is(fault: Fault | None, *kinds: FaultClass) -> bool:
    return fault is not None and fault.kind in kinds


def _present(link: Link | None) -> Link:
    if link is None:
        raise LookupError("a change was planned for an invoice that has no copy")
    return link
