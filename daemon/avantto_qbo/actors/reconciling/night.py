"""Reconcile the locations of one company every night, for a few metered reads.

The books are read once for all of them: what changed since the last night, deletions too. A document that is missing
for no known reason is told of again, so that its next turn mends it; the rest waits for whoever looks in the morning.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

import structlog

from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.actors.limiter import Window
from avantto_qbo.actors.realm import RealmActor
from avantto_qbo.actors.reconciling.findings import Days, Result, tell_again
from avantto_qbo.actors.reconciling.ledger import Ledger
from avantto_qbo.actors.reconciling.reconciler import Collector
from avantto_qbo.actors.reconciling.whole import Prepared, prepared
from avantto_qbo.errors import AuthError, RejectedError, TransientError
from avantto_qbo.journal import activity, cursors, locations, reconciliations, restored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.reconciliation import Progress
from avantto_qbo.model.records import Activity, LocationRecord, Status
from avantto_qbo.rules.books.comparing.causes import mends_itself, worries
from avantto_qbo.rules.nights import next_night

log = structlog.get_logger(__name__)
RECONCILE: Final = "reconcile"
RECONCILED: Final = "reconciled"  # a location's cursor: up to when its company's books were compared with it
_SHARE: Final = Window(20, 10.0)
_WINDOW: Final = timedelta(days=35)
_OVERLAP: Final = timedelta(minutes=5)  # whether the feed's bound is inclusive is UNVERIFIED
_CLOCKS_APART: Final = timedelta(hours=6)  # without the feed's own time: no clock of ours is further ahead than this
_REACH: Final = timedelta(days=25)  # the feed looks back 30 days at most; leave room
_LATER: Final = timedelta(hours=1)
_MOST_LOOKS: Final = 50


class Outcome(Enum):
    """What became of one location."""

    COMPARED = auto()
    MENDING = auto()  # something was told of again: it should be in the books soon, which is worth a look
    FAILED = auto()


class Nights:
    """The nightly runs of all companies."""

    def __init__(self, house: House, directory: Directory) -> None:
        self._house, self._directory = house, directory

    async def run(self, realm: RealmId) -> datetime | None:
        """Reconcile every location of a company; returns when again, None when it has none any more.

        Raises what reads of the company raise; one location that cannot be read costs only itself.
        """
        actor, started = self._directory.realm(realm), self._house.clock.now()
        members = await actor.members()
        if not members:
            return None
        if await self._house.journal.read(lambda db: _being_linked(db, realm)):
            return started + _LATER
        places = [place for member in members if (place := await self._prepared(member)) is not None]
        outcomes = await self._all(actor, places, started) if places else []
        now = self._house.clock.now()
        return now + _LATER if Outcome.MENDING in outcomes else next_night(now, members[0].time_zone, realm)

    async def _prepared(self, member: LocationRecord) -> Prepared | None:
        actor = await self._directory.location(member.id)
        if actor is None or member.status is Status.BROKEN:
            return None
        return await prepared(self._house, actor, _nobody, _SHARE)

    async def _all(self, actor: RealmActor, places: Sequence[Prepared], started: datetime) -> list[Outcome]:
        """Read the books once, compare each location."""
        facts = [fact for place in places for fact in place.memory.facts]
        ledger = Ledger(actor.access, Collector(facts), _nobody)
        spans = [_days(place) for place in places]
        window = min(days.first for days in spans), max(days.latest for days in spans)
        since = await self._house.journal.read(lambda db: _compared_up_to(db, places))
        if since is None or not -_CLOCKS_APART <= started - since <= _REACH:  # our clock may have been days ahead then
            since = None
            await ledger.dated(*window)
        else:
            await ledger.changed(since)
            await ledger.dated(*window, ledger.untold)
        upto = ledger.as_of or started - _CLOCKS_APART
        pairs = zip(places, spans, strict=True)
        return [await self._one(ledger, place, days, since, upto) for place, days in pairs]

    async def _one(
        self, ledger: Ledger, place: Prepared, days: Days, since: datetime | None, upto: datetime
    ) -> Outcome:
        try:
            result = await place.reconciler.against(ledger, days, since=since, most_looks=_MOST_LOOKS)
        except (AuthError, RejectedError, TransientError) as error:
            log.warning("reconcile.failed", location=place.record.id, reason=type(error).__name__)
            self._house.count("reconcile.failed")
            return Outcome.FAILED
        if await self._house.journal.write(lambda db: self._heal(db, place, result, upto)):
            self._house.nudge(place.record.id)
        self._house.count(f"reconcile.{'different' if result.found.needed else 'equal'}")
        return Outcome.MENDING if any(map(mends_itself, result.found.entries)) else Outcome.COMPARED

    def _heal(self, db: Connection, place: Prepared, result: Result, upto: datetime) -> int:
        """Say what was found, and have what nothing explains looked at again."""
        now, found = self._house.clock.now(), result.found
        cursors.put(db, place.record.id, RECONCILED, upto.isoformat(), now)
        worrying = sum(map(worries, found.entries))
        if worrying:
            text = f"{worrying} of {found.compared} documents differ between Avantto and QuickBooks."
            activity.record(db, Activity(now, place.record.id, "reconcile.different", text))
        return tell_again(db, place.record, found, now)


def _days(place: Prepared) -> Days:
    """The last weeks, and as far back as something was found before."""
    last, kept = place.all_days.last, place.memory.before
    first = min([last - _WINDOW, *(entry.day for entry in (kept.entries if kept is not None else ()))])
    begin = place.all_days.first
    return Days(max(first, begin), last, and_after=True, and_before=first <= begin)


def _compared_up_to(db: Connection, places: Sequence[Prepared]) -> datetime | None:
    """From when on the changes of the books are news to one of them; None where one was never compared."""
    known = [cursors.get(db, place.record.id, RECONCILED) for place in places]
    moments = [datetime.fromisoformat(cursor) for cursor in known if cursor]
    return min(moments) - _OVERLAP if len(moments) == len(known) else None


def _being_linked(db: Connection, realm: RealmId) -> bool:
    """A restored backup knows less than the books until it is linked again."""
    at = restored.get(db, realm)
    return at is not None and at.done_at is None


async def _nobody(_: Progress) -> None:
    """Nobody watches at night."""


def nightly_polls(db: Connection, now: datetime) -> None:
    """Schedule the nights of companies that have none: connected by a release that did not reconcile."""
    for record in locations.all(db):
        connected = record.status is not Status.DISCONNECTED
        if connected and not reconciliations.scheduled(db, record.realm, RECONCILE):
            schedule_night(db, record, now)


def schedule_night(db: Connection, record: LocationRecord, now: datetime) -> None:
    """Schedule the next night of a location's company; one that is scheduled stays."""
    at = next_night(now, record.time_zone, record.realm)
    cursors.schedule(db, record.realm, RECONCILE, at, sooner_only=True)
