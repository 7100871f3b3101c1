"""The realm actor: what all locations of one QuickBooks company share.

Its limits and tokens (in `access`), the facts of the company, the one-name-at-a-time rule, the change feed's cursor,
and the count of metered reads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final, TypeVar

import anyio
import msgspec
import structlog

from avantto_qbo.actors import trials
from avantto_qbo.actors.access import Access
from avantto_qbo.actors.facts import learn, refuse_forms, with_refused_forms
from avantto_qbo.actors.house import House
from avantto_qbo.errors import QuotaSpentError
from avantto_qbo.journal import cursors, customers, evidence, inbox, locations, usage
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.drafts import TaxForm
from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.page import Page
from avantto_qbo.model.quickbooks import Changes, Company, CustomerRow, PaymentRow
from avantto_qbo.model.records import IndexedCustomer, Lane, LocationRecord, RealmRecord, Status, Topic
from avantto_qbo.quickbooks import reads
from avantto_qbo.rules.identity import normal_email, normal_phone
from avantto_qbo.rules.reference import is_test

log = structlog.get_logger(__name__)
R = TypeVar("R", CustomerRow, PaymentRow)
_FACTS_LAST: Final = timedelta(hours=24)
_OVERLAP: Final = timedelta(minutes=5)  # whether changedSince is inclusive is UNVERIFIED; rows seen before cost nothing
_FEED_REACH: Final = timedelta(days=25)  # the feed looks back 30 days at most; leave room
_CLOCKS_APART: Final = timedelta(hours=1)  # without the feed's own time: no clock of ours is further ahead than this
_PAGE: Final = 1000


class RealmActor:
    """One QuickBooks company."""

    def __init__(self, house: House, realm: RealmId, access: Access) -> None:
        self.realm, self.access = realm, access
        self.one_name = anyio.Lock()
        self._house = house
        self._company: Company | None = None
        self._fresh_until: datetime | None = None
        self._stale = False
        self._loading = anyio.Lock()
        self._reads_to_count = 0

    def count_read(self) -> None:
        """Note one metered read; the number is kept with the next poll's transaction."""
        self._reads_to_count += 1

    async def company(self) -> Company:
        """The facts rules decide by: at most a day old, older only while the month's reads are spent."""
        async with self._loading:
            if self._company is None:
                self._company = await self._remembered()
            now = self._house.clock.now()
            old = self._fresh_until is None or now >= self._fresh_until
            if self._company is not None and not old and not self._stale:
                return self._company
            try:
                return await self.learn()
            except QuotaSpentError:  # writes go on with what is known
                if self._company is None:
                    raise
                return self._company

    def forget_company(self) -> None:
        """Something it named was refused, made or mended: read it again at the next use, whatever is remembered."""
        self._stale = True

    async def learn(self) -> Company:
        """Read the facts from QuickBooks and keep them."""
        company = await learn(self.access.read, self.realm)
        now = self._house.clock.now()
        record = RealmRecord(self.realm, msgspec.json.encode(company), now)

        def keep(db: Connection) -> Company:
            locations.put_realm(db, record)
            return with_refused_forms(db, company)

        self._company = await self._house.journal.write(keep)
        self._fresh_until, self._stale = now + _FACTS_LAST, False
        return self._company

    async def _remembered(self) -> Company | None:
        def look(db: Connection) -> tuple[RealmRecord, Company] | None:
            record = locations.get_realm(db, self.realm)
            if record is None or not record.company:
                return None
            return record, with_refused_forms(db, msgspec.json.decode(record.company, type=Company))

        found = await self._house.journal.read(look)
        if found is None:
            return None
        record, company = found
        self._fresh_until = record.refreshed_at + _FACTS_LAST
        return company

    def refuse_forms(self, db: Connection, forms: Collection[TaxForm], now: datetime) -> bool:
        """Learn that the company answered another total to sales in these forms of tax; False if that was known."""
        self._company = None  # what is remembered is put together again at the next use
        return refuse_forms(db, self.realm, forms, now)

    async def poll(self) -> int:
        """Ask the change feed once and put what is new into the inboxes; returns how many rows were new."""
        since = await self._cursor()
        changes = await self._changes(since)
        self._say_unreadable(changes.unreadable)
        fresh = await self._house.journal.write(lambda db: self._take_in(db, changes))
        for location in await self._locations():
            self._house.nudge(location.id)
        return fresh

    def _say_unreadable(self, count: int) -> None:
        """Rows that make no sense are left out and said aloud: they must not keep the others back."""
        if count:
            log.warning("feed.unreadable", realm=self.realm, count=count)
            self._house.count("feed.unreadable")

    async def _cursor(self) -> datetime:
        text = await self._house.journal.read(lambda db: cursors.get(db, self.realm, "changes"))
        return datetime.fromisoformat(text) if text else self._house.clock.now()

    async def _changes(self, since: datetime) -> Changes:
        start, now = since - _OVERLAP, self._house.clock.now()
        if now - start > _FEED_REACH:
            return await self._paged(start, now - _CLOCKS_APART)
        changes = await self.access.read(reads.changes(start))
        if not changes.overflowed:
            return changes
        paged = await self._paged(start, changes.as_of)
        deleted = tuple(row for row in changes.payments if row.deleted)  # no query knows of them
        return msgspec.structs.replace(paged, payments=paged.payments + deleted)

    async def _paged(self, since: datetime, as_of: datetime) -> Changes:
        """The feed has no pages: past its cap, or its reach, only queries by time are complete."""
        found, lost = await self._all_since(since, reads.customers_since)
        paid, lost_too = await self._all_since(since, reads.payments_since)
        newest = max([as_of, *(row.updated_at for row in found), *(row.updated_at for row in paid)])
        return Changes(found, paid, newest, unreadable=lost + lost_too)

    async def _all_since(
        self, since: datetime, page_of: Callable[[datetime, int], Read[Page[R]]]
    ) -> tuple[tuple[R, ...], int]:
        """Every row changed since, page by page from the last time seen: a row that moves meanwhile shifts no other."""
        seen: dict[str, R] = {}
        unreadable: set[str] = set()
        start = 1
        while True:
            page = await self.access.read(page_of(since, start))
            seen |= {row.id: row for row in page.rows}
            unreadable |= set(page.unreadable)
            if page.size < _PAGE:
                return tuple(seen.values()), len(unreadable)
            last = page.rows[-1].updated_at if page.rows else since
            since, start = (last, 1) if last > since else (since, start + page.size)

    def _take_in(self, db: Connection, changes: Changes) -> int:
        """Rows into inboxes and cursor forward, in one transaction."""
        now = self._house.clock.now()
        members = [place for place in locations.of_realm(db, self.realm) if place.status is not Status.DISCONNECTED]
        fresh = sum(self.take_customer(db, members, row, Lane.CONTACT) for row in changes.customers)
        fresh += sum(self._take_payment(db, members, row) for row in changes.payments)
        cursors.put(db, self.realm, "changes", changes.as_of.isoformat(), now)
        self._flush_reads(db, now)
        return fresh

    def take_customer(self, db: Connection, members: list[LocationRecord], row: CustomerRow, lane: Lane) -> bool:
        """Index a row and tell those of `members` who have not been told of this very version before."""
        if is_test(row.notes) or not customers.remember(db, self._indexed(row, members)):
            return False
        told = [self._tell(db, place.id, Topic.CUSTOMER, row, _lane(place, row, lane)) for place in members]
        return any(told)

    def _tell(self, db: Connection, place: LocationId, topic: Topic, row: CustomerRow | PaymentRow, lane: Lane) -> bool:
        """Put a row into one location's inbox; False for a version it was told of before."""
        version = f"{row.sync_token}@{row.updated_at.isoformat()}".encode()
        if evidence.get(db, place, topic, row.id) == version:
            return False
        evidence.put(db, place, topic, row.id, "", version, row.updated_at)
        now, payload = self._house.clock.now(), msgspec.json.encode(row)
        return inbox.tell(db, place, topic, row.id, lane, now, payload=payload, changed_at=row.updated_at)

    def _indexed(self, row: CustomerRow, members: list[LocationRecord]) -> IndexedCustomer:
        marks = self._house.fingerprints
        country = members[0].country if members else ""
        phones = filter(None, (normal_phone(phone, country) for phone in row.phones))
        return IndexedCustomer(
            realm=self.realm,
            id=row.id,
            updated_at=row.updated_at,
            created_at=row.created_at,
            sync_token=row.sync_token,
            active=row.active,
            job=row.job,
            project=row.project,
            name_key=marks.name(row.display_name),
            email_keys=tuple(marks.email(email) for email in filter(None, map(normal_email, row.emails))),
            phone_keys=tuple(marks.phone(phone) for phone in phones),
            currency=row.currency,
        )

    def _take_payment(self, db: Connection, members: list[LocationRecord], row: PaymentRow) -> bool:
        if trials.is_of_test(db, self.realm, row):
            return False
        told = [self._tell(db, place.id, Topic.PAYMENT, row, Lane.CONTACT) for place in members]
        return any(told)

    def _flush_reads(self, db: Connection, now: datetime) -> None:
        if self._reads_to_count:
            usage.add_reads(db, self.realm, now.strftime("%Y-%m"), self._reads_to_count)
            self._reads_to_count = 0

    async def members(self) -> list[LocationRecord]:
        """The locations that are connected to this company."""
        return [place for place in await self._locations() if place.status is not Status.DISCONNECTED]

    async def _locations(self) -> list[LocationRecord]:
        return await self._house.journal.read(lambda db: locations.of_realm(db, self.realm))

    async def backfill_page(self, location: LocationId) -> bool:
        """Enumerate one more page of existing customers for `location`; False when there is none left (C1)."""
        position = await self._house.journal.read(lambda db: cursors.get(db, location, "backfill")) or "1"
        if position == "done":
            return False
        start = int(position)
        page = await self.access.read(reads.customers_page(start, _PAGE), key=location)
        self._say_unreadable(len(page.unreadable))
        more = page.size == _PAGE
        await self._house.journal.write(lambda db: self._take_page(db, location, page, start, more=more))
        return more

    def _take_page(
        self, db: Connection, location: LocationId, page: Page[CustomerRow], start: int, *, more: bool
    ) -> None:
        now = self._house.clock.now()
        member = locations.get(db, location)
        if member is None:
            return
        for row in page.rows:
            if is_test(row.notes):
                continue
            customers.remember(db, self._indexed(row, [member]))
            payload = msgspec.json.encode(row)
            inbox.tell(
                db, location, Topic.CUSTOMER, row.id, Lane.BACKFILL, now, payload=payload, changed_at=row.updated_at
            )
        cursors.put(db, location, "backfill", str(start + page.size) if more else "done", now)
        cursors.put(db, location, "backfill_listed", str(start + page.size - 1), now)


def _lane(place: LocationRecord, row: CustomerRow, lane: Lane) -> Lane:
    """What the feed's overlap shows of the time before the connection is the backfill's work, not news (C2)."""
    return lane if row.updated_at > place.connected_at else Lane.BACKFILL
