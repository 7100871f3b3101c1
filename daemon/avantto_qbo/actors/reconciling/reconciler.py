"""Compare one location's documents with the books of its company, and remember what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import Final, TypeVar

import msgspec

from avantto_qbo.actors.access import Access
from avantto_qbo.actors.house import House
from avantto_qbo.actors.location import LocationActor
from avantto_qbo.actors.reconciling.findings import Days, Findings, Gaps, Result
from avantto_qbo.actors.reconciling.ledger import Key, Ledger
from avantto_qbo.actors.reconciling.listing import Listed, Report, listed
from avantto_qbo.actors.reconciling.memory import Memory, made_elsewhere, remembered, was_tried
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ledger import BookRow
from avantto_qbo.model.operation import Source
from avantto_qbo.model.reconciliation import Entry, Expected, LeftOut, LinkFact, Standing
from avantto_qbo.model.records import LocationRecord
from avantto_qbo.model.settings import Settings
from avantto_qbo.rules.books.comparing.expected import Listing, Terms, expectations
from avantto_qbo.rules.books.comparing.linked import GROUPS, Links, about_of, as_agreed, not_listed
from avantto_qbo.rules.books.comparing.marked import ENTITY_OF
from avantto_qbo.rules.books.comparing.reconcile import Books, Comparison
from avantto_qbo.rules.dates import zone_of

# Bank debits are charged days before their money comes; what is read reaches back so far behind the first day.
_EARLIER: Final = timedelta(days=10)
_AT_ONCE: Final = 500
T = TypeVar("T")


class Collector:
    """Says which rows of the books matter even without a marker: linked ones, and those of a number of ours."""

    def __init__(self, facts: Iterable[LinkFact]) -> None:
        every = list(facts)
        self._keys: Final = {fact.key for fact in every}
        self._numbers: Final = {fact.number for fact in every if fact.number}

    def __call__(self, row: BookRow) -> bool:
        return (row.entity, row.id) in self._keys or row.number in self._numbers


class Reconciler:
    """One comparison of one location. `crm` is the location's access, held to a share of its limit."""

    def __init__(
        self,
        house: House,
        actor: LocationActor,
        record: LocationRecord,
        settings: Settings,
        memory: Memory,
        *,
        crm: Access,
        report: Report,
    ) -> None:
        self._house, self._actor, self._record, self._settings = house, actor, record, settings
        self._memory, self._crm, self._report = memory, crm, report
        self._links = Links(memory.facts)

    async def whole(self, days: Days, most_looks: int) -> Result:
        """Read both sides of these days whole. Raises as reads do."""
        ledger = Ledger(self._actor.realm.access, Collector(self._memory.facts), self._report)
        await ledger.dated(days.first, days.latest)
        return await self.against(ledger, days, most_looks=most_looks)

    async def against(self, ledger: Ledger, days: Days, *, since: datetime | None = None, most_looks: int) -> Result:
        """Compare with the rows that `ledger` has read: all of these days, or only what changed `since`.

        The journal is asked last: what was posted while both sides were read is linked by then.
        """
        lists = await self._listed(days)
        await self._remember()
        every = await self._unhurried(expectations(self._listing(lists, days), self._terms(), self._links))
        expected = [one for one in every if isinstance(one, Expected)]
        left_out = [one for one in every if isinstance(one, LeftOut)]
        seen = {one.source for one in expected} | {one.about for one in left_out}
        touched = ledger.rows.keys() | ledger.gone
        chosen = [one for one in expected if one.day in days or (since is not None and _touched(one, touched))]
        if since is not None:
            chosen += self._outside(seen, touched, days)
        await self._read_earlier(chosen, ledger, days)
        orphans = list(not_listed(self._memory.facts, seen, days.first, days.latest))
        linked = [one.link for one in chosen if one.link is not None] + orphans
        await ledger.verify(self._to_verify(linked, ledger, since))
        books = await self._books(ledger)
        comparison = Comparison(self._record.id, books, self._links, left_out, {one.source for one in expected})
        entries = await self._unhurried(comparison.entries(chosen, unknown=await self._first_of_realm()))
        findings = Findings(self._house, self._actor, self._record, self._memory, most_looks)
        gaps = Gaps(lists.unreadable + len(ledger.unreadable), tuple(sorted(ledger.refused)))
        return await findings.told([*entries, *_extras(orphans, books, days)], days, left_out, gaps, self._report)

    async def _unhurried(self, items: Iterable[T]) -> list[T]:
        """Compute a long list without keeping webhooks and mail waiting meanwhile."""
        made = list[T]()
        for item in items:
            made.append(item)
            if len(made) % _AT_ONCE == 0:
                await self._house.clock.sleep(0)
        return made

    async def _read_earlier(self, chosen: Iterable[Expected], ledger: Ledger, days: Days) -> None:
        """What is dated before the first day and unknown here may stand in the books by its marker all the same."""
        earlier = [one.day for one in chosen if one.link is None and one.day < days.first]
        if earlier:
            await ledger.dated(min(earlier), days.first - timedelta(days=1))

    # -- reading -------------------------------------------------------------------------------------------------------

    async def _listed(self, days: Days) -> Listed:
        return await listed(self._crm, self._record.id, self._payments_from(days), self._report)

    def _payments_from(self, days: Days) -> datetime:
        zone = zone_of(self._record.time_zone)
        begin = datetime.combine(days.first, time(), zone or self._record.books_from.tzinfo)
        return max(self._record.books_from, begin) - _EARLIER

    def _listing(self, lists: Listed, days: Days) -> Listing:
        return Listing(lists.invoices, lists.payments, self._payments_from(days), self._memory.attributed)

    def _terms(self) -> Terms:
        return Terms(self._record.books_from, self._record.time_zone, self._settings)

    def _to_verify(self, linked: Iterable[LinkFact], ledger: Ledger, since: datetime | None) -> list[Key]:
        """What should be among the rows but is not, and what differed the last time."""
        before = self._memory.before.entries if self._memory.before is not None else ()
        asked = {key for entry in before for key in _keys(entry)} if since is not None else set[Key]()
        untold = ledger.untold - ledger.refused
        asked |= {one.key for one in linked if since is None or one.created_at >= since or one.entity in untold}
        return sorted(asked - ledger.rows.keys() - ledger.gone)

    async def _remember(self) -> None:
        self._memory = await remembered(self._house.journal, self._record)
        self._links = Links(self._memory.facts)

    async def _books(self, ledger: Ledger) -> Books:
        own, record = self._links.by_object, self._record
        marked = [key for key in ledger.sources if key not in own]

        def owners(db: Connection) -> tuple[frozenset[Key], frozenset[Key]]:
            sources = [(key, ledger.sources[key]) for key in marked]
            others = frozenset(key for key, source in sources if made_elsewhere(db, record, key, source))
            return others, frozenset(key for key, source in sources if was_tried(db, record.id, source))

        others, tried = await self._house.journal.read(owners)
        currency = (await self._actor.realm.company()).currency
        return Books(ledger.rows, ledger.sources, currency, frozenset(ledger.gone), others, tried)

    async def _first_of_realm(self) -> bool:
        """What nobody knows is said once for a company, by the first of its locations."""
        members = await self._actor.realm.members()
        return not members or members[0].id == self._record.id

    # -- what no list shows --------------------------------------------------------------------------------------------

    def _outside(self, seen: Collection[Source], touched: Collection[Key], days: Days) -> list[Expected]:
        """What changed in the books of documents that are older than the lists reach."""
        older = (fact for fact in self._memory.facts if fact.source not in seen and fact.key in touched)
        there = (as_agreed(fact, about_of(fact.source, self._memory.attributed)) for fact in older)
        return [one for one in there if one is not None and one.day not in days]


def _extras(orphans: Iterable[LinkFact], books: Books, days: Days) -> Iterator[Entry]:
    """What stands in the books, but in none of Avantto's lists: unless a person took it out of them."""
    for fact in orphans:
        row = books.rows.get(fact.key)
        if fact.key in books.gone or (row is not None and row.voided):
            continue
        shown = f"{fact.source.kind} {fact.number or fact.source.id}".capitalize()
        plain = Entry(GROUPS[fact.source.kind], fact.source, about_of(fact.source), fact.day or days.last, shown)
        booked = books.amount(row) if row is not None else fact.total
        yield msgspec.structs.replace(plain, standing=Standing.EXTRA, booked=booked, object_id=fact.object_id)


def _touched(one: Expected, keys: Collection[Key]) -> bool:
    return one.link is not None and one.link.key in keys


def _keys(entry: Entry) -> list[Key]:
    """The object an entry was about, asked for once more: it may have been put right."""
    return [(ENTITY_OF[entry.source.kind], entry.object_id)] if entry.object_id else []
