"""What a comparison found: each difference with its cause, remembered until it is put right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from avantto_qbo.actors.books.cases import Cases
from avantto_qbo.actors.house import House
from avantto_qbo.actors.location import LocationActor
from avantto_qbo.actors.reconciling.linking import link_again
from avantto_qbo.actors.reconciling.listing import Report
from avantto_qbo.actors.reconciling.looks import Looks
from avantto_qbo.actors.reconciling.memory import TOPICS, Memory
from avantto_qbo.journal import inbox, reconciliations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.reconciliation import Entry, LeftOut, Progress, Reconciled, Standing, Tally
from avantto_qbo.model.records import Lane, LocationRecord
from avantto_qbo.rules.books.comparing import causes
from avantto_qbo.rules.books.comparing.tallies import tallies

COMPARING: Final = "comparing"
_MOST_KEPT: Final = 1000
_AHEAD: Final = timedelta(days=366)


class Days(msgspec.Struct, frozen=True):
    """The days a comparison is about, both included.

    `and_after`: also what is dated later than its last day; `and_before`: also what is dated earlier than its first,
    for an invoice may be dated before the cut-off it was made after.
    """

    first: date
    last: date
    and_after: bool = False
    and_before: bool = False

    def __contains__(self, day: date) -> bool:
        return (self.and_before or self.first <= day) and (self.and_after or day <= self.last)

    @property
    def latest(self) -> date:
        """Up to which day the books are read: nobody dates an invoice further ahead."""
        return self.last + _AHEAD if self.and_after else self.last


class Gaps(msgspec.Struct, frozen=True):
    """What could not be read: rows that made no sense on either side, and kinds that QuickBooks does not list."""

    unreadable: int
    refused: tuple[str, ...]


class Result(msgspec.Struct, frozen=True):
    """What was found, and the days and kinds it is counted by."""

    found: Reconciled
    tallies: tuple[Tally, ...]


class Findings:
    """The findings of one location; `most_looks` documents at most are read in full to find out what is wrong."""

    def __init__(
        self, house: House, actor: LocationActor, record: LocationRecord, memory: Memory, most_looks: int
    ) -> None:
        self._house, self._actor, self._record, self._memory = house, actor, record, memory
        self._looks = Looks(house, record, memory, Cases(house, actor), most_looks)

    async def told(
        self, entries: Sequence[Entry], days: Days, left_out: Iterable[LeftOut], gaps: Gaps, report: Report
    ) -> Result:
        """Give every difference its cause, and remember them all. Raises as reads do."""
        every = self._counted(await self._linked_again(await self._explained(entries, report)))
        ours = Counter(one.code for one in left_out if days.first <= one.day and one.day in days)
        found = Reconciled(
            at=self._house.clock.now(),
            first=days.first,
            last=days.last,
            entries=tuple(entry for entry in every if entry.standing is not Standing.EQUAL),
            compared=len(every),
            left_out=dict(ours + self._looks.left_out),
            unreadable=gaps.unreadable,
            refused=gaps.refused,
            cut_short=self._looks.cut_short,
        )
        await self._keep(found, days)
        return Result(found, tallies(every))

    async def _explained(self, entries: Sequence[Entry], report: Report) -> list[Entry]:
        told = list[Entry]()
        for number, entry in enumerate(entries):
            if entry.standing is not Standing.EQUAL:
                await report(Progress(COMPARING, number, len(entries)))
            explained = await self._looks.explained(entry)
            if explained is not None:
                told.append(explained)
        return told

    async def _linked_again(self, entries: list[Entry]) -> list[Entry]:
        """What stands in the books by our marker alone is linked, so that it is never posted a second time."""
        lost = [entry for entry in entries if entry.cause is not None and entry.cause.code == causes.UNLINKED]
        linked = await link_again(self._house, self._actor.realm, self._record, lost)
        return [
            msgspec.structs.replace(entry, cause=causes.linked_again(entry.shown, entry.object_id))
            if entry.source in linked and entry.object_id
            else entry
            for entry in entries
        ]

    def _counted(self, entries: list[Entry]) -> list[Entry]:
        """Count in how many reconciliations in a row a document was found to differ."""
        before = {entry.source: entry.seen for entry in self._known_before()}
        return [
            msgspec.structs.replace(entry, seen=before.get(entry.source, 0) + 1)
            if entry.standing is not Standing.EQUAL
            else entry
            for entry in entries
        ]

    def _known_before(self) -> Sequence[Entry]:
        return self._memory.before.entries if self._memory.before is not None else ()

    async def _keep(self, found: Reconciled, days: Days) -> None:
        """Remember it beside what an earlier one found on other days."""
        fresh = {entry.source for entry in found.entries}
        older = [entry for entry in self._known_before() if entry.day not in days and entry.source not in fresh]
        every = tuple([*older, *found.entries][-_MOST_KEPT:])
        kept = msgspec.structs.replace(found, entries=every)
        await self._house.journal.write(lambda db: reconciliations.put(db, self._record.id, kept, kept.at))


def tell_again(db: Connection, record: LocationRecord, found: Reconciled, now: datetime) -> int:
    """Tell of every document that differs for no known reason: its next turn mends it. Returns how many."""
    lost = {entry.about for entry in found.entries if entry.cause and entry.cause.code in causes.MENDS_ITSELF}
    for about in sorted(lost, key=lambda one: (one.kind, one.id)):
        inbox.tell(db, record.id, TOPICS[about.kind], about.id, Lane.MONEY, now)
    return len(lost)
