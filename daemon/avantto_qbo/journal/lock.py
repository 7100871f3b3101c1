"""One daemon per journal: a lock the kernel gives back when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from avantto_qbo.errors import ConfigError
from avantto_qbo.journal.address import MEMORY, journal_path

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


class JournalLock:
    """Holds the file `<journal>.lock` beside the journal, which names its holder's process id, and the journal itself.

    The journal is locked too because one file may have several names: symbolic and hard links, other spellings of the
    path. That lock is another kind than those SQLite takes on the file, and given back only after SQLite closed it.
    The lock file stays when the lock is released: removing it would let two processes lock two files of one name.
    """

    def __init__(self, path: str | Path) -> None:
        """Name the journal, by path or by address."""
        named = journal_path(path)
        self._journal = None if named == MEMORY else Path(os.path.realpath(named))
        self.path = Path(f"{self._journal or named}.lock")
        self._files: list[int] = []

    def acquire(self) -> None:
        """Take the lock or raise ConfigError at once: another process holds it, or the folder is not writable."""
        try:
            file = self._lock(self.path)
            if self._journal is not None:
                self._lock(self._journal)
        except BaseException:
            self.release()
            raise
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        while self._files:
            os.close(self._files.pop())

    def _lock(self, path: Path) -> int:
        try:
            file = os.open(path, _FLAGS, 0o600)
        except OSError as error:
            raise ConfigError("journal", f"cannot lock {path}: {error.strerror}") from None
        self._files.append(file)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError("journal", f"{self._holder()} is using this journal already", "stop it first") from None
        return file

    def _holder(self) -> str:
        """Who holds the lock file, or the journal under another name."""
        process = os.pread(self._files[0], 20, 0).decode(errors="replace").strip()
        return f"process {process or 'unknown'}" if len(self._files) == 1 else "another process"

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
