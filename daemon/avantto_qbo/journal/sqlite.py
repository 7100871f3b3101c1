"""The journal in an SQLite file: one connection in one thread, one writer, and as few syncs as possible.

Every writer puts its unit in a queue and a call in the thread's. A call whose unit is not committed yet commits all
that wait by then; the calls of those others find nothing left to do. So units gather while the disk is busy.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import aiosqlite
import anyio
import anyio.to_thread

from avantto_qbo.errors import AvanttoQboError, InternalError
from avantto_qbo.journal import meta
from avantto_qbo.journal.address import MEMORY, journal_path
from avantto_qbo.journal.commit import Pending, commit_together, read_only
from avantto_qbo.journal.connection import Now, Unit
from avantto_qbo.journal.copying import Copying
from avantto_qbo.journal.database import open_database
from avantto_qbo.journal.instants import to_text
from avantto_qbo.journal.restored import BACKUP_AT
from avantto_qbo.journal.scrubbing import scrub

T = TypeVar("T")

_BATCH: Final = 500  # units in one transaction at most, so that no writer waits for an endless one


class SqliteJournal:
    """Runs units of work on the writer's thread; made by `open_journal`. `commits` counts transactions."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._pending: deque[Pending[Any]] = deque()
        self._thread = aiosqlite.Connection(self._open, iter_chunk_size=64)
        # aiosqlite has no public way to run a closure on its thread, and awaiting statement by statement lets two
        # tasks meet in one transaction. A test pins the signature used here.
        self._in_thread: Callable[[Callable[[], Any]], Awaitable[Any]] = self._thread._execute  # noqa: SLF001
        self._raw: sqlite3.Connection | None = None
        self._refusal: AvanttoQboError | None = None
        self.commits = 0

    @property
    def waiting(self) -> int:
        """How many units are handed in and not committed yet."""
        return len(self._pending)

    async def open(self) -> None:
        """Open the file and start the thread. Raises ConfigError when the file cannot serve as a journal."""
        with anyio.CancelScope(shield=True):
            await self._thread
            if self._refusal is not None:
                await self._thread.close()
                raise self._refusal

    async def close(self) -> None:
        """Carry out what was handed in, then close the file; also when the caller is being cancelled."""
        self._raw = None
        with anyio.CancelScope(shield=True):
            await self._thread.close()

    async def write(self, unit: Unit[T]) -> T:
        """Run `unit` in a transaction and return its value once it is on the disk.

        A caller cancelled while it waits has handed the unit in: it is carried out all the same.
        Raises what the unit raises, or TransientError when the disk refuses the commit.
        """
        raw = self._opened()
        pending = Pending(unit)
        self._pending.append(pending)
        await self._in_thread(lambda: self._commit(raw, pending))
        return pending.result()

    async def read(self, unit: Unit[T]) -> T:
        """Run `unit` against the last committed state. Raises InternalError when it tries to write."""
        raw = self._opened()
        value: T = await self._in_thread(lambda: read_only(raw, unit))
        return value

    async def backup(self, target: Path, now: datetime) -> int:
        """Copy the journal as it is now into a new file, which opens as a journal of its own; return its bytes.

        Writers wait while the copy is written, about half a second for 100 MB; its checks and its way to the disk
        hold nobody up. A copy that is not finished never bears the name. Raises ConfigError when the file exists
        or cannot be written.
        """
        raw = self._opened()
        with anyio.CancelScope(shield=True), Copying(target) as copying:
            await self._in_thread(lambda: copying.copy(raw))
            size = await anyio.to_thread.run_sync(copying.finish, now)
            await self.write(lambda db: meta.put(db, BACKUP_AT, to_text(now)))
        return size

    async def scrub(self) -> bool:
        """Take what was replaced or deleted out of the file; say whether nothing old is left. Writers wait."""
        raw = self._opened()
        clean: bool = await self._in_thread(lambda: scrub(raw))
        return clean

    def _opened(self) -> sqlite3.Connection:
        if self._raw is None:
            raise InternalError("the journal is not open")
        return self._raw

    def _open(self) -> sqlite3.Connection:
        try:
            self._raw = open_database(self._path)
        except AvanttoQboError as refusal:
            # aiosqlite does not wait for the end of its thread when opening fails: let it open something and close it.
            self._refusal = refusal
            return sqlite3.connect(MEMORY)
        return self._raw

    def _commit(self, raw: sqlite3.Connection, asked: Pending[Any]) -> None:
        if asked.done:  # by an earlier call; what came in since has calls of its own, and gathers until the first
            return
        batch = [self._pending.popleft() for _ in range(min(len(self._pending), _BATCH))]
        commit_together(raw, batch)
        self.commits += 1


@asynccontextmanager
async def open_journal(url_or_path: str | Path, *, clock: Now) -> AsyncIterator[SqliteJournal]:
    """Open the journal at an address or path for as long as the context lasts.

    The file is created and migrated as needed and remembers when it was begun. The caller holds the `JournalLock`.
    Raises ConfigError.
    """
    journal = SqliteJournal(journal_path(url_or_path))
    await journal.open()
    try:
        begun = to_text(clock.now())
        await journal.write(lambda db: meta.begin(db, "begun_at", begun))
        yield journal
    finally:
        await journal.close()
