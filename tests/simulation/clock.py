"""Time in the simulated world: the vendors' true time, and the daemon's wall clock, which somebody may set wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import anyio

START: Final = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # a Friday, 10:00 in New York


class TrueTime:
    """The time everybody but the daemon goes by; `time` is the event loop's."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time

    def now(self) -> datetime:
        """The current instant, in UTC."""
        return START + timedelta(seconds=self._time())


class DaemonClock:
    """The daemon's `Clock`: steps of the wall clock move `now` and never how long a sleep lasts."""

    def __init__(self, true: TrueTime) -> None:
        self._true = true
        self._off = timedelta()

    def now(self) -> datetime:
        """What the wall clock shows."""
        return self._true.now() + self._off

    def step(self, by: timedelta) -> None:
        """Set the wall clock forwards or backwards."""
        self._off += by

    def put_right(self) -> None:
        """Show the true time again."""
        self._off = timedelta()

    async def sleep(self, seconds: float) -> None:
        """Wait by the loop's own time."""
        await anyio.sleep(max(0.0, seconds))
