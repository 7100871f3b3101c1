"""The status API on its unix socket."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from avantto_qbo.errors import AuthError, ConfigError, InternalError, RejectedError, TransientError
from avantto_qbo.model.ids import LocationId, OperationId
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Status
from avantto_qbo.server.limits import Limits
from avantto_qbo.server.listening import listening, unix_socket
from avantto_qbo.server.status import status_app
from unit.server.standins import MemoryService

LOC = LocationId("loc1")


@pytest.fixture
def service() -> MemoryService:
    service = MemoryService()
    service.statuses[LOC] = Status.CONNECTED
    service.held[OperationId("op1")] = State.HELD
    return service


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "status.sock"


@pytest.fixture
async def session(service: MemoryService, path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    limits = Limits(body_bytes=2000)
    async with listening(status_app(service, limits), unix_socket("status.socket", path), limits):
        connector = aiohttp.UnixConnector(str(path))
        async with aiohttp.ClientSession("http://daemon", connector=connector) as session:
            yield session


async def ask(session: aiohttp.ClientSession, method: str, path: str, **given: Any) -> tuple[int, Any]:
    async with session.request(method, path, **given) as answer:
        return answer.status, await answer.json()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("session")
async def test_only_owner_and_group_may_use_the_socket(path: Path) -> None:
    assert mode_of(path) == 0o660


@pytest.mark.parametrize(
    ("path_", "field"),
    [
        ("/v1/status", "attention"),
        ("/v1/locations", "locations"),
        ("/v1/locations/loc1", "books_from"),
        ("/v1/locations/loc1/settings", "settings"),
        ("/v1/locations/loc1/activity", "rows"),
        ("/v1/locations/loc1/reviews?limit=1", "counts"),
        ("/v1/locations/loc1/mapping", "waiting"),
        ("/v1/locations/loc1/mapping?kind=item", "choices"),
        ("/v1/locations/loc1/explanation?document=INV/1", "explanation"),
        ("/v1/attention?location=loc1", "items"),
        ("/v1/doctor", "realms"),
        ("/v1/doctor?location=loc1", "findings"),
    ],
)
async def test_every_question_has_its_answer(session: aiohttp.ClientSession, path_: str, field: str) -> None:
    status, answer = await ask(session, "GET", path_)
    assert status == 200
    assert field in answer


async def test_a_decision_carries_the_callers_uid(session: aiohttp.ClientSession, service: MemoryService) -> None:
    status, answer = await ask(session, "POST", "/v1/locations/loc1/pause")
    assert (status, answer["status"]) == (200, "paused")
    assert service.actors == [f"uid {os.getuid()}"]


async def test_connect_hands_the_token_answers_on_untouched(
    session: aiohttp.ClientSession, service: MemoryService
) -> None:
    body = (
        b'{"location": "loc2", "realm": "901", "share": true, "since": "2026-01-31T00:00:00Z",'
        b' "avantto_token": {"access_token": "a", "expires_in": 86399},'
        b' "quickbooks_token": {"access_token":"q"}}'
    )
    status, answer = await ask(session, "POST", "/v1/locations", data=body)
    assert status == 200
    assert answer["posting"][1] == {"what": "payments", "where": "Undeposited Funds"}
    assert answer["books_from"] == "2026-01-31T00:00:00Z"
    assert bytes(service.connects[0].avantto_token) == b'{"access_token": "a", "expires_in": 86399}'
    assert "access_token" not in repr(service.connects[0])


async def test_a_refusal_names_what_mends_it(session: aiohttp.ClientSession) -> None:
    tokens = {"avantto_token": {"access_token": "a"}, "quickbooks_token": {"access_token": "q"}}
    status, answer = await ask(session, "POST", "/v1/locations", json={"location": "l", "realm": "9", **tokens})
    assert status == 409
    assert answer == {"error": "Another location uses this company.", "field": "", "mend": "add --share"}


async def test_an_unknown_location_is_not_found(session: aiohttp.ClientSession) -> None:
    status, answer = await ask(session, "GET", "/v1/locations/nowhere")
    assert (status, answer["field"]) == (404, "location")


async def test_a_wrong_setting_names_its_key_and_changes_nothing(
    session: aiohttp.ClientSession, service: MemoryService
) -> None:
    status, answer = await ask(session, "PATCH", "/v1/locations/loc1/settings", json={"changes": {"tax": "maybe"}})
    assert (status, answer["field"]) == (400, "tax")
    assert service.stored == {}


@pytest.mark.parametrize("body", ["{", '{"changes": 5}', '{"changes": {}, "extra": 1}'])
async def test_an_unreadable_request_is_said_to_be_one(session: aiohttp.ClientSession, body: str) -> None:
    status, answer = await ask(session, "PATCH", "/v1/locations/loc1/settings", data=body)
    assert (status, answer["field"]) == (400, "request")


async def test_a_decision_that_is_too_late_is_a_conflict(session: aiohttp.ClientSession) -> None:
    assert (await ask(session, "POST", "/v1/operations/op1/skip"))[0] == 200
    status, answer = await ask(session, "POST", "/v1/operations/op1/retry")
    assert (status, answer["error"]) == (409, "op1 is skipped, not held")


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (ConfigError("journal", "is gone"), 400),
        (AuthError("avantto", "loc1", "revoked"), 409),
        (RejectedError("6000", "business validation"), 502),
        (TransientError("reset"), 503),
        (InternalError("a broken invariant about secret"), 500),
        (KeyError("secret"), 500),
    ],
)
async def test_every_error_has_its_status_and_keeps_its_insides(
    session: aiohttp.ClientSession, service: MemoryService, trouble: Exception, status: int
) -> None:
    service.trouble = trouble
    answered, answer = await ask(session, "GET", "/v1/status")
    assert answered == status
    assert answer["error"]
    assert "secret" not in answer["error"]


async def test_pages_of_activity_follow_each_other(session: aiohttp.ClientSession) -> None:
    _, first = await ask(session, "GET", "/v1/locations/loc1/activity?limit=3")
    _, second = await ask(session, "GET", f"/v1/locations/loc1/activity?limit=3&before={first['before']}")
    assert [row["id"] for row in first["rows"] + second["rows"]] == [7, 6, 5, 4, 3, 2]


@pytest.mark.parametrize("number", ["0", "-1", "many"])
async def test_a_page_size_must_be_a_number(session: aiohttp.ClientSession, number: str) -> None:
    status, answer = await ask(session, "GET", f"/v1/locations/loc1/activity?limit={number}")
    assert (status, answer["field"]) == (400, "limit")


@pytest.mark.parametrize(
    ("path_", "field"),
    [("mapping?kind=customer", "kind"), ("explanation", "document"), ("explanation?document=%20", "document")],
)
async def test_a_question_about_nothing_names_its_field(session: aiohttp.ClientSession, path_: str, field: str) -> None:
    status, answer = await ask(session, "GET", f"/v1/locations/loc1/{path_}")
    assert (status, answer["field"]) == (400, field)


async def test_choices_are_made_in_the_callers_name(session: aiohttp.ClientSession, service: MemoryService) -> None:
    body = {"kind": "item", "changes": {"p1": "7"}}
    status, answer = await ask(session, "PATCH", "/v1/locations/loc1/mapping", json=body)
    assert (status, answer["mapped"][0]["to"]["id"]) == (200, "7")
    assert service.actors == [f"uid {os.getuid()}"]


async def test_too_large_a_request_is_refused(session: aiohttp.ClientSession) -> None:
    status, answer = await ask(session, "POST", "/v1/locations", data=b"x" * 3000)
    assert (status, answer["error"]) == (413, "the request's body is too large")


async def test_an_unknown_route_is_answered_as_json(session: aiohttp.ClientSession) -> None:
    status, answer = await ask(session, "GET", "/v1/nothing")
    assert (status, answer["error"]) == (404, "GET /v1/nothing: not found")


async def test_a_socket_somebody_answers_on_is_not_taken_over(session: aiohttp.ClientSession, path: Path) -> None:
    with pytest.raises(ConfigError, match="another daemon answers there"):
        unix_socket("status.socket", path)
    assert (await ask(session, "GET", "/v1/status"))[0] == 200


def test_a_socket_left_behind_is_replaced(path: Path) -> None:
    unix_socket("status.socket", path).close()
    unix_socket("status.socket", path).close()
    assert path.is_socket()


def test_a_file_in_the_sockets_place_is_kept(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(ConfigError, match="cannot listen on"):
        unix_socket("status.socket", path)
    assert path.read_text() == "precious"
