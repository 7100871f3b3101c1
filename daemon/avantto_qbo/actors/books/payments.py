"""The money of one invoice: which transactions it came by, and their payments in the books (I3)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.actors import recording
from avantto_qbo.actors.books.payment_changes import Looked, PaymentChanges
from avantto_qbo.actors.desk import Desk, Later
from avantto_qbo.actors.doubts import Adoption, Doubts
from avantto_qbo.actors.restored import voided_payments
from avantto_qbo.avantto import reads as avantto_reads
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import evidence, links, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Invoice, Transaction
from avantto_qbo.model.drafts import PaymentDraft
from avantto_qbo.model.ids import LocationId, OperationId, invoice_chain
from avantto_qbo.model.operation import Kind, Reason, Source, State
from avantto_qbo.model.outcome import FaultClass
from avantto_qbo.model.steps import AdoptPayment, ChangePayment, Hold, InvoiceCase, PostedPayment, VoidPayment
from avantto_qbo.quickbooks import encode_payments
from avantto_qbo.quickbooks import reads as books_reads
from avantto_qbo.rules.books.money.received import is_recorded
from avantto_qbo.rules.reasons import RETRY

# Whether somebody else posts this location's payments shows in the first ones; later ones need not be asked about.
_FIRST: Final = 10
_UNMATCHED: Final = "unmatched"


class Payments:
    """The payments of one location's invoices."""

    def __init__(self, desk: Desk, doubts: Doubts) -> None:
        self._desk, self._doubts, self._changes = desk, doubts, PaymentChanges(desk)

    async def of(self, invoice: Invoice, *, asking: bool = False) -> tuple[Transaction, ...]:
        """Every transaction that names this invoice, whichever of its fields does (attribution is UNVERIFIED).

        Avantto is asked only where what is known does not make up `amountPaid`, or with `asking`.
        """
        known, posted = await self._desk.house.journal.read(lambda db: self._known(db, invoice))
        # Nothing was ever paid, or all of it is in the books by its transactions: what the sweeps saw is enough.
        if posted == invoice.amount_paid and not asking:
            return tuple(known.values())
        location = self._desk.location
        page = await self._desk.crm.read(avantto_reads.transactions_page(location, 0, 100, entity_id=invoice.id))
        fresh = {row.id: _remembering(known.get(row.id), row) for row in page.rows}
        rows = (known | fresh).values()
        found = [await self._unread(name) for name in page.unreadable]
        found += [await self._in_full(row, invoice) for row in rows]
        return tuple(found)

    @staticmethod
    def posted(db: Connection, location: LocationId, invoice_id: str) -> tuple[PostedPayment, ...]:
        """Our payments of an invoice that stand in the books, on it or taken off it."""
        return _payments(db, location, invoice_id, "live")

    @staticmethod
    def withdrawn(db: Connection, location: LocationId, invoice_id: str) -> tuple[PostedPayment, ...]:
        """Our payments of an invoice that we voided because the bank took the money back."""
        return _payments(db, location, invoice_id, recording.WITHDRAWN)

    def _known(self, db: Connection, invoice: Invoice) -> tuple[dict[str, Transaction], Decimal]:
        """The transactions we saw for this invoice, and what our payments by transactions come to."""
        location = self._desk.location
        posted = [
            payment.amount.amount
            for payment in self.posted(db, location, invoice.id)
            if not is_recorded(payment.part)  # a transaction may still turn up for those
        ]
        return _seen(db, location, invoice.id), sum(posted, Decimal(0))

    async def seen(self, invoice_id: str) -> tuple[Transaction, ...]:
        """The transactions that were seen for an invoice, without asking Avantto."""
        location = self._desk.location
        known = await self._desk.house.journal.read(lambda db: _seen(db, location, invoice_id))
        return tuple(known.values())

    async def _unread(self, transaction_id: str) -> Transaction:
        """A row that makes no sense: the detail may, else nothing is posted beside money that is not understood."""
        if not transaction_id:
            raise RejectedError("unreadable", "a transaction of the invoice has no _id")
        return await self._desk.crm.read(avantto_reads.transaction(self._desk.location, transaction_id))

    async def _in_full(self, row: Transaction, invoice: Invoice) -> Transaction:
        """Before the first payments are posted: did the built-in integration post them? Only the detail says (S3)."""
        location = self._desk.location

        def doubtful(db: Connection) -> bool:
            posted = links.get(db, location, "payment", invoice.id, row.id)
            return posted is None and len(links.all_of(db, location, "payment", _FIRST)) < _FIRST

        if row.qbo_synced or row.status != "succeeded" or not await self._desk.house.journal.read(doubtful):
            return row
        detail = await self._desk.crm.read(avantto_reads.transaction(location, row.id))
        return msgspec.structs.replace(row, qbo_synced=detail.qbo_synced, test=detail.test)

    async def record(self, case: InvoiceCase, part: str, draft: PaymentDraft) -> Later | Hold | None:
        """Post one payment; None when it is in the books and the plan should be made again."""
        if await self._voided_there(Source("payment", case.invoice.id, part), draft):
            return None
        op = self._desk.operation(
            Kind.PAYMENT_CREATE,
            invoice_chain(case.invoice.id),
            Source("payment", case.invoice.id, part),
            encode_payments.payment_create(draft, case.company),
            draft,
            version=case.invoice.updated_at.isoformat(),
            expected=f"{draft.total.amount:f}",
        )
        before = await self._desk.perhaps_there(op.kind, op.chain, op.source)
        adopted = await self._doubts.adopt_if_ours(before) if before is not None else Adoption()
        if adopted.hold is not None:
            return Hold(adopted.hold)
        if adopted.found:
            return None
        later, verdict = await self._desk.carry_out(op)
        if later is not None and verdict.fault is not None and verdict.fault.kind is FaultClass.FINAL:
            return await self._paid_twice(case, draft, OperationId(later.waiting_for)) or later
        return later

    async def _voided_there(self, source: Source, draft: PaymentDraft) -> bool:
        """Did a person void this very payment before a restored journal could learn of it?"""
        desk, now = self._desk, self._desk.now()
        if not await desk.house.journal.read(lambda db: voided_payments.is_noted(db, desk.location, draft)):
            return False
        place = desk.location, desk.realm.realm
        await desk.house.journal.write(lambda db: voided_payments.respect(db, place, source, draft, now))
        return True

    async def _paid_twice(self, case: InvoiceCase, draft: PaymentDraft, refused: OperationId) -> Hold | None:
        """Was the payment refused because somebody settled the invoice in QuickBooks already?"""
        if not draft.invoice:  # the customer's credit settles none
            return None
        read = books_reads.invoice(draft.invoice, case.company.currency)
        theirs = await self._desk.realm.access.read(read, key=self._desk.location)
        op = await self._desk.house.journal.read(lambda db: operations.get(db, refused))
        if op is None or op.state is not State.HELD or theirs.row.voided or theirs.row.balance >= draft.total.amount:
            return None
        text = (
            f"Invoice {case.invoice.number}: Avantto received {draft.total}, but in QuickBooks only "
            f"{theirs.row.balance} is open: paid twice?"
        )
        await self._desk.let_go(op, Reason("superseded", "The invoice is settled in QuickBooks."))
        mend = f"remove the other payment, then: {RETRY} (or skip ID)"
        return Hold(Reason("paid_twice", text, mend))

    async def change(self, case: InvoiceCase, step: ChangePayment) -> Later | Hold | None:
        """Move one payment to another customer, off its invoice or back on it; None as in `record`."""
        return await self._changes.move(case, step)

    async def void(self, case: InvoiceCase, step: VoidPayment) -> Later | Hold | None:
        """Void one payment whose money never came or was taken back; None as in `record`."""
        return await self._changes.void(case, step)

    async def look(self, case: InvoiceCase) -> Looked:
        """Take over the amounts a person gave our payments in QuickBooks."""
        return await self._changes.look(case)

    async def adopt(self, case: InvoiceCase, step: AdoptPayment) -> None:
        """A transaction turned up for money recorded without one: only the link changes."""
        location, now = self._desk.location, self._desk.now()

        def move(db: Connection) -> None:
            link = links.get(db, location, "payment", case.invoice.id, step.old_part)
            if link is not None:
                links.repart(db, link, step.new_part, now)

        await self._desk.house.journal.write(move)

    async def note_unmatched(self, case: InvoiceCase) -> None:
        """Remember since when Avantto says that so much was paid, for which a transaction may still turn up."""
        if case.first_seen_unmatched is not None:
            return
        location, now = self._desk.location, self._desk.now()
        body = f"{now.isoformat()} {case.invoice.amount_paid}".encode()
        await self._desk.house.journal.write(
            lambda db: evidence.put(db, location, _UNMATCHED, case.invoice.id, "", body, now)
        )

    @staticmethod
    def unmatched_since(db: Connection, location: LocationId, invoice: Invoice) -> datetime | None:
        """Since when that was seen. More money is news: what was paid while nobody looked has its time yet to come."""
        noted = (evidence.get(db, location, _UNMATCHED, invoice.id) or b"").decode()
        since, _, paid = noted.partition(" ")
        return datetime.fromisoformat(since) if paid == str(invoice.amount_paid) else None


def _remembering(kept: Transaction | None, row: Transaction) -> Transaction:
    """A list row does not say who else posted the money; what its detail once said stays true."""
    return row if kept is None else msgspec.structs.replace(row, qbo_synced=kept.qbo_synced)


def _seen(db: Connection, location: LocationId, invoice_id: str) -> dict[str, Transaction]:
    kinds = ("transaction", "invoice_payment")
    bodies = [body for kind in kinds for body in evidence.about(db, location, kind, invoice_id)]
    rows = [msgspec.json.decode(body, type=Transaction) for body in bodies]
    return {row.id: row for row in rows}


def _payments(db: Connection, location: LocationId, invoice_id: str, status: str) -> tuple[PostedPayment, ...]:
    found = (link for link in links.of_source(db, location, "payment", invoice_id) if link.status == status)
    drafts = ((link, msgspec.json.decode(link.agreed, type=PaymentDraft)) for link in found)
    return tuple(PostedPayment(link.part, draft.total, link.object_id, draft) for link, draft in drafts)
