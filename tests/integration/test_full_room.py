"""The memory that all bodies under way share, when strangers fill it: who dawdles makes way, and nobody else."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta

import anyio
import pytest
from anyio.abc import SocketStream

from avantto_qbo.config import Listen
from avantto_qbo.server.limits import Limits
from integration.wire import BODY, SIGNED, head, public, until_closed
from unit.server.standins import MemoryIntake, signed

MEGABYTE = 1024 * 1024
PATIENT = Limits(body_time=timedelta(seconds=60), linger=timedelta(milliseconds=300))
LAST = "Connection: close\r\n"
SMALL = head(len(BODY), SIGNED + LAST) + BODY


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def dawdle(stack: AsyncExitStack, bound: Listen, total: int, sent: int) -> SocketStream:
    """Begin a delivery from an address of its own, and stop short of its end."""
    stream = await anyio.connect_tcp(bound.host, bound.port, local_host="127.0.0.2")
    await stack.enter_async_context(stream)
    await stream.send(head(total) + b"x" * sent)
    return stream


async def deliver(bound: Listen, raw: bytes, address: str = "127.0.0.1") -> bytes:
    """Send a whole delivery and return the answer."""
    async with await anyio.connect_tcp(bound.host, bound.port, local_host=address) as stream:
        await stream.send(raw)
        return await until_closed(stream)


def padded(size: int) -> bytes:
    """A signed delivery with a body of so many bytes."""
    body = BODY[:-1] + b', "note": "' + b"x" * (size - len(BODY) - 12) + b'"}'
    return head(len(body), f"X-Test-Signature: {signed(body)['x-test-signature']}\r\n{LAST}") + body


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"], ids=["from elsewhere", "from the same proxy"])
async def test_slow_strangers_never_keep_deliveries_out(address: str) -> None:
    """Forty bodies of a megabyte that never end are more than the room holds."""
    intake = MemoryIntake()
    async with public(intake, PATIENT) as bound, AsyncExitStack() as stack:
        for _ in range(40):
            await dawdle(stack, bound, MEGABYTE, MEGABYTE - 1)
        await anyio.sleep(0.2)
        with anyio.fail_after(5):
            for raw in (*[SMALL] * 50, padded(3_000), padded(900_000)):
                assert (await deliver(bound, raw, address)).startswith(b"HTTP/1.1 200 ")
    assert len(intake.kept) == 52


async def test_many_small_slow_bodies_are_no_better_than_a_few_large_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avantto_qbo.server.public.MOST_BODIES", 100 * 2_000)
    async with public(MemoryIntake(), PATIENT) as bound, AsyncExitStack() as stack:
        for _ in range(110):
            await dawdle(stack, bound, 3_000, 2_000)
        for raw in (padded(3_000), padded(50_000)):
            assert (await deliver(bound, raw)).startswith(b"HTTP/1.1 200 ")


async def test_who_makes_way_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avantto_qbo.server.public.MOST_BODIES", 1_000)
    async with public(MemoryIntake(), PATIENT) as bound, AsyncExitStack() as stack:
        slow = await dawdle(stack, bound, 2_000, 990)
        await anyio.sleep(0.05)
        assert (await deliver(bound, SMALL)).startswith(b"HTTP/1.1 200 ")
        said = await until_closed(slow)
    assert said.startswith(b"HTTP/1.1 429 ")
    assert b"Retry-After: 30" in said


async def test_what_came_whole_and_waits_for_the_disk_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avantto_qbo.server.public.MOST_BODIES", len(BODY) + 10)
    intake = MemoryIntake()
    intake.delay = 1.0
    answers: list[bytes] = []

    async def first() -> None:
        answers.append(await deliver(bound, SMALL))

    async with public(intake, PATIENT) as bound:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            await anyio.sleep(0.2)
            assert (await deliver(bound, SMALL)).startswith(b"HTTP/1.1 429 ")
        assert answers[0].startswith(b"HTTP/1.1 200 ")
        assert (await deliver(bound, SMALL)).startswith(b"HTTP/1.1 200 ")  # its room was given back
