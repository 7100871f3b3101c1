"""Start a test of repeated writes in one location's company (the canary)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from avantto_qbo.actors import trials
from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.actors.trials import Stage, Trial
from avantto_qbo.errors import RefusedError
from avantto_qbo.journal import activity, inbox, settings
from avantto_qbo.journal.connection import Connection
from avantto_qbo.location_settings import merge_settings
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Activity, Lane, LocationRecord, Status, Topic
from avantto_qbo.model.settings import Settings
from avantto_qbo.rules.books.doubts import canary
from avantto_qbo.rules.books.doubts.doubt import LOOKS
from avantto_qbo.rules.reasons import HeldError
from avantto_qbo.server.api_doctor import CanaryAnswer
from avantto_qbo.service.interrupted import TAKEN_OVER, take_over
from avantto_qbo.service.known import location_of

_MAKES: Final = "an invoice, a payment, a sales receipt and a refund receipt over 1, for a customer of their own"


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
        taken_over = await self._house.journal.write(lambda db: take_over(db, record, actor, self._house.clock.now()))
        if not taken_over:
            await self._house.journal.write(lambda db: self._begin(db, record, run, actor))
        self._house.nudge(location)
        self._look_again()
        if taken_over:
            raise RefusedError(TAKEN_OVER, "run it again in some minutes")
        minutes = max(1, round(self._house.pace.settle.total_seconds() * LOOKS[-1] / 60))
        text = f"It makes {_MAKES}, sends each again in {minutes} minutes, and takes everything back."
        return CanaryAnswer(location, record.realm, run, text)

    def _place(self, db: Connection, location: LocationId) -> tuple[LocationRecord, Settings]:
        record = location_of(db, location)
        return record, merge_settings(self._house.defaults, settings.of(db, location))

    def _begin(self, db: Connection, record: LocationRecord, run: str, actor: str) -> None:
        now = self._house.clock.now()
        before = trials.last(db, record.realm)
        if before is not None and before.stage is not Stage.OVER:
            raise RefusedError(f"a test of this company is under way since {before.begun:%H:%MZ}", "wait for its end")
        trials.put(db, record.realm, Trial(run, record.id, now, actor), now)
        inbox.tell(db, record.id, Topic.CANARY, run, Lane.CONTACT, now)
        activity.record(db, Activity(now, record.id, "canary.begun", f"A test makes {_MAKES}.", run, actor))
