"""Start a test of repeated writes in one location's company (the canary)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from avantto_qbo.actors import trials
from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.actors.trials import Stage, Trial
from avantto_qbo.errors import RefusedError
from avantto_qbo.journal import activity, inbox, locations, settings
from avantto_qbo.journal.connection import Connection
from avantto_qbo.location_settings import merge_settings
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Activity, Lane, LocationRecord, Status, Topic
from avantto_qbo.model.settings import Settings
from avantto_qbo.rules.books.doubts import canary
from avantto_qbo.rules.books.doubts.doubt import LOOKS
from avantto_qbo.rules.reasons import HeldError
from avantto_qbo.server.api_doctor import CanaryAnswer
from avantto_qbo.service.known import location_of

_MAKES: Final = "an invoice, a payment, a sales receipt and a refund receipt over 1, for a customer of their own"
_LEFT: Final = "an earlier test of this company was interrupted: what it left in QuickBooks is taken back first"


class CanaryDesk:
    """Tests start here; the location's actor carries them out. `look_again` wakes the scheduler."""

    def __init__(self, house: House, directory: Directory, *, look_again: Callable[[], None]) -> None:
        self._house, self._directory, self._look_again = house, directory, look_again

    async def start(self, location: LocationId, actor: str, *, yes: bool) -> CanaryAnswer:
        """Begin a run. Raises RefusedError where it would be wrong or cannot be done, and says why."""
        record, own = await self._house.journal.read(lambda db: self._place(db, location))
        if record.status is not Status.CONNECTED:
            raise RefusedError(f"location {location} is {record.status}", f"avantto-qbo connect {location}")
        if not yes:
            raise RefusedError(f"this makes {_MAKES}, and takes them back", "say --yes", field="yes")
        run = self._house.ids.new()
        company = await self._directory.realm(record.realm).company()
        try:
            canary.ground(run, company, own, record, canary.today(record, self._house.clock.now()))
        except HeldError as waiting:
            raise RefusedError(waiting.reason.text, waiting.reason.mend) from waiting
        taken_over = await self._house.journal.write(lambda db: self._take_over(db, record, actor))
        if not taken_over:
            await self._house.journal.write(lambda db: self._begin(db, record, run, actor))
        self._house.nudge(location)
        self._look_again()
        if taken_over:
            raise RefusedError(_LEFT, "run it again in some minutes")
        minutes = max(1, round(self._house.pace.settle.total_seconds() * LOOKS[-1] / 60))
        text = f"It makes {_MAKES}, sends each again in {minutes} minutes, and takes everything back."
        return CanaryAnswer(location, record.realm, run, text)

    def _place(self, db: Connection, location: LocationId) -> tuple[LocationRecord, Settings]:
        record = location_of(db, location)
        return record, merge_settings(self._house.defaults, settings.of(db, location))

    def _take_over(self, db: Connection, record: LocationRecord, actor: str) -> bool:
        """An earlier run whose location went away left its documents in the books: take them back from here."""
        now, left = self._house.clock.now(), trials.last(db, record.realm)
        if left is None or left.stage is Stage.OVER or _goes_on(db, left):
            return False
        mine = msgspec.structs.replace(left, location=record.id, stage=Stage.REMOVING, passes=0)
        trials.put(db, record.realm, mine, now)
        inbox.tell(db, record.id, Topic.CANARY, left.run, Lane.CONTACT, now)
        activity.record(db, Activity(now, record.id, "canary.taken_over", _LEFT, left.run, actor))
        return True

    def _begin(self, db: Connection, record: LocationRecord, run: str, actor: str) -> None:
        now = self._house.clock.now()
        before = trials.last(db, record.realm)
        if before is not None and before.stage is not Stage.OVER:
            raise RefusedError(f"a test of this company is under way since {before.begun:%H:%MZ}", "wait for its end")
        trials.put(db, record.realm, Trial(run, record.id, now, actor), now)
        inbox.tell(db, record.id, Topic.CANARY, run, Lane.CONTACT, now)
        activity.record(db, Activity(now, record.id, "canary.begun", f"A test makes {_MAKES}.", run, actor))


def _goes_on(db: Connection, trial: Trial) -> bool:
    """Say whether a run that has not ended still has somebody to carry it on."""
    record = locations.get(db, trial.location)
    connected = record is not None and record.status is not Status.DISCONNECTED
    return connected and inbox.get(db, trial.location, Topic.CANARY, trial.run) is not None
