from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import anyio

from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.location import LocationActor
from avantto_qbo.actors.supervisor import Supervisor
from avantto_qbo.errors import TransientError
from avantto_qbo.journal import cursors, inbox
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Lane, Topic
from stage import PLACE, REALM, Stage

MINUTE = timedelta(minutes=1)


class Shift:
    """A supervisor whose polls are this object's `poll`."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.polls: list[tuple[str, str, datetime]] = []
        self.lasts = 0.0
        self.running = self.most_at_once = 0
        self.next_in: timedelta | None = 10 * MINUTE
        self.supervisor = Supervisor(stage.house, stage.directory, self.poll)
        object.__setattr__(stage.house, "nudge", self.supervisor.nudge)

    async def poll(self, owner: str, name: str) -> datetime | None:
        self.polls.append((owner, name, self.stage.clock.now()))
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        await self.stage.clock.sleep(self.lasts)
        self.running -= 1
        return self.stage.clock.now() + self.next_in if self.next_in else None

    def times(self, name: str) -> list[float]:
        return [(at - self.stage.clock.now()).total_seconds() for _, which, at in self.polls if which == name]

    @asynccontextmanager
    async def on(self) -> AsyncIterator[Supervisor]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.supervisor.run)
            await self.stage.clock.sleep(0)
            yield self.supervisor
            self.supervisor.stop()
            await self.supervisor.stopped()


async def only(stage: Stage, owner: str, name: str, at: timedelta) -> None:
    """Leave one poll scheduled."""
    when = stage.clock.now() + at

    def unit(db: Connection) -> None:
        for other in (PLACE, REALM):
            cursors.unschedule(db, other)
        cursors.schedule(db, owner, name, when)

    await stage.journal.write(unit)


async def test_mail_that_lies_there_is_worked_on_at_the_start(stage: Stage) -> None:
    await only(stage, REALM, "changes", 60 * MINUTE)
    invoice = stage.sent_invoice()
    await stage.tell(Topic.INVOICE, invoice)
    async with Shift(stage).on():
        await stage.clock.sleep(5)
    assert len(stage.in_books("Invoice")) == 1


async def test_mail_put_off_is_taken_up_when_it_falls_due(stage: Stage) -> None:
    await only(stage, REALM, "changes", 60 * MINUTE)
    invoice, now = stage.sent_invoice(), stage.clock.now()
    due = now + 7 * MINUTE
    await stage.journal.write(lambda db: inbox.tell(db, PLACE, Topic.INVOICE, invoice, Lane.MONEY, now, due=due))
    async with Shift(stage).on():
        await stage.clock.sleep(6 * 60)
        assert not stage.in_books("Invoice")
        await stage.clock.sleep(65)
        assert len(stage.in_books("Invoice")) == 1


async def test_a_nudge_during_the_last_turn_is_not_lost(stage: Stage) -> None:
    await only(stage, REALM, "changes", 60 * MINUTE)
    invoice, shift = stage.sent_invoice(), Shift(stage)
    stage.directory = LateMail(stage, lambda: stage.tell(Topic.INVOICE, invoice))
    shift.supervisor = Supervisor(stage.house, stage.directory, shift.poll)
    async with shift.on() as supervisor:
        supervisor.nudge(PLACE)
        stage.directory.nudge = supervisor.nudge
        await stage.clock.sleep(0.01)
    assert len(stage.in_books("Invoice")) == 1


class LateMail(Directory):
    """Mail comes, with its nudge, in the very moment in which the actor's last look has found nothing."""

    def __init__(self, stage: Stage, tell: Callable[[], Awaitable[None]]) -> None:
        super().__init__(stage.house, books=stage._books, crm=stage._crm)
        self._tell, self._told = tell, False
        self.nudge: Callable[[LocationId], None] = lambda _: None

    async def location(self, location: LocationId) -> LocationActor | None:
        found = await super().location(location)
        assert found is not None
        return TooLate(self, found)

    async def late(self, location: LocationId) -> None:
        if not self._told:
            self._told = True
            await self._tell()
            self.nudge(location)


class TooLate(LocationActor):
    """An actor that tells its directory when it has drained the mailbox."""

    def __init__(self, directory: LateMail, actor: LocationActor) -> None:
        self._actor, self._late = actor, directory
        self.location = actor.location

    async def drain(self, stopping: Callable[[], bool] = lambda: False) -> None:
        await self._actor.drain(stopping)
        await self._late.late(self.location)


async def test_a_poll_is_never_run_twice_at_once(stage: Stage) -> None:
    await only(stage, REALM, "changes", timedelta(0))
    shift = Shift(stage)
    shift.lasts = 300.0
    async with shift.on() as supervisor:
        for _ in range(10):
            await stage.clock.sleep(20)
            supervisor.look_again()
        await stage.clock.sleep(100)
    assert (len(shift.polls), shift.most_at_once) == (1, 1)


