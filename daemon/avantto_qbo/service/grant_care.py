"""Look after the grants nobody uses, and say in time which end: an hourly round."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from avantto_qbo.actors.house import House
from avantto_qbo.actors.keepers import Keepers
from avantto_qbo.actors.stopping import stop
from avantto_qbo.errors import AuthError, TransientError
from avantto_qbo.journal import grants, renewals
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.grant import Provider
from avantto_qbo.rules.grants import IDLE_AFTER, WARN_AHEAD, days_left

log = structlog.get_logger(__name__)
_EVERY: Final = timedelta(hours=1)
_FIRST_AFTER: Final = timedelta(minutes=1)  # the day's work comes first, and may bring the tokens itself
_SAY_AGAIN: Final = timedelta(days=1)
_AT_ONCE: Final = 100  # grants renewed in one round
_RENEWALS_KEPT: Final = timedelta(days=30)
_DAY: Final = timedelta(days=1).total_seconds()
Show = Callable[[Provider, float], object]  # days until the first grant of a provider ends


class GrantCare:
    """Renews what lies idle long before it lapses, and warns of what ends all the same."""

    def __init__(self, house: House, keepers: Keepers, show: Show) -> None:
        self._house, self._keepers, self._show = house, keepers, show
        self._said: dict[tuple[Provider, str], datetime] = {}

    async def keep(self) -> None:
        """Go round every hour until cancelled."""
        await self._house.clock.sleep(_FIRST_AFTER.total_seconds())
        while True:
            try:
                await self.round()
            except TransientError as error:
                log.warning("grants.postponed", reason=error.reason)
            await self._house.clock.sleep(_EVERY.total_seconds())

    async def round(self) -> None:
        """Store what could not be stored, renew what lies idle, warn, and show how many days are left."""
        now = self._house.clock.now()
        await self._keepers.save()
        idle = await self._house.journal.read(lambda db: grants.idle(db, now - IDLE_AFTER, _AT_ONCE))
        for provider, subject in idle:
            await self._renew(provider, subject)
        await self._house.journal.write(lambda db: renewals.prune(db, now - _RENEWALS_KEPT))
        await self._house.journal.read(self._look)

    async def _renew(self, provider: Provider, subject: str) -> None:
        began = self._house.clock.now()
        try:
            await self._keepers.of(provider, subject).freshen()
        except TransientError as error:
            log.warning("grant.not_renewed", provider=provider, subject=subject, reason=error.reason)
        except AuthError as error:
            refusal, now = error, self._house.clock.now()
            await self._house.journal.write(lambda db: stop(db, refusal, began, now))
            log.warning("location.broken", subject=subject, provider=provider)

    def _look(self, db: Connection) -> None:
        now = self._house.clock.now()
        for lapse in grants.lapsing(db, now + WARN_AHEAD):
            said = self._said.get((lapse.provider, lapse.subject))
            if said is None or now - said >= _SAY_AGAIN:
                self._said[lapse.provider, lapse.subject] = now
                left = days_left(lapse.at, now)
                log.warning("grant.lapsing", provider=lapse.provider, subject=lapse.subject, remaining=left)
        for provider in Provider:
            end = grants.first_end(db, provider)
            self._show(provider, math.inf if end is None else (end - now).total_seconds() / _DAY)
