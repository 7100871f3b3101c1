"""The public listener against callers that mean harm: slow ones, many at once, and requests with two readings."""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack
from datetime import timedelta

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketStream

from avantto_qbo.server.limits import Limits
from integration.wire import BODY, SIGNED, caller, head, public, until_closed
from unit.server.standins import MemoryIntake

QUICK = timedelta(milliseconds=300)
CHUNKED = "Transfer-Encoding: chunked\r\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def post(*lines: str, body: bytes = b"") -> bytes:
    """A delivery with these header lines as they are."""
    return "\r\n".join(("POST /webhooks/avantto HTTP/1.1", "Host: x", *lines, "", "")).encode() + body


async def answer(sent: bytes, limits: Limits | None = None, intake: MemoryIntake | None = None) -> bytes:
    """Send these bytes and return all that comes back."""
    quick = Limits(keepalive=QUICK, linger=QUICK, header_time=QUICK, body_time=QUICK)
    async with caller(limits or quick, intake) as stream:
        await stream.send(sent)
        return await until_closed(stream)


HALF = b"POST /webhooks/avantto HTTP/1.1\r\nHost:"


@pytest.mark.parametrize("pieces", [[HALF], [HALF, *[b"x"] * 12]], ids=["stops", "drips"])
async def test_slow_headers_of_a_later_request_have_the_time_of_the_first(pieces: list[bytes]) -> None:
    async with caller(Limits(header_time=QUICK)) as stream:
        await stream.send(head(len(BODY), SIGNED) + BODY)
        assert (await stream.receive()).startswith(b"HTTP/1.1 200 ")
        await anyio.sleep(2 * QUICK.total_seconds())
        with anyio.fail_after(3):
            try:
                for piece in pieces:
                    await stream.send(piece)
                    await anyio.sleep(0.05)
                assert await until_closed(stream) == b""
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                pass  # it was closed before all of it was sent


async def test_a_head_without_end_is_refused_by_its_size() -> None:
    lines = [f"X-{number}: {'x' * 7000}" for number in range(6)]
    limits = Limits(header_time=timedelta(seconds=30))
    assert (await answer(post(*lines)[:-4], limits)).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([f"X-Long: {'x' * 9000}"], b"431"),
        ([f"X-{number}: 1" for number in range(80)], b"400"),
    ],
    ids=["long line", "many lines"],
)
async def test_headers_have_a_size_and_a_number(lines: list[str], status: bytes) -> None:
    said = await answer(post(*lines, "Content-Length: 0"))
    assert said.split()[1] == status
    assert b"X-" not in said


@pytest.mark.parametrize(
    "lines",
    [
        [f"Content-Length: {len(BODY)}", "Content-Length: 5"],
        [f"Content-Length: {len(BODY)}", f"Content-Length: {len(BODY)}"],
        [f"Content-Length: {len(BODY)}, {len(BODY)}"],
        [f"Content-Length: {len(BODY)}", CHUNKED.strip()],
        [CHUNKED.strip(), CHUNKED.strip()],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: identity"],
        ["Transfer-Encoding : chunked"],
        ["Content-Length: -1"],
        ["Content-Length: +20"],
        ["Content-Length: 0x14"],
        [f" folded\r\nContent-Length: {len(BODY)}"],
        [f"Content-Length: {len(BODY)}\x00"],
    ],
)
async def test_a_request_with_two_readings_is_refused_and_ends_the_connection(lines: list[str]) -> None:
    intake = MemoryIntake()
    smuggled = head(len(BODY), SIGNED) + BODY
    said = await answer(post(*lines, SIGNED.strip(), body=BODY + smuggled), intake=intake)
    assert said.split()[1] == b"400"
    assert said.count(b"HTTP/1.") == 1
    assert intake.kept == []


