"""Notice that the wall clock was set back: what waits was put off by the clock as it was."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import anyio
import structlog

from avantto_qbo.actors.house import House
from avantto_qbo.errors import TransientError
from avantto_qbo.journal import waits

log = structlog.get_logger(__name__)
_SLACK: Final = timedelta(seconds=1)


class ClockSteps:
    """Compares the wall clock with the event loop's, which nobody sets.

    Steps forwards are left alone: a machine that slept looks the same, and for it the time has passed.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._seen: tuple[datetime, float] | None = None

    async def follow(self) -> None:
        """Bring the journal's waits forward when the clock was set back since the last call."""
        wall, steady = self._house.clock.now(), anyio.current_time()
        wall_before, steady_before = self._seen or (wall, steady)
        passed = timedelta(seconds=steady - steady_before)
        back = passed - (wall - wall_before)
        if back >= waits.NOTEWORTHY:
            since = wall - passed - _SLACK
            try:
                await self._house.journal.write(lambda db: waits.set_back(db, back, wall, since))
            except TransientError as error:  # the journal's disk, for now: noticed again at the next look
                log.warning("clock.not_followed", reason=error.reason)
                return
            log.warning("clock.set_back", seconds=round(back.total_seconds()))
        self._seen = wall, steady
