"""The public listener on a real socket, spoken to byte by byte."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import SocketStream

from avantto_qbo.config import Listen
from avantto_qbo.metrics import Metrics
from avantto_qbo.server.limits import Limits
from avantto_qbo.server.listening import listening, tcp_socket
from avantto_qbo.server.public import public_app
from unit.server.standins import MemoryFlow, MemoryIntake, signed

BODY = b'{"location": "loc1"}'
SIGNED = f"X-Test-Signature: {signed(BODY)['x-test-signature']}\r\n"


@asynccontextmanager
async def public(intake: MemoryIntake, limits: Limits) -> AsyncIterator[Listen]:
    """Serve the public listener; yields its address."""
    app = public_app(intake, MemoryFlow(), Metrics(), public_url="http://127.0.0.1", limits=limits)
    async with listening(app, tcp_socket("server.listen", Listen("127.0.0.1", 0)), limits) as bound:
        yield bound


@asynccontextmanager
async def caller(limits: Limits, intake: MemoryIntake | None = None) -> AsyncIterator[SocketStream]:
    """Serve the public listener and call it; yields the connection."""
    async with public(intake or MemoryIntake(), limits) as bound:
        stream = await anyio.connect_tcp(bound.host, bound.port)
        async with stream:
            yield stream


def head(length: int, extra: str = "", vendor: str = "avantto") -> bytes:
    """Return the head of a delivery with a body of `length` bytes."""
    return f"POST /webhooks/{vendor} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{extra}\r\n".encode()


async def until_closed(stream: SocketStream, seconds: float = 5) -> bytes:
    """Return everything the other side sends until it closes."""
    heard = b""
    with anyio.fail_after(seconds):
        try:
            async for chunk in stream:
                heard += chunk
        except anyio.BrokenResourceError:  # it had more to read when it closed
            return heard
    return heard
