"""The journal on a disk that outlives every process: SQLite in memory, the way to it through the seeded loop.

Every access takes turns with everything else that runs, as it would with the writer's thread; units are carried out in
the order they were handed in, also where the caller was cancelled meanwhile.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from avantto_qbo.errors import TransientError
from avantto_qbo.journal.commit import Pending, commit_together, read_only
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.inline import InlineJournal
from simulation.loop import Life
from simulation.weather import Weather

T = TypeVar("T")


class DeadError(BaseException):
    """Something of a dead process reached for the world: it gets nothing."""


class Disk:
    """What was committed, whoever is alive. `on_commit` looks at it after every commit."""

    def __init__(self, weather: Weather) -> None:
        self.raw = copy_of_empty_journal()
        self.weather = weather
        self.commits = 0
        self.before_commit: Callable[[Life], object] = lambda _: None
        self.on_commit: Callable[[Life], object] = lambda _: None

    def look(self, sql: str, *values: Any) -> list[Any]:
        """Read what is committed, past the daemon."""
        return self.raw.execute(sql, values).fetchall()

    def commit(self, unit: Callable[[Connection], T]) -> T:
        """Carry out a unit."""
        pending = Pending(unit)
        commit_together(self.raw, [pending])
        self.commits += 1
        return pending.result()


class Drive:
    """The `Journal` of one process."""

    def __init__(self, disk: Disk, life: Life, loop: asyncio.AbstractEventLoop) -> None:
        self._disk, self._life, self._loop = disk, life, loop
        self._units: deque[tuple[Callable[[Connection], Any], asyncio.Future[Any], bool]] = deque()

    async def write(self, unit: Callable[[Connection], T]) -> T:
        """Run `unit` in a transaction and return its value once it is durable."""
        return await self._hand_in(unit, writing=True)

    async def read(self, unit: Callable[[Connection], T]) -> T:
        """Run `unit` against the last committed state."""
        return await self._hand_in(unit, writing=False)

    def _hand_in(self, unit: Callable[[Connection], T], *, writing: bool) -> asyncio.Future[T]:
        if not self._life.alive:
            raise DeadError
        future: asyncio.Future[T] = self._loop.create_future()
        self._units.append((unit, future, writing))
        self._loop.call_soon(self._carry_out)
        return future

    def _carry_out(self) -> None:
        unit, future, writing = self._units.popleft()
        try:
            value = self._written(unit) if writing else read_only(self._disk.raw, unit)
        except Exception as error:  # noqa: BLE001 - whoever handed it in is told
            if not future.done():
                future.set_exception(error)
        else:
            if self._life.alive and not future.done():
                future.set_result(value)

    def _written(self, unit: Callable[[Connection], T]) -> T | None:
        disk = self._disk
        disk.before_commit(self._life)
        if not self._life.alive:
            return None
        if disk.weather.disk_refuses():
            raise TransientError("journal: the disk refused")
        try:
            return disk.commit(unit)
        finally:
            disk.on_commit(self._life)


_EMPTY: list[sqlite3.Connection] = []


def copy_of_empty_journal() -> sqlite3.Connection:
    """A migrated journal in a memory of its own; migrating costs more than copying."""
    if not _EMPTY:
        _EMPTY.append(InlineJournal()._raw)
    raw = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
    raw.row_factory = _EMPTY[0].row_factory
    _EMPTY[0].backup(raw)
    raw.execute("PRAGMA foreign_keys = ON")
    return raw
