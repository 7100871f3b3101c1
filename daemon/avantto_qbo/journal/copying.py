"""A copy of the journal, taken while it is in use, checked, and marked so that whoever opens it knows what it is.

`VACUUM INTO` on the one connection there is: a second connection would meet the write-ahead log's race of SQLite 3.40,
and the backup interface of this driver cannot let writers in between its steps either. Measured for 113 MB while
another writes: no writer waited longer than 0.6 s.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from avantto_qbo.errors import ConfigError
from avantto_qbo.journal import meta
from avantto_qbo.journal.copied import MARK
from avantto_qbo.journal.database import SqliteConnection, open_database
from avantto_qbo.journal.instants import to_text

_KEY: Final = "file"
_UNFINISHED: Final = ".unfinished"
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})
_MENDS: Final = {
    errno.EEXIST: "name a file that does not exist yet",
    errno.ENOENT: "make the directory first",
    errno.ENOTDIR: "name a file in a directory",
    errno.EACCES: "name a directory that the daemon's user may write to",
    errno.EPERM: "name a directory that the daemon's user may write to",
    errno.EROFS: "name a directory that the service may write to, such as that of the journal",
    errno.ENOSPC: "free some space, or name a directory on another disk",
}


class Copying:
    """One copy on its way to `target`: written beside it under another name, which is gone at the end."""

    def __init__(self, target: Path) -> None:
        self._target, self._file = target, target.with_name(target.name + _UNFINISHED)

    def __enter__(self) -> Self:
        """Begin a private file; raise ConfigError when that, or the copy's own name, is taken or impossible."""
        try:
            if self._target.exists() or self._target.is_symlink():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            self._sweep()  # of a copy that a crash left unfinished
            os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise self._refusal(error) from None
        return self

    def copy(self, raw: sqlite3.Connection) -> None:
        """Write what is committed now. Raises ConfigError."""
        try:
            raw.execute("VACUUM INTO ?", (str(self._file),))
        except sqlite3.Error as error:
            raise self._refusal(error) from None

    def finish(self, now: datetime) -> int:
        """Mark and check the copy, sync it, and give it its name; return its bytes. Raises ConfigError."""
        try:
            self._mark(now)
            _sync(self._file)
            size = self._file.stat().st_size
            self._name()
            _sync(self._target.parent)
        except (sqlite3.Error, OSError) as error:
            raise self._refusal(error) from None
        return size

    def _mark(self, now: datetime) -> None:
        raw = open_database(str(self._file))
        try:
            meta.put(SqliteConnection(raw, writing=True), MARK, to_text(now))
            [found] = raw.execute("PRAGMA integrity_check(1)").fetchone()
        finally:
            raw.close()
        if found != "ok":
            raise ConfigError(_KEY, f"the copy is damaged ({found}), and so may be the journal", "look at its disk")

    def _name(self) -> None:
        """Never over a file that came to be meanwhile, where the file system can tell."""
        try:
            self._target.hardlink_to(self._file)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._file.rename(self._target)

    def _refusal(self, error: OSError | sqlite3.Error) -> ConfigError:
        if isinstance(error, OSError):
            mend = _MENDS.get(error.errno or 0, "")
            return ConfigError(_KEY, f"cannot write {self._target}: {error.strerror}", mend)
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        return ConfigError(_KEY, f"cannot write {self._target}: {error}", _MENDS[errno.ENOSPC] if full else "")

    def _sweep(self) -> None:
        for end in ("", "-wal", "-shm", "-journal"):
            self._file.with_name(self._file.name + end).unlink(missing_ok=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sweep()


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
