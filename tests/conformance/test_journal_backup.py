"""A copy of the journal: whole, private, marked; and what keeps it from being mistaken for the journal."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from avantto_qbo.errors import ConfigError
from avantto_qbo.journal import meta, restored
from avantto_qbo.journal.generation import GenerationFile
from avantto_qbo.journal.inline import InlineJournal
from avantto_qbo.journal.lock import JournalLock
from avantto_qbo.journal.sqlite import open_journal
from conformance.journal_values import FixedClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
async def copy(file: Path, tmp_path: Path) -> Path:
    """A copy of a journal that noted a, and that noted b afterwards."""
    target = tmp_path / "copy.db"
    async with open_journal(file, clock=FixedClock()) as journal:
        await journal.write(lambda db: meta.put(db, "a", "1"))
        assert await journal.backup(target, NOON) == target.stat().st_size
        await journal.write(lambda db: meta.put(db, "b", "2"))
        assert await journal.read(restored.backup_at) == NOON
    return target


async def test_a_copy_is_a_journal_of_its_own_and_knows_what_it_is(copy: Path) -> None:
    async with InlineJournal(copy) as journal:
        assert await journal.read(lambda db: (meta.get(db, "a"), meta.get(db, "b"))) == ("1", None)
        assert await journal.read(restored.copied_at) == NOON


async def test_what_a_copy_was_is_remembered_until_its_generation_begins(copy: Path) -> None:
    async with InlineJournal(copy):
        pass
    async with InlineJournal(copy) as journal:
        assert await journal.read(restored.copied_at) == NOON
        await journal.write(lambda db: restored.begin_generation(db, 7))
        assert await journal.read(lambda db: (restored.copied_at(db), restored.generation(db))) == (None, 7)


def copies(folder: Path) -> list[tuple[str, int]]:
    """The names of the copies in a folder, and who may read them."""
    return [(part.name, part.stat().st_mode & 0o777) for part in sorted(folder.glob("copy*"))]


async def test_a_copy_is_private_sound_and_stands_alone(copy: Path) -> None:
    assert copies(copy.parent) == [("copy.db", 0o600)]
    raw = sqlite3.connect(copy)
    assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()


@pytest.fixture
def taken(tmp_path: Path) -> list[Path]:
    """A name that is taken, and a link that leads nowhere."""
    letter, dangling = tmp_path / "taken.db", tmp_path / "dangling.db"
    letter.write_text("a letter")
    dangling.symlink_to(tmp_path / "elsewhere")
    return [letter, dangling]


async def test_a_copy_never_takes_a_name_that_is_taken(file: Path, taken: list[Path]) -> None:
    async with open_journal(file, clock=FixedClock()) as journal:
        for target in taken:
            with pytest.raises(ConfigError, match="File exists") as refused:
                await journal.backup(target, NOON)
            assert (refused.value.key, refused.value.mend) == ("file", "name a file that does not exist yet")
    with pytest.raises(ConfigError, match="not a usable journal"):  # still the letter
        InlineJournal(taken[0])


async def test_a_directory_that_is_not_there_is_named_with_its_mend(file: Path, tmp_path: Path) -> None:
    async with open_journal(file, clock=FixedClock()) as journal:
        with pytest.raises(ConfigError, match="No such file") as refused:
            await journal.backup(tmp_path / "missing" / "copy.db", NOON)
        assert refused.value.mend == "make the directory first"
        assert await journal.read(restored.backup_at) is None


@pytest.fixture
def left_over(tmp_path: Path) -> Path:
    """What a crash left of a copy."""
    part = tmp_path / "copy.db.unfinished"
    part.write_text("half a journal")
    return part


async def test_what_a_crash_left_of_a_copy_is_in_nobodys_way(file: Path, tmp_path: Path, left_over: Path) -> None:
    async with open_journal(file, clock=FixedClock()) as journal:
        await journal.backup(tmp_path / "copy.db", NOON)
    assert copies(tmp_path) == [("copy.db", 0o600)]


async def test_writers_go_on_while_a_copy_is_made(file: Path, tmp_path: Path) -> None:
    async with open_journal(file, clock=FixedClock()) as journal:
        copying = asyncio.create_task(journal.backup(tmp_path / "copy.db", NOON))
        written = 0
        while not copying.done():
            await journal.write(lambda db: meta.put(db, "last", "kept"))
            written += 1
        await copying
        assert written > 1
    async with InlineJournal(tmp_path / "copy.db") as twin:
        assert await twin.read(lambda db: meta.get(db, "begun_at"))


def leave_log(file: Path, copy: Path) -> None:
    """Put the copy in the place of a journal that was killed, and forget its log there."""
    shutil.copy(f"{file}-wal", f"{copy}-wal")
    assert Path(f"{copy}-wal").stat().st_size


async def test_the_log_of_the_journal_before_is_not_replayed_into_a_copy(file: Path, copy: Path) -> None:
    async with open_journal(file, clock=FixedClock()) as journal:
        await journal.write(lambda db: meta.put(db, "c", "3"))
        leave_log(file, copy)
    async with InlineJournal(copy) as twin:
        assert await twin.read(lambda db: (meta.get(db, "a"), meta.get(db, "c"))) == ("1", None)
        assert await twin.read(restored.copied_at) == NOON
    assert ("copy.db-wal.replaced", 0o600) in copies(copy.parent)


async def test_a_log_of_its_own_is_replayed_after_a_crash(copy: Path, tmp_path: Path) -> None:
    killed = InlineJournal(copy)
    await killed.write(lambda db: meta.put(db, "c", "3"))
    crashed(copy, tmp_path / "after.db")
    killed.close()
    async with InlineJournal(tmp_path / "after.db") as journal:
        assert await journal.read(lambda db: meta.get(db, "c")) == "3"


def crashed(journal: Path, to: Path) -> None:
    """What lies on the disk when the journal's process is killed now."""
    for end in ("", "-wal"):
        shutil.copy(f"{journal}{end}", f"{to}{end}")