@pytest.mark.parametrize("kind", ["gzip", "br", "deflate", "x-unknown", "gzip, identity"])
async def test_a_compressed_delivery_is_refused_unread(kind: str) -> None:
    said = await answer(post(f"Content-Encoding: {kind}", SIGNED.strip(), f"Content-Length: {len(BODY)}", body=BODY))
    assert said.startswith(b"HTTP/1.1 415 ")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", b"200"),
        ("application/json; charset=utf-8", b"200"),
        ("application/cloudevents-batch+json", b"200"),
        ("text/plain", b"200"),
        ("application/x-www-form-urlencoded", b"415"),
        ("multipart/form-data; boundary=x", b"415"),
        ("text/xml", b"415"),
    ],
)
async def test_what_says_it_is_no_json_is_refused(kind: str, status: bytes) -> None:
    said = await answer(post(f"Content-Type: {kind}", SIGNED.strip(), f"Content-Length: {len(BODY)}", body=BODY))
    assert said.startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    "nonsense", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"\r\n" * 20_000]
)
async def test_nonsense_is_answered_without_repeating_it(nonsense: bytes) -> None:
    said = await answer(nonsense + b"secret\r\n\r\n")
    assert said.split()[1] == b"400"
    assert b"secret" not in said


@pytest.mark.parametrize("header", [b"Expect: 2\xb00-ok", b"Content-Type: \xff", b"Content-Encoding: \xff", b"\xff: x"])
async def test_a_header_that_is_no_text_is_the_callers_trouble(header: bytes) -> None:
    raw = head(len(BODY), SIGNED).replace(b"Host: x", b"Host: x\r\n" + header)
    said = await answer(raw + BODY)
    assert said.split()[1] in {b"400", b"415"}


async def test_callers_beyond_the_limit_are_told_to_come_back() -> None:
    limits = Limits(connections=2, linger=QUICK)
    async with public(MemoryIntake(), limits) as bound, AsyncExitStack() as stack:
        served = [await connected(stack, bound.host, bound.port) for _ in range(2)]
        late = await connected(stack, bound.host, bound.port)
        await late.send(head(len(BODY), SIGNED) + BODY)
        said = await until_closed(late)
        assert said.startswith(b"HTTP/1.1 429 ")
        assert b"Retry-After: " in said
        await served[0].aclose()
        await anyio.sleep(0.05)
        again = await connected(stack, bound.host, bound.port)
        await again.send(head(len(BODY), SIGNED + "Connection: close\r\n") + BODY)
        assert (await until_closed(again)).startswith(b"HTTP/1.1 200 ")


async def test_a_crowd_beyond_the_limit_is_just_closed() -> None:
    limits = Limits(connections=1, refused=1, linger=timedelta(seconds=5))
    async with public(MemoryIntake(), limits) as bound, AsyncExitStack() as stack:
        crowd = [await connected(stack, bound.host, bound.port) for _ in range(4)]
        said = [await until_closed(one) for one in crowd[2:]]
    assert said == [b"", b""]


async def connected(stack: AsyncExitStack, host: str, port: int) -> SocketStream:
    return await stack.enter_async_context(await anyio.connect_tcp(host, port))


async def test_an_answer_that_nobody_reads_ends_the_connection() -> None:
    """Only a caller who asks for more than the socket holds can leave answers behind."""
    limits = Limits(answer_time=QUICK, keepalive=timedelta(seconds=60))
    async with public(MemoryIntake(), limits) as bound:
        deaf = socket.create_connection((bound.host, bound.port))
        deaf.setblocking(False)
        with deaf, anyio.fail_after(20):
            await flood(deaf, b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n" * 500)


async def flood(deaf: socket.socket, requests: bytes) -> None:
    """Ask and ask until the other side has had enough."""
    while True:
        try:
            deaf.send(requests)
        except BlockingIOError:
            await anyio.sleep(0.02)
        except ConnectionError:
            return
        await anyio.lowlevel.checkpoint()


async def test_one_address_does_not_take_the_place_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avantto_qbo.server.connections.counted_address", lambda _: "8.8.8.8")
    limits = Limits(connections=10, per_address=2, linger=QUICK)
    async with public(MemoryIntake(), limits) as bound, AsyncExitStack() as stack:
        for _ in range(2):
            await connected(stack, bound.host, bound.port)
        third = await connected(stack, bound.host, bound.port)
        assert (await until_closed(third)).startswith(b"HTTP/1.1 429 ")
        monkeypatch.setattr("avantto_qbo.server.connections.counted_address", lambda _: "9.9.9.9")
        other = await connected(stack, bound.host, bound.port)
        await other.send(head(len(BODY), SIGNED + "Connection: close\r\n") + BODY)
        assert (await until_closed(other)).startswith(b"HTTP/1.1 200 ")
