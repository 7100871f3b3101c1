"""What bad webhooks get, and what the public listener does not show."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re

import pytest

from integration.business import Business
from integration.house import VERIFIER, House
from integration.processes import get, post
from integration.waiting import until


def signed(body: bytes) -> dict[str, str]:
    digest = hmac.new(VERIFIER.encode(), body, hashlib.sha256).digest()
    return {"intuit-signature": base64.b64encode(digest).decode()}


def counted(house: House, provider: str, outcome: str) -> float:
    """Read one counter of the webhooks."""
    _, page = get(f"{house.console_url}/metrics")
    pattern = rf'avantto_qbo_webhooks_total{{outcome="{outcome}",provider="{provider}"}} (\S+)'
    found = re.search(pattern, page.decode())
    return float(found[1]) if found else 0.0


@pytest.mark.parametrize("provider", ["avantto", "quickbooks"])
@pytest.mark.parametrize("headers", [{}, {"intuit-signature": "AAAA", "x-ghl-signature": "AAAA"}])
def test_a_webhook_with_a_bad_signature_gets_401(house: House, provider: str, headers: dict[str, str]) -> None:
    before = counted(house, provider, "unsigned")
    status, _ = post(f"{house.public_url}/webhooks/{provider}", b'{"type": "InvoicePaid"}', headers)
    assert status == 401
    assert counted(house, provider, "unsigned") == before + 1


def test_a_webhook_of_an_unknown_company_gets_200_and_is_counted(house: House) -> None:
    before = counted(house, "quickbooks", "ignored")
    event = {"specversion": "1.0", "id": "1", "type": "qbo.customer.created.v1", "intuitaccountid": "1234"}
    body = json.dumps([{**event, "time": "2026-01-01T00:00:00Z", "intuitentityid": "1", "data": {}}]).encode()
    status, _ = post(f"{house.public_url}/webhooks/quickbooks", body, signed(body))
    assert status == 200
    assert counted(house, "quickbooks", "ignored") == before + 1


def test_a_webhook_of_an_unknown_location_gets_200_and_is_counted(house: House) -> None:
    stranger = house.business()
    stranger.crm("mint_tokens")
    before = counted(house, "avantto", "ignored")
    stranger.crm("create_contact", name="Nobody", email="nobody@example.com")
    stranger.sent_invoice()
    sent = until(lambda: house.crm("webhooks")["attempts"], "webhooks were delivered")
    assert {attempt["status"] for attempt in sent[-3:]} == {200}
    until(lambda: counted(house, "avantto", "ignored") > before, "it is counted")


@pytest.mark.parametrize("body", [b"{", b'"text"', b"", b"\xff\xfe"])
def test_a_signed_webhook_that_is_no_json_object_gets_400(house: House, body: bytes) -> None:
    status, _ = post(f"{house.public_url}/webhooks/quickbooks", body, signed(body))
    assert status == 400


@pytest.mark.parametrize("provider", ["avantto", "quickbooks"])
def test_a_webhook_that_is_too_large_gets_413(house: House, provider: str) -> None:
    body = b"[" + b" " * (1024 * 1024) + b"]"
    status, _ = post(f"{house.public_url}/webhooks/{provider}", body, signed(body))
    assert status == 413


def test_the_public_listener_has_no_private_pages(house: House) -> None:
    assert get(f"{house.public_url}/metrics")[0] == 404
    assert get(f"{house.public_url}/readyz")[0] == 404
    assert get(f"{house.console_url}/readyz")[0] == 200


def test_an_event_that_was_taken_is_known_after_a_kill(business: Business) -> None:
    house = business.house
    event = {"id": f"evt-{business.location}", "type": "qbo.customer.updated.v1", "time": "2026-01-01T00:00:00Z"}
    body = json.dumps([event | {"intuitaccountid": business.realm, "intuitentityid": "1"}]).encode()
    taken = counted(house, "quickbooks", "taken")
    assert post(f"{house.public_url}/webhooks/quickbooks", body, signed(body))[0] == 200
    assert counted(house, "quickbooks", "taken") == taken + 1
    business.restart_daemon()
    assert post(f"{house.public_url}/webhooks/quickbooks", body, signed(body))[0] == 200
    assert counted(house, "quickbooks", "repeated") == 1
    assert counted(house, "quickbooks", "taken") == 0
