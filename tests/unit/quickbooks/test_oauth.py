"""The OAuth endpoints: what is sent, what is kept, and what means that a human must reconnect."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from avantto_qbo.errors import AnswerLostError, AppRefusedError, AuthError, TransientError
from avantto_qbo.model.grant import Tokens
from avantto_qbo.model.http import HttpAnswer, HttpRequest
from avantto_qbo.quickbooks.oauth import QuickBooksOAuth
from quickbooks_material import sample

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
OLD = Tokens("old", "AB11000", NOW, NOW + timedelta(days=1))


class StoppedClock:
    def now(self) -> datetime:
        return NOW


class OneAnswer:
    """A transport that always gives the same answer and remembers what was asked."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.answer = HttpAnswer(status, headers or {}, body)
        self.asked: list[HttpRequest] = []
        self.timeouts: set[float] = set()

    async def send(self, request: HttpRequest, timeout: float) -> HttpAnswer:
        self.asked.append(request)
        self.timeouts.add(timeout)
        return self.answer


def oauth(transport: OneAnswer) -> QuickBooksOAuth:
    return QuickBooksOAuth(
        transport,
        client_id="app",
        client_secret="s3cret",
        authorize_url="https://appcenter.intuit.com/connect/oauth2",
        token_url="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
        revoke_url="https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
        clock=StoppedClock(),
    )


def test_the_consent_page_is_asked_for_accounting_only() -> None:
    url = urlsplit(oauth(OneAnswer(200, b"")).authorize_url("st", "https://a.example/cb"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://appcenter.intuit.com/connect/oauth2"
    assert parse_qs(url.query) == {
        "client_id": ["app"],
        "response_type": ["code"],
        "scope": ["com.intuit.quickbooks.accounting"],
        "redirect_uri": ["https://a.example/cb"],
        "state": ["st"],
    }


async def test_a_code_is_traded_once_for_tokens_without_a_subject() -> None:
    transport = OneAnswer(200, sample("token.json"))
    tokens, subject = await oauth(transport).exchange("AB12", "https://a.example/cb")
    assert subject == ""
    assert (tokens.access_token, tokens.refresh_token) == ("eyJlbmMiOiJBMTI4", "AB11731")
    (asked,) = transport.asked
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["AB12"],
        "redirect_uri": ["https://a.example/cb"],
    }
    assert asked.headers["Authorization"] == f"Basic {base64.b64encode(b'app:s3cret').decode()}"


async def test_a_refresh_asks_for_the_hard_expiry_and_keeps_the_earlier_end() -> None:
    transport = OneAnswer(200, sample("token.json"))
    tokens = await oauth(transport).refresh("9001", OLD)
    assert tokens.expires_at == NOW + timedelta(hours=1)
    assert tokens.refresh_expires_at == NOW + timedelta(seconds=8_726_400)
    (asked,) = transport.asked
    assert asked.headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert parse_qs(asked.body.decode()) == {"grant_type": ["refresh_token"], "refresh_token": ["AB11000"]}


async def test_an_answer_without_a_refresh_token_keeps_the_one_there_was() -> None:
    tokens = await oauth(OneAnswer(200, b'{"access_token":"new","expires_in":60}')).refresh("9001", OLD)
    assert (tokens.access_token, tokens.refresh_token) == ("new", "AB11000")
    assert tokens.refresh_expires_at == OLD.refresh_expires_at


@pytest.mark.parametrize("status", [400, 401])
async def test_only_oauths_own_word_means_a_dead_grant(status: int) -> None:
    answer = OneAnswer(status, b'{"error":"invalid_grant","error_description":"Incorrect refresh token"}')
    with pytest.raises(AuthError) as dead:
        await oauth(answer).refresh("9001", OLD)
    assert (dead.value.provider, dead.value.subject, dead.value.reason) == ("quickbooks", "9001", "invalid_grant")


@pytest.mark.parametrize(
    ("status", "error"), [(401, "invalid_client"), (400, "invalid_client"), (400, "unauthorized_client")]
)
async def test_an_app_that_is_refused_is_nobodys_dead_grant(status: int, error: str) -> None:
    with pytest.raises(AppRefusedError, match=error):
        await oauth(OneAnswer(status, f'{{"error":"{error}"}}'.encode())).refresh("9001", OLD)


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_server_that_fell_over_may_have_renewed_all_the_same(status: int) -> None:
    with pytest.raises(AnswerLostError):
        await oauth(OneAnswer(status, b"<html>bad gateway</html>")).refresh("9001", OLD)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"error":"invalid_request"}'),
        (401, b"<html>"),
        (403, b""),
        (429, b""),
        (503, b'{"error":"invalid_grant"}'),
        (400, b"<html>invalid_grant</html>"),
    ],
)
async def test_any_other_failure_passes(status: int, body: bytes) -> None:
    with pytest.raises(TransientError) as passing:
        await oauth(OneAnswer(status, body, {"retry-after": "90"})).refresh("9001", OLD)
    assert passing.value.retry_after == timedelta(seconds=90)


async def test_an_unreadable_success_is_a_lost_answer() -> None:
    with pytest.raises(AnswerLostError):
        await oauth(OneAnswer(200, b"<html>")).refresh("9001", OLD)


async def test_revoking_ends_the_connection_and_may_be_repeated() -> None:
    transport = OneAnswer(200, b"")
    await oauth(transport).revoke(OLD)
    assert parse_qs(transport.asked[0].body.decode())["token"] == ["AB11000"]
    await oauth(OneAnswer(400, b'{"error":"invalid_grant"}')).revoke(OLD)
    with pytest.raises(TransientError):
        await oauth(OneAnswer(503, b"")).revoke(OLD)


@pytest.mark.parametrize("seconds", ["-5", "9" * 30, "1e3000"])
async def test_an_absurd_lifetime_does_not_cost_the_tokens(seconds: str) -> None:
    body = f'{{"access_token":"new","refresh_token":"next","expires_in":{seconds},"x_refresh_token_expires_in":5}}'
    if "e" in seconds:
        with pytest.raises(AnswerLostError):
            await oauth(OneAnswer(200, body.encode())).refresh("9130", OLD)
        return
    found = await oauth(OneAnswer(200, body.encode())).refresh("9130", OLD)
    assert (found.access_token, found.refresh_token) == ("new", "next")
    assert found.expires_at is not None
    assert NOW <= found.expires_at <= NOW + timedelta(days=3650)


async def test_an_empty_access_token_is_no_answer() -> None:
    with pytest.raises(AnswerLostError):
        await oauth(OneAnswer(200, b'{"access_token":"","refresh_token":"next"}')).refresh("9130", OLD)
