"""Answer an operator's questions and carry out decisions: the status API's service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from avantto_qbo import __version__
from avantto_qbo.actors import recording
from avantto_qbo.actors.desk import MONEY_PAUSED, SKIPPED_IN_DOUBT, maybe_in_books, settings_key
from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.actors.pollers import CHANGES
from avantto_qbo.actors.sweeps import INVOICES, PAYMENTS
from avantto_qbo.errors import RefusedError
from avantto_qbo.journal import activity, cursors, inbox, locations, operations, usage
from avantto_qbo.journal import settings as stored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.location_settings import check_key, encode_setting, merge_settings, parse_setting, setting_values
from avantto_qbo.model.ids import LocationId, OperationId
from avantto_qbo.model.operation import Operation, Reason, State
from avantto_qbo.model.records import Activity, Lane, LocationRecord, Status, Topic
from avantto_qbo.model.settings import Contacts
from avantto_qbo.rules.settle import Verdict
from avantto_qbo.server import api
from avantto_qbo.server.ports import UnknownObjectError
from avantto_qbo.service import report
from avantto_qbo.service.browser import Browser
from avantto_qbo.service.connecting import Connecting, Order
from avantto_qbo.service.posting import postings
from avantto_qbo.service.tokens import tokens_of

_PERSONAL: Final = frozenset({"alert_email", "review_message"})


class Operator:
    """Everything the unix socket offers. `look_again` wakes the scheduler."""

    def __init__(
        self,
        house: House,
        directory: Directory,
        connecting: Connecting,
        browser: Browser,
        *,
        look_again: Callable[[], None],
        monthly_reads: int,
    ) -> None:
        self._house, self._directory, self._connecting, self._browser = house, directory, connecting, browser
        self._look_again, self._monthly_reads = look_again, monthly_reads
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
            attention=len(report.attention(db, records)),
            month=month,
            reads=sum(usage.reads(db, month).values()),
            monthly_reads=self._monthly_reads,
            warnings=report.warnings(records, self._house.pace.contacts, self._monthly_reads),
        )

    async def locations(self) -> api.LocationsAnswer:
        """Every location that was ever connected."""
        return await self._house.journal.read(
            lambda db: api.LocationsAnswer(tuple(report.row(db, record) for record in locations.all(db)))
        )

    async def show(self, location: LocationId) -> api.ShowAnswer:
        """Everything about one location."""

        def look(db: Connection) -> api.ShowAnswer:
            record = self._record(db, location)
            company = report.company(db, record.realm)
            settings = merge_settings(self._house.defaults, stored.of(db, location))
            return report.show(db, record, company, postings(company, settings, record) if company else ())

        return await self._house.journal.read(look)

    async def settings(self, location: LocationId) -> api.SettingsAnswer:
        """Every setting, where it comes from, and what `auto` means here."""
        return await self._house.journal.read(lambda db: self._settings(db, location))

    def _settings(self, db: Connection, location: LocationId) -> api.SettingsAnswer:
        record = self._record(db, location)
        own = stored.of(db, location)
        settings = merge_settings(self._house.defaults, own)
        resolved = report.resolved(report.company(db, record.realm), settings, record)
        here = {key.partition(".")[0] for key in own}
        return api.SettingsAnswer(
            location,
            tuple(
                api.SettingRow(key, value, set_here=key in here, resolved=resolved.get(key, ""))
                for key, value in {"books_from": record.books_from, **setting_values(settings)}.items()
            ),
        )

    async def set_settings(
        self, location: LocationId, changes: Mapping[str, str | None], actor: str
    ) -> api.SettingsAnswer:
        """Change all of `changes` or none; documents that were held for a setting are looked at again."""
        for key in changes:
            if key == "books_from":
                raise RefusedError("books_from is the cut-off and is set by connect --since", field=key)
            check_key(key)
        values = {key: None if text is None else parse_setting(key, text) for key, text in changes.items()}

        def change(db: Connection) -> api.SettingsAnswer:
            record = self._record(db, location)
            now = self._house.clock.now()
            for key, value in values.items():
                if value is None:
                    stored.remove(db, location, key)
                else:
                    stored.put(db, location, key, encode_setting(value), now, actor)
                text = _told(key, changes[key])
                activity.record(db, Activity(now, location, "settings.changed", text, subject=key, actor=actor))
            self._reconsider(db, location, actor)
            if "contacts" in changes:
                self._copy_customers(db, location)
            # A setting may name an account or item that was made a minute ago.
            self._directory.realm(record.realm).forget_company()
            return self._settings(db, location)

        answer = await self._house.journal.write(change)
        self._house.nudge(location)
        return answer

    def _copy_customers(self, db: Connection, location: LocationId) -> None:
        """`contacts = all` means existing customers too, also when it is switched on later (C1)."""
        settings = merge_settings(self._house.defaults, stored.of(db, location))
        if settings.contacts is Contacts.ALL:
            now = self._house.clock.now()
            cursors.put(db, location, "backfill", "1", now)
            inbox.tell(db, location, Topic.BACKFILL, "customers", Lane.BACKFILL, now)

    def _reconsider(self, db: Connection, location: LocationId, actor: str) -> None:
        """What was held because it could not be turned into a request may be possible now."""
        for op in operations.by_state(db, [State.HELD], location, limit=1000):
            if not op.sendable:
                self._let_go(db, op, Reason("superseded", f"settings changed by {actor}"))
        inbox.wake(db, settings_key(location), self._house.clock.now())

    async def sync(self, location: LocationId) -> api.SyncAnswer:
        """Run every poll of the location now."""

        def due(db: Connection) -> tuple[str, ...]:
            record = self._record(db, location)
            if record.status is Status.DISCONNECTED:
                mend = f"avantto-qbo connect {location}"
                raise RefusedError(f"location {location} is disconnected", mend)
            now = self._house.clock.now()
            cursors.schedule(db, record.realm, CHANGES, now, sooner_only=True)
            cursors.schedule(db, location, PAYMENTS, now, sooner_only=True)
            cursors.schedule(db, location, INVOICES, now, sooner_only=True)
            return (CHANGES, PAYMENTS, INVOICES)

        polls = await self._house.journal.write(due)
        self._look_again()
        return api.SyncAnswer(location, polls)

    async def activity(self, location: LocationId, limit: int, before: int | None) -> api.ActivityAnswer:
        """What was done for the location, newest first."""

        def look(db: Connection) -> api.ActivityAnswer:
            self._record(db, location)
            rows = activity.page(db, location, limit, before)
            more = rows[-1].id if len(rows) == limit else None
            return api.ActivityAnswer(tuple(report.activity_row(row) for row in rows), more)

        return await self._house.journal.read(look)

    async def attention(self, location: LocationId | None) -> api.AttentionAnswer:
        """Everything that waits for a person."""

        def look(db: Connection) -> api.AttentionAnswer:
            records = [self._record(db, location)] if location else locations.all(db)
            return api.AttentionAnswer(tuple(report.attention(db, records)))

        return await self._house.journal.read(look)

    async def retry(self, operation: OperationId, actor: str) -> api.OperationAnswer:
        """Try again: a held document is planned anew; one that waits does not wait any longer."""

        def again(db: Connection) -> Operation:
            op = self._operation(db, operation)
            if op.state in {State.RETRY, State.DOUBT, State.CORRECTING}:
                now = self._house.clock.now()
                return operations.put_off(db, op.id, now, now)
            if op.state is not State.HELD:
                raise RefusedError(f"operation {op.id} is {op.state}; only what waits or is held can be tried again")
            if maybe_in_books(op):
                return operations.resolve_held(db, op.id, State.PLANNED, self._house.clock.now(), actor)
            # What was mended may be a fact of the company: a closed period, a currency, an account.
            self._directory.realm(op.realm).forget_company()
            return self._let_go(db, op, Reason("retried", f"tried again by {actor}"))

        return await self._decided(again)

    async def skip(self, operation: OperationId, actor: str) -> api.OperationAnswer:
        """Let a held document go until Avantto changes it."""

        def let_go(db: Connection) -> Operation:
            op = self._operation(db, operation)
            if op.state is not State.HELD:
                raise RefusedError(f"operation {op.id} is {op.state}; only what is held can be skipped")
            now = self._house.clock.now()
            activity.record(
                db, Activity(now, op.location, "operation.skipped", f"{op.kind} skipped", op.source.id, actor)
            )
            code = SKIPPED_IN_DOUBT if maybe_in_books(op) else "skipped"
            return self._let_go(db, op, Reason(code, f"skipped by {actor}"))

        return await self._decided(let_go)

    def _let_go(self, db: Connection, op: Operation, reason: Reason) -> Operation:
        verdict = Verdict((State.SKIPPED,), reason)
        now = self._house.clock.now()
        return recording.record(db, op, verdict, now, fingerprints=self._house.fingerprints)

    async def _decided(self, unit: Callable[[Connection], Operation]) -> api.OperationAnswer:
        op = await self._house.journal.write(unit)
        self._house.nudge(op.location)
        self._look_again()
        return api.OperationAnswer(op.id, op.location, op.kind, op.state)

    async def pause(self, location: LocationId, actor: str) -> api.LocationAnswer:
        """Stop working for a location; mail goes on being kept."""
        return await self._set_status(location, Status.PAUSED, f"paused by {actor}", actor)

    async def resume(self, location: LocationId, actor: str) -> api.LocationAnswer:
        """Work for a paused location again."""
        return await self._set_status(location, Status.CONNECTED, "", actor)

    async def _set_status(self, location: LocationId, status: Status, reason: str, actor: str) -> api.LocationAnswer:
        def change(db: Connection) -> None:
            record = self._record(db, location)
            if record.status not in {Status.CONNECTED, Status.PAUSED, Status.MONEY_PAUSED}:
                mend = f"avantto-qbo connect {location}"
                raise RefusedError(f"location {location} is {record.status}", mend)
            now = self._house.clock.now()
            locations.set_status(db, location, status, reason, now)
            if status is Status.CONNECTED:
                cursors.put(db, location, MONEY_PAUSED, "", now)
            event = "location.paused" if status is Status.PAUSED else "location.resumed"
            activity.record(db, Activity(now, location, event, str(status), actor=actor))

        await self._house.journal.write(change)
        self._house.nudge(location)
        return api.LocationAnswer(location, status, reason)

    async def connect(self, request: api.ConnectRequest, actor: str) -> api.ConnectAnswer:
        """Connect with token files."""
        now = self._house.clock.now()
        order = Order(
            location=request.location,
            realm=request.realm,
            avantto=tokens_of(bytes(request.avantto_token), "avantto_token", now),
            quickbooks=tokens_of(bytes(request.quickbooks_token), "quickbooks_token", now),
            since=_past(request.since, now),
            share=request.share,
            actor=actor,
        )
        answer = await self._connecting.connect(order)
        self._look_again()
        return answer

    async def connect_link(self, location: LocationId, actor: str) -> api.LinkAnswer:
        """A link that connects the location in a browser."""
        return await self._browser.link(location, actor)

    async def disconnect(self, location: LocationId, actor: str) -> api.LocationAnswer:
        """End a connection; nothing is deleted in either place."""
        record = await self._connecting.disconnect(location, actor)
        return api.LocationAnswer(location, record.status, f"disconnected by {actor}")

    def _record(self, db: Connection, location: LocationId) -> LocationRecord:
        record = locations.get(db, location)
        if record is None:
            raise UnknownObjectError(f"there is no location {location}", "avantto-qbo locations", field="location")
        return record

    def _operation(self, db: Connection, operation: OperationId) -> Operation:
        op = operations.get(db, operation)
        if op is None:
            raise UnknownObjectError(f"there is no operation {operation}", "avantto-qbo attention", field="id")
        return op


def _told(key: str, value: str | None) -> str:
    """What the activity says of a changed setting; of people's addresses and words only that they changed."""
    if value is None:
        return f"{key} back to its default"
    return f"{key} changed" if key.partition(".")[0] in _PERSONAL else f"{key} = {value}"


def _past(since: datetime | None, now: datetime) -> datetime | None:
    if since is not None and since > now + timedelta(minutes=5):
        raise RefusedError("the cut-off lies in the future", "an instant that has passed", field="since")
    return since
