"""Turn one payment into one sales receipt: the charge is the truth, the order only explains it."""

from __future__ import annotations

from typing import Final

import msgspec

from avantto_qbo.actors import recording
from avantto_qbo.actors.books.customers import Customers
from avantto_qbo.actors.books.former_customers import FormerCustomers
from avantto_qbo.actors.books.receipt_case import ReceiptCases
from avantto_qbo.actors.books.receipt_looks import ReceiptLooks
from avantto_qbo.actors.books.receipt_voids import ReceiptVoids
from avantto_qbo.actors.books.recollections import Recollections
from avantto_qbo.actors.books.refunds import Refunds
from avantto_qbo.actors.desk import Desk, Done, Later, Turn
from avantto_qbo.actors.doubts import Adoption, Doubts
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import evidence, inbox
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Order, Transaction
from avantto_qbo.model.drafts import ReceiptDraft
from avantto_qbo.model.ids import receipt_chain
from avantto_qbo.model.operation import Kind, Reason, Source
from avantto_qbo.model.records import Envelope, Lane, Link, Topic
from avantto_qbo.model.steps import (
    BookStep,
    CreateReceipt,
    CreateRefund,
    Hold,
    Ignore,
    NeedCustomer,
    NeedItem,
    PauseMoney,
    ReceiptCase,
    VoidReceipt,
    Wait,
)
from avantto_qbo.quickbooks import encode
from avantto_qbo.rules.books.plan import plan_receipt
from avantto_qbo.rules.books.receipt import buyer
from avantto_qbo.rules.books.sources import paid_invoice, pays_invoice
from avantto_qbo.rules.reasons import REFUNDS_DIFFER

_STEPS: Final = 12


