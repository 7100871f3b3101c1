"""Consent and tokens: what the forms say, what the answers mean, which trouble is a dead connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aioresponses import aioresponses
from yarl import URL

import vendor_openapi
from avantto_qbo.avantto.oauth import AvanttoOAuth
from avantto_qbo.errors import AnswerLostError, AppRefusedError, AuthError, TransientError
from avantto_qbo.model.grant import Tokens
from avantto_qbo.model.http import HttpRequest
from avantto_qbo.model.ids import LocationId
from avantto_qbo.transport import open_transport

Sample = Callable[[str], bytes]
TOKEN_URL = "https://services.leadconnectorhq.com/oauth/token"
LOCATION_TOKEN_URL = "https://services.leadconnectorhq.com/oauth/locationToken"
CONSENT = "https://marketplace.leadconnectorhq.com/v2/oauth/chooselocation"
BACK = "https://books.example/oauth/avantto/callback"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOCATION = LocationId("kLq81hTzVbN4pXwRcE2m")
OLD = Tokens("old-access", "old-refresh", company_id="cmp7Rt2Q", scope="contacts.readonly")


class FixedClock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture
async def oauth(canned: aioresponses) -> AsyncIterator[AvanttoOAuth]:
    async with open_transport([TOKEN_URL]) as transport:
        yield AvanttoOAuth(
            transport,
            client_id="app-1",
            client_secret="s3cret&=",
            authorize_url=CONSENT,
            token_url=TOKEN_URL,
            scopes=("contacts.readonly", "payments/orders.readonly"),
            clock=FixedClock(),
        )


def sent(canned: aioresponses, url: str = TOKEN_URL) -> HttpRequest:
    (call,) = canned.requests["POST", URL(url)]
    return HttpRequest("POST", url, call.kwargs["headers"], call.kwargs["data"])


def form(canned: aioresponses, url: str = TOKEN_URL) -> dict[str, str]:
    members = parse_qs(sent(canned, url).body.decode(), strict_parsing=True)
    return {name: value for name, (value,) in members.items()}


def described(request: HttpRequest) -> list[str]:
    return vendor_openapi.complaints(request) if vendor_openapi.DESCRIPTION.exists() else []


async def test_the_consent_page_is_asked_for_every_scope(oauth: AvanttoOAuth) -> None:
    url = oauth.authorize_url("st4te+/=", BACK)
    assert url.startswith(CONSENT + "?")
    assert "contacts.readonly%20payments" in url
    assert parse_qs(urlsplit(url).query) == {
        "response_type": ["code"],
        "client_id": ["app-1"],
        "redirect_uri": [BACK],
        "scope": ["contacts.readonly payments/orders.readonly"],
        "state": ["st4te+/="],
    }


async def test_a_code_is_traded_for_tokens_and_the_location_they_are_for(
    oauth: AvanttoOAuth, canned: aioresponses, sample: Sample
) -> None:
    canned.post(TOKEN_URL, body=sample("token"))
    tokens, subject = await oauth.exchange("c0de", BACK)
    assert subject == LOCATION
    assert tokens == Tokens(
        "made-up-access",
        "made-up-refresh",
        NOW + timedelta(seconds=86399),
        NOW + timedelta(days=365),
        "contacts.readonly invoices.readonly",
        "cmp7Rt2Q",
    )
    assert form(canned) == {
        "grant_type": "authorization_code",
        "redirect_uri": BACK,
        "code": "c0de",
        "user_type": "Location",
        "client_id": "app-1",
        "client_secret": "s3cret&=",
    }
    assert described(sent(canned)) == []


async def test_an_agencys_tokens_name_no_location(oauth: AvanttoOAuth, canned: aioresponses) -> None:
    canned.post(TOKEN_URL, body=b'{"access_token":"a","refresh_token":"r","userType":"Company","companyId":"cmp"}')
    tokens, subject = await oauth.exchange("c0de", BACK)
    assert (subject, tokens.company_id) == ("", "cmp")


async def test_a_refresh_brings_the_next_pair(oauth: AvanttoOAuth, canned: aioresponses, sample: Sample) -> None:
    canned.post(TOKEN_URL, body=sample("token"))
    tokens = await oauth.refresh(LOCATION, OLD)
    assert (tokens.access_token, tokens.refresh_token) == ("made-up-access", "made-up-refresh")
    assert form(canned) == {
        "grant_type": "refresh_token",
        "refresh_token": "old-refresh",
        "user_type": "Location",
        "client_id": "app-1",
        "client_secret": "s3cret&=",
    }
    assert described(sent(canned)) == []


async def test_an_agencys_refresh_asks_as_the_agency(oauth: AvanttoOAuth, canned: aioresponses, sample: Sample) -> None:
    canned.post(TOKEN_URL, body=sample("token"))
    await oauth.refresh("cmp7Rt2Q", OLD)
    assert form(canned)["user_type"] == "Company"


async def test_what_a_refresh_does_not_repeat_is_kept(oauth: AvanttoOAuth, canned: aioresponses) -> None:
    canned.post(TOKEN_URL, body=b'{"access_token":"new","expires_in":"3600"}')
    tokens = await oauth.refresh(LOCATION, OLD)
    assert (tokens.refresh_token, tokens.company_id, tokens.scope) == ("old-refresh", "cmp7Rt2Q", "contacts.readonly")
    assert tokens.expires_at == NOW + timedelta(hours=1)


async def test_a_private_integration_token_cannot_be_refreshed(oauth: AvanttoOAuth) -> None:
    with pytest.raises(AuthError, match="no_refresh_token"):
        await oauth.refresh(LOCATION, Tokens("pit-1"))


async def test_an_agencys_token_makes_a_locations_token(
    oauth: AvanttoOAuth, canned: aioresponses, sample: Sample
) -> None:
    canned.post(LOCATION_TOKEN_URL, body=sample("token_location"))
    tokens = await oauth.location_token(Tokens("agency"), "cmp7Rt2Q", LOCATION)
    assert (tokens.access_token, tokens.refresh_token, tokens.refresh_expires_at) == (
        "made-up-location-access",
        "",
        None,
    )
    assert tokens.company_id == "cmp7Rt2Q"
    assert form(canned, LOCATION_TOKEN_URL) == {"companyId": "cmp7Rt2Q", "locationId": LOCATION}
    request = sent(canned, LOCATION_TOKEN_URL)
    assert request.headers["Authorization"] == "Bearer agency"
    assert described(request) == []


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, b'{"error":"invalid_grant","error_description":"Refresh token not found: made-up"}', "invalid_grant"),
        (400, b'{"statusCode":400,"message":"Invalid refresh token"}', "invalid_refresh"),
        (401, b'{"message":"This refresh token is invalid"}', "refresh_token_is_invalid"),
        (422, b'{"statusCode":422,"message":"Invalid Grant: x","error":"Unprocessable Entity"}', "invalid_grant"),
    ],
)
async def test_a_dead_grant_needs_its_owner_and_never_quotes_the_token(
    oauth: AvanttoOAuth, canned: aioresponses, status: int, body: bytes, reason: str
) -> None:
    canned.post(TOKEN_URL, status=status, body=body)
    with pytest.raises(AuthError) as caught:
        await oauth.refresh(LOCATION, OLD)
    assert (caught.value.subject, caught.value.reason) == (LOCATION, reason)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, b'{"error":"invalid_client"}'),
        (401, b'{"error":"UnAuthorized!","error_description":"Invalid client credentials!"}'),
        (400, b'{"message":"client_id is unknown"}'),
        (422, b'{"statusCode":422,"message":["client_secret must be a string"]}'),
    ],
)
async def test_an_app_that_is_refused_is_nobodys_dead_grant(
    oauth: AvanttoOAuth, canned: aioresponses, status: int, body: bytes
) -> None:
    canned.post(TOKEN_URL, status=status, body=body)
    with pytest.raises(AppRefusedError, match="invalid_client"):
        await oauth.refresh(LOCATION, OLD)


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_server_that_fell_over_may_have_renewed_all_the_same(
    oauth: AvanttoOAuth, canned: aioresponses, status: int
) -> None:
    canned.post(TOKEN_URL, status=status, body=b'{"error":"invalid_grant"}')
    with pytest.raises(AnswerLostError):
        await oauth.refresh(LOCATION, OLD)


async def test_a_service_that_is_down_says_for_how_long(oauth: AvanttoOAuth, canned: aioresponses) -> None:
    canned.post(TOKEN_URL, status=503, headers={"Retry-After": "90"})
    with pytest.raises(TransientError) as caught:
        await oauth.refresh(LOCATION, OLD)
    assert caught.value.retry_after == timedelta(seconds=90)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, b'{"message":"Too Many Requests"}'),
        (500, b'{"error":"invalid_grant"}'),
        (503, b"<html>down</html>"),
        (403, b"error code: 1010"),
        (401, b"<html>login</html>"),
        (400, b"<html>bad gateway</html>"),
        (302, b""),
    ],
)
async def test_trouble_at_the_token_endpoint_is_no_dead_connection(
    oauth: AvanttoOAuth, canned: aioresponses, status: int, body: bytes
) -> None:
    canned.post(TOKEN_URL, status=status, body=body)
    with pytest.raises(TransientError) as caught:
        await oauth.refresh(LOCATION, OLD)
    assert (caught.value.retry_after is not None) == (status == 429)


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b'{"access_token":""}'])
async def test_an_unreadable_success_may_have_spent_the_refresh_token(
    oauth: AvanttoOAuth, canned: aioresponses, body: bytes
) -> None:
    canned.post(TOKEN_URL, body=body)
    with pytest.raises(AnswerLostError):
        await oauth.refresh(LOCATION, OLD)


async def test_a_lost_connection_passes(oauth: AvanttoOAuth, canned: aioresponses) -> None:
    canned.post(TOKEN_URL, exception=aiohttp.ServerDisconnectedError())
    with pytest.raises(AnswerLostError):
        await oauth.refresh(LOCATION, OLD)


async def test_there_is_nothing_to_revoke(oauth: AvanttoOAuth, canned: aioresponses) -> None:
    await oauth.revoke(OLD)
    assert not canned.requests


@pytest.mark.parametrize(("seconds", "known"), [("9" * 30, True), ('"86399"', True), ('"²"', False), ("-5", False)])
async def test_an_absurd_lifetime_does_not_cost_the_tokens(
    canned: aioresponses, oauth: AvanttoOAuth, seconds: str, known: bool
) -> None:
    body = f'{{"access_token":"new","refresh_token":"next","expires_in":{seconds}}}'
    canned.post(TOKEN_URL, body=body)
    found = await oauth.refresh(LOCATION, OLD)
    assert (found.access_token, found.refresh_token) == ("new", "next")
    assert (found.expires_at is not None) is known


async def test_bottomless_nesting_is_an_answer_that_was_lost(canned: aioresponses, oauth: AvanttoOAuth) -> None:
    canned.post(TOKEN_URL, body='{"scope":' + "[" * 100_000)
    with pytest.raises(AnswerLostError):
        await oauth.refresh(LOCATION, OLD)
