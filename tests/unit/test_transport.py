"""The transport on real loopback sockets: what counts as not sent, and what as lost."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import pytest

from avantto_qbo.errors import AnswerLostError, InternalError, NotSentError
from avantto_qbo.model.http import HttpRequest
from avantto_qbo.transport import AiohttpTransport, open_transport

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nIntuit_Tid: 1-abc\r\n\r\n{}"
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Door:
    """A raw server: hands every request's bytes to `answer` and remembers them, per connection."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while request := await self._request(reader):
                self.requests.append(request)
                await self.answer(request, writer)
                if writer.is_closing():
                    return
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return head + (await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b"")


@asynccontextmanager
async def door(answer: Answer) -> AsyncIterator[tuple[Door, str]]:
    served = Door(answer)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    try:
        yield served, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def says_ok(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


async def resets(request: bytes, writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def resets_within_body(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
    await writer.drain()
    await asyncio.sleep(0.05)
    await resets(request, writer)


async def never_answers(request: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(5)


async def stops_within_body(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
    await asyncio.sleep(5)


async def redirects(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")


async def zips(request: bytes, writer: asyncio.StreamWriter) -> None:
    body = gzip.compress(b"x" * 5000)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


def saying(raw: bytes, *, then_close: bool = True) -> Answer:
    """Answer with these bytes, whatever they are."""

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        if then_close:
            writer.close()

    return answer


NONSENSE = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-le",
    "no http": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "less than announced": b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    "a length that is none": b"HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n{}",
    "no gzip": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9\r\n\r\nnot gzip!",
    "chunks that are none": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    "an unfinished chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "an endless head": b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000 + b"\r\n\r\n{}",
    "a broken head": b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n{}",
}


def post(url: str) -> HttpRequest:
    return HttpRequest("POST", f"{url}/v3/invoice?requestid=a%20b", {"Content-Type": "application/json"}, b'{"a":1.00}')


def get(url: str) -> HttpRequest:
    return HttpRequest("GET", f"{url}/v3/query")


async def send(url: str, request: HttpRequest, timeout: float = 2.0) -> None:
    async with open_transport([url]) as transport:
        await transport.send(request, timeout)


async def test_the_exact_url_and_bytes_arrive_and_the_answer_comes_back_with_lower_case_headers() -> None:
    async with door(says_ok) as (served, url), open_transport([url]) as transport:
        answer = await transport.send(post(url), 2.0)
    assert (answer.status, answer.body, answer.headers["intuit_tid"]) == (200, b"{}", "1-abc")
    assert served.requests[0].startswith(b"POST /v3/invoice?requestid=a%20b HTTP/1.1\r\n")
    assert served.requests[0].endswith(b'\r\n\r\n{"a":1.00}')


async def test_a_refused_connection_is_not_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(NotSentError):
        await send(url, post(url))


async def test_an_unknown_host_is_not_sent() -> None:
    url = "http://nowhere.invalid"
    with pytest.raises(NotSentError):
        await send(url, post(url))


async def test_a_failed_tls_handshake_is_not_sent() -> None:
    async def speaks_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(speaks_plainly, "127.0.0.1", 0)
    secure = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(NotSentError):
        await send(secure, post(secure))
    server.close()


async def test_a_handshake_that_never_ends_is_not_sent() -> None:
    async with door(says_ok) as (served, url):
        secure = url.replace("http:", "https:")
        with pytest.raises(NotSentError):
            await send(secure, post(secure), timeout=0.4)
    assert served.requests == []


@pytest.mark.parametrize("answer", [resets, resets_within_body])
async def test_a_reset_after_the_request_is_a_lost_answer(answer: Answer) -> None:
    async with door(answer) as (served, url):
        with pytest.raises(AnswerLostError):
            await send(url, post(url))
    assert len(served.requests) == 1


@pytest.mark.parametrize("raw", NONSENSE.values(), ids=NONSENSE)
async def test_an_answer_that_makes_no_sense_is_a_lost_one(raw: bytes) -> None:
    async with door(saying(raw)) as (served, url):
        with pytest.raises(AnswerLostError):
            await send(url, post(url))
    assert len(served.requests) == 1


async def test_a_connection_reset_before_the_request_was_read_is_a_lost_answer() -> None:
    """Nobody can tell from here how far it came: the other side may have had it in its buffers."""
    accepted = 0

    async def resets_unread(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        await resets(b"", writer)

    server = await asyncio.start_server(resets_unread, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(AnswerLostError):
        await send(url, post(url))
    server.close()
    assert accepted == 1


@pytest.mark.parametrize("answer", [never_answers, stops_within_body])
async def test_a_slow_answer_is_lost_when_the_time_is_up(answer: Answer) -> None:
    async with door(answer) as (_, url):
        with anyio.fail_after(20), pytest.raises(AnswerLostError):
            await send(url, post(url), timeout=2)


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    async with door(redirects) as (served, url), open_transport([url]) as transport:
        assert (await transport.send(get(url), 2.0)).status == 302
    assert len(served.requests) == 1


async def test_a_compressed_answer_is_unpacked_and_its_unpacked_size_is_limited() -> None:
    async with door(zips) as (_, url):
        async with open_transport([url]) as transport:
            assert (await transport.send(get(url), 2.0)).body == b"x" * 5000
        async with open_transport([url], largest=4999) as transport:
            with pytest.raises(AnswerLostError, match="larger"):
                await transport.send(get(url), 2.0)


async def test_an_origin_that_is_not_on_the_list_is_never_contacted() -> None:
    async with door(says_ok) as (served, url), open_transport(["https://api.example.com/v3"]) as transport:
        with pytest.raises(InternalError):
            await transport.send(get(url), 2.0)
    assert served.connections == 0


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
async def test_no_method_is_repeated_when_a_kept_alive_connection_turns_out_to_be_closed(method: str) -> None:
    async with door(says_ok) as (served, url), open_transport([url]) as transport:
        await transport.send(get(url), 2.0)
        served.answer = resets
        with pytest.raises(AnswerLostError):
            await transport.send(HttpRequest(method, f"{url}/v3/again"), 2.0)
    assert served.connections == 1
    assert len(served.requests) == 2


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
async def test_a_connection_that_is_closed_while_it_is_kept_costs_at_most_one_request(method: str) -> None:
    """The race of keep-alive: the other side closes just as we use the connection again, and says nothing of it."""
    async with door(saying(OK)) as (served, url), open_transport([url]) as transport:
        await transport.send(get(url), 2.0)
        lost = 0
        try:
            await transport.send(HttpRequest(method, f"{url}/v3/again"), 2.0)
        except AnswerLostError:
            lost = 1
    assert len(served.requests) + lost == 2


async def test_a_connection_is_not_kept_as_long_as_intuit_keeps_it() -> None:
    async with open_transport(["http://127.0.0.1:1"]) as transport:
        assert isinstance(transport, AiohttpTransport)
        connector = transport._session.connector
        assert connector is not None
        assert 0 < (connector._keepalive_timeout or 0) < 5