async def test_a_poll_comes_again_when_it_said(stage: Stage) -> None:
    await only(stage, REALM, "changes", timedelta(0))
    shift = Shift(stage)
    async with shift.on():
        await stage.clock.sleep(25 * 60)
    assert [round(at / 60) for at in shift.times("changes")] == [-25, -15, -5]


async def test_a_poll_asked_for_while_it_runs_runs_again(stage: Stage) -> None:
    await only(stage, REALM, "changes", timedelta(0))
    shift = Shift(stage)
    shift.lasts = 5.0
    async with shift.on() as supervisor:
        await stage.clock.sleep(2)
        soon = stage.clock.now() + timedelta(seconds=1)
        await stage.journal.write(lambda db: cursors.schedule(db, REALM, "changes", soon, sooner_only=True))
        supervisor.look_again()
        await stage.clock.sleep(60)
    assert len(shift.polls) == 2


async def test_a_poll_that_is_not_to_run_any_more_is_forgotten(stage: Stage) -> None:
    await only(stage, PLACE, "payments", timedelta(0))
    shift = Shift(stage)
    shift.next_in = None
    async with shift.on():
        await stage.clock.sleep(600)
    assert len(shift.polls) == 1
    assert await stage.journal.read(cursors.next_poll) is None


async def test_a_poll_stopped_while_it_ran_is_not_scheduled_again(stage: Stage) -> None:
    await only(stage, PLACE, "payments", timedelta(0))
    shift = Shift(stage)
    shift.lasts = 5.0
    async with shift.on():
        await stage.clock.sleep(2)
        await stage.journal.write(lambda db: cursors.unschedule(db, PLACE))
        await stage.clock.sleep(60)
    assert await stage.journal.read(cursors.next_poll) is None


async def test_no_more_polls_run_at_once_than_are_good(stage: Stage) -> None:
    now = stage.clock.now()

    def many(db: Connection) -> None:
        for number in range(80):
            cursors.schedule(db, f"realm{number}", "changes", now)

    await stage.journal.write(many)
    shift = Shift(stage)
    shift.lasts = 1.0
    async with shift.on():
        await stage.clock.sleep(30)
    assert shift.most_at_once <= 32
    assert len({owner for owner, _, _ in shift.polls}) >= 80


async def test_stop_awaits_the_turn_and_starts_no_other(stage: Stage) -> None:
    await only(stage, REALM, "changes", 60 * MINUTE)
    stage.transport.latency = lambda: 10.0
    for _ in range(2):
        await stage.tell(Topic.INVOICE, stage.sent_invoice())
    shift = Shift(stage)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shift.supervisor.run)
        await stage.clock.sleep(55)
        shift.supervisor.stop()
        shift.supervisor.nudge(PLACE)
        await shift.supervisor.stopped()
        sent = len(stage.transport.sent)
        await stage.clock.sleep(300)
    assert len(stage.transport.sent) == sent
    assert not [op for op in await stage.operations() if op.state == "sending"]
    assert sum((await stage.mail()).values()) >= 1


async def test_a_nudge_before_the_start_or_after_the_end_does_nothing(stage: Stage) -> None:
    shift = Shift(stage)
    shift.supervisor.nudge(PLACE)
    async with shift.on():
        pass
    shift.supervisor.nudge(PLACE)
    shift.supervisor.look_again()


async def test_an_actor_that_fails_is_tried_again_without_haste(stage: Stage) -> None:
    await only(stage, REALM, "changes", 60 * MINUTE)
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    tried = list[datetime]()

    class Failing(Directory):
        async def location(self, location: LocationId) -> LocationActor | None:
            tried.append(stage.clock.now())
            raise OSError(f"the disk of {location} is gone")

    stage.directory = Failing(stage.house, books=stage._books, crm=stage._crm)
    async with Shift(stage).on():
        await stage.clock.sleep(10)
    assert 2 <= len(tried) <= 12


async def test_a_location_that_is_gone_is_left_alone(stage: Stage) -> None:
    async with Shift(stage).on() as supervisor:
        supervisor.nudge(LocationId("nobody"))
        await stage.clock.sleep(1)


async def test_a_journal_in_trouble_leaves_the_poll_due(stage: Stage) -> None:
    await only(stage, REALM, "changes", timedelta(0))
    shift, trouble = Shift(stage), [True]

    def fail() -> None:
        if trouble:
            trouble.pop()
            raise TransientError("journal: the disk is full")

    stage.journal.before = fail
    async with shift.on():
        await stage.clock.sleep(30)
    assert len(shift.polls) == 1
