"""When so much waits already that a webhook would only make memory grow: the vendor shall come back later."""

from __future__ import annotations

from collections.abc import Callable

from avantto_qbo.actors.house import House
from avantto_qbo.journal import inbox
from avantto_qbo.model.records import Lane
from avantto_qbo.server.limits import DEPTH_LOOK, MOST_MAIL, MOST_UNITS


class HighWater:
    """Measures what waits for the disk (`waiting`, in units of work) and, every few seconds, the mail that is due."""

    def __init__(self, house: House, waiting: Callable[[], int]) -> None:
        self._house, self._waiting = house, waiting
        self._looked_at, self._mail = house.clock.now() - DEPTH_LOOK, 0

    async def is_high(self) -> bool:
        """Say whether one of the two is above its mark."""
        if self._waiting() >= MOST_UNITS:
            return True
        now = self._house.clock.now()
        if not self._looked_at <= now < self._looked_at + DEPTH_LOOK:
            self._looked_at = now
            self._mail = await self._house.journal.read(lambda db: inbox.backlog(db, Lane.MONEY, now, MOST_MAIL))
        return self._mail >= MOST_MAIL
