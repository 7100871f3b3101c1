"""Rate limits of one realm or one location, shared fairly among those who use it.

Several windows hold at once (8 a second and 400 a minute, say) besides a cap on requests in flight. Waiters queue per
key and keys take turns, so that one busy location never starves another of the same realm.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import anyio
import msgspec

from avantto_qbo.actors.ports import Clock


class Window(msgspec.Struct, frozen=True):
    """At most `count` requests in any `seconds`."""

    count: int
    seconds: float


class Limiter:
    """Hand out turns: `async with limiter.turn(key): send()`."""

    def __init__(self, clock: Clock, windows: Sequence[Window], in_flight: int) -> None:
        self._clock = clock
        self._windows = tuple(windows)
        self._started: deque[datetime] = deque()
        self._free = in_flight
        self._queues: dict[str, deque[anyio.Event]] = {}
        self._paused_until: datetime | None = None
        self._seen: datetime | None = None
        self._pumping = False

    def pause(self, until: datetime) -> None:
        """Start nothing before `until`: the other side said so."""
        self._follow(self._clock.now())
        if self._paused_until is None or until > self._paused_until:
            self._paused_until = until

    async def pause_over(self) -> None:
        """Wait until the pause that the other side asked for is over, without taking a turn."""
        while (left := self._pause_left(self._clock.now())) > 0:
            await self._clock.sleep(left)

    def wait_for(self, now: datetime, room: int = 1) -> float:
        """Seconds until `room` requests may start one after the other, 0.0 when they may now."""
        self._follow(now)
        self._forget(now)
        return max(self._pause_left(now), *(self._window_wait(window, now, room) for window in self._windows))

    def _pause_left(self, now: datetime) -> float:
        self._follow(now)
        return max(0.0, (self._paused_until - now).total_seconds()) if self._paused_until is not None else 0.0

    def _window_wait(self, window: Window, now: datetime, room: int) -> float:
        last_free = max(1, window.count - room + 1)
        if len(self._started) < last_free:
            return 0.0
        earliest = self._started[-last_free] + timedelta(seconds=window.seconds)
        return (earliest - now).total_seconds()

    def _follow(self, now: datetime) -> None:
        """When somebody sets the wall clock back, what was noted by it goes back too: nobody waits longer."""
        back = now - self._seen if self._seen is not None else timedelta(0)
        self._seen = now
        if back < timedelta(0):
            self._started = deque(moment + back for moment in self._started)
            self._paused_until = self._paused_until + back if self._paused_until is not None else None

    def _forget(self, now: datetime) -> None:
        horizon = now - timedelta(seconds=max(window.seconds for window in self._windows))
        while self._started and self._started[0] <= horizon:
            self._started.popleft()

    @asynccontextmanager
    async def turn(self, key: str = "") -> AsyncIterator[None]:
        """Wait for a turn of `key`, hold it while the request is under way."""
        await self._acquire(key)
        try:
            yield
        finally:
            self._free += 1
            self._hand_on()

    async def _acquire(self, key: str) -> None:
        ticket = anyio.Event()
        self._queues.setdefault(key, deque()).append(ticket)
        try:
            self._hand_on()
            await ticket.wait()
            await self._until_allowed()
        except BaseException:
            self._give_up(key, ticket)
            raise
        self._pumping = False
        self._started.append(self._clock.now())
        self._free -= 1
        self._hand_on()

    async def _until_allowed(self) -> None:
        while (delay := self.wait_for(self._clock.now())) > 0:
            await self._clock.sleep(delay)

    def _give_up(self, key: str, ticket: anyio.Event) -> None:
        if ticket.is_set():  # it was our turn: let the next one try
            self._pumping = False
            self._hand_on()
        elif (queue := self._queues.get(key)) is not None:
            queue.remove(ticket)

    def _hand_on(self) -> None:
        """Let the next waiter of the next key try, one at a time, while a place in flight is free."""
        if self._pumping or self._free <= 0:
            return
        for key in list(self._queues):
            queue = self._queues.pop(key)
            if not queue:
                continue
            ticket = queue.popleft()
            if queue:
                self._queues[key] = queue  # re-inserted last: the keys take turns
            self._pumping = True
            ticket.set()
            return
