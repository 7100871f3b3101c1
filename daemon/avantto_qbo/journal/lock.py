"""One daemon per journal: a lock the kernel gives back when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from avantto_qbo.errors import ConfigError
from avantto_qbo.journal.address import journal_path


class JournalLock:
    """Holds the file `<journal>.lock` beside the journal, which names its holder's process id.

    The file itself stays when the lock is released: removing it would let two processes lock two files of one name.
    """

    def __init__(self, path: str | Path) -> None:
        """Name the journal, by path or by address."""
        self.path = Path(journal_path(path) + ".lock")
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock or raise ConfigError at once: another process holds it, or the folder is not writable."""
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError("journal", f"cannot lock {self.path}: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(file, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(file)
            raise ConfigError("journal", f"process {holder} is using this journal already", "stop it first") from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
