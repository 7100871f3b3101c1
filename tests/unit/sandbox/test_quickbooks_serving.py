"""The stand-in on a real socket: connection faults, the control interface, delivered webhooks, the process."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest
from aiohttp import web

from avantto_qbo.sandbox.faults import Fault, Match
from avantto_qbo.sandbox.quickbooks import QuickBooks
from avantto_qbo.sandbox.serve import Running, serve

pytestmark = pytest.mark.anyio
REALM = "9"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Running[QuickBooks], aiohttp.ClientSession]]:
    service = QuickBooks(partial(datetime.now, UTC), random.Random(5))
    service.play.add_company(REALM)
    token = service.play.mint_tokens(REALM)["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    async with serve(service) as running, aiohttp.ClientSession(trust_env=False, headers=headers) as session:
        yield running, session


async def create(running: Running[QuickBooks], session: aiohttp.ClientSession, name: str) -> int:
    url = f"{running.url}/v3/company/{REALM}/customer"
    async with session.post(url, json={"DisplayName": name}) as answer:
        return answer.status


def stored(running: Running[QuickBooks]) -> list[str]:
    return [customer["DisplayName"] for customer in running.service.play.state(REALM)["Customer"]]


@pytest.mark.parametrize(
    ("action", "committed"), [("lost_after", True), ("reset_after", True), ("reset_before", False)]
)
async def test_a_cut_connection_says_nothing_about_the_commit(action: Any, committed: bool) -> None:
    async with connected() as (running, session):
        running.service.faults.add(Fault(action, Match(operation=r"customer\.create")))
        with pytest.raises(aiohttp.ClientError):
            await create(running, session, "Anna Berg")
        assert stored(running) == (["Anna Berg"] if committed else [])


async def test_a_late_commit_comes_after_the_connection_was_closed() -> None:
    async with connected() as (running, session):
        running.service.faults.add(Fault("late", seconds=0.05))
        with pytest.raises(aiohttp.ClientError):
            await create(running, session, "Anna Berg")
        assert stored(running) == []
        await anyio.sleep(0.5)
        assert stored(running) == ["Anna Berg"]


@pytest.mark.parametrize(("action", "committed"), [("status", []), ("status_after", ["Anna Berg"])])
async def test_a_planned_status_replaces_the_answer(action: Any, committed: list[str]) -> None:
    async with connected() as (running, session):
        running.service.faults.add(Fault(action, status=503))
        assert await create(running, session, "Anna Berg") == 503
        assert stored(running) == committed
        assert await create(running, session, "Bo Dahl") == 200


async def test_a_dropped_request_is_neither_answered_nor_committed() -> None:
    async with connected() as (running, session):
        running.service.faults.add(Fault("drop", seconds=0.2))
        with pytest.raises((TimeoutError, aiohttp.ClientError)):
            async with session.post(
                f"{running.url}/v3/company/{REALM}/customer",
                json={"DisplayName": "Anna Berg"},
                timeout=aiohttp.ClientTimeout(total=0.05),
            ):
                pass
        await anyio.sleep(0.3)
        assert stored(running) == []


async def test_a_human_acts_over_the_control_interface() -> None:
    async with connected() as (running, session):
        arguments = {"realm": REALM, "entity": "Customer", "body": {"DisplayName": "Anna Berg"}}
        async with session.post(f"{running.url}/_sandbox/create", json=arguments) as answer:
            assert (await answer.json())["Id"] == "1"
        async with session.post(f"{running.url}/_sandbox/create", json=arguments) as answer:
            assert (answer.status, (await answer.json())["Fault"]["Error"][0]["code"]) == (400, "6240")
        async with session.post(f"{running.url}/_sandbox/counters", json={"realm": REALM}) as answer:
            assert (await answer.json())["requests"] == 0


@pytest.mark.parametrize(
    ("action", "body"), [("fly", {}), ("state", {"wrong": 1}), ("set", {"realm": "9", "colour": "red"})]
)
async def test_a_wrong_control_call_says_what_is_wrong(action: str, body: dict[str, Any]) -> None:
    async with connected() as (running, session), session.post(f"{running.url}/_sandbox/{action}", json=body) as answer:
        assert (answer.status, list(await answer.json())) == (400, ["error"])


@asynccontextmanager
async def listener(statuses: list[int]) -> AsyncIterator[tuple[str, list[bytes], anyio.Event]]:
    bodies: list[bytes] = []
    accepted = anyio.Event()

    async def hook(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        if not statuses:
            accepted.set()
        return web.Response(status=statuses.pop(0) if statuses else 200)

    application = web.Application()
    application.router.add_post("/hook", hook)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", bodies, accepted
    finally:
        await runner.cleanup()


async def test_a_webhook_is_posted_again_until_it_is_accepted() -> None:
    async with listener([503, 500]) as (url, bodies, accepted), connected() as (running, session):
        running.service.play.webhooks(url=url, retry_scale=0.001)
        await create(running, session, "Anna Berg")
        with anyio.fail_after(5):
            await accepted.wait()
        assert [attempt.status for attempt in running.service.outbox.attempts][:2] == [503, 500]
        assert (len(bodies), len(set(bodies))) == (3, 1)


async def test_the_process_prints_its_address_and_stops_on_sigterm() -> None:
    root = Path(__file__).parents[3] / "daemon"
    command = [sys.executable, "-m", "avantto_qbo.sandbox", "--only", "quickbooks", "--seed", "1"]
    async with await anyio.open_process(command, env={**os.environ, "PYTHONPATH": str(root)}, stderr=None) as process:
        assert process.stdout is not None
        with anyio.fail_after(20):
            urls = json.loads(await process.stdout.receive())
            async with (
                aiohttp.ClientSession(trust_env=False) as session,
                session.post(f"{urls['quickbooks']}/_sandbox/add_company", json={"realm": REALM}) as answer,
            ):
                assert (await answer.json())["kind"] == "us"
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
