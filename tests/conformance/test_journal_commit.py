"""The commit: when the database fails, nothing is half kept and every unit says so."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from avantto_qbo.errors import InternalError, TransientError
from avantto_qbo.journal.commit import Pending, commit_together
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.database import open_database
from conformance.journal_values import BadLuckError, note, note_and_fail


class CommitFails(sqlite3.Connection):
    """A real connection whose disk fails at the very commit."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if sql == "COMMIT":
            failure = sqlite3.OperationalError("disk I/O error")
            failure.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise failure
        return super().execute(sql, parameters)


def test_when_the_commit_fails_every_unit_fails_and_nothing_is_kept(file: Path) -> None:
    open_database(str(file)).close()
    raw = sqlite3.connect(file, isolation_level=None, factory=CommitFails)
    raw.row_factory = sqlite3.Row
    own = BadLuckError()
    batch = [Pending(note("a")), Pending(note_and_fail("b", own)), Pending(note("c"))]
    commit_together(raw, batch)
    for pending, expected in zip(batch, (TransientError, BadLuckError, TransientError), strict=True):
        with pytest.raises(expected):
            pending.result()
    assert raw.execute("select * from meta").fetchall() == []
    raw.close()


def test_a_full_disk_fails_the_batch_it_spoils_and_no_other(file: Path) -> None:
    raw = open_database(str(file))
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count = {pages + 2}")
    batch = [Pending(note("small")), Pending(note("big", "x" * 100_000)), Pending(note("last"))]
    commit_together(raw, batch)
    for pending in batch:
        with pytest.raises(TransientError):
            pending.result()
    after = Pending(note("after"))
    commit_together(raw, [after])
    after.result()
    assert [row["name"] for row in raw.execute("select name from meta")] == ["after"]
    raw.close()


def test_when_the_database_gives_up_the_transaction_no_unit_slips_through(file: Path) -> None:
    raw = open_database(str(file))
    first, last = Pending(note("first")), Pending(note("last"))

    def lose_everything(_: Connection) -> None:
        raw.execute("ROLLBACK")  # what SQLite does by itself on an I/O error
        raise BadLuckError

    unlucky = Pending(lose_everything)
    commit_together(raw, [first, unlucky, last])
    with pytest.raises(BadLuckError):
        unlucky.result()
    for neighbour in (first, last):
        with pytest.raises(TransientError):
            neighbour.result()
    assert raw.execute("select * from meta").fetchall() == []
    raw.close()


def test_a_unit_that_was_never_run_has_no_result() -> None:
    with pytest.raises(InternalError):
        Pending(note("a")).result()