class Receipts:
    """The payments of one location that are not payments of invoices."""

    def __init__(self, desk: Desk, customers: Customers, doubts: Doubts) -> None:
        self._desk, self._customers, self._doubts = desk, customers, doubts
        self._cases, self._former = ReceiptCases(desk, customers), FormerCustomers(desk, customers)
        self._refunds, self._voids, self._looks = Refunds(desk, doubts), ReceiptVoids(desk), ReceiptLooks(desk)
        self._recollections = Recollections(desk)

    async def handle(self, envelope: Envelope) -> Turn:
        """Bring the books level with transaction `envelope.object_id`."""
        try:
            transaction, order = await self._cases.truth(envelope.object_id)
        except RejectedError as error:
            if error.code == "scope":  # of the connection, not of this document: the polls say it once for all
                raise
            chain, source = receipt_chain(envelope.object_id), Source("transaction", envelope.object_id)
            return await self._desk.unreadable(Kind.RECEIPT_CREATE, chain, source, error)
        return await self._bring_level(transaction, order)

    async def _bring_level(self, transaction: Transaction, order: Order | None) -> Turn:
        for _ in range(_STEPS):
            busy = await self._desk.chain_busy(receipt_chain(transaction.id), _version(transaction))
            if busy is not None:
                return busy
            case = await self._recollections.receipt(await self._cases.of(transaction, order))
            steps = plan_receipt(case)
            if not steps:
                return Done()
            turn = await self._do(case, steps[0])
            if turn is not None:
                return turn
        return self._desk.later(60, "many steps")

    async def _do(self, case: ReceiptCase, step: BookStep) -> Turn | None:
        match step:
            case NeedCustomer(person=person):
                return await self._customers.ensure(person, case.transaction.currency)
            case NeedItem(draft=item):
                return await self._desk.make_item(item)
            case CreateReceipt(draft=draft, flags=flags):
                return await self._create(case, draft, flags)
            case CreateRefund():
                return await self._or_hold(case, await self._refund(case, step))
            case VoidReceipt():
                return await self._or_hold(case, await self._voids.void(case, _version(case.transaction)))
            case _:
                return await self._put_aside(case, step)

    async def _put_aside(self, case: ReceiptCase, step: BookStep) -> Turn | None:
        """The steps that write nothing."""
        match step:
            case Wait(delay=delay, reason=reason):
                return self._desk.later(delay.total_seconds(), reason.code)
            case Hold(reason=reason) if reason.code in REFUNDS_DIFFER and await self._refunds.look(case.refunds):
                return None  # a person took back what was too much
            case Hold(reason=reason):
                return await self._hold(case, reason)
            case PauseMoney(reason=reason):
                await self._desk.pause(Source("transaction", case.transaction.id), reason)
                if pays_invoice(case.transaction, case.order or case.evidence):
                    return await self._pass_on(case)  # the invoice must know that this money is in the books
                return Done()  # theirs stands: nothing of ours is added
            case Ignore(reason=reason) if reason.code == "invoice_payment":
                return await self._pass_on(case)
            case Ignore():
                return Done()
            case _:
                return await self._hold(case, Reason("receipt.plan", f"No way to carry out {type(step).__name__}."))

    async def _or_hold(self, case: ReceiptCase, done: Later | Hold | None) -> Turn | None:
        return await self._hold(case, done.reason) if isinstance(done, Hold) else done

    async def _refund(self, case: ReceiptCase, step: CreateRefund) -> Later | Hold | None:
        gone = await self._looks.before_refund(case)
        if gone is not None:
            return gone
        chain, version = receipt_chain(case.transaction.id), _version(case.transaction)
        refunded = await self._refunds.create(chain, version, case.company, step)
        if isinstance(refunded, Later) and case.link and case.agreed:
            return await self._or_survivor(case.link, case.agreed, refunded)
        return refunded

    async def _or_survivor(self, link: Link, agreed: ReceiptDraft, later: Later) -> Later | None:
        return None if await self._former.merged(link, agreed.customer, later) else later

    async def _create(self, case: ReceiptCase, draft: ReceiptDraft, flags: tuple[Reason, ...]) -> Turn | None:
        chain = receipt_chain(case.transaction.id)
        op = self._desk.operation(
            Kind.RECEIPT_CREATE,
            chain,
            Source("transaction", case.transaction.id),
            encode.receipt_create(draft, case.company),
            draft,
            version=_version(case.transaction),
            expected=f"{draft.total.amount:f}",
        )
        before = await self._desk.perhaps_there(op.kind, chain, op.source)
        adopted = await self._doubts.adopt_if_ours(before) if before is not None else Adoption()
        if adopted.hold is not None:
            return await self._hold(case, adopted.hold)
        if adopted.found:
            return None

        def flag(db: Connection) -> None:
            recording.note_flags(db, op.location, op.source.id, flags, op.created_at)

        later, verdict = await self._desk.carry_out(op, flag)
        person = buyer(case.transaction, case.order or case.evidence)
        if later is not None and await self._former.replaced(person, case.transaction.currency, later, verdict.fault):
            return None
        return later

    async def _hold(self, case: ReceiptCase, reason: Reason) -> Turn:
        chain, source = receipt_chain(case.transaction.id), Source("transaction", case.transaction.id)
        return await self._desk.hold(Kind.RECEIPT_CREATE, chain, source, _version(case.transaction), reason)

    async def _pass_on(self, case: ReceiptCase) -> Turn:
        """A payment of an invoice: the invoice's own mail carries it, whichever field attributed it."""
        location, now, row = self._desk.location, self._desk.now(), case.transaction
        invoice = paid_invoice(row, case.order or case.evidence)
        attributed = msgspec.structs.replace(row, source_id=invoice, contact_name="", contact_email="")
        body = msgspec.json.encode(attributed)

        def pass_on(db: Connection) -> None:
            evidence.put(db, location, "invoice_payment", row.id, invoice, body, min(row.updated_at, now))
            inbox.tell(db, location, Topic.INVOICE, invoice, Lane.MONEY, now)

        if invoice:
            await self._desk.house.journal.write(pass_on)
        return Done()


def _version(transaction: Transaction) -> str:
    return transaction.updated_at.isoformat()
