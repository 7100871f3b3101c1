"""Start actors when they have mail, poll when a poll is due, and sleep until the next of either.

Actors are virtual: an idle location is a row. A nudge never carries a message; the mail is in the journal already.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import anyio
import structlog
from anyio.abc import TaskGroup

from avantto_qbo.actors.clock_steps import ClockSteps
from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.errors import TransientError
from avantto_qbo.journal import cursors, inbox
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import LocationId

log = structlog.get_logger(__name__)
_LONGEST_NAP: Final = 30.0
_LONGEST_NAP_AT_WORK: Final = 1.0  # mail for others may have come while nobody looked
_POLLS_AT_ONCE: Final = 32
_STUMBLE: Final = 1.0
_POLL_LASTS: Final = timedelta(minutes=1)  # a poll that a crash cut short is taken up again after this

Poll = Callable[[str, str], Awaitable[datetime | None]]


class Supervisor:
    """Owns every actor's task and every poll's."""

    def __init__(self, house: House, directory: Directory, poll: Poll) -> None:
        self._house, self._directory, self._poll = house, directory, poll
        self._tasks: TaskGroup | None = None
        self._running: set[LocationId] = set()
        self._again: set[LocationId] = set()
        self._polling: set[tuple[str, str]] = set()
        self._news = anyio.Event()
        self._stopping = False
        self._stopped = anyio.Event()
        self._steps = ClockSteps(house)

    def nudge(self, location: LocationId) -> None:
        """There may be mail for `location`: see that its actor looks."""
        if self._stopping or self._tasks is None:
            return
        if location in self._running:
            self._again.add(location)
            return
        self._running.add(location)
        self._tasks.start_soon(self._act, location)

    def look_again(self) -> None:
        """Something is due earlier than it was."""
        self._news.set()

    def stop(self) -> None:
        """Start no new turn; what is being sent is awaited by `run`."""
        self._stopping = True
        self._news.set()

    async def stopped(self) -> None:
        """Wait until the last turn has ended."""
        await self._stopped.wait()

    async def run(self) -> None:
        """Run until stopped, then until the last turn has ended."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            while not self._stopping:
                await self._nap(await self._start_what_is_due())
        self._tasks = None
        self._stopped.set()

    async def _start_what_is_due(self) -> datetime:
        """Start everybody who has something to do by now; return which moment that was."""
        await self._steps.follow()
        now = self._house.clock.now()

        def due(db: Connection) -> tuple[list[LocationId], list[tuple[str, str]]]:
            return inbox.due_locations(db, now), cursors.due_polls(db, now)

        places, polls = await self._house.journal.read(due)
        for location in places:
            self.nudge(location)
        for owner, name in polls:
            self._start_poll(owner, name)
        return now

    def _start_poll(self, owner: str, name: str) -> None:
        if (owner, name) in self._polling or self._tasks is None or self._stopping:
            return
        if len(self._polling) >= _POLLS_AT_ONCE:  # still due: picked up when one has ended
            return
        self._polling.add((owner, name))
        self._tasks.start_soon(self._run_poll, owner, name)

    async def _run_poll(self, owner: str, name: str) -> None:
        """Run one poll and schedule its next; what is asked of it meanwhile makes it run again soon."""
        again_at = self._house.clock.now() + _POLL_LASTS
        try:
            await self._house.journal.write(lambda db: cursors.schedule(db, owner, name, again_at))
            next_at = await self._poll(owner, name)
            await self._house.journal.write(lambda db: _reschedule(db, owner, name, next_at, again_at))
        except TransientError:  # the journal's disk, for now: the poll stays due
            log.exception("poll.not_scheduled", topic=name, subject=owner)
            await self._house.clock.sleep(_STUMBLE)
        finally:
            self._polling.discard((owner, name))
            self._news.set()

    async def _nap(self, started: datetime) -> None:
        """Sleep until something falls due that did not by `started`; who runs already says so when done."""
        moments = await self._house.journal.read(
            lambda db: [inbox.earliest(db, started), cursors.next_poll(db, started)]
        )
        now, busy = self._house.clock.now(), self._running or self._polling
        longest = _LONGEST_NAP_AT_WORK if busy else _LONGEST_NAP
        seconds = min([longest, *((moment - now).total_seconds() for moment in moments if moment is not None)])
        await self._wait(max(0.05 if busy else 0.0, seconds))

    async def _wait(self, seconds: float) -> None:
        async with anyio.create_task_group() as waiting:
            waiting.start_soon(self._alarm, seconds)
            await self._news.wait()
            waiting.cancel_scope.cancel()
        self._news = anyio.Event()

    async def _alarm(self, seconds: float) -> None:
        await self._house.clock.sleep(seconds)
        self._news.set()

    async def _act(self, location: LocationId) -> None:
        try:
            while not self._stopping:
                self._again.discard(location)
                actor = await self._directory.location(location)
                if actor is not None:
                    await actor.drain(lambda: self._stopping)
                if location not in self._again:
                    return
        except Exception:
            log.exception("actor.failed", location=location)
            await self._house.clock.sleep(_STUMBLE)  # its mail is still due; do not trip over it at full speed
        finally:
            self._running.discard(location)
            self._news.set()


def _reschedule(db: Connection, owner: str, name: str, next_at: datetime | None, set_to: datetime) -> None:
    """Put a poll off, unless somebody wanted it sooner than it was `set_to`, or stopped it, while it ran."""
    poll = owner, name
    if next_at is None:
        cursors.unschedule(db, owner)
    elif poll in cursors.due_polls(db, set_to - timedelta(microseconds=1)):
        cursors.schedule(db, owner, name, next_at, sooner_only=True)
    elif poll in cursors.due_polls(db, set_to):
        cursors.schedule(db, owner, name, next_at)
