"""Reconcile a location when a person asks, and say what was found in the words of the status API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

import anyio

from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.actors.reconciling.findings import Result
from avantto_qbo.actors.reconciling.listing import Report
from avantto_qbo.actors.reconciling.whole import reconcile
from avantto_qbo.errors import RefusedError
from avantto_qbo.journal import reconciliations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.money import Money
from avantto_qbo.model.reconciliation import Entry, Progress, Tally
from avantto_qbo.model.records import LocationRecord, Status
from avantto_qbo.rules.books.comparing.causes import worries
from avantto_qbo.server.api import AttentionItem
from avantto_qbo.server.api_reconciling import Difference, ReconcileAnswer, ReconciledDay
from avantto_qbo.service.known import location_of


class ReconcilingDesk:
    """Reconciliations on command; one at a time for each location."""

    def __init__(self, house: House, directory: Directory) -> None:
        self._house, self._directory = house, directory
        self._one_at_a_time: defaultdict[LocationId, anyio.Lock] = defaultdict(anyio.Lock)

    async def reconcile(
        self, location: LocationId, since: date | None, until: date | None, report: Report
    ) -> ReconcileAnswer:
        """Compare these days of a location with its books (default: all there are).

        Raises UnknownObjectError, RefusedError for days that are none, and what reads raise.
        """
        if since is not None and until is not None and since > until:
            raise RefusedError(f"must not be after until ({until})", field="since")
        await self._house.journal.read(lambda db: location_of(db, location))
        actor = await self._directory.location(location)
        if actor is None:
            mend = f"avantto-qbo connect {location}"
            raise RefusedError(f"location {location} is disconnected: nothing can be read", mend)
        async with self._one_at_a_time[location]:
            result = await reconcile(self._house, actor, since, until, report)
        self._house.count(f"reconcile.{'different' if result.found.needed else 'equal'}")
        await report(Progress("done", result.found.compared, result.found.compared))
        return told(location, result)


def told(location: LocationId, result: Result) -> ReconcileAnswer:
    """The answer for what was found."""
    found = result.found
    return ReconcileAnswer(
        location=location,
        at=found.at,
        since=found.first,
        until=found.last,
        compared=found.compared,
        attention=len(found.needed),
        days=tuple(_day(tally) for tally in result.tallies),
        differences=tuple(_difference(entry) for entry in sorted(found.entries, key=lambda one: (one.day, one.shown))),
        left_out=found.left_out,
        unreadable=found.unreadable,
        cut_short=found.cut_short,
        refused=found.refused,
    )


def waiting(db: Connection, record: LocationRecord) -> list[AttentionItem]:
    """What the last reconciliation found that nothing else asks a person about, as one thing: its command says what."""
    found = reconciliations.get(db, record.id)
    worrying = [entry for entry in found.entries if worries(entry)] if found is not None else []
    if found is None or not worrying or record.status is Status.DISCONNECTED:
        return []
    mend = f"avantto-qbo reconcile {record.id}"
    return [AttentionItem(record.id, "reconcile", _sentence(worrying, found.at), mend, since=found.at)]


def _sentence(entries: Iterable[Entry], at: datetime) -> str:
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry.standing] = counts.get(entry.standing, 0) + 1
    named = ", ".join(f"{number} {standing}" for standing, number in counts.items())
    return f"Avantto and QuickBooks differ: {named} (compared {at:%Y-%m-%d %H:%MZ})."


def _day(tally: Tally) -> ReconciledDay:
    return ReconciledDay(
        day=tally.day,
        kind=tally.group,
        currency=tally.currency,
        avantto_count=tally.count,
        avantto=_sum(tally.amount),
        books_count=tally.booked_count,
        books=_sum(tally.booked),
        missing=tally.missing,
        extra=tally.extra,
        different=tally.different,
    )


def _difference(entry: Entry) -> Difference:
    cause = entry.cause
    return Difference(
        standing=entry.standing,
        kind=entry.group,
        day=entry.day,
        document=entry.about.id,
        shown=entry.shown,
        code=cause.code if cause is not None else "",
        text=cause.text if cause is not None else "",
        mend=cause.mend if cause is not None else "",
        needs_attention=cause is None or cause.needed,
        avantto=_sum(entry.amount),
        books=_sum(entry.booked),
        object=entry.object_id,
    )


def _sum(amount: Money | None) -> str:
    return str(amount) if amount is not None else ""