def test_the_generation_is_kept_beside_the_journal_for_its_owner_only(file: Path) -> None:
    beside = GenerationFile(f"sqlite:///{file}")
    assert beside.read() is None
    beside.write(41)
    beside.write(42)
    assert GenerationFile(file).read() == 42
    assert beside.path == Path(f"{file}.generation")
    assert beside.path.stat().st_mode & 0o777 == 0o600


def test_a_generation_that_makes_no_sense_is_none(file: Path) -> None:
    beside = GenerationFile(file)
    for text in (b"", b"soon", b"\xff\xfe", b"-3"):
        beside.path.write_bytes(text)
        assert beside.read() is None


def test_a_generation_that_cannot_be_kept_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write"):
        GenerationFile(tmp_path / "missing" / "journal.db").write(1)
    (tmp_path / "journal.db.generation").mkdir()
    with pytest.raises(ConfigError, match="cannot read"):
        GenerationFile(tmp_path / "journal.db").read()


@pytest.mark.parametrize("name", ["symbolic", "hard", "spelling"])
def test_a_second_daemon_is_refused_by_whatever_name_it_calls_the_journal(file: Path, name: str) -> None:
    other = file.with_name("other.db")
    with JournalLock(file):
        if name == "symbolic":
            other.symlink_to(file)
        elif name == "hard":
            os.link(file, other)
        else:
            other = file.parent / ".." / file.parent.name / file.name
        with pytest.raises(ConfigError, match="is using this journal already"):
            JournalLock(other).acquire()
    with JournalLock(other):
        pass


def test_one_journal_has_one_generation_under_every_name(file: Path) -> None:
    link = file.with_name("link.db")
    file.touch()
    link.symlink_to(file)
    GenerationFile(link).write(5)
    assert GenerationFile(file).read() == 5
