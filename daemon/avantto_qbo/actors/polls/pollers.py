"""Polls: what webhooks do not say, or did not say.

Each puts mail into inboxes and moves its cursor in one transaction: `changes` of a realm (customers and payments),
`payments` and `invoices` of a location.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from avantto_qbo.actors.desk import Desk
from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.actors.limiter import Limiter, Window
from avantto_qbo.actors.location import LocationActor
from avantto_qbo.actors.performer import Performer
from avantto_qbo.actors.polls.sweeps import INVOICES, PAYMENTS, Sweeps
from avantto_qbo.actors.reconciling.night import RECONCILE, Nights, nightly_polls, schedule_night
from avantto_qbo.actors.restored.relinking import Relinking
from avantto_qbo.actors.restored.standing import RELINK, poll_owner, realm_of
from avantto_qbo.actors.stopping import stop
from avantto_qbo.errors import AuthError, QuotaSpentError, RejectedError, TransientError
from avantto_qbo.journal import cursors, evidence, inbox, locations, restored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.records import Lane, LocationRecord, Status, Topic

log = structlog.get_logger(__name__)
CHANGES: Final = "changes"
PAYMENTS_HINT: Final = "payments_hint"
HOUSEKEEPING: Final = "housekeeping"
_DAILY: Final = timedelta(days=1)
_DELIVERIES_KEPT: Final = timedelta(days=40)  # no vendor repeats a delivery for longer than days
_UNASKED_KEPT: Final = timedelta(days=400)  # who has not paid an order after a year is not going to
# After an order webhook its payment is seconds away: look often for a while (S2).
_HINTED: Final = ((timedelta(minutes=2), timedelta(seconds=10)), (timedelta(minutes=10), timedelta(minutes=1)))
# A location without payments for so long is looked at that many times more rarely.
_IDLE: Final = ((timedelta(days=7), 4), (timedelta(days=1), 2))
# Sweeps take a quarter of what a location may ask in ten seconds; with backfill's half there is room for the mail.
_SWEEPS: Final = Window(20, 10.0)
_NEXT_SLICE: Final = timedelta(minutes=1)
_SOON: Final = timedelta(seconds=15)
_SHOWN_AFTER: Final = 3
_BROKEN_PAUSE: Final = timedelta(minutes=10)


def failing(name: str) -> str:
    """Under which name the reason is kept why a poll keeps failing, "" when it does not."""
    return f"failing.{name}"


class Pollers:
    """Run one poll by its name and say when it is due again."""

    def __init__(self, house: House, directory: Directory) -> None:
        self._house, self._directory = house, directory
        self._failures: dict[tuple[str, str], int] = {}
        self._paced: dict[LocationId, Limiter] = {}

    async def run(self, owner: str, name: str) -> datetime | None:
        """Run poll `name` of `owner` (a realm or location id); None when it is not to run any more."""
        started = self._house.clock.now()
        try:
            next_at = await self._run(owner, name, started)
        except AuthError as error:
            await self._broken(owner, error, started)
        except QuotaSpentError as error:  # said once for all companies, not for each poll
            self._house.count(f"poll.blocked.{name}")
            return self._house.clock.now() + (error.retry_after or self._interval(name))
        except (TransientError, RejectedError) as error:
            log.warning("poll.failed", topic=name, subject=owner, reason=type(error).__name__)
            self._house.count(f"poll.failed.{name}")
            await self._note(owner, name, error)
            return started + self._sooner(owner, name, error)
        except Exception:
            log.exception("poll.failed", topic=name, subject=owner)
            self._house.count(f"poll.failed.{name}")
        else:
            self._house.count(f"poll.ok.{name}")
            await self._note(owner, name, None)
            return next_at
        return started + max(self._interval(name), _BROKEN_PAUSE)

    async def _note(self, owner: str, name: str, error: TransientError | RejectedError | None) -> None:
        """A poll that keeps failing is shown to a person; one that works again is not any more."""
        if error is None:
            await self._well(owner, name)
            return
        if self._failures.get((owner, name), 0) < _SHOWN_AFTER:
            return
        text = str(error)
        now = self._house.clock.now()
        await self._house.journal.write(lambda db: cursors.put(db, owner, failing(name), text, now))

    async def _well(self, owner: str, name: str) -> None:
        """It works (again): nothing is shown any more, also not what a run before this one noted."""
        known = self._failures.get((owner, name))
        self._failures[owner, name] = 0
        if known == 0:
            return
        now = self._house.clock.now()
        shown = await self._house.journal.read(lambda db: cursors.get(db, owner, failing(name)))
        if shown:
            await self._house.journal.write(lambda db: cursors.put(db, owner, failing(name), "", now))

    def _sooner(self, owner: str, name: str, error: Exception) -> timedelta:
        """Until a failed poll runs again: soon, so that one reset does not cost the five minutes of C2."""
        failures = self._failures.get((owner, name), 0)
        self._failures[owner, name] = failures + 1
        asked = error.retry_after if isinstance(error, TransientError) else None
        own = _SOON * (1 << min(failures, 8))
        return max(asked or _SOON, min(self._interval(name), own))

    def _interval(self, name: str) -> timedelta:
        pace = self._house.pace
        return {
            CHANGES: pace.contacts,
            RELINK: pace.contacts,
            RECONCILE: _DAILY,
            PAYMENTS: pace.payments,
            INVOICES: pace.invoices,
            HOUSEKEEPING: _DAILY,
        }[name]

    async def _run(self, owner: str, name: str, started: datetime) -> datetime | None:
        if name == HOUSEKEEPING:
            await self._house.journal.write(lambda db: _forget_old(db, started))
            return started + self._interval(name)
        if name == RELINK:
            return await Relinking(self._house, self._directory).run(realm_of(owner))
        if name == RECONCILE:
            return await Nights(self._house, self._directory).run(RealmId(owner))
        if name == CHANGES:
            if not await self._house.journal.read(lambda db: _members(db, RealmId(owner))):
                return None
            await self._directory.realm(RealmId(owner)).poll()
            return started + self._interval(name)
        record = await self._house.journal.read(lambda db: locations.get(db, LocationId(owner)))
        if record is None or record.status is Status.DISCONNECTED:
            return None
        actor = await self._directory.location(record.id)
        more = False
        if actor is not None and record.status is not Status.BROKEN:
            sweeps = self._sweeps(actor, record)
            more = await (sweeps.payments() if name == PAYMENTS else sweeps.invoices())
            self._house.nudge(record.id)
        interval = await self._pace_of(record, name, started)
        return started + (min(interval, _NEXT_SLICE) if more else interval)

    def _sweeps(self, actor: LocationActor, record: LocationRecord) -> Sweeps:
        if record.id not in self._paced:
            self._paced[record.id] = Limiter(self._house.clock, [_SWEEPS], in_flight=1)
        crm = actor.crm.within(self._paced[record.id])
        performer = Performer(self._house, actor.realm, crm)
        desk = Desk(self._house, record.id, realm=actor.realm, crm=crm, performer=performer)
        return Sweeps(desk, record)

    async def _pace_of(self, record: LocationRecord, name: str, started: datetime) -> timedelta:
        """Payments: sooner for a while after a hint, more rarely where none has come for days (S2)."""
        interval = self._interval(name)
        if name != PAYMENTS:
            return interval
        hint, newest = await self._house.journal.read(
            lambda db: [_moment(cursors.get(db, record.id, cursor)) for cursor in (PAYMENTS_HINT, PAYMENTS)]
        )
        since_hint = started - hint if hint else timedelta.max
        for lasts, pace in _HINTED:
            if since_hint < lasts:
                return min(interval, pace)
        quiet = started - max(filter(None, (hint, newest, record.connected_at)))
        return interval * next((factor for idle, factor in _IDLE if quiet > idle), 1)

    async def _broken(self, owner: str, error: AuthError, began: datetime) -> None:
        """A dead realm stops its locations, a dead location only itself; each says how to go on."""
        now = self._house.clock.now()

        await self._house.journal.write(lambda db: stop(db, error, began, now))
        log.warning("location.broken", subject=owner, provider=error.provider)


def _forget_old(db: Connection, now: datetime) -> None:
    """Drop what protects from nothing any more; links, operations and their activity stay for ever."""
    inbox.prune(db, now - _DELIVERIES_KEPT)
    evidence.prune(db, now - _UNASKED_KEPT)


def _moment(cursor: str | None) -> datetime | None:
    return datetime.fromisoformat(cursor) if cursor else None


def _members(db: Connection, realm: RealmId) -> list[LocationRecord]:
    return [record for record in locations.of_realm(db, realm) if record.status is not Status.DISCONNECTED]


def first_polls(db: Connection, record: LocationRecord, now: datetime, *, backfill: bool) -> None:
    """Schedule a newly connected location's polls at once."""
    cursors.schedule(db, record.realm, CHANGES, now, sooner_only=True)
    cursors.schedule(db, record.id, PAYMENTS, now)
    cursors.schedule(db, record.id, INVOICES, now)
    schedule_night(db, record, now)
    at = restored.get(db, record.realm)
    if at is not None and at.done_at is None:
        cursors.schedule(db, poll_owner(record.realm), RELINK, at.begins_at)
    if backfill:
        inbox.tell(db, record.id, Topic.BACKFILL, "customers", Lane.BACKFILL, now)


def daily_polls(db: Connection, now: datetime) -> None:
    """Schedule what the daemon does for itself."""
    cursors.schedule(db, "daemon", HOUSEKEEPING, now + timedelta(minutes=10))
    nightly_polls(db, now)
