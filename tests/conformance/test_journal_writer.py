"""The writer: units are whole, neighbours are safe, and many of them share one commit."""

from __future__ import annotations

import inspect
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
import anyio
import pytest

from avantto_qbo.errors import InternalError, TransientError
from avantto_qbo.journal import meta
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.sqlite import SqliteJournal, open_journal
from conformance.conftest import AnyJournal
from conformance.journal_values import BadLuckError, FixedClock, note, note_and_fail


async def noted(journal: AnyJournal, name: str) -> str | None:
    return await journal.read(lambda db: meta.get(db, name))


@pytest.fixture
async def threaded(file: Path) -> AsyncIterator[SqliteJournal]:
    async with open_journal(file, clock=FixedClock()) as journal:
        yield journal


async def test_a_write_returns_what_its_unit_returns(journal: AnyJournal) -> None:
    def unit(db: Connection) -> str | None:
        meta.put(db, "a", "1")
        return meta.get(db, "a")

    assert await journal.write(unit) == "1"


async def test_a_failing_unit_leaves_nothing_and_raises_its_own_error(journal: AnyJournal) -> None:
    with pytest.raises(BadLuckError):
        await journal.write(note_and_fail("a", BadLuckError()))
    assert await noted(journal, "a") is None
    await journal.write(note("a"))
    assert await noted(journal, "a") == "x"


async def test_a_unit_can_catch_a_broken_constraint_and_go_on(journal: AnyJournal) -> None:
    def unit(db: Connection) -> str:
        meta.put(db, "a", "1")
        with pytest.raises(InternalError):
            db.run("meta.put", name="b", value=None)
        return "went on"

    assert await journal.write(unit) == "went on"
    assert await noted(journal, "a") == "1"


async def test_a_read_that_writes_is_refused(journal: AnyJournal) -> None:
    with pytest.raises(InternalError, match="only reads"):
        await journal.read(note("a"))
    assert await noted(journal, "a") is None


async def test_an_unknown_statement_is_our_own_mistake(journal: AnyJournal) -> None:
    with pytest.raises(InternalError, match=r"meta\.nothing"):
        await journal.read(lambda db: db.run("meta.nothing"))


async def test_many_writers_share_few_commits(threaded: SqliteJournal) -> None:
    before = threaded.commits
    async with anyio.create_task_group() as writers:
        for number in range(100):
            writers.start_soon(threaded.write, note(str(number)))
    assert [await noted(threaded, str(number)) for number in range(100)] == ["x"] * 100
    assert threaded.commits - before <= 20


async def test_a_failing_unit_harms_no_neighbour_of_its_batch(threaded: SqliteJournal) -> None:
    failed: list[str] = []

    async def fail(name: str) -> None:
        with pytest.raises(BadLuckError):
            await threaded.write(note_and_fail(name, BadLuckError(name)))
        failed.append(name)

    before = threaded.commits
    async with anyio.create_task_group() as writers:
        for number in range(30):
            writers.start_soon(threaded.write, note(f"good {number}"))
            writers.start_soon(fail, f"bad {number}")
    assert threaded.commits - before < 30
    assert len(failed) == 30
    assert [await noted(threaded, f"good {number}") for number in range(30)] == ["x"] * 30
    assert [await noted(threaded, name) for name in failed] == [None] * 30


async def test_units_run_in_the_order_they_were_handed_in(threaded: SqliteJournal) -> None:
    order: list[int] = []

    async def write(number: int) -> None:
        await threaded.write(lambda _: order.append(number))

    async with anyio.create_task_group() as writers:
        for number in range(50):
            writers.start_soon(write, number)
    assert order == list(range(50))


async def test_a_cancelled_waiter_breaks_neither_its_unit_nor_the_batch(threaded: SqliteJournal) -> None:
    impatient = anyio.CancelScope()

    async def give_up() -> None:
        with impatient:
            await threaded.write(note("impatient"))

    async with anyio.create_task_group() as writers:
        writers.start_soon(give_up)
        for number in range(10):
            writers.start_soon(threaded.write, note(str(number)))
        await anyio.lowlevel.checkpoint()
        impatient.cancel()
    assert impatient.cancelled_caught
    assert [await noted(threaded, str(number)) for number in range(10)] == ["x"] * 10
    assert await noted(threaded, "impatient") == "x"


async def test_a_locked_file_fails_every_waiter_and_passes(threaded: SqliteJournal, file: Path) -> None:
    assert threaded._raw is not None
    await threaded.read(lambda _: None)
    await threaded._in_thread(lambda: threaded._raw and threaded._raw.execute("PRAGMA busy_timeout = 10"))
    refused: list[str] = []

    async def write(name: str) -> None:
        with pytest.raises(TransientError):
            await threaded.write(note(name))
        refused.append(name)

    outsider = sqlite3.connect(file, isolation_level=None)
    outsider.execute("BEGIN IMMEDIATE")
    async with anyio.create_task_group() as writers:
        for name in "abc":
            writers.start_soon(write, name)
    outsider.execute("ROLLBACK")
    outsider.close()
    assert sorted(refused) == ["a", "b", "c"]
    await threaded.write(note("d"))
    assert [await noted(threaded, name) for name in "abcd"] == [None, None, None, "x"]


async def test_a_closed_journal_refuses_work(file: Path) -> None:
    async with open_journal(file, clock=FixedClock()) as journal:
        pass
    with pytest.raises(InternalError, match="not open"):
        await journal.write(note("a"))
    with pytest.raises(InternalError, match="not open"):
        await noted(journal, "a")


async def test_closing_carries_out_what_was_handed_in(file: Path) -> None:
    async with anyio.create_task_group() as writers, open_journal(file, clock=FixedClock()) as journal:
        for number in range(20):
            writers.start_soon(journal.write, note(str(number)))
        await anyio.lowlevel.checkpoint()
    async with open_journal(file, clock=FixedClock()) as journal:
        assert [await noted(journal, str(number)) for number in range(20)] == ["x"] * 20


async def test_an_error_inside_the_context_comes_out_as_it_is(file: Path) -> None:
    with pytest.raises(BadLuckError):
        async with open_journal(file, clock=FixedClock()):
            raise BadLuckError


async def test_the_private_call_of_aiosqlite_is_the_one_we_use(threaded: SqliteJournal) -> None:
    private = aiosqlite.Connection._execute
    assert list(inspect.signature(private).parameters) == ["self", "fn", "args", "kwargs"]
    assert inspect.iscoroutinefunction(private)
    assert await threaded._in_thread(lambda: "answer") == "answer"


async def test_the_journal_tells_how_many_units_wait_for_the_disk(threaded: SqliteJournal) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(_: Connection) -> None:
        begun.set()
        assert go_on.wait(5)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(threaded.write, slow)
        await anyio.to_thread.run_sync(begun.wait)
        for number in range(3):
            tasks.start_soon(threaded.write, note(f"n{number}"))
        await anyio.wait_all_tasks_blocked()
        assert threaded.waiting == 3
        go_on.set()
    assert threaded.waiting == 0
