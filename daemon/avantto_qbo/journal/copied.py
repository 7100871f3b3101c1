"""A file that was copied from a journal and put in one's place: what to see to before and after SQLite opens it.

The log beside it (`-wal`) would be replayed into it, although it belongs to the journal that lay there before: whoever
was killed left one. A copy comes without, and its mark leaves the file before a log of its own holds anything else: so
a log beside a marked file is never missed by it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final
from urllib.parse import quote

from avantto_qbo.errors import ConfigError
from avantto_qbo.journal.address import MEMORY

MARK: Final = "copied_at"  # in a copy: when it was made
RESTORED: Final = "restored_from"  # in a journal that was such a copy, until its generation has begun
_ASIDE: Final = "-wal.replaced"
_READ: Final = "select value from meta where name = ? and value <> ''"


def set_foreign_log_aside(path: str) -> None:
    """Rename the log of the journal in whose place a copy was put, so that SQLite does not find it."""
    log = Path(path + "-wal")
    if path == MEMORY or not log.exists() or not _marked(path):
        return
    try:
        log.replace(path + _ASIDE)
        Path(path + "-shm").unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError("journal", f"cannot rename {log}: {error.strerror}", f"delete {log}") from None


def accept(raw: sqlite3.Connection) -> None:
    """Turn the mark of a copy into the memory of having been one, in the file itself."""
    found = raw.execute(_READ, (MARK,)).fetchone()
    if found is None:
        return
    raw.execute("BEGIN IMMEDIATE")
    raw.execute("insert or replace into meta (name, value) values (?, ?)", (RESTORED, found[0]))
    raw.execute("delete from meta where name = ?", (MARK,))
    raw.execute("COMMIT")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _marked(path: str) -> bool:
    """Look into the file as it lies there, without its log."""
    try:
        raw = sqlite3.connect(f"file:{quote(str(Path(path).absolute()))}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error:
        return False
    try:
        return raw.execute(_READ, (MARK,)).fetchone() is not None
    except sqlite3.Error:  # no journal, or one of an earlier layout
        return False
    finally:
        raw.close()
