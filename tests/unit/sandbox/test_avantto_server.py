"""The stand-in Avantto behind a real socket, with its control interface."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import anyio
import pytest
from aiohttp import web

from avantto_qbo.sandbox.serve import serve
from unit.sandbox.avantto_desk import ANN, PLACE, Desk

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers={"user-agent": "test-client/1"}) as opened:
        yield opened


async def control(session: aiohttp.ClientSession, base: str, action: str, /, **arguments: object) -> tuple[int, object]:
    async with session.post(f"{base}/_sandbox/{action}", json=arguments) as answer:
        return answer.status, await answer.json()


async def test_actions_are_called_by_name_over_http(session: aiohttp.ClientSession) -> None:
    desk = Desk()
    async with serve(desk.service) as running:
        status, invoice = await control(
            session,
            running.url,
            "create_invoice",
            location=PLACE,
            contact=ANN,
            items=[{"name": "Tea", "amount": 20.25}],
        )
        assert status == 200
        assert isinstance(invoice, dict)
        assert invoice["total"] == 20.25
        refused, message = await control(session, running.url, "void_invoice", location=PLACE, invoice="nope")
        assert (refused, message) == (400, {"error": "void_invoice: 'there is no invoice nope'"})


async def test_a_webhook_reaches_its_listener_with_a_signature(session: aiohttp.ClientSession) -> None:
    received: list[tuple[str, str]] = []
    arrived = anyio.Event()

    async def listen(request: web.Request) -> web.Response:
        received.append(((await request.json())["type"], request.headers["X-GHL-Signature"]))
        arrived.set()
        return web.Response()

    listener = web.Application()
    listener.router.add_post("/hook", listen)
    runner = web.AppRunner(listener)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    desk = Desk()
    try:
        async with serve(desk.service) as running:
            await control(session, running.url, "webhooks", url=f"http://127.0.0.1:{runner.addresses[0][1]}/hook")
            await control(session, running.url, "create_contact", location=PLACE, name="Ann")
            with anyio.fail_after(5):
                await arrived.wait()
    finally:
        await runner.cleanup()
    assert received[0][0] == "ContactCreate"
    assert len(received[0][1]) == 88


async def test_a_lost_answer_is_committed_all_the_same(session: aiohttp.ClientSession) -> None:
    desk = Desk()
    headers = {"authorization": "Bearer " + desk.tokens["access_token"], "version": "2021-07-28"}
    async with serve(desk.service) as running:
        await control(session, running.url, "faults", add=[{"action": "lost_after", "operation": "contacts.create"}])
        with pytest.raises(aiohttp.ClientError):
            await session.post(f"{running.url}/contacts/", json={"locationId": PLACE, **ANN}, headers=headers)
    assert len(desk.play.state(PLACE)["contacts"]) == 1
