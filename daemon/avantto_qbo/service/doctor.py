"""Examine the house: what is proven about each company, whether the promises can be kept, what should be mended."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from avantto_qbo.actors import fences, trials
from avantto_qbo.actors.fences import FENCED, Fence, Proof
from avantto_qbo.actors.house import House
from avantto_qbo.journal import inbox, locations, settings, usage
from avantto_qbo.journal.connection import Connection
from avantto_qbo.location_settings import merge_settings
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.model.records import LocationRecord, Status
from avantto_qbo.server.api_doctor import CanaryReport, DoctorAnswer, FenceRow, Finding, ReadsReport, RealmReport
from avantto_qbo.service import report
from avantto_qbo.service.examining import company_findings, location_findings
from avantto_qbo.service.known import location_of

_WAITS: Final = "a lost answer of this kind will wait for a person"
_PROVEN: Final = {
    Proof.REQUEST_ID: "a lost answer is sent again: this company answers a repeated request id as before",
    Proof.NUMBER: "a lost answer is sent again: this company refuses a number that is taken",
    Proof.BEYOND: "a lost payment of the whole balance is sent again: this company takes no more than is open",
}
_LOST: Final = "was seen twice since it was proven: " + _WAITS
_MONTH: Final = timedelta(days=30)
_PROMISED: Final = timedelta(minutes=5)


class Doctor:
    """Reads only. `monthly_reads` is the quota of the configuration, `journal_bytes` tells the journal's size."""

    def __init__(self, house: House, *, monthly_reads: int, journal_bytes: Callable[[], int] = lambda: 0) -> None:
        self._house, self._monthly_reads, self._journal_bytes = house, monthly_reads, journal_bytes

    async def doctor(self, location: LocationId | None) -> DoctorAnswer:
        """Examine everything, or one location and its company."""
        size = self._journal_bytes()
        return await self._house.journal.read(lambda db: self._examine(db, location, size))

    def _examine(self, db: Connection, location: LocationId | None, size: int) -> DoctorAnswer:
        now, every = self._house.clock.now(), locations.all(db)
        chosen = [location_of(db, location)] if location else every
        connected = [one for one in chosen if one.status is not Status.DISCONNECTED]
        realms = list(dict.fromkeys(one.realm for one in connected))
        reads = self._reads(db, every, now)
        return DoctorAnswer(
            realms=tuple(self._realm(db, realm, now) for realm in realms),
            reads=reads,
            findings=tuple(self._findings(db, connected, realms, reads)),
            contacts=self._promise(),
            mail=sum(inbox.depth(db).values()),
            oldest_mail_seconds=report.oldest_seconds(db, chosen, now),
            journal_bytes=size,
        )

    def _realm(self, db: Connection, realm: RealmId, now: datetime) -> RealmReport:
        facts, trial = report.company(db, realm), trials.last(db, realm)
        members = [one.id for one in locations.of_realm(db, realm) if one.status is not Status.DISCONNECTED]
        return RealmReport(
            realm=realm,
            company=facts.name if facts else "",
            locations=tuple(members),
            fences=tuple(_fence_rows(fences.of(db, realm), facts)),
            numbers=_numbers(facts),
            reads=usage.reads(db, now.strftime("%Y-%m")).get(realm, 0),
            canary=CanaryReport(trial.run, trial.stage, trial.begun, trial.ended, trial.results) if trial else None,
        )

    def _reads(self, db: Connection, records: Sequence[LocationRecord], now: datetime) -> ReadsReport:
        """Project the month from what was read so far, at least from what polling alone needs until its end."""
        month = now.strftime("%Y-%m")
        so_far = sum(usage.reads(db, month).values())
        days = calendar.monthrange(now.year, now.month)[1]
        passed = (now - now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)) / timedelta(days=days)
        realms = {one.realm for one in records if one.status is not Status.DISCONNECTED}
        each = int(_MONTH / self._house.pace.contacts)
        polling = so_far + int(len(realms) * each * (1 - passed))
        return ReadsReport(
            month=month,
            so_far=so_far,
            projected=max(polling, int(so_far / passed) if passed > 0 else 0) if realms else so_far,
            monthly=self._monthly_reads,
            fits=self._monthly_reads // each if each else 0,
            blocked_since=report.reads_blocked(db),
        )

    def _findings(
        self, db: Connection, records: Sequence[LocationRecord], realms: Sequence[RealmId], reads: ReadsReport
    ) -> Iterable[Finding]:
        if reads.blocked_since is not None:
            mend = "wait for the new month, or take a larger plan at Intuit"
            text = f"QuickBooks refuses every read since {reads.blocked_since:%Y-%m-%d %H:%MZ}: the month's are spent."
            yield Finding("reads_blocked", text, mend, should=True)
        if reads.projected > reads.monthly:
            text = f"{reads.projected} metered reads are to be expected in {reads.month}, of {reads.monthly}."
            yield Finding("reads_projected", text, "widen polling.contacts, or take a larger plan", should=True)
        if self._house.pace.contacts > _PROMISED:
            yield Finding("contacts_slow", self._promise(), "set polling.contacts to 4m", should=True)
        for realm in realms:
            place = next(one.id for one in records if one.realm == realm)
            yield from company_findings(place, report.company(db, realm), fences.of(db, realm))
        for record in records:
            own = merge_settings(self._house.defaults, settings.of(db, record.id))
            yield from location_findings(record, report.company(db, record.realm), own)

    def _promise(self) -> str:
        pace = self._house.pace.contacts
        asked = f"each company is asked every {int(pace.total_seconds())} s"
        if pace > _PROMISED:
            return f"A new customer can take longer than 5 minutes without a webhook: {asked}."
        return f"A new customer is a contact within 5 minutes, also without a webhook: {asked}."


def _fence_rows(known: Sequence[Fence], facts: Company | None) -> Iterable[FenceRow]:
    for entity in FENCED.values():
        mine = [one for one in known if one.entity == entity]
        holding = [one for one in mine if not one.lost and _still(one, facts)]
        if not holding:
            lost = next((one for one in mine if one.lost), None)
            yield FenceRow(entity, _LOST, since=lost.since) if lost else FenceRow(entity, _WAITS)
        yield from (FenceRow(entity, _PROVEN[one.proof], one.proof, one.since) for one in holding)


def _still(fence: Fence, facts: Company | None) -> bool:
    """Numbers are only refused while the company gives its own."""
    return fence.proof is not Proof.NUMBER or (facts is not None and facts.custom_numbers)


def _numbers(facts: Company | None) -> str:
    if facts is None:
        return "not read yet"
    if facts.custom_numbers:
        return "custom transaction numbers are on: documents bear Avantto's numbers"
    return "custom transaction numbers are off: QuickBooks numbers, Avantto's number stands in the memo"
