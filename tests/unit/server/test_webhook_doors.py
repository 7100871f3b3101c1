"""What each vendor is answered, and when."""

from __future__ import annotations

from datetime import timedelta

import aiohttp
import pytest

from avantto_qbo.errors import TransientError
from avantto_qbo.metrics import Metrics
from avantto_qbo.server.limits import Limits
from unit.server.standins import MemoryIntake, signed

BODY = b'{"location": "loc1", "id": "e1"}'
VENDORS = ["avantto", "quickbooks"]


async def post(public: str, vendor: str, body: bytes, headers: dict[str, str]) -> aiohttp.ClientResponse:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{public}/webhooks/{vendor}", data=body, headers=headers) as answer,
    ):
        await answer.read()
        return answer


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_signed_delivery_is_acknowledged_once_it_is_kept(
    public: str, intake: MemoryIntake, vendor: str
) -> None:
    answer = await post(public, vendor, BODY, signed(BODY))
    assert answer.status == 200
    assert intake.kept == [BODY]


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_wrong_signature_is_refused_before_the_body_is_read(
    public: str, intake: MemoryIntake, vendor: str
) -> None:
    answer = await post(public, vendor, b"{no json", signed(BODY))
    assert answer.status == 401
    assert intake.kept == []


async def test_signed_nonsense_is_malformed(public: str) -> None:
    assert (await post(public, "avantto", b"{no json", signed(b"{no json"))).status == 400


async def test_an_unknown_location_is_ignored_and_counted(public: str, metrics: Metrics) -> None:
    body = b'{"location": "unknown"}'
    assert (await post(public, "avantto", body, signed(body))).status == 200
    assert 'avantto_qbo_webhooks_total{outcome="ignored",provider="avantto"} 1.0' in metrics.render().decode()


@pytest.mark.parametrize(("vendor", "status"), [("avantto", 429), ("quickbooks", 503)])
async def test_our_own_trouble_is_answered_with_what_the_vendor_retries(
    public: str, intake: MemoryIntake, vendor: str, status: int
) -> None:
    intake.trouble = TransientError("disk full")
    answer = await post(public, vendor, BODY, signed(BODY))
    assert answer.status == status
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("limits", [Limits(intake_quickbooks=timedelta(milliseconds=50))])
async def test_intuit_is_told_to_come_back_rather_than_kept_waiting(public: str, intake: MemoryIntake) -> None:
    intake.delay = 5
    assert (await post(public, "quickbooks", BODY, signed(BODY))).status == 503
    assert intake.kept == []


async def test_webhooks_are_only_posted(public: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{public}/webhooks/avantto") as answer:
        assert answer.status == 405


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/v1/status", "/"])
async def test_nothing_private_is_public(public: str, path: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(public + path) as answer:
        assert answer.status == 404


async def test_liveness_is_public(public: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{public}/livez") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")
