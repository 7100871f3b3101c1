"""The file: durable against kill -9, locked, migrated, refused when it is not ours to open."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import avantto_qbo
from avantto_qbo.errors import ConfigError
from avantto_qbo.journal import meta, migrations
from avantto_qbo.journal.copying import Copying
from avantto_qbo.journal.database import open_database
from avantto_qbo.journal.inline import InlineJournal
from avantto_qbo.journal.instants import maybe_instant, to_text
from avantto_qbo.journal.lock import JournalLock
from avantto_qbo.journal.sqlite import open_journal
from conformance.conftest import AnyJournal
from conformance.journal_values import START, FixedClock

WRITES_FOR_EVER = """
import asyncio, sys
from datetime import UTC, datetime
from avantto_qbo.journal import meta
from avantto_qbo.journal.inline import InlineJournal
from avantto_qbo.journal.sqlite import open_journal

class Clock:
    def now(self): return datetime.now(UTC)

async def main(driver, path):
    opened = InlineJournal(path) if driver == "inline" else open_journal(path, clock=Clock())
    async with opened as journal:
        for number in range(1_000_000):
            await journal.write(lambda db: meta.put(db, f"note {number}", "kept"))
            print("committed", number, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""

HOLDS_THE_LOCK = """
import sys, time
from avantto_qbo.journal.lock import JournalLock
with JournalLock(sys.argv[1]):
    print("locked", flush=True)
    time.sleep(60)
"""


@contextmanager
def child(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script in a process of its own and kill it without warning at the end."""
    environment = os.environ | {"PYTHONPATH": str(Path(avantto_qbo.__file__).parents[1])}
    command = [sys.executable, "-c", script, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("driver", ["sqlite", "inline"])
async def test_what_was_committed_survives_kill_9(file: Path, driver: str) -> None:
    with child(WRITES_FOR_EVER, driver, str(file)) as process:
        for number in range(20):
            assert line(process) == f"committed {number}"
    async with open_journal(file, clock=FixedClock()) as journal:
        kept = [await journal.read(lambda db, n=number: meta.get(db, f"note {n}")) for number in range(20)]  # type: ignore[misc] # bound early
    assert kept == ["kept"] * 20


def test_a_second_process_cannot_use_the_journal(file: Path) -> None:
    with child(HOLDS_THE_LOCK, str(file)) as process:
        assert line(process) == "locked"
        with pytest.raises(ConfigError, match=str(process.pid)) as refused:
            JournalLock(file).acquire()
        assert refused.value.key == "journal"
    with JournalLock(f"sqlite:///{file}"):
        pass


def test_a_lock_is_given_back_and_taken_again(file: Path) -> None:
    lock = JournalLock(file)
    with lock, pytest.raises(ConfigError):
        JournalLock(file).acquire()
    lock.release()
    with lock:
        pass


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot lock"):
        JournalLock(tmp_path / "missing" / "journal.db").acquire()


async def test_both_drivers_read_each_other(journal: AnyJournal, file: Path) -> None:
    await journal.write(lambda db: meta.put(db, "a", "1"))
    async with InlineJournal(file) as other:
        assert await other.read(lambda db: meta.get(db, "a")) == "1"


async def test_the_file_is_durable_private_and_up_to_date(journal: AnyJournal, file: Path) -> None:
    await journal.write(lambda db: meta.put(db, "a", "1"))
    raw = journal._raw
    assert raw is not None
    settings = "journal_mode synchronous foreign_keys busy_timeout user_version".split()
    ask = [f"PRAGMA {name}" for name in settings]

    def answers(_: object) -> list[object]:
        return [raw.execute(question).fetchone()[0] for question in ask]

    assert await journal.read(answers) == ["wal", 2, 1, 5000, len(migrations.all_migrations())]
    assert {part.stat().st_mode & 0o777 for part in file.parent.iterdir()} == {0o600}


async def test_a_journal_remembers_when_it_was_begun(file: Path) -> None:
    async with open_journal(f"sqlite:///{file}", clock=FixedClock()) as journal:
        assert maybe_instant(await journal.read(lambda db: meta.get(db, "begun_at"))) == START
        await journal.write(lambda db: meta.put(db, "begun_at", to_text(START.replace(year=2024))))
    async with open_journal(file, clock=FixedClock()) as journal:
        assert await journal.read(lambda db: meta.get(db, "begun_at")) == "2024-03-01T12:00:00.000000Z"


def test_a_file_of_a_newer_release_is_refused_untouched(file: Path) -> None:
    raw = sqlite3.connect(file)
    raw.execute("PRAGMA user_version = 9999")
    raw.close()
    before = file.read_bytes()
    with pytest.raises(ConfigError, match="9999"):
        InlineJournal(file)
    assert file.read_bytes() == before


@pytest.fixture
def letter(file: Path) -> Path:
    file.write_text("A letter to my aunt. " * 100)
    return file


async def test_a_file_that_is_no_database_is_refused(letter: Path) -> None:
    with pytest.raises(ConfigError, match="not a usable journal"):
        async with open_journal(letter, clock=FixedClock()):
            pass


async def test_a_folder_is_refused_as_a_journal(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot open"):
        async with open_journal(tmp_path, clock=FixedClock()):
            pass


def test_a_backup_that_cannot_be_finished_leaves_no_file(file: Path, tmp_path: Path) -> None:
    raw = open_database(str(file))
    raw.execute("BEGIN")  # VACUUM refuses to run inside a transaction
    with pytest.raises(ConfigError, match="cannot write"), Copying(tmp_path / "copy.db") as copying:
        copying.copy(raw)
    raw.close()
    assert [part.name for part in tmp_path.glob("copy*")] == []


async def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        async with open_journal(tmp_path / "missing" / "journal.db", clock=FixedClock()):
            pass


def test_a_migration_that_fails_leaves_the_file_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_database(str(file)).close()
    steps = (*migrations.all_migrations(), "create table extra (a); create table extra (a);")
    monkeypatch.setattr(migrations, "all_migrations", lambda: steps)
    with pytest.raises(ConfigError, match="extra"):
        open_database(str(file))
    raw = sqlite3.connect(file)
    assert migrations.version(raw) == len(steps) - 1
    assert raw.execute("select * from sqlite_master where name = 'extra'").fetchall() == []
    raw.close()


async def test_a_journal_in_memory_is_gone_when_closed() -> None:
    async with InlineJournal() as journal:
        await journal.write(lambda db: meta.put(db, "a", "1"))
        assert await journal.read(lambda db: meta.get(db, "a")) == "1"
    async with InlineJournal() as journal:
        assert await journal.read(lambda db: meta.get(db, "a")) is None
