"""Turn one payment into one sales receipt: the charge is the truth, the order only explains it."""

from __future__ import annotations

from typing import Final

import msgspec

from avantto_qbo.actors.customers import Customers
from avantto_qbo.actors.desk import Desk, Done, Turn, number_refusals
from avantto_qbo.actors.doubts import Adoption, Doubts
from avantto_qbo.avantto import reads
from avantto_qbo.avantto.rows import merge_transaction
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import evidence, inbox, links
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Order, Transaction
from avantto_qbo.model.drafts import ReceiptDraft
from avantto_qbo.model.ids import receipt_chain
from avantto_qbo.model.operation import Kind, Reason, Source
from avantto_qbo.model.records import Envelope, Lane, Link, Topic
from avantto_qbo.model.steps import (
    BookStep,
    CreateReceipt,
    Hold,
    Ignore,
    NeedCustomer,
    NeedItem,
    PauseMoney,
    ReceiptCase,
    Wait,
)
from avantto_qbo.quickbooks import encode
from avantto_qbo.rules.books.defaults import DEFAULT_ITEM
from avantto_qbo.rules.books.plan import plan_receipt
from avantto_qbo.rules.books.receipt import buyer
from avantto_qbo.rules.books.sources import paid_invoice, pays_invoice

_STEPS: Final = 12


class Receipts:
    """The payments of one location that are not payments of invoices."""

    def __init__(self, desk: Desk, customers: Customers, doubts: Doubts) -> None:
        self._desk, self._customers, self._doubts = desk, customers, doubts

    async def handle(self, envelope: Envelope) -> Turn:
        """Bring the books level with transaction `envelope.object_id`."""
        try:
            transaction = await self._truth(envelope.object_id)
            order = await self._order(transaction)
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
            case = await self._case(transaction, order)
            steps = plan_receipt(case)
            if not steps:
                return Done()
            turn = await self._do(case, steps[0])
            if turn is not None:
                return turn
        return self._desk.later(60, "many steps")

    async def _truth(self, transaction_id: str) -> Transaction:
        """The row says when the money moved, the detail says who else has posted it."""
        location = self._desk.location
        detail = await self._desk.crm.read(reads.transaction(location, transaction_id))
        kept = await self._desk.house.journal.read(lambda db: evidence.get(db, location, "transaction", transaction_id))
        return merge_transaction(msgspec.json.decode(kept, type=Transaction), detail) if kept else detail

    async def _order(self, transaction: Transaction) -> Order | None:
        if not transaction.entity_id or transaction.entity_type == "invoice":
            return None
        try:
            return await self._desk.crm.read(reads.order(self._desk.location, transaction.entity_id))
        except RejectedError as error:
            if error.code == "gone":
                return None
            raise

    async def _case(self, transaction: Transaction, order: Order | None) -> ReceiptCase:
        desk = self._desk
        record, settings = await desk.place()
        link, copy, refused = await desk.house.journal.read(lambda db: self._memory(db, transaction))
        case = ReceiptCase(
            transaction=transaction,
            location=record,
            settings=settings,
            company=await desk.realm.company(),
            now=desk.now(),
            order=order,
            evidence=msgspec.json.decode(copy, type=Order) if copy else None,
            link=link if link is not None and link.status == "live" else None,
            customer=None,
            default_item=await desk.default_item(DEFAULT_ITEM),
            number_variant=refused,
        )
        return msgspec.structs.replace(
            case, customer=await self._customers.known(buyer(transaction, case.order or case.evidence))
        )

    def _memory(self, db: Connection, transaction: Transaction) -> tuple[Link | None, bytes | None, int]:
        location = self._desk.location
        return (
            links.get(db, location, "transaction", transaction.id),
            evidence.get(db, location, "order", transaction.entity_id) if transaction.entity_id else None,
            len(number_refusals(db, location, receipt_chain(transaction.id))),
        )

    async def _do(self, case: ReceiptCase, step: BookStep) -> Turn | None:
        match step:
            case NeedCustomer(person=person):
                return await self._customers.ensure(person)
            case NeedItem(draft=item):
                return await self._desk.make_item(item)
            case CreateReceipt(draft=draft):
                return await self._create(case, draft)
            case Wait(delay=delay, reason=reason):
                return self._desk.later(delay.total_seconds(), reason.code)
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

    async def _create(self, case: ReceiptCase, draft: ReceiptDraft) -> Turn | None:
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
        later, _ = await self._desk.carry_out(op)
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
            evidence.put(db, location, "invoice_payment", row.id, invoice, body, row.updated_at)
            inbox.tell(db, location, Topic.INVOICE, invoice, Lane.MONEY, now)

        if invoice:
            await self._desk.house.journal.write(pass_on)
        return Done()


def _version(transaction: Transaction) -> str:
    return transaction.updated_at.isoformat()
