from __future__ import annotations

from typing import Any

import pytest

from avantto_qbo.errors import AnswerLostError, NotSentError
from avantto_qbo.model.http import HttpAnswer, HttpRequest
from avantto_qbo.sandbox.webhooks import Delivery
from stage import PLACE, REALM, Stage
from vendor_transport import deliver

TIMEOUT = 30.0


def item(stage: Stage) -> HttpRequest:
    """A request that makes an item."""
    token = stage.books.play.mint_tokens(REALM)["access_token"]
    url = f"https://quickbooks.test/v3/company/{REALM}/item?minorversion=75"
    body = b'{"Name": "Soap", "Type": "Service", "IncomeAccountRef": {"value": "79"}}'
    income = next(row for row in stage.in_books("Account") if row["AccountType"] == "Income")
    body = body.replace(b"79", str(income["Id"]).encode())
    return HttpRequest("POST", url, {"Authorization": f"Bearer {token}"}, body)


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.furnish()
    return made


def made(stage: Stage) -> int:
    return sum(row["Name"] == "Soap" for row in stage.in_books("Item"))


async def send(stage: Stage, **fault: Any) -> HttpAnswer:
    if fault:
        stage.books.play.faults(add=[{"operation": "item.create", **fault}])
    return await stage.transport.send(item(stage), TIMEOUT)


async def test_a_request_reaches_the_service_of_its_host(stage: Stage) -> None:
    answer = await send(stage)
    assert (answer.status, made(stage)) == (200, 1)
    assert all(name == name.lower() for name in answer.headers)
    assert [request.method for request in stage.transport.sent] == ["POST"]


async def test_an_unknown_host_cannot_be_reached(stage: Stage) -> None:
    with pytest.raises(NotSentError):
        await stage.transport.send(HttpRequest("GET", "https://elsewhere.test/"), TIMEOUT)


@pytest.mark.parametrize(
    ("fault", "committed"),
    [
        ({"action": "lost_after"}, 1),
        ({"action": "reset_after"}, 1),
        ({"action": "reset_before"}, 0),
        ({"action": "drop"}, 0),
        ({"action": "delay_after", "seconds": TIMEOUT}, 1),
    ],
)
async def test_a_lost_answer_says_nothing_about_the_commit(stage: Stage, fault: dict[str, Any], committed: int) -> None:
    with pytest.raises(AnswerLostError):
        await send(stage, **fault)
    assert made(stage) == committed


@pytest.mark.parametrize("fault", [{"action": "late", "seconds": 50.0}, {"action": "delay", "seconds": 50.0}])
async def test_a_late_commit_comes_after_the_caller_gave_up(stage: Stage, fault: dict[str, Any]) -> None:
    start = stage.clock.now()
    with pytest.raises(AnswerLostError):
        await send(stage, **fault)
    assert made(stage) == 0
    await stage.clock.sleep(60.0)
    assert made(stage) == 1
    [row] = [row for row in stage.in_books("Item") if row["Name"] == "Soap"]
    assert row["MetaData"]["CreateTime"] is not None
    assert (stage.clock.now() - start).total_seconds() >= 60


@pytest.mark.parametrize(("action", "committed"), [("status", 0), ("status_after", 1)])
async def test_a_planned_status_is_answered(stage: Stage, action: str, committed: int) -> None:
    answer = await send(stage, action=action, status=502)
    assert (answer.status, made(stage)) == (502, committed)


@pytest.mark.parametrize("action", ["delay", "delay_after"])
async def test_a_short_delay_only_takes_time(stage: Stage, action: str) -> None:
    start = stage.clock.now()
    assert (await send(stage, action=action, seconds=5.0)).status == 200
    assert (stage.clock.now() - start).total_seconds() == 5.0


async def test_a_slow_way_counts_against_the_timeout(stage: Stage) -> None:
    stage.transport.latency = lambda: TIMEOUT + 1
    with pytest.raises(AnswerLostError):
        await send(stage)


async def test_webhooks_are_posted_until_they_are_taken(stage: Stage) -> None:
    answers, seen = [503, 200], list[Delivery]()

    async def listener(delivery: Delivery) -> int:
        seen.append(delivery)
        return answers.pop(0)

    stage.books.play.webhooks(url="https://daemon.test/webhooks/quickbooks", verifier="v")
    stage.books.play.create(REALM, "Customer", {"DisplayName": "Zoe"})
    assert await deliver(stage.books, stage.clock, listener) == 2
    assert [delivery.attempt for delivery in seen] == [1, 2]
    assert await deliver(stage.books, stage.clock, listener) == 0
    assert stage.contacts(PLACE) == []
