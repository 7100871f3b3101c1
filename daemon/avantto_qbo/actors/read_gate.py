"""Stop asking when the month's metered reads are spent: writes go on, doubts wait, and now and then one read tries.

One gate for all companies, because the quota is the workspace's. What waits is a `QuotaSpentError`: passing, with the
time of the next try.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog

from avantto_qbo.actors.house import House
from avantto_qbo.errors import QuotaSpentError
from avantto_qbo.journal import cursors
from avantto_qbo.model.outcome import NotSent, Outcome
from avantto_qbo.rules.reading import Refusals, quota_spent

log = structlog.get_logger(__name__)
OWNER: Final = "daemon"
BLOCKED: Final = "reads_blocked"  # the cursor that says since when, "" while reads pass
_TRY: Final = timedelta(minutes=10)
_SPENT: Final = "the metered reads of this month are spent"


class ReadGate:
    """Knows how the reads of every company fare."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._refused: dict[str, Refusals] = {}
        self._next_try: datetime | None = None  # None while the gate is open
        self._shown: bool | None = None  # None: what a run before this one showed is not known

    def admit(self) -> None:
        """Let a read pass, or raise QuotaSpentError; when it is time, one is let through to find out."""
        now = self._house.clock.now()
        if self._next_try is None:
            return
        if now < self._next_try:
            self._next_try = min(self._next_try, now + _TRY)  # somebody set the wall clock back: nobody waits longer
            raise QuotaSpentError(_SPENT, self._next_try - now)
        self._next_try = now + _TRY

    async def refused(self, realm: str) -> bool:
        """A read was throttled. True when writes should pause as well: nothing says yet that it is only reads.

        Raises QuotaSpentError when it is, also for the one read that was let through to find out.
        """
        now = self._house.clock.now()
        known = self._refused.get(realm)
        again = msgspec.structs.replace(known, count=known.count + 1) if known else Refusals(now)
        self._refused[realm] = again
        if self._next_try is None and quota_spent(self._refused.values(), now):
            self._next_try = now + _TRY
            log.warning("reads.blocked", count=len(self._refused))
            self._house.count("reads.blocked")
            await self._show(now.isoformat())
        if self._next_try is not None:
            raise QuotaSpentError(_SPENT, self._next_try - now)
        return not again.wrote

    async def passed(self, realm: str) -> None:
        """A read succeeded: whatever was refused before was a matter of haste, or the month is new."""
        self._refused.pop(realm, None)
        if self._next_try is not None:
            self._refused.clear()
            self._next_try = None
            log.info("reads.pass_again")
        if self._shown is not False:
            await self._show("")

    def told_nothing(self) -> None:
        """What passed may not be metered: the next read is the one that finds out."""
        if self._next_try is not None:
            self._next_try = self._house.clock.now()

    def wrote(self, realm: str, outcome: Outcome) -> None:
        """A write passed, which tells a quota of reads from a limit of requests; a throttled one tells the opposite."""
        known = self._refused.get(realm)
        if known is None:
            return
        if isinstance(outcome, NotSent) and outcome.retry_after is not None:
            self._refused[realm] = Refusals(self._house.clock.now())
        elif not isinstance(outcome, NotSent):
            self._refused[realm] = msgspec.structs.replace(known, wrote=True)

    async def _show(self, since: str) -> None:
        self._shown = bool(since)
        now = self._house.clock.now()
        known = await self._house.journal.read(lambda db: cursors.get(db, OWNER, BLOCKED))
        if (known or "") != since:
            await self._house.journal.write(lambda db: cursors.put(db, OWNER, BLOCKED, since, now))
