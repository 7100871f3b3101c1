"""One SQLite connection, opened the way both drivers need it."""

from __future__ import annotations

import os
import sqlite3
from typing import Final

from avantto_qbo.errors import ConfigError, InternalError, TransientError
from avantto_qbo.journal.address import MEMORY
from avantto_qbo.journal.connection import Row, Value
from avantto_qbo.journal.copied import accept, set_foreign_log_aside
from avantto_qbo.journal.migrations import migrate, refuse_newer
from avantto_qbo.journal.statements import statement

# Primary result codes of trouble that passes without a change of the program: https://sqlite.org/rescode.html
_PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_KNOWN_STATEMENTS: Final = 256  # more than there are, so that each is prepared once


def open_database(path: str) -> sqlite3.Connection:
    """Open or create a journal file and bring it up to date; `:memory:` lives as long as the connection.

    Transactions are the caller's: the connection commits nothing by itself.
    Raises ConfigError when the file cannot be opened, is not a journal, or was written by a newer release.
    """
    _make_private(path)
    set_foreign_log_aside(path)
    try:
        raw = sqlite3.connect(path, isolation_level=None, cached_statements=_KNOWN_STATEMENTS)
    except sqlite3.Error as error:
        raise ConfigError("journal", f"cannot open {path}: {error}") from None
    try:
        refuse_newer(raw)
        _prepare(raw, path)
        migrate(raw)
        accept(raw)
    except BaseException as error:
        raw.close()
        if isinstance(error, sqlite3.Error):
            raise ConfigError("journal", f"{path} is not a usable journal: {error}") from None
        raise
    return raw


def translated(error: BaseException, doing: str) -> BaseException:
    """Put a database error into the house's words; any other error comes back as it is."""
    if not isinstance(error, sqlite3.Error):
        return error
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _PASSING:
        return TransientError(f"journal, {doing}: {error}")
    return InternalError(f"journal, {doing}: {error}")


class SqliteConnection:
    """Runs named statements on a raw connection; a reading one refuses to write."""

    def __init__(self, raw: sqlite3.Connection, *, writing: bool) -> None:
        self._raw, self._writing = raw, writing

    def run(self, name: str, /, **params: Value) -> list[Row]:
        """Run one statement; see `Connection.run`."""
        wanted = statement(name)
        if wanted.writes and not self._writing:
            raise InternalError(f"{name} writes, but the unit only reads")
        try:
            return self._raw.execute(wanted.sql, params).fetchall()
        except sqlite3.Error as error:
            raise translated(error, name) from error


def _make_private(path: str) -> None:
    """Create a missing file readable by its owner only; SQLite gives its companions the same mode."""
    if path == MEMORY:
        return
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise ConfigError("journal", f"cannot open {path}: {error.strerror}") from None


def _prepare(raw: sqlite3.Connection, path: str) -> None:
    raw.row_factory = sqlite3.Row
    raw.execute("PRAGMA busy_timeout = 5000")
    mode = raw.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if path != MEMORY and mode != "wal":
        raise ConfigError("journal", f"{path} lies on a file system without write-ahead logging", "use a local disk")
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("PRAGMA secure_delete = ON")  # a token or an address that is gone is gone from the file
    raw.execute("PRAGMA foreign_keys = ON")
