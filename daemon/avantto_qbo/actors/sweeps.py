"""Sweep one location's lists at Avantto for what no webhook told, or what a webhook told in vain.

What is new goes into the inbox, and the cursor moves, in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec
import structlog

from avantto_qbo.actors.access import Access
from avantto_qbo.actors.house import House
from avantto_qbo.avantto import reads
from avantto_qbo.journal import cursors, evidence, inbox, links
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import InvoiceHead, Transaction
from avantto_qbo.model.http import Read
from avantto_qbo.model.page import Page
from avantto_qbo.model.records import Lane, LocationRecord, Topic

log = structlog.get_logger(__name__)
T = TypeVar("T")
PAYMENTS: Final = "payments"
INVOICES: Final = "invoices"
_PAGE: Final = 100
# Webhooks and rows may be late, and clocks differ: look back this far behind the newest row seen.
_OVERLAP: Final = timedelta(hours=6)


class Sweeps:
    """The two lists of one location."""

    def __init__(self, house: House, record: LocationRecord, crm: Access) -> None:
        self._house, self._record, self._crm = house, record, crm

    async def payments(self) -> None:
        """Transactions since the cursor less the overlap, never from behind the cut-off (S5)."""
        record = self._record
        cursor = await self._house.journal.read(lambda db: cursors.get(db, record.id, PAYMENTS))
        newest = datetime.fromisoformat(cursor) if cursor else record.books_from
        start = max(record.books_from, newest - _OVERLAP)
        rows, unreadable = await self._all(
            PAYMENTS, lambda offset: reads.transactions_page(record.id, offset, _PAGE, start=start)
        )

        def take(db: Connection) -> None:
            self._take_payments(db, rows, newest)
            self._tell_of_unreadable(db, Topic.TRANSACTION, unreadable)

        await self._house.journal.write(take)

    async def invoices(self) -> None:
        """Every list row whose `updatedAt` we have not seen; the list has no filter for it."""
        rows, unreadable = await self._all(INVOICES, lambda offset: reads.invoices_page(self._record.id, offset, _PAGE))

        def take(db: Connection) -> None:
            self._take_invoices(db, rows)
            self._tell_of_unreadable(db, Topic.INVOICE, unreadable)

        await self._house.journal.write(take)

    async def _all(self, name: str, page_at: Callable[[int], Read[Page[T]]]) -> tuple[list[T], list[str]]:
        """All pages: the newest come first, so a page left out would be behind the cursor for ever."""
        offset, rows, unreadable = 0, list[T](), list[str]()
        while True:
            page = await self._crm.read(page_at(offset))
            rows += page.rows
            unreadable += page.unreadable
            offset += page.size
            if not page.size or offset >= page.total:
                break
        if unreadable:
            log.warning("poll.unreadable", topic=name, location=self._record.id, count=len(unreadable))
            self._house.count(f"poll.unreadable.{name}")
        return rows, unreadable

    def _take_payments(self, db: Connection, rows: list[Transaction], newest: datetime) -> None:
        record, now = self._record, self._house.clock.now()
        for row in rows:
            body = msgspec.json.encode(msgspec.structs.replace(row, contact_name="", contact_email=""))
            if evidence.get(db, record.id, "transaction", row.id) == body:
                continue
            evidence.put(db, record.id, "transaction", row.id, row.entity_id, body, row.updated_at)
            self._tell_of_payment(db, row, now)
        # A row dated in the future must not make the next polls blind.
        latest = max([newest, *(min(row.created_at, now) for row in rows)])
        cursors.put(db, record.id, PAYMENTS, latest.isoformat(), now)

    def _tell_of_payment(self, db: Connection, row: Transaction, now: datetime) -> None:
        """Money that names its invoice is that invoice's news; unless its payment is in the books already."""
        location = self._record.id
        if row.entity_type != "invoice":
            inbox.tell(db, location, Topic.TRANSACTION, row.id, Lane.MONEY, now)
            return
        posted = links.get(db, location, "payment", row.entity_id, row.id)
        if posted is None or row.status != "succeeded" or row.amount_refunded:
            inbox.tell(db, location, Topic.INVOICE, row.entity_id, Lane.MONEY, now)

    def _take_invoices(self, db: Connection, rows: list[InvoiceHead]) -> None:
        record, now = self._record, self._house.clock.now()
        for row in rows:
            seen = f"{row.status}@{row.updated_at.isoformat()}".encode()
            if row.created_at < record.books_from or evidence.get(db, record.id, "invoice_row", row.id) == seen:
                continue
            evidence.put(db, record.id, "invoice_row", row.id, "", seen, row.updated_at)
            link = links.get(db, record.id, "invoice", row.id)
            if link is None or link.version != row.updated_at.isoformat():  # else a webhook was quicker
                inbox.tell(db, record.id, Topic.INVOICE, row.id, Lane.MONEY, now)

    def _tell_of_unreadable(self, db: Connection, topic: Topic, ids: list[str]) -> None:
        """Whoever handles the document meets what is wrong with it; mail that waits for that already is left alone."""
        location, now = self._record.id, self._house.clock.now()
        for name in filter(None, ids):
            if inbox.get(db, location, topic, name) is None:
                inbox.tell(db, location, topic, name, Lane.MONEY, now)
