"""A reconciliation over the status socket: lines of JSON while it runs, the answer or the refusal at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from avantto_qbo.errors import AuthError
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Status
from avantto_qbo.server.listening import listening, unix_socket
from avantto_qbo.server.status import status_app
from unit.server.standins import MemoryService

AT = "/v1/locations/loc1/reconciliation"


@pytest.fixture
def service() -> MemoryService:
    service = MemoryService()
    service.statuses[LocationId("loc1")] = Status.CONNECTED
    return service


@pytest.fixture
async def session(service: MemoryService, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    path = tmp_path / "status.sock"
    async with (
        listening(status_app(service), unix_socket("status.socket", path)),
        aiohttp.ClientSession("http://daemon", connector=aiohttp.UnixConnector(str(path))) as session,
    ):
        yield session


async def lines(session: aiohttp.ClientSession, query: str = "") -> tuple[int, str, list[Any]]:
    async with session.get(AT + query) as answer:
        text = await answer.text()
        return answer.status, answer.content_type, [msgspec.json.decode(line) for line in text.splitlines()]


async def test_the_answer_is_the_last_line(session: aiohttp.ClientSession) -> None:
    status, kind, (progress, answer) = await lines(session, "?since=2026-11-01")
    assert (status, kind) == (200, "application/x-ndjson")
    assert progress == {"progress": {"stage": "Avantto's invoices", "done": 100, "total": 250}}
    assert (answer["answer"]["since"], answer["answer"]["attention"]) == ("2026-11-01", 0)


async def test_trouble_in_the_middle_is_the_last_line(service: MemoryService, session: aiohttp.ClientSession) -> None:
    service.trouble = AuthError("avantto", "loc1", "invalid_grant")
    status, _, (_, failure) = await lines(session)
    assert status == 200
    assert failure["error"] == {
        "error": "avantto refuses the access: invalid_grant",
        "field": "avantto_token",
        "mend": "connect again with a fresh avantto token",
    }


async def test_whoever_goes_away_in_the_middle_is_not_answered(
    service: MemoryService, session: aiohttp.ClientSession
) -> None:
    service.trouble = ConnectionResetError("gone")
    status, _, told = await lines(session)
    assert (status, [list(line) for line in told]) == (200, [["progress"]])


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        (f"{AT}?since=yesterday", 400, "since"),
        (f"{AT}?since=2026-11-02&until=2026-11-01", 400, "since"),
        ("/v1/locations/loc9/reconciliation", 404, "location"),
    ],
)
async def test_what_is_refused_at_once_is_refused_as_anything_else(
    session: aiohttp.ClientSession, path: str, status: int, field: str
) -> None:
    async with session.get(path) as answer:
        assert (answer.status, (await answer.json())["field"]) == (status, field)
