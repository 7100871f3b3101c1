"""What the client makes of every answer and of every way an answer can fail to come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import aiohttp
import pytest
import structlog

from avantto_qbo.errors import AnswerLostError, AuthError, NotSentError, RejectedError, TransientError
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import FaultClass, InDoubt, NoAccess, NotSent, Refused, Written
from avantto_qbo.quickbooks import reads
from avantto_qbo.quickbooks.client import QuickBooksClient
from avantto_qbo.quickbooks.encode import invoice_void
from avantto_qbo.transport import open_transport
from quickbooks_material import sample

if TYPE_CHECKING:
    from conftest import CannedAnswers

pytestmark = pytest.mark.anyio

API = "https://quickbooks.api.intuit.com"
CREATE = Call("POST", "invoice", b"{}")
VOID = invoice_void("239", "2")
WRITE_URL = f"{API}/v3/company/9001/invoice?minorversion=75&requestid=op-1"
VOID_URL = f"{API}/v3/company/9001/invoice?operation=void&minorversion=75&requestid=op-1"
READ_URL = f"{API}/v3/company/9001/customer/1?minorversion=75"


@pytest.fixture
async def client(canned: CannedAnswers) -> AsyncIterator[QuickBooksClient]:
    async with open_transport([API]) as transport:
        yield QuickBooksClient(transport, API, 5.0)


async def test_a_created_object_is_written_with_its_token_and_totals(
    client: QuickBooksClient, canned: CannedAnswers
) -> None:
    canned.post(WRITE_URL, body=sample("invoice.json"))
    outcome = await client.write("9001", "eyJ", CREATE, "op-1")
    assert outcome == Written("239", "2", Decimal("97.20"), Decimal("47.20"))


async def test_a_void_is_written_though_its_lines_are_spelled_differently(
    client: QuickBooksClient, canned: CannedAnswers
) -> None:
    canned.post(VOID_URL, body=sample("invoice_voided.json"))
    assert await client.write("9001", "eyJ", VOID, "op-1") == Written("239", "3", Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (400, "fault_stale.json", FaultClass.STALE),
        (400, "fault_number_taken.json", FaultClass.NUMBER_TAKEN),
        (400, "fault_collision.json", FaultClass.PASSING),
        (400, "fault_inactive.json", FaultClass.FINAL),
        (404, "gateway.html", FaultClass.FINAL),
        (200, "fault_business.json", FaultClass.FINAL),
    ],
)
async def test_a_refusal_changed_nothing(
    client: QuickBooksClient, canned: CannedAnswers, status: int, name: str, kind: FaultClass
) -> None:
    canned.post(WRITE_URL, status=status, body=sample(name))
    outcome = await client.write("9001", "eyJ", CREATE, "op-1")
    assert isinstance(outcome, Refused)
    assert (outcome.fault.kind, outcome.fault.status) == (kind, status)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b'{"Invoice":{"Id":'),
        (200, b'{"Invoice":{"Id":"\xff"}}'),
        (200, b'{"Invoice":' + b"[" * 100_000),
        (200, b'{"time":"2026-11-22T02:05:06-08:00"}'),
        (200, b'{"Payment":{"Id":"1"}}'),
        (200, b'{"Invoice":{}}'),
        (200, sample("batch_nothing.json")),
        (200, sample("fault_application.json")),
        (200, sample("gateway.html")),
        (302, b""),
        (400, sample("fault_repeated.json")),
        (500, sample("fault_application.json")),
        (500, sample("fault_stale.json")),
        (502, sample("gateway.html")),
        (504, b""),
    ],
)
async def test_whatever_is_unclear_is_in_doubt(
    client: QuickBooksClient, canned: CannedAnswers, status: int, body: bytes
) -> None:
    canned.post(WRITE_URL, status=status, body=body)
    assert isinstance(await client.write("9001", "eyJ", CREATE, "op-1"), InDoubt)


@pytest.mark.parametrize(
    ("status", "retry_after", "wait"),
    [
        (429, "", 60),
        (429, "5", 60),
        (429, "300", 300),
        (429, "9" * 40, 86_400),
        (429, "soon", 60),
        (403, "", 60),
        (200, "", 60),
        (500, "", 60),
    ],
)
async def test_a_throttled_write_was_not_sent(
    client: QuickBooksClient, canned: CannedAnswers, status: int, retry_after: str, wait: int
) -> None:
    canned.post(WRITE_URL, status=status, body=sample("fault_throttled.xml"), headers={"Retry-After": retry_after})
    outcome = await client.write("9001", "eyJ", CREATE, "op-1")
    assert outcome == NotSent("throttled", timedelta(seconds=wait))


async def test_a_spent_quota_without_a_readable_body_was_not_sent(
    client: QuickBooksClient, canned: CannedAnswers
) -> None:
    canned.post(WRITE_URL, status=429, body=b"")
    assert isinstance(await client.write("9001", "eyJ", CREATE, "op-1"), NotSent)


@pytest.mark.parametrize(
    ("status", "name"), [(401, "fault_token.json"), (401, "gateway.html"), (403, "fault_gateway.json")]
)
async def test_a_refused_token_is_no_access(
    client: QuickBooksClient, canned: CannedAnswers, status: int, name: str
) -> None:
    canned.post(WRITE_URL, status=status, body=sample(name))
    outcome = await client.write("9001", "eyJ", CREATE, "op-1")
    assert isinstance(outcome, NoAccess)
    assert (outcome.provider, outcome.subject) == ("quickbooks", "9001")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (aiohttp.ConnectionTimeoutError(), NotSent("ConnectionTimeoutError")),
        (aiohttp.ServerDisconnectedError(), InDoubt("ServerDisconnectedError")),
        (aiohttp.ClientOSError(104, "reset"), InDoubt("ClientOSError")),
        (aiohttp.ClientPayloadError(), InDoubt("ClientPayloadError")),
        (TimeoutError(), InDoubt("TimeoutError")),
    ],
)
async def test_a_broken_connection_is_told_from_one_that_never_was(
    client: QuickBooksClient, canned: CannedAnswers, error: Exception, outcome: NotSent | InDoubt
) -> None:
    canned.post(WRITE_URL, exception=error)
    assert await client.write("9001", "eyJ", CREATE, "op-1") == outcome


async def test_a_read_that_is_throttled_says_how_long_to_wait(client: QuickBooksClient, canned: CannedAnswers) -> None:
    canned.get(READ_URL, status=429, body=sample("fault_throttled.xml"))
    with pytest.raises(TransientError) as refused:
        await client.read("9001", "eyJ", reads.customer("1"))
    assert refused.value.retry_after == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, sample("fault_token.json"), AuthError),
        (403, sample("fault_gateway.json"), AuthError),
        (400, sample("fault_gone.json"), RejectedError),
        (200, sample("fault_business.json"), RejectedError),
        (200, sample("fault_application.json"), TransientError),
        (503, sample("gateway.html"), TransientError),
        (200, sample("gateway.html"), TransientError),
        (200, b'{"Customer":{"Id":1}}', RejectedError),
        (200, b'{"Customer":{"Id":"\xff"}}', TransientError),
        (200, sample("empty_page.json"), RejectedError),
    ],
)
async def test_a_failed_read_names_who_must_act(
    client: QuickBooksClient, canned: CannedAnswers, status: int, body: bytes, error: type[Exception]
) -> None:
    canned.get(READ_URL, status=status, body=body)
    with pytest.raises(error):
        await client.read("9001", "eyJ", reads.customer("1"))


@pytest.mark.parametrize(
    ("broken", "error"),
    [(aiohttp.ConnectionTimeoutError(), NotSentError), (aiohttp.ServerDisconnectedError(), AnswerLostError)],
)
async def test_a_read_without_an_answer_passes(
    client: QuickBooksClient, canned: CannedAnswers, broken: Exception, error: type[Exception]
) -> None:
    canned.get(READ_URL, exception=broken)
    with pytest.raises(error):
        await client.read("9001", "eyJ", reads.customer("1"))


async def test_the_trace_id_is_logged_with_the_operation_and_nothing_of_the_answer(
    client: QuickBooksClient, canned: CannedAnswers
) -> None:
    canned.post(WRITE_URL, body=sample("invoice.json"), headers={"intuit_tid": "1-5f"})
    with structlog.testing.capture_logs() as logs:
        await client.write("9001", "eyJ", CREATE, "op-1")
    assert logs == [
        {"event": "quickbooks.answer", "log_level": "debug", "operation": "op-1", "status": 200, "intuit_tid": "1-5f"}
    ]
