"""Take out of the journal's file what was replaced or deleted, for SQLite leaves it lying in free space and the log."""

from __future__ import annotations

import sqlite3
from typing import Final

_SMALL: Final = 64 * 1024 * 1024  # bytes that are rewritten within a second; writers wait meanwhile


def scrub(raw: sqlite3.Connection) -> bool:
    """Rebuild a small file and empty the write-ahead log; say whether nothing old is left.

    A large file is left as it is: since free space is overwritten (`secure_delete`), only what earlier releases freed
    can still be there.
    """
    try:
        small = _bytes(raw) <= _SMALL
        if small:
            raw.execute("VACUUM")
        busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.Error:  # such as a disk that is full: nothing is lost, and the next time does it
        return False
    return small and not busy


def _bytes(raw: sqlite3.Connection) -> int:
    pages, size = (raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return int(pages) * int(size)
