"""A clock that moves only when everybody waits for it: hours pass in milliseconds, and in the same order every time."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import anyio

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # a Friday, 10:00 in New York


class VirtualClock:
    """The `Clock` of the actors, without a wall.

    `sleep` returns once every task of the event loop waits and nobody is to be woken earlier; the time then is exactly
    what was asked for. Equal moments come in the order they were asked for. Tasks may wait for each other, but not for
    sockets or threads: what the clock cannot see does not hold it back.
    """

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._alarms: list[tuple[datetime, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._watching = False

    def now(self) -> datetime:
        """The current instant, in UTC."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on at once, waking nobody in between: for tests that have no task waiting."""
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Wait until `seconds` have passed; 0 lets everybody else who is due go first."""
        rung = anyio.Event()
        alarm = self._set(seconds, rung.set)
        try:
            await rung.wait()
        finally:
            self._drop(alarm)

    def call_later(self, seconds: float, act: Callable[[], object]) -> None:
        """Run a plain function in `seconds`, as something that happens elsewhere in the world."""
        self._set(seconds, act)

    def _set(self, seconds: float, act: Callable[[], object]) -> tuple[datetime, int, Callable[[], object]]:
        alarm = (self._now + timedelta(seconds=max(0.0, seconds)), next(self._numbers), act)
        heapq.heappush(self._alarms, alarm)
        self._watch()
        return alarm

    def _drop(self, alarm: tuple[datetime, int, Callable[[], object]]) -> None:
        if alarm in self._alarms:
            self._alarms.remove(alarm)
            heapq.heapify(self._alarms)

    def _watch(self) -> None:
        if not self._watching:
            self._watching = True
            loop = asyncio.get_running_loop()
            loop.call_soon(partial(self._look, loop))

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ring the next alarm if nobody else can run; look again as long as there are alarms."""
        # The loop's queue of what can run now; there is no public way to ask whether everybody waits.
        idle = not loop._ready  # type: ignore[attr-defined]
        if idle and self._alarms:
            due, _, act = heapq.heappop(self._alarms)
            self._now = max(self._now, due)
            act()
        self._watching = bool(self._alarms)
        if self._watching:
            loop.call_soon(partial(self._look, loop))
