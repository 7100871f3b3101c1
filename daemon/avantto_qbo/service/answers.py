"""Answer what an operator asks about the daemon and its locations."""

from __future__ import annotations

from avantto_qbo import __version__
from avantto_qbo.actors.house import House
from avantto_qbo.journal import activity, inbox, locations, operations, restored, usage
from avantto_qbo.journal import settings as stored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.location_settings import merge_settings
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Status
from avantto_qbo.server import api
from avantto_qbo.service import backups, grants_ending, report
from avantto_qbo.service.known import location_of
from avantto_qbo.service.posting import postings


class Answers:
    """Reads only. `monthly_reads` is the quota that the configuration names."""

    def __init__(self, house: House, *, monthly_reads: int) -> None:
        self._house, self._monthly_reads = house, monthly_reads
        self._started_at = house.clock.now()

    async def status(self) -> api.StatusAnswer:
        """The daemon as a whole."""
        return await self._house.journal.read(self._status)

    def _status(self, db: Connection) -> api.StatusAnswer:
        now = self._house.clock.now()
        month = now.strftime("%Y-%m")
        records = locations.all(db)
        counted = operations.counts(db)
        return api.StatusAnswer(
            version=__version__,
            started_at=self._started_at,
            ready=True,
            locations={state: sum(1 for record in records if record.status is state) for state in Status},
            operations=counted,
            mail=sum(inbox.depth(db).values()),
            oldest_mail_seconds=report.oldest_seconds(db, records, now),
            attention=len(report.attention(db, records, now)),
            month=month,
            reads=sum(usage.reads(db, month).values()),
            monthly_reads=self._monthly_reads,
            warnings=grants_ending.warnings(db, now)
            + report.blocked_warnings(db)
            + report.warnings(records, self._house.pace.contacts, self._monthly_reads),
            backup_at=restored.backup_at(db),
            restoring=backups.restoring(db),
        )

    async def locations(self) -> api.LocationsAnswer:
        """Every location that was ever connected."""
        return await self._house.journal.read(
            lambda db: api.LocationsAnswer(tuple(report.row(db, record) for record in locations.all(db)))
        )

    async def show(self, location: LocationId) -> api.ShowAnswer:
        """Everything about one location."""

        def look(db: Connection) -> api.ShowAnswer:
            record = location_of(db, location)
            company = report.company(db, record.realm)
            settings, now = merge_settings(self._house.defaults, stored.of(db, location)), self._house.clock.now()
            return report.show(db, record, company, postings(company, settings, record) if company else (), now)

        return await self._house.journal.read(look)

    async def activity(self, location: LocationId, limit: int, before: int | None) -> api.ActivityAnswer:
        """What was done for the location, newest first."""

        def look(db: Connection) -> api.ActivityAnswer:
            location_of(db, location)
            rows = activity.page(db, location, limit, before)
            more = rows[-1].id if len(rows) == limit else None
            return api.ActivityAnswer(tuple(report.activity_row(row) for row in rows), more)

        return await self._house.journal.read(look)

    async def attention(self, location: LocationId | None) -> api.AttentionAnswer:
        """Everything that waits for a person."""

        def look(db: Connection) -> api.AttentionAnswer:
            records = [location_of(db, location)] if location else locations.all(db)
            return api.AttentionAnswer(tuple(report.attention(db, records, self._house.clock.now())))

        return await self._house.journal.read(look)
