"""A query that does not show a payment yet denies nobody the request, whatever our own clock does meanwhile (R1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from avantto_qbo.journal import reviews
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.records import ReviewState
from avantto_qbo.model.settings import Settings
from avantto_qbo.quickbooks.reads import invoices_of
from avantto_qbo.sandbox.http import Reply, Request, encode_json
from stage import PLACE, REALM, Stage
from unit.actors.scenes import Tampered, bill, bob, receive
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


async def test_a_payment_made_smaller_while_the_request_waits_cancels_it_though_our_clock_is_ahead() -> None:
    stage = Stage(settings=Settings(review_hours="Mon-Sat 13:30-20:00"))
    await stage.open()
    own_clock(stage).off = timedelta(hours=3)  # 13:02 in New York, we believe
    await stage.poll_changes()
    customer = bob(stage)
    paid = receive(stage, bill(stage, customer))
    await later(stage, 1)
    assert await state_of(stage, customer) is ReviewState.WAITING
    await later(stage, 5)
    smaller = [paid["Line"][0] | {"Amount": 20}]
    stage.books.play.update(REALM, "Payment", {"Id": paid["Id"], "TotalAmt": 20, "Line": smaller})
    await later(stage, 50)
    assert not messages(stage)
    assert await state_of(stage, customer) is ReviewState.DECLINED


async def test_a_server_that_does_not_know_the_time_is_not_asked_for_ever(stage: Stage) -> None:
    stage.books.play.set(REALM, query_lag=86_400.0)

    def years_ago(request: Request, reply: Reply) -> Reply:
        if stage.books.operation(request) != "invoice.query":
            return reply
        return replace(reply, body=encode_json({**reply.json(), "time": "2020-01-01T00:00:00-08:00"}))

    stage.transport.hosts = {**stage.transport.hosts, "quickbooks.test": Tampered(stage.books, years_ago)}
    receive(stage, bill(stage, bob(stage)))
    await stage.poll_changes()
    await stage.work_off()
    assert stage.asked("invoice.query") == 1
    assert not messages(stage)


async def test_a_query_that_shows_a_part_payment_before_its_edit_denies_nobody_the_request(stage: Stage) -> None:
    paid = receive(stage, bill(stage, bob(stage)), 20)
    await later(stage, 10)
    old: list[Reply] = []

    def stale(request: Request, reply: Reply) -> Reply:
        if stage.books.operation(request) != "invoice.query":
            return reply
        old.append(reply)
        shown = old[0] if len(old) < 4 else reply
        return replace(reply, body=encode_json({**shown.json(), "time": reply.json()["time"]}))

    stage.transport.hosts = {**stage.transport.hosts, "quickbooks.test": Tampered(stage.books, stale)}
    await (await stage.actor()).realm.access.read(invoices_of(CustomerId(paid["CustomerRef"]["value"])))
    full = [paid["Line"][0] | {"Amount": 50}]
    stage.books.play.update(REALM, "Payment", {"Id": paid["Id"], "TotalAmt": 50, "Line": full})
    await later(stage, 5)
    assert messages(stage) == ["Email"]


async def later(stage: Stage, minutes: int) -> None:
    """Poll and work every minute."""
    for _ in range(minutes):
        stage.clock.advance(60)
        await stage.poll_changes()
        await stage.work()
