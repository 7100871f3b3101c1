"""The client over the real transport, against canned answers: what it sends, what it makes of trouble."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import aiohttp
import pytest
from aioresponses import aioresponses
from yarl import URL

from avantto_qbo.avantto import encode, reads
from avantto_qbo.avantto.client import AvanttoClient
from avantto_qbo.avantto.limits import Limits
from avantto_qbo.errors import AnswerLostError, AuthError, NotSentError, RejectedError, TransientError
from avantto_qbo.model.drafts import ContactDraft
from avantto_qbo.model.ids import ContactId, LocationId
from avantto_qbo.model.outcome import FaultClass, InDoubt, NoAccess, NotSent, Refused, Written
from avantto_qbo.transport import open_transport

Sample = Callable[[str], bytes]
API = "https://services.leadconnectorhq.com"
CONTACT, LOCATION = ContactId("q7Yc2WmPzK9dLr4TsA1v"), LocationId("kLq81hTzVbN4pXwRcE2m")
CREATE = encode.contact_create(LOCATION, ContactDraft(name="Rosa", email="rosa@marsh.example"))
CREATE_URL = f"{API}/contacts/"
READ = reads.contact(CONTACT)
READ_URL = f"{API}/contacts/{CONTACT}"


class Desk:
    """A client, and the limits it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[LocationId, Limits]] = []

    def note(self, location: LocationId, limits: Limits) -> None:
        self.told.append((location, limits))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(canned: aioresponses, desk: Desk) -> AsyncIterator[AvanttoClient]:
    async with open_transport([API]) as transport:
        yield AvanttoClient(transport, API, 5.0, desk.note)


async def test_a_write_sends_the_stored_bytes_once(client: AvanttoClient, canned: aioresponses) -> None:
    canned.post(CREATE_URL, status=201, body=b'{"contact":{"id":"C9"}}')
    assert await client.write(LOCATION, "secret", CREATE, "r1") == Written("C9")
    (calls,) = canned.requests.values()
    (call,) = calls
    assert call.kwargs["data"] == CREATE.body
    assert call.kwargs["headers"]["Authorization"] == "Bearer secret"
    assert call.kwargs["allow_redirects"] is False


async def test_a_read_returns_the_decoded_document(client: AvanttoClient, canned: aioresponses, sample: Sample) -> None:
    canned.get(READ_URL, body=sample("contact"))
    assert (await client.read(LOCATION, "secret", READ)).id == CONTACT


@pytest.mark.parametrize(
    ("status", "name", "kind", "code"),
    [
        (400, "error_duplicate", FaultClass.DUPLICATE, "duplicate"),
        (400, "error_dnd", FaultClass.FINAL, "dnd"),
        (404, "error_order_404", FaultClass.GONE, "gone"),
        (422, "error_422", FaultClass.FINAL, "invalid"),
    ],
)
async def test_a_refusal_changed_nothing_and_says_why(
    client: AvanttoClient, canned: aioresponses, sample: Sample, status: int, name: str, kind: FaultClass, code: str
) -> None:
    canned.post(CREATE_URL, status=status, body=sample(name))
    outcome = await client.write(LOCATION, "secret", CREATE, "r1")
    assert isinstance(outcome, Refused)
    assert (outcome.fault.kind, outcome.fault.code) == (kind, code)
    canned.get(READ_URL, status=status, body=sample(name))
    with pytest.raises(RejectedError) as caught:
        await client.read(LOCATION, "secret", READ)
    assert caught.value.code == code


async def test_a_refused_token_is_told_apart(client: AvanttoClient, canned: aioresponses, sample: Sample) -> None:
    canned.post(CREATE_URL, status=401, body=sample("error_401"))
    assert isinstance(await client.write(LOCATION, "secret", CREATE, "r1"), NoAccess)
    canned.get(READ_URL, status=401, body=sample("error_401"))
    with pytest.raises(AuthError) as caught:
        await client.read(LOCATION, "secret", READ)
    assert caught.value.subject == LOCATION


async def test_throttling_waits_as_long_as_the_limit_that_was_hit(
    client: AvanttoClient, canned: aioresponses, sample: Sample, desk: Desk
) -> None:
    headers = {"X-RateLimit-Daily-Remaining": "0", "X-RateLimit-Remaining": "40"}
    canned.post(CREATE_URL, status=429, body=sample("error_429"), headers=headers)
    assert await client.write(LOCATION, "t", CREATE, "r1") == NotSent("throttled", timedelta(hours=1))
    assert desk.told == [(LOCATION, Limits(daily_remaining=0, remaining=40))]


async def test_limits_are_told_per_location_and_only_when_the_answer_has_them(
    client: AvanttoClient, canned: aioresponses, sample: Sample, desk: Desk
) -> None:
    canned.get(READ_URL, body=sample("contact"))
    canned.get(READ_URL, body=sample("contact"), headers={"X-RateLimit-Remaining": "99"})
    await client.read("A", "t", READ)
    await client.read("B", "t", READ)
    assert desk.told == [(LocationId("B"), Limits(remaining=99))]


@pytest.mark.parametrize(
    "trouble", [aiohttp.ServerDisconnectedError(), TimeoutError(), ConnectionResetError(), aiohttp.ClientPayloadError()]
)
async def test_an_answer_that_got_lost_is_in_doubt(
    client: AvanttoClient, canned: aioresponses, trouble: Exception
) -> None:
    canned.post(CREATE_URL, exception=trouble)
    assert isinstance(await client.write(LOCATION, "t", CREATE, "r1"), InDoubt)
    canned.get(READ_URL, exception=trouble)
    with pytest.raises(AnswerLostError):
        await client.read(LOCATION, "t", READ)


async def test_a_request_that_never_left_was_not_sent(client: AvanttoClient, canned: aioresponses) -> None:
    canned.post(CREATE_URL, exception=aiohttp.ConnectionTimeoutError())
    assert isinstance(await client.write(LOCATION, "t", CREATE, "r1"), NotSent)
    canned.get(READ_URL, exception=aiohttp.ConnectionTimeoutError())
    with pytest.raises(NotSentError):
        await client.read(LOCATION, "t", READ)


@pytest.mark.parametrize("status", [302, 500, 502, 503])
async def test_a_servers_trouble_leaves_a_write_in_doubt_and_a_read_for_later(
    client: AvanttoClient, canned: aioresponses, status: int
) -> None:
    canned.post(CREATE_URL, status=status, body=b"<html>oops</html>")
    assert isinstance(await client.write(LOCATION, "t", CREATE, "r1"), InDoubt)
    canned.get(READ_URL, status=status)
    with pytest.raises(TransientError):
        await client.read(LOCATION, "t", READ)
    assert len(canned.requests["POST", URL(CREATE_URL)]) == 1
