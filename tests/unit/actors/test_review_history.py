"""A query that does not show a payment yet denies nobody the request, whatever our own clock does meanwhile (R1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from avantto_qbo.journal import reviews
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.records import ReviewState
from stage import PLACE, REALM, Stage
from unit.actors.scenes import bill, bob, receive
from virtual_clock import VirtualClock


class WallClock:
    """The daemon's own clock, which somebody may set; the vendors go by the stage's."""

    def __init__(self, true: VirtualClock) -> None:
        self._true = true
        self.off = timedelta()

    def now(self) -> datetime:
        return self._true.now() + self.off

    async def sleep(self, seconds: float) -> None:
        await self._true.sleep(seconds)


def own_clock(stage: Stage) -> WallClock:
    """Give the daemon a clock of its own."""
    wall = WallClock(stage.clock)
    object.__setattr__(stage.house, "clock", wall)
    return wall


def paid_unseen(stage: Stage) -> str:
    """A first invoice, paid in full, that queries show a minute later."""
    stage.books.play.set(REALM, query_lag=60.0)
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    return customer


def messages(stage: Stage) -> list[str]:
    return [message["type"] for message in stage.crm.play.messages(PLACE)]


async def state_of(stage: Stage, customer: str) -> ReviewState | None:
    found: Any = await stage.journal.read(lambda db: reviews.get(db, REALM, CustomerId(customer)))
    return found.state if found else None


@pytest.mark.parametrize("step", [timedelta(hours=2), timedelta(hours=-2), timedelta(days=2)])
async def test_a_clock_set_while_a_history_lags_forgets_nobody(stage: Stage, step: timedelta) -> None:
    wall = own_clock(stage)
    customer = paid_unseen(stage)
    await stage.poll_changes()
    await stage.work()
    assert not messages(stage)
    wall.off = step
    await stage.work()
    assert not messages(stage)
    wall.off = timedelta()  # somebody sets it right
    await stage.work_off(within=timedelta(days=3))
    assert messages(stage) == ["Email"]
    assert await state_of(stage, customer) is ReviewState.SENT


@pytest.mark.parametrize("off", [timedelta(hours=6), timedelta(hours=-6)])
async def test_a_clock_that_is_hours_off_forgets_nobody(stage: Stage, off: timedelta) -> None:
    own_clock(stage).off = off
    paid_unseen(stage)
    await stage.poll_changes()
    await stage.work()
    assert not messages(stage)
    stage.clock.advance(120)
    await stage.work()
    assert messages(stage) == ["Email"]


async def test_a_payment_that_no_query_ever_shows_is_let_go(stage: Stage) -> None:
    stage.books.play.set(REALM, query_lag=86_400.0)
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await stage.poll_changes()
    await stage.work_off()
    assert not messages(stage)
    assert stage.asked("invoice.query") == 7
    assert await state_of(stage, customer) is None
