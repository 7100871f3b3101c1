"""The public listener against callers that misbehave on the wire."""

from __future__ import annotations

import time
from datetime import timedelta

import anyio
import pytest

from avantto_qbo.config import Listen
from avantto_qbo.errors import ConfigError
from avantto_qbo.server.limits import Limits
from avantto_qbo.server.listening import tcp_socket
from integration.wire import BODY, SIGNED, caller, head, public, until_closed
from unit.server.standins import MemoryIntake, signed

QUICK = timedelta(milliseconds=300)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_body_that_stops_half_way_is_answered_408_and_closed() -> None:
    intake = MemoryIntake()
    async with caller(Limits(body_time=QUICK, linger=QUICK), intake) as stream:
        await stream.send(head(100) + b'{"location"')
        assert (await until_closed(stream)).startswith(b"HTTP/1.1 408 ")
    assert intake.kept == []


async def test_a_body_that_trickles_does_not_stretch_its_time() -> None:
    async with caller(Limits(body_time=QUICK, linger=QUICK)) as stream:
        await stream.send(head(1000))
        began = time.monotonic()
        with anyio.fail_after(5):
            while time.monotonic() - began < QUICK.total_seconds():
                await stream.send(b" ")
                await anyio.sleep(0.05)
            assert (await stream.receive()).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("beginning", [b"", b"POST /webhooks/avantto HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_headers_that_never_end_close_the_connection(beginning: bytes) -> None:
    async with caller(Limits(header_time=QUICK)) as stream:
        if beginning:
            await stream.send(beginning)
        assert await until_closed(stream) == b""


async def test_a_quiet_connection_lives_on_between_two_requests() -> None:
    async with caller(Limits(header_time=QUICK)) as stream:
        for _ in range(2):
            await stream.send(head(len(BODY), SIGNED) + BODY)
            with anyio.fail_after(5):
                assert (await stream.receive()).startswith(b"HTTP/1.1 200 ")
            await anyio.sleep(2 * QUICK.total_seconds())


async def test_a_kept_connection_ends_after_its_idle_time() -> None:
    async with caller(Limits(keepalive=QUICK)) as stream:
        await stream.send(head(len(BODY), SIGNED) + BODY)
        assert (await until_closed(stream)).startswith(b"HTTP/1.1 200 ")


async def test_slow_headers_of_a_second_request_are_bounded_too() -> None:
    async with caller(Limits(keepalive=QUICK)) as stream:
        await stream.send(head(len(BODY), SIGNED) + BODY + b"POST /webhooks/avantto HTTP/1.1\r\nHost:")
        assert (await until_closed(stream)).count(b"HTTP/1.1 ") == 1


async def test_a_body_announced_as_too_large_is_refused_unread() -> None:
    async with caller(Limits(linger=QUICK)) as stream:
        await stream.send(head(1024 * 1024 + 1))
        assert (await until_closed(stream)).startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_grows_too_large_is_refused() -> None:
    intake = MemoryIntake()
    async with caller(Limits(body_bytes=100, linger=QUICK), intake) as stream:
        chunk = b"50\r\n" + b"x" * 0x50 + b"\r\n"
        chunked = b"POST /webhooks/avantto HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        await stream.send(chunked + chunk * 2)
        assert (await until_closed(stream)).startswith(b"HTTP/1.1 413 ")
    assert intake.kept == []


async def test_a_body_of_exactly_the_limit_is_taken() -> None:
    body = b'{"location": "' + b"l" * (1024 * 1024 - 16) + b'"}'
    assert len(body) == 1024 * 1024
    signature = f"X-Test-Signature: {signed(body)['x-test-signature']}\r\nConnection: close\r\n"
    async with caller(Limits()) as stream:
        await stream.send(head(len(body), signature) + body)
        assert (await until_closed(stream)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [("", BODY, b"401"), (f"X-Test-Signature: {signed(b'{')['x-test-signature']}\r\n", b"{", b"400")],
)
async def test_unsigned_and_malformed_deliveries_are_told_apart(headers: str, body: bytes, status: bytes) -> None:
    async with caller(Limits()) as stream:
        await stream.send(head(len(body), headers + "Connection: close\r\n") + body)
        assert (await until_closed(stream)).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(("vendor", "status"), [("avantto", b"429"), ("quickbooks", b"503")])
async def test_a_journal_that_hangs_makes_the_vendor_come_back(vendor: str, status: bytes) -> None:
    intake = MemoryIntake()
    intake.delay = 60
    limits = Limits(intake_avantto=QUICK, intake_quickbooks=QUICK)
    async with caller(limits, intake) as stream:
        await stream.send(head(len(BODY), SIGNED + "Connection: close\r\n", vendor) + BODY)
        answer = await until_closed(stream)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"Retry-After: " in answer


async def test_a_caller_that_hangs_up_harms_nobody() -> None:
    intake = MemoryIntake()
    async with public(intake, Limits()) as bound:
        stream = await anyio.connect_tcp(bound.host, bound.port)
        await stream.send(head(100) + b"{")
        await stream.aclose()
        async with await anyio.connect_tcp(bound.host, bound.port) as other:
            await other.send(head(len(BODY), SIGNED + "Connection: close\r\n") + BODY)
            assert (await until_closed(other)).startswith(b"HTTP/1.1 200 ")
    assert intake.kept == [BODY]


async def test_stopping_lets_a_request_under_way_finish() -> None:
    intake = MemoryIntake()
    intake.delay = 0.3
    answers: list[bytes] = []
    async with anyio.create_task_group() as tasks:
        async with public(intake, Limits()) as bound:
            stream = await anyio.connect_tcp(bound.host, bound.port)
            await stream.send(head(len(BODY), SIGNED) + BODY)

            async def listen() -> None:
                answers.append(await until_closed(stream))

            tasks.start_soon(listen)
            await anyio.sleep(0.1)
        with pytest.raises(OSError, match="All connection attempts failed"):
            await anyio.connect_tcp(bound.host, bound.port)
    await stream.aclose()
    assert answers[0].startswith(b"HTTP/1.1 200 ")
    assert intake.kept == [BODY]


async def test_an_address_in_use_names_its_key() -> None:
    with tcp_socket("server.listen", Listen("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"server.listen: cannot listen on 127.0.0.1:{port}"):
            tcp_socket("server.listen", Listen("127.0.0.1", port))
