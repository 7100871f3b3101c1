"""Somebody sets the wall clock back while the daemon works: what was put off before does not wait for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import anyio
import pytest

from avantto_qbo.errors import TransientError
from avantto_qbo.journal import cursors, inbox
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Lane, Topic
from stage import PLACE, REALM, Stage
from unit.actors.scenes import books_fault, the_only
from virtual_clock import VirtualClock

MINUTE = timedelta(minutes=1)
HOURS = timedelta(hours=6)


@dataclass
class WallClock:
    """The daemon's own clock, which may be wrong; sleeping goes by the true time."""

    true: VirtualClock
    off: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return self.true.now() + self.off

    async def sleep(self, seconds: float) -> None:
        await self.true.sleep(seconds)


@asynccontextmanager
async def at_work(stage: Stage) -> AsyncIterator[WallClock]:
    """The daemon works by a wall clock that is hours ahead."""
    clock = WallClock(stage.clock, HOURS)
    object.__setattr__(stage.house, "clock", clock)
    supervisor = stage.supervisor()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(supervisor.run)
        await stage.clock.sleep(1)
        yield clock
        supervisor.stop()
        await supervisor.stopped()


async def test_mail_and_polls_are_taken_up_when_they_would_have_been(stage: Stage) -> None:
    async with at_work(stage) as clock:
        now, invoice = clock.now(), stage.sent_invoice()
        due = now + 10 * MINUTE

        def put_off(db: Connection) -> None:
            cursors.unschedule(db, PLACE)
            cursors.schedule(db, REALM, "changes", due)
            inbox.tell(db, PLACE, Topic.INVOICE, invoice, Lane.MONEY, now, due=due)

        await stage.journal.write(put_off)
        clock.off -= HOURS
        asked = stage.asked("cdc")
        await stage.clock.sleep(9 * 60)
        assert (len(stage.in_books("Invoice")), stage.asked("cdc")) == (0, asked)
        await stage.clock.sleep(2 * 60)
        assert (len(stage.in_books("Invoice")), stage.asked("cdc")) == (1, asked + 1)


async def test_a_doubt_ends_as_late_as_it_would_have_and_no_later(stage: Stage) -> None:
    books_fault(stage, "invoice.create", action="lost_after")
    invoice = stage.sent_invoice()
    async with at_work(stage) as clock:
        await stage.tell(Topic.INVOICE, invoice)
        await stage.clock.sleep(60)
        assert (await the_only(stage, State.DOUBT)).sent_at is not None
        clock.off -= HOURS
        await stage.clock.sleep(60)
        assert await stage.operations(State.DOUBT)
        await stage.clock.sleep(120)
        assert not await stage.operations(State.DOUBT)
    assert len(stage.in_books("Invoice")) == 1
    assert not await stage.held()


@pytest.mark.parametrize("step", [-30.0, 6 * 3600.0], ids=["a trifle", "forwards"])
async def test_other_steps_move_nothing(stage: Stage, step: float) -> None:
    async with at_work(stage) as clock:
        due = clock.now() + timedelta(days=3)
        await stage.journal.write(lambda db: inbox.tell(db, PLACE, Topic.INVOICE, "i", Lane.MONEY, due, due=due))
        clock.off += timedelta(seconds=step)
        await stage.clock.sleep(60)
        mail = await stage.journal.read(lambda db: inbox.get(db, PLACE, Topic.INVOICE, "i"))
        assert mail is not None
        assert mail.next_at == due


async def test_a_step_that_cannot_be_written_down_is_followed_once_it_can(stage: Stage) -> None:
    def full() -> None:
        raise TransientError("disk full")

    async with at_work(stage) as clock:
        now = clock.now()
        due = now + timedelta(days=1)
        await stage.journal.write(lambda db: inbox.tell(db, PLACE, Topic.INVOICE, "i", Lane.MONEY, now, due=due))
        stage.journal.before = full
        clock.off -= HOURS
        await stage.clock.sleep(60)
        stage.journal.before = lambda: None
        await stage.clock.sleep(60)
        mail = await stage.journal.read(lambda db: inbox.get(db, PLACE, Topic.INVOICE, "i"))
        assert mail is not None
        assert abs(due - HOURS - mail.next_at) < 2 * MINUTE
