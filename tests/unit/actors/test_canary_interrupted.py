"""A location that leaves in the middle of a canary: its test documents are taken back, or named to a person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import anyio
import pytest

from avantto_qbo.actors import trials
from avantto_qbo.actors.trials import Trial
from avantto_qbo.journal import inbox, locations
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.records import Status, Topic
from avantto_qbo.model.settings import Settings
from avantto_qbo.server.api import LocationAnswer
from avantto_qbo.service.canary import CanaryDesk
from avantto_qbo.service.decisions import Decisions
from stage import OTHER_PLACE, PLACE, REALM, Stage
from unit.actors.scenes import books_fault

KINDS = ("Invoice", "Payment", "SalesReceipt", "RefundReceipt")
UNDOINGS = ("invoice.void", "payment.void", "salesreceipt.void", "refundreceipt.delete", "customer.update")
OTHER_REALM = RealmId("9130000000000000009")


@pytest.fixture
async def stage() -> Stage:
    made = Stage(Settings(review_hours="always", refund_account="Checking"))
    await made.open()
    return made


async def start(stage: Stage) -> None:
    await CanaryDesk(stage.house, stage.directory, look_again=lambda: None).start(PLACE, "uid 7", yes=True)


async def disconnect(stage: Stage) -> LocationAnswer:
    decisions = Decisions(stage.house, stage.directory, stage.connecting, look_again=lambda: None)
    return await decisions.disconnect(PLACE, "uid 7")


async def last(stage: Stage) -> Trial:
    trial = await stage.journal.read(lambda db: trials.last(db, REALM))
    assert trial is not None
    return trial


@asynccontextmanager
async def at_work(stage: Stage) -> AsyncIterator[None]:
    """The daemon works meanwhile."""
    supervisor = stage.supervisor()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(supervisor.run)
        await stage.clock.sleep(0)
        yield
        supervisor.stop()
        await supervisor.stopped()


def standing(stage: Stage) -> list[dict[str, Any]]:
    """What still counts in the books: documents that are worth something, customers that are active."""
    documents = [row for kind in KINDS for row in stage.in_books(kind) if row["TotalAmt"]]
    return [*documents, *(row for row in stage.in_books("Customer") if row["Active"] and "test" in row["DisplayName"])]


def out_of_reach(stage: Stage) -> None:
    for operation in (*UNDOINGS, "query", "customer.query", "invoice.query", "batch"):
        books_fault(stage, operation, action="status", status=503, times=0)


def back_again(stage: Stage) -> None:
    stage.books.faults.clear()


@pytest.mark.parametrize("after", [0.0, 0.2, 1.0, 5.0, 300.0])
async def test_a_location_takes_its_test_back_before_it_leaves(stage: Stage, after: float) -> None:
    """Whether it is just being made or waits for its repetition."""
    async with at_work(stage):
        await start(stage)
        stage.house.nudge(PLACE)
        await stage.clock.sleep(after)
        began = stage.clock.now()
        answer = await disconnect(stage)
        assert stage.clock.now() - began <= timedelta(seconds=30)
    assert not standing(stage)
    assert (answer.status, answer.warning) == (Status.DISCONNECTED, "")
    assert (await last(stage)).stage is trials.Stage.OVER
    assert (await stage.record()).status is Status.DISCONNECTED


async def test_what_cannot_be_taken_back_is_named_and_does_not_stop_the_disconnecting(stage: Stage) -> None:
    async with at_work(stage):
        await start(stage)
        stage.house.nudge(PLACE)
        await stage.clock.sleep(60)
        out_of_reach(stage)
        began = stage.clock.now()
        answer = await disconnect(stage)
        assert stage.clock.now() - began <= timedelta(seconds=60)
    left = standing(stage)
    assert len(left) == 5
    for kind in KINDS:
        assert f"{kind} {stage.in_books(kind)[0]['Id']}" in answer.warning
    assert left[-1]["DisplayName"] in answer.warning
    assert REALM in answer.warning
    assert answer.warning in (await stage.record()).reason
    assert [row.text for row in await stage.activity() if row.event == "canary.left"] == [answer.warning]


@pytest.mark.parametrize("place", [PLACE, OTHER_PLACE])
async def test_who_connects_the_company_next_takes_back_what_was_left(stage: Stage, place: Any) -> None:
    await start(stage)
    await stage.work()
    out_of_reach(stage)
    assert (await disconnect(stage)).warning
    back_again(stage)
    await stage.clock.sleep(3600)
    await stage.open(place)
    await stage.work_off()
    assert not standing(stage)
    assert (await last(stage)).stage is trials.Stage.OVER
    assert not await stage.held()


async def test_a_location_that_moved_on_leaves_it_to_who_comes_back_to_the_company(stage: Stage) -> None:
    await start(stage)
    await stage.work()
    await disconnect(stage)
    await stage.clock.sleep(60)
    await stage.open(realm=OTHER_REALM)
    await stage.work_off()
    assert standing(stage)
    await stage.open(OTHER_PLACE)
    await stage.work_off()
    assert not standing(stage)


@pytest.mark.parametrize("back", [False, True])
async def test_another_location_of_the_company_takes_over_when_nothing_can_come_any_more(
    stage: Stage, back: bool
) -> None:
    await stage.open(OTHER_PLACE, share=True)
    await start(stage)
    await stage.work()
    answer = await disconnect(stage)
    assert (answer.warning, (await last(stage)).location) == ("", OTHER_PLACE)
    run, now = (await last(stage)).run, stage.clock.now()
    mail = await stage.journal.read(lambda db: inbox.get(db, OTHER_PLACE, Topic.CANARY, run))
    assert mail is not None
    assert mail.next_at - now == stage.house.pace.settle
    assert standing(stage)
    if back:  # who left is no more in charge of it
        await stage.connecting.connect(stage.order(share=True))
        await stage.work(PLACE)
        assert standing(stage)
    await stage.work_off()
    assert not standing(stage)
    assert (await last(stage)).stage is trials.Stage.OVER


async def test_a_document_whose_answer_was_lost_is_named_as_possible(stage: Stage) -> None:
    books_fault(stage, "salesreceipt.create", action="lost_after")
    await start(stage)
    await stage.work()
    assert "perhaps one more SalesReceipt" in (await disconnect(stage)).warning


async def test_a_test_that_made_nothing_leaves_without_a_word(stage: Stage) -> None:
    await start(stage)
    now = stage.clock.now()
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.BROKEN, "avantto: dead", now))
    assert (await disconnect(stage)).warning == ""
    assert stage.clock.now() == now
    await stage.clock.sleep(60)
    await stage.open()
    await stage.work_off()
    assert (await last(stage)).stage is trials.Stage.OVER
    assert not any(stage.in_books(kind) for kind in KINDS)


async def test_without_a_test_nobody_waits(stage: Stage) -> None:
    began = stage.clock.now()
    assert (await disconnect(stage)).warning == ""
    assert stage.clock.now() == began
