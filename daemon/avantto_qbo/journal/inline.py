"""The journal without a thread: everything happens inside the call. For tests and simulated time."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from avantto_qbo.journal.address import MEMORY, journal_path
from avantto_qbo.journal.commit import Pending, commit_together, read_only
from avantto_qbo.journal.connection import Unit
from avantto_qbo.journal.database import open_database

T = TypeVar("T")


class InlineJournal:
    """The interface and the SQL of `SqliteJournal`; its methods never yield. `commits` counts transactions."""

    def __init__(self, url_or_path: str | Path = MEMORY) -> None:
        """Open and migrate at once. Raises ConfigError when the file cannot serve as a journal."""
        self._raw = open_database(journal_path(url_or_path))
        self.commits = 0

    async def write(self, unit: Unit[T]) -> T:
        """Run `unit` in a transaction of its own and return its value once it is durable."""
        pending = Pending(unit)
        commit_together(self._raw, [pending])
        self.commits += 1
        return pending.result()

    async def read(self, unit: Unit[T]) -> T:
        """Run `unit` against the last committed state. Raises InternalError when it tries to write."""
        return read_only(self._raw, unit)

    def close(self) -> None:
        """Close the file; a journal in memory is gone."""
        self._raw.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
