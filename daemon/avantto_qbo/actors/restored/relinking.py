"""Read what the books hold of ours since a restored journal's last moment, and link it again before writing begins.

One page, its links and the position behind it are one transaction: after a crash the last page is read again, and what
was linked is known by then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.actors.reconciling.night import RECONCILE
from avantto_qbo.actors.restored import unclear, voided_payments
from avantto_qbo.actors.restored.links_again import LinksAgain
from avantto_qbo.actors.restored.owners import Owners
from avantto_qbo.actors.restored.standing import first_position
from avantto_qbo.journal import activity, cursors, inbox, links, locations, restored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.ledger import BookEntity, BookRow
from avantto_qbo.model.operation import Reason, Source
from avantto_qbo.model.page import Page
from avantto_qbo.model.records import Activity, Lane, Topic
from avantto_qbo.model.restored import Restored
from avantto_qbo.quickbooks.recall import Recalled, changed_documents
from avantto_qbo.rules.books.comparing.recalled import nameless, owned_by

log = structlog.get_logger(__name__)
PAGE: Final = 1000
_COMPARED_AFTER: Final = timedelta(hours=1)  # by then the documents that changed meanwhile had their turns
_ORDER: Final = tuple(BookEntity)  # invoices first: a payment that lost its marker is told by its invoice
_TOPICS: Final = {"invoice": Topic.INVOICE, "payment": Topic.INVOICE, "transaction": Topic.TRANSACTION}


class Relinking:
    """Brings restored companies level with their books. `page` is how many documents one read may bring."""

    def __init__(self, house: House, directory: Directory, page: int = PAGE) -> None:
        self._house, self._directory, self._page = house, directory, page

    async def run(self, realm: RealmId) -> datetime | None:
        """Read on from where the last run ended; returns when to begin, None when writing has begun again.

        Raises what reads raise; then the position stays.
        """
        at = await self._house.journal.read(lambda db: restored.get(db, realm))
        if at is None or at.done_at is not None:
            return None
        if self._house.clock.now() < at.begins_at:
            return at.begins_at
        while (at := await self._step(at)).done_at is None:
            pass
        self._directory.realm(realm).forget_company()
        for place in await self._house.journal.read(lambda db: locations.of_realm(db, realm)):
            self._house.nudge(place.id)
        log.info("journal.relinked", realm=realm, count=sum(at.linked.values()))
        return None

    async def _step(self, at: Restored) -> Restored:
        """Read one page and take it in."""
        actor = self._directory.realm(at.realm)
        page = await actor.access.read(changed_documents(at.entity, at.position, at.start, self._page))
        company = await actor.company()
        owners = Owners(self._house, self._directory, at.realm)
        places = [await self._place(at.realm, owners, one.row) for one in page.rows]

        def take(db: Connection) -> Restored:
            taking = _Taking(db, self._house, at.realm, LinksAgain(at.realm, company.currency, self._house.clock.now()))
            for one, place in zip(page.rows, places, strict=True):
                taking.take(one, place)
            taking.hold_unreadable(at.entity, page.unreadable)
            return _noted(db, self._behind(at, page, taking.linked), self._house.clock.now())

        return await self._house.journal.write(take)

    async def _place(self, realm: RealmId, owners: Owners, row: BookRow) -> LocationId | None:
        """Whose document it is, asked only where no link says it."""

        def source(db: Connection) -> Source | None:
            return None if links.by_object(db, realm, row.entity, row.id) else _source(db, realm, row)

        wanted = await self._house.journal.read(source)
        return await owners.of(wanted) if wanted is not None else None

    def _behind(self, at: Restored, page: Page[Recalled], linked: Counter[LocationId]) -> Restored:
        """The position behind a page: its last change, or the next kind of document, or the end."""
        counted = dict(Counter(dict(at.linked)) + linked)
        at = msgspec.structs.replace(at, documents=at.documents + page.size, linked=counted)
        if page.size < self._page:
            following = _ORDER[_ORDER.index(at.entity) + 1 :]
            if not following:
                return msgspec.structs.replace(at, done_at=self._house.clock.now())
            return msgspec.structs.replace(at, entity=following[0], position=first_position(at.since), start=1)
        last = page.rows[-1].row.updated_at if page.rows else at.position
        if last > at.position:
            return msgspec.structs.replace(at, position=last, start=1)
        return msgspec.structs.replace(at, start=at.start + page.size)


class _Taking:
    """One page on its way into the journal; `linked` counts what was linked again, by location."""

    def __init__(self, db: Connection, house: House, realm: RealmId, again: LinksAgain) -> None:
        self._db, self._house, self._realm, self._again = db, house, realm, again
        self.linked = Counter[LocationId]()

    def take(self, recalled: Recalled, place: LocationId | None) -> None:
        """Bring one document's link up to date, make it, or show why that cannot be."""
        row = recalled.row
        if self._again.known(self._db, recalled):
            self._tell(row)
            return
        source = _source(self._db, self._realm, row)
        if source is None:
            if row.entity is BookEntity.PAYMENT and row.voided:
                voided_payments.note(self._db, self._realm, row, self._house.clock.now())
            elif nameless(row):
                self._hold(None, row.entity, row.id, unclear.nameless(row))
        elif place is None:
            self._hold(None, row.entity, row.id, unclear.unclaimed(row))
        else:
            self._link(place, source, recalled)

    def _link(self, place: LocationId, source: Source, recalled: Recalled) -> None:
        row = recalled.row
        other = self._again.fresh(self._db, place, source, recalled)
        if other is not None:
            self._hold(place, row.entity, row.id, unclear.twice(row, other))
            return
        if not row.voided:
            self.linked[place] += 1
        self._tell(row)

    def hold_unreadable(self, entity: BookEntity, ids: Sequence[str]) -> None:
        """Show what could not be read."""
        for name, reason in unclear.unreadable(entity, ids):
            self._hold(None, entity, name, reason)

    def _hold(self, place: LocationId | None, entity: BookEntity, name: str, reason: Reason) -> None:
        shown = place or locations.of_realm(self._db, self._realm)[0].id
        unclear.hold(self._db, self._house, (shown, self._realm), entity, name, reason)

    def _tell(self, row: BookRow) -> None:
        """Have the document compared with Avantto as soon as writing begins."""
        for link in links.by_object(self._db, self._realm, row.entity, row.id):
            topic = _TOPICS.get(link.source_kind)
            if topic is not None:
                inbox.tell(self._db, link.location, topic, link.source_id, Lane.MONEY, self._house.clock.now())


def _source(db: Connection, realm: RealmId, row: BookRow) -> Source | None:
    settled = (links.by_object(db, realm, BookEntity.INVOICE, invoice) for invoice, _ in row.linked)
    return owned_by(row, next((link.source_id for found in settled for link in found), ""))


def _noted(db: Connection, at: Restored, now: datetime) -> Restored:
    """Keep the position; at the end say what was linked, let writing begin, and have all of it compared soon."""
    restored.put(db, at)
    if at.done_at is not None:
        cursors.schedule(db, at.realm, RECONCILE, now + _COMPARED_AFTER, sooner_only=True)
        for record in locations.of_realm(db, at.realm):
            count = at.linked.get(record.id, 0)
            text = f"{count} documents linked again after the journal was restored; writing begins."
            activity.record(db, Activity(now, record.id, "journal.relinked", text))
    return at
