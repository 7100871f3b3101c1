"""Changes of payments that stand in QuickBooks: moved to another customer or invoice, or voided (I5).

Each is fenced by the SyncToken the payment had when we wrote it last. Refused as stale, it is read again once: what a
person edited there is never overwritten.
"""

from __future__ import annotations

from typing import Final

import msgspec

from avantto_qbo.actors import merging, recording
from avantto_qbo.actors.books.refused import gone, held_in_words
from avantto_qbo.actors.desk import Desk, Later
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import links, operations
from avantto_qbo.model.drafts import PaymentDraft
from avantto_qbo.model.ids import OperationId, invoice_chain
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Call, Kind, Operation, Reason, Source, State
from avantto_qbo.model.outcome import FaultClass
from avantto_qbo.model.quickbooks import PaymentRow
from avantto_qbo.model.records import Link
from avantto_qbo.model.steps import ChangePayment, Hold, InvoiceCase, PostedPayment, VoidPayment
from avantto_qbo.quickbooks import encode_payments
from avantto_qbo.quickbooks import reads as books_reads
from avantto_qbo.rules.books.money.moves import edited
from avantto_qbo.rules.reasons import RETRY
from avantto_qbo.rules.settle import Verdict

_GONE: Final = "610"


class Looked(msgspec.Struct, frozen=True):
    """What a look at our payments brought: whether a person changed an amount, and one that is there no more."""

    changed: bool = False
    gone: PostedPayment | None = None


