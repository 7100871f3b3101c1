"""Gather everything the plan of a payment is decided from: the charge, its order, what the journal knows of both."""

from __future__ import annotations

from typing import Final

import msgspec

from avantto_qbo.actors.books.customers import Customers
from avantto_qbo.actors.books.refunds import Refunds
from avantto_qbo.actors.desk import Desk, number_refusals
from avantto_qbo.avantto import reads
from avantto_qbo.avantto.rows import merge_transaction
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import evidence, links, merges
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Order, Transaction
from avantto_qbo.model.drafts import ReceiptDraft
from avantto_qbo.model.ids import receipt_chain
from avantto_qbo.model.records import Link
from avantto_qbo.model.steps import PostedRefund, ReceiptCase
from avantto_qbo.rules.books.receipt import buyer
from avantto_qbo.rules.books.sources import PENDING

# A receipt that we took back ourselves is made anew once its charge succeeds after all.
_STANDING: Final = frozenset({"live", "voided", "deleted"})


class _Memory(msgspec.Struct, frozen=True):
    """What the journal knows of one transaction."""

    link: Link | None
    order: bytes | None
    refusals: int
    refunds: tuple[PostedRefund, ...]
    siblings: tuple[bytes, ...]
    agreed: ReceiptDraft | None


class ReceiptCases:
    """The cases of one location's payments that are not payments of invoices."""

    def __init__(self, desk: Desk, customers: Customers) -> None:
        self._desk, self._customers = desk, customers

    async def truth(self, transaction_id: str) -> tuple[Transaction, Order | None]:
        """The charge and its order as Avantto states them now. Raises as reads do."""
        transaction = await self._transaction(transaction_id)
        return transaction, await self._order(transaction)

    async def _transaction(self, transaction_id: str) -> Transaction:
        """The row says when the money moved, the detail says who else has posted it."""
        location = self._desk.location
        detail = await self._desk.crm.read(reads.transaction(location, transaction_id))
        body = await self._desk.house.journal.read(lambda db: evidence.get(db, location, "transaction", transaction_id))
        kept = msgspec.json.decode(body, type=Transaction) if body else None
        if kept is not None and kept.status in PENDING and detail.status not in PENDING:
            kept = await self._row(detail) or kept  # the old row tells when the debit began, not when it came
        return merge_transaction(kept, detail) if kept is not None else detail

    async def _row(self, detail: Transaction) -> Transaction | None:
        """The list's own copy of a transaction, None where the list does not show it."""
        read = reads.transactions_page(self._desk.location, 0, 100, entity_id=detail.entity_id)
        page = await self._desk.crm.read(read)
        return next((row for row in page.rows if row.id == detail.id), None)

    async def _order(self, transaction: Transaction) -> Order | None:
        if not transaction.entity_id or transaction.entity_type == "invoice":
            return None
        try:
            return await self._desk.crm.read(reads.order(self._desk.location, transaction.entity_id))
        except RejectedError as error:
            if error.code == "gone":
                return None
            raise

    async def of(self, transaction: Transaction, order: Order | None) -> ReceiptCase:
        """The case of a charge as it is now."""
        desk = self._desk
        record, settings = await desk.place()
        kept = await desk.house.journal.read(lambda db: self._memory(db, transaction))
        link = kept.link if kept.link is not None and kept.link.status in _STANDING else None
        copy = msgspec.json.decode(kept.order, type=Order) if kept.order else None
        return ReceiptCase(
            transaction=transaction,
            location=record,
            settings=settings,
            company=await desk.realm.company(),
            now=desk.now(),
            order=order,
            evidence=copy,
            link=link,
            customer=await self._customers.known(buyer(transaction, order or copy), transaction.currency),
            made_items=await desk.made_items(),
            product_items=await desk.product_items(),
            number_variant=kept.refusals,
            agreed=kept.agreed if link else None,
            refunds=kept.refunds,
            siblings=tuple(msgspec.json.decode(body, type=Transaction) for body in kept.siblings),
        )

    def _memory(self, db: Connection, transaction: Transaction) -> _Memory:
        location, order = self._desk.location, transaction.entity_id
        siblings = evidence.about(db, location, "transaction", order) if order else []
        own = evidence.get(db, location, "transaction", transaction.id)
        link = links.get(db, location, "transaction", transaction.id)
        return _Memory(
            link=link,
            order=evidence.get(db, location, "order", order) if order else None,
            refusals=len(number_refusals(db, location, receipt_chain(transaction.id))),
            refunds=Refunds.of(db, location, [transaction.id]),
            siblings=tuple(bytes(body) for body in siblings if body != own),
            agreed=_agreed(db, link) if link is not None and link.agreed else None,
        )


def _agreed(db: Connection, link: Link) -> ReceiptDraft:
    """The receipt as it was posted, in the name of whoever its customer was merged into since."""
    draft = msgspec.json.decode(link.agreed, type=ReceiptDraft)
    return msgspec.structs.replace(draft, customer=merges.survivor(db, link.realm, draft.customer))
