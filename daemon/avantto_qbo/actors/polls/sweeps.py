"""Sweep one location's lists at Avantto for what no webhook told, or what a webhook told in vain.

Every sweep looks at the newest rows; passes at a slower pace read the older ones again, because neither list can be
asked for what changed. What is new goes into the inbox, and the cursor moves, in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

import structlog

from avantto_qbo.actors.desk import Desk
from avantto_qbo.actors.polls.built_in import BuiltIn
from avantto_qbo.actors.polls.invoice_rows import InvoiceRows
from avantto_qbo.actors.polls.passes import Pass, Route, Walker, put, standing
from avantto_qbo.actors.polls.payment_rows import WATCHED, PaymentRows
from avantto_qbo.avantto import reads
from avantto_qbo.journal import cursors, evidence, inbox
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import InvoiceHead, Transaction
from avantto_qbo.model.http import Read
from avantto_qbo.model.page import Page
from avantto_qbo.model.records import Lane, LocationRecord, Status, Topic

log = structlog.get_logger(__name__)
T = TypeVar("T")
PAYMENTS: Final = "payments"
INVOICES: Final = "invoices"
RECENT_PAYMENTS: Final = "payments.recent"
OLD_PAYMENTS: Final = "payments.old"
OPEN_INVOICES: Final = "invoices.open"
ALL_INVOICES: Final = "invoices.all"
# Webhooks and rows may be late, and clocks differ: look back this far behind the newest row seen.
_OVERLAP: Final = timedelta(hours=6)
# Money is given back, and taken back by banks, long after it came: cards allow about half a year.
_RECENT: Final = timedelta(days=3)
_OLD: Final = timedelta(days=190)
_HOURLY: Final = timedelta(hours=1)
_DAILY: Final = timedelta(days=1)
_OPEN: Final = ("sent", "partially_paid", "payment_processing")
_WATCHED_AT_ONCE: Final = 20


class Sweeps:
    """The two lists of one location. The desk's `crm` is paced: sweeps take only a share of what may be asked."""

    def __init__(self, desk: Desk, record: LocationRecord) -> None:
        self._desk, self._record, self._crm, self._house = desk, record, desk.crm, desk.house
        self._walker = Walker(desk.house, record.id, desk.crm)

    # -- payments ------------------------------------------------------------------------------------------------------

    async def payments(self) -> bool:
        """Look for payments and for what became of them, never behind the cut-off (S5).

        True when a pass has more to read and wants to go on before the next poll is due.
        """
        if self._record.status in {Status.CONNECTED, Status.MONEY_PAUSED}:
            await BuiltIn(self._desk, self._record).check()
        await self._newest_payments()
        await self._watched_payments()
        recent = await self._walker.go_on(self._payments_since(RECENT_PAYMENTS, _HOURLY, _RECENT, timedelta(0)))
        old = await self._walker.go_on(self._payments_since(OLD_PAYMENTS, _DAILY, _OLD, _RECENT))
        return recent or old

    async def _newest_payments(self) -> None:
        """Transactions since the newest one seen, less the overlap; the cursor moves when every page was taken in."""
        place, now = self._record.id, self._house.clock.now()
        cursor = await self._house.journal.read(lambda db: cursors.get(db, place, PAYMENTS))
        newest = datetime.fromisoformat(cursor) if cursor else self._record.books_from
        start = max(self._record.books_from, newest - _OVERLAP)

        def take(db: Connection, page: Page[Transaction]) -> bool:
            nonlocal newest
            self._take_payments(db, page)
            # A row dated in the future must not make the next polls blind.
            newest = max([newest, *(min(row.created_at, now) for row in page.rows)])
            return True

        await self._pages(lambda offset: reads.transactions_page(place, offset, start=start), take)
        await self._house.journal.write(lambda db: self._move(db, newest, now, first=cursor is None))

    def _move(self, db: Connection, newest: datetime, now: datetime, *, first: bool) -> None:
        cursors.put(db, self._record.id, PAYMENTS, newest.isoformat(), now)
        if first:  # all there is was read just now
            for name in (RECENT_PAYMENTS, OLD_PAYMENTS):
                put(db, self._record.id, name, Pass(now, done=True), now)

    async def _watched_payments(self) -> None:
        """Payments that were pending when they were last seen, or that an order's webhook was about."""
        place, now = self._record.id, self._house.clock.now()
        due = await self._house.journal.read(lambda db: evidence.due(db, place, WATCHED, now, _WATCHED_AT_ONCE))
        for entity in due:
            page = await self._crm.read(reads.transactions_page(place, 0, entity_id=entity))
            await self._house.journal.write(partial(self._seen, page=page, entity=entity))

    def _seen(self, db: Connection, page: Page[Transaction], entity: str) -> None:
        evidence.remove(db, self._record.id, WATCHED, entity)
        rows = PaymentRows(self._record, self._house.clock.now())
        rows.take(db, page.rows)
        rows.watch_pending(db, page.rows)

    def _payments_since(self, name: str, every: timedelta, oldest: timedelta, newest: timedelta) -> Route[Transaction]:
        """The payments made between two ages, counted from when the pass began: the same rows for every slice."""

        def ask(at: Pass, offset: int) -> Read[Page[Transaction]]:
            start = max(self._record.books_from, at.begun - oldest)
            return reads.transactions_page(self._record.id, offset, start=start, end=at.begun - newest)

        return Route(name, every, (ask,), self._take_payments)

    def _take_payments(self, db: Connection, page: Page[Transaction]) -> None:
        PaymentRows(self._record, self._house.clock.now()).take(db, page.rows)
        self._tell_of_unreadable(db, PAYMENTS, Topic.TRANSACTION, page.unreadable)

    # -- invoices ------------------------------------------------------------------------------------------------------

    async def invoices(self) -> bool:
        """Look for invoices that moved; True when a pass wants to go on before the next poll is due."""
        await self._newest_invoices()
        opened = await self._walker.go_on(self._route(OPEN_INVOICES, _HOURLY, _OPEN))
        every = await self._walker.go_on(self._route(ALL_INVOICES, _DAILY, ("",), self._tell_of_unlisted))
        return opened or every

    async def _newest_invoices(self) -> None:
        """The first pages, until one brings nothing new."""
        await self._pages(partial(reads.invoices_page, self._record.id), self._take_invoices)

    def _route(
        self,
        name: str,
        every: timedelta,
        statuses: tuple[str, ...],
        finish: Callable[[Connection, Pass], None] = lambda _db, _pass: None,
    ) -> Route[InvoiceHead]:
        """One list for each status, one after the other; "" is the list of all."""

        def part(status: str) -> Callable[[Pass, int], Read[Page[InvoiceHead]]]:
            return lambda _, offset: reads.invoices_page(self._record.id, offset, status=status)

        return Route(name, every, tuple(part(status) for status in statuses), self._take_invoices, finish)

    def _take_invoices(self, db: Connection, page: Page[InvoiceHead]) -> bool:
        """Take a page in; True when it brought something new."""
        moved = self._invoice_rows(db).take(db, page.rows)
        return bool(moved + self._tell_of_unreadable(db, INVOICES, Topic.INVOICE, page.unreadable))

    def _tell_of_unlisted(self, db: Connection, walk: Pass) -> None:
        self._invoice_rows(db).tell_of_unlisted(db, walk)

    def _invoice_rows(self, db: Connection) -> InvoiceRows:
        walk = standing(db, self._record.id, ALL_INVOICES)
        return InvoiceRows(self._record, self._house.clock.now(), walk.name if walk else "")

    # -- both ----------------------------------------------------------------------------------------------------------

    async def _pages(self, ask: Callable[[int], Read[Page[T]]], take: Callable[[Connection, Page[T]], bool]) -> None:
        """Take pages in, the newest first, until `take` says False or there are no more."""
        offset = 0
        while True:
            page, go_on = await self._page(ask(offset), take)
            offset += page.size
            if not go_on or not page.size or offset >= page.total:
                return

    async def _page(self, read: Read[Page[T]], take: Callable[[Connection, Page[T]], bool]) -> tuple[Page[T], bool]:
        page = await self._crm.read(read)
        return page, await self._house.journal.write(lambda db: take(db, page))

    def _tell_of_unreadable(self, db: Connection, name: str, topic: Topic, ids: tuple[str, ...]) -> int:
        """Whoever handles the document meets what is wrong with it; mail that waits for that already is left alone."""
        if ids:
            log.warning("poll.unreadable", topic=name, location=self._record.id, count=len(ids))
            self._house.count(f"poll.unreadable.{name}")
        place, now = self._record.id, self._house.clock.now()
        news = [name for name in filter(None, ids) if inbox.get(db, place, topic, name) is None]
        for name in news:
            inbox.tell(db, place, topic, name, Lane.MONEY, now)
        return len(news)