class PaymentChanges:
    """Changes of the payments of one location's invoices."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def move(self, case: InvoiceCase, step: ChangePayment) -> Later | Hold | None:
        """Move one payment to another customer, off its invoice or back on it; None as in `Payments.record`."""
        link = await self._link(case, step.part)
        draft = step.draft
        call = encode_payments.payment_update(link.object_id, link.sync_token, draft)
        op = self._changing(case, Kind.PAYMENT_UPDATE, link, call, draft, f"{draft.total.amount:f}")
        later, verdict = await self._desk.carry_out(op)
        return await self._refused(case, link, draft, verdict, later)

    async def void(self, case: InvoiceCase, step: VoidPayment) -> Later | Hold | None:
        """Void one payment whose money never came or was taken back; None as in `Payments.record`."""
        link = await self._link(case, step.part)
        call = encode_payments.payment_void(link.object_id, link.sync_token)
        agreed = msgspec.json.decode(link.agreed, type=PaymentDraft)
        later, verdict = await self._desk.carry_out(self._changing(case, Kind.PAYMENT_VOID, link, call, agreed, ""))
        return await self._refused(case, link, None, verdict, later)

    async def look(self, case: InvoiceCase) -> Looked:
        """Take over the amounts a person gave our payments in QuickBooks; read when the sums contradict each other."""
        changed = False
        for payment in case.posted:
            if payment.draft is None:
                continue
            link, theirs = await self._link(case, payment.part), await self._theirs(payment.object_id)
            if theirs is None or not theirs.total:
                return Looked(changed, payment)
            if theirs.total != payment.amount.amount:
                amount = Money.of(theirs.total, payment.amount.currency)
                await self._take_over(link, msgspec.structs.replace(payment.draft, total=amount), theirs.sync_token)
                changed = True
        return Looked(changed)

    async def _theirs(self, payment: str) -> PaymentRow | None:
        """A payment as it stands in QuickBooks, None for one that was deleted there."""
        try:
            return await self._desk.realm.access.read(books_reads.payment(payment), key=self._desk.location)
        except RejectedError as error:
            if error.code != _GONE:
                raise
            return None

    async def _take_over(self, link: Link, draft: PaymentDraft, sync_token: str) -> None:
        agreed, total, now = msgspec.json.encode(draft), f"{draft.total.amount:f}", self._desk.now()
        fresh = msgspec.structs.replace(link, agreed=agreed, total=total, sync_token=sync_token, updated_at=now)
        await self._desk.house.journal.write(lambda db: links.put(db, fresh))

    def _changing(
        self, case: InvoiceCase, kind: Kind, link: Link, call: Call, draft: PaymentDraft, expected: str
    ) -> Operation:
        return self._desk.operation(
            kind,
            invoice_chain(case.invoice.id),
            Source("payment", case.invoice.id, link.part),
            call,
            draft,
            version=case.invoice.updated_at.isoformat(),
            target=link.object_id,
            expected=expected,
        )

    async def _link(self, case: InvoiceCase, part: str) -> Link:
        location = self._desk.location
        link = await self._desk.house.journal.read(lambda db: links.get(db, location, "payment", case.invoice.id, part))
        if link is None:
            raise LookupError(f"a change was planned for payment {part}, which has no copy")
        return link

    async def _refused(
        self, case: InvoiceCase, link: Link, wanted: PaymentDraft | None, verdict: Verdict, later: Later | None
    ) -> Later | Hold | None:
        """A change that was refused: read the payment again if it moved on, and say it in a bookkeeper's words."""
        what = f"Payment {link.part} of invoice {case.invoice.number}"
        if verdict.fault is not None and verdict.fault.kind is FaultClass.STALE:
            return await self._read_again(link, wanted, what)
        if verdict.fault is not None and verdict.fault.kind is FaultClass.GONE and later is not None:
            theirs = await self._theirs(link.object_id)
            if theirs is not None and theirs.total:
                return await self._stands(link, theirs, later)
        return await held_in_words(self._desk, "payment", what, verdict, later)

    async def _stands(self, link: Link, theirs: PaymentRow, later: Later) -> Later | None:
        """Not the payment is gone, but something it names is inactive: a customer that was merged is followed."""
        before = msgspec.json.decode(link.agreed, type=PaymentDraft)
        agreed = await self._as_of_now(before, theirs)
        name = OperationId(later.waiting_for)
        op = await self._desk.house.journal.read(lambda db: operations.get(db, name))
        if agreed == before or op is None or op.state is not State.HELD:
            return later
        await self._desk.let_go(op, Reason("superseded", "Its customer was merged in QuickBooks."))
        await self._take_over(link, agreed, theirs.sync_token)
        return None

    async def _read_again(self, link: Link, wanted: PaymentDraft | None, what: str) -> Hold | None:
        """The payment moved on in QuickBooks: the one re-read a conflict is worth; `wanted` None to void it."""
        theirs = await self._theirs(link.object_id)
        if theirs is None:
            return Hold(gone("payment", what))
        if wanted is not None and not theirs.total:  # voided by a person: nothing is left to move
            return Hold(gone("payment", what))
        agreed = await self._as_of_now(msgspec.json.decode(link.agreed, type=PaymentDraft), theirs)
        voided = not theirs.total  # by a person, who was quicker
        changed = "" if voided else edited(agreed, wanted or agreed, theirs)
        if changed:
            text = f"{what} (id {link.object_id}) was edited in QuickBooks: {changed}."
            return Hold(Reason("payment_edited", text, f"undo the edit in QuickBooks, then: {RETRY} (or skip ID)"))
        status = recording.WITHDRAWN if voided else link.status
        fresh = msgspec.structs.replace(link, sync_token=theirs.sync_token, status=status, updated_at=self._desk.now())
        await self._desk.house.journal.write(lambda db: links.put(db, fresh))
        return None

    async def _as_of_now(self, agreed: PaymentDraft, theirs: PaymentRow) -> PaymentDraft:
        """QuickBooks moves what a merged customer had to the survivor: that is no person's edit."""
        realm, owner, now = self._desk.realm.realm, theirs.customer_id, self._desk.now()
        customer = await self._desk.house.journal.write(
            lambda db: merging.found_under(db, realm, agreed.customer, owner, now)
        )
        return msgspec.structs.replace(agreed, customer=customer)
