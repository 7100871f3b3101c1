"""What the status socket does with requests that cannot be read, are too much, or never end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Status
from avantto_qbo.server.limits import Limits
from avantto_qbo.server.listening import listening, unix_socket
from avantto_qbo.server.status import status_app
from unit.server.standins import MemoryService

LOC = LocationId("loc1")
QUICK = timedelta(milliseconds=200)
SETTINGS = b'{"changes": {"invoices": "off"}}'


@pytest.fixture
def service() -> MemoryService:
    made = MemoryService()
    made.statuses[LOC] = Status.CONNECTED
    return made


@pytest.fixture
async def path(service: MemoryService, tmp_path: Path) -> AsyncIterator[Path]:
    limits = Limits(body_bytes=300_000, body_time=QUICK, header_time=QUICK, linger=QUICK, keepalive=QUICK)
    where = tmp_path / "s"
    async with listening(status_app(service, limits=limits), unix_socket("status.socket", where), limits):
        yield where


async def said(path: Path, raw: bytes) -> tuple[int, dict[str, Any]]:
    """Send these bytes; return the status and the answer."""
    heard = b""
    with anyio.fail_after(5):
        async with await anyio.connect_unix(path) as stream:
            await stream.send(raw)
            async for chunk in stream:
                heard += chunk
    head, _, body = heard.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body) if body else {}


def change(body: bytes, *lines: str, length: int | None = None) -> bytes:
    """A request that changes settings."""
    size = f"Content-Length: {len(body) if length is None else length}"
    head = "\r\n".join(
        ("PATCH /v1/locations/loc1/settings HTTP/1.1", "Host: x", "Connection: close", size, *lines, "", "")
    )
    return head.encode() + body


@pytest.mark.parametrize(
    ("raw", "status", "words"),
    [
        (change(b"{"), 400, "cannot be read"),
        (change(b"\xff"), 400, "cannot be read"),
        (change(b'{"changes": {"a": "\xff"}}'), 400, "cannot be read"),
        (change(b'{"changes": []}'), 400, "cannot be read"),
        (change(b'{"changes": {}, "more": 1}'), 400, "cannot be read"),
        (change(b'{"changes":' + b"[" * 100_000), 400, "nests too deep"),
        (change(b'{"changes": [' + b"1," * 60_000 + b"1]}"), 400, "holds too much"),
        (change(SETTINGS, "Content-Encoding: gzip"), 415, "compressed"),
        (change(SETTINGS, "Content-Type: text/xml"), 415, "not json"),
        (change(b" " * 300_001), 413, "too large"),
        (change(b"{", length=50), 408, "slow"),
        (b"GE T /v1/status HTTP/1.1\r\n\r\n", 400, "no request"),
        (b"GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "no request"),
        (b"GET /v1/status HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431, "no request"),
    ],
    ids=range(14),
)
async def test_a_request_that_cannot_be_read_is_told_why_and_changes_nothing(
    path: Path, service: MemoryService, raw: bytes, status: int, words: str
) -> None:
    code, answer = await said(path, raw)
    assert (code, words in answer["error"]) == (status, True), answer
    assert service.stored == {}
    assert service.actors == []


async def test_a_whole_request_is_carried_out(path: Path, service: MemoryService) -> None:
    assert (await said(path, change(SETTINGS, "Content-Type: application/json")))[0] == 200
    assert "invoices" in service.stored


async def test_a_caller_that_says_nothing_is_hung_up_on(path: Path) -> None:
    with anyio.fail_after(5):
        async with await anyio.connect_unix(path) as stream:
            assert [chunk async for chunk in stream] == []
