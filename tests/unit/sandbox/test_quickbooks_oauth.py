"""Authorisation codes, refresh tokens, rotation, revocation."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from avantto_qbo.sandbox.http import Reply, Request
from unit.sandbox.quickbooks_desk import REALM, Desk

BASIC = base64.b64encode(b"sandbox-quickbooks:sandbox-quickbooks-secret").decode()
CALLBACK = "http://127.0.0.1:8080/oauth/quickbooks/callback"


def token(desk: Desk, basic: str = BASIC, **form: str) -> Reply:
    headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}
    return desk.service.handle(Request("POST", "/oauth2/v1/tokens/bearer", {}, headers, urlencode(form).encode()))


def refresh(desk: Desk, refresh_token: str) -> Reply:
    return token(desk, grant_type="refresh_token", refresh_token=refresh_token)


def authorize(desk: Desk) -> dict[str, str]:
    query = {"client_id": "sandbox-quickbooks", "redirect_uri": CALLBACK, "state": "s1", "scope": "x"}
    reply = desk.service.handle(Request("GET", "/connect/oauth2", query))
    assert reply.status == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["location"]).query).items()}


def exchange(desk: Desk, code: str, redirect: str = CALLBACK) -> Reply:
    return token(desk, grant_type="authorization_code", code=code, redirect_uri=redirect)


def use(desk: Desk, tokens: dict[str, Any]) -> int:
    desk.tokens = tokens
    return desk.send("GET", "preferences").status


def test_consent_redirects_with_a_code_that_works_once() -> None:
    desk = Desk()
    answer = authorize(desk)
    assert (answer["state"], answer["realmId"]) == ("s1", REALM)
    tokens = exchange(desk, answer["code"]).json()
    assert (tokens["expires_in"], tokens["x_refresh_token_expires_in"]) == (3600, 8_726_400)
    assert use(desk, tokens) == 200
    assert exchange(desk, answer["code"]).json()["error"] == "invalid_grant"


def test_the_realm_is_the_one_the_person_chose() -> None:
    desk = Desk()
    desk.play.add_company("77")
    desk.play.consent("77")
    assert authorize(desk)["realmId"] == "77"


def test_a_person_can_refuse() -> None:
    desk = Desk()
    desk.play.consent(deny=True)
    assert authorize(desk) == {"state": "s1", "error": "access_denied"}


def test_a_code_is_bound_to_its_redirect_address() -> None:
    desk = Desk()
    assert exchange(desk, authorize(desk)["code"], "http://127.0.0.1/elsewhere").status == 400


def test_a_wrong_client_secret_is_an_invalid_client() -> None:
    desk = Desk()
    wrong = base64.b64encode(b"sandbox-quickbooks:guess").decode()
    reply = token(desk, wrong, grant_type="refresh_token", refresh_token=desk.tokens["refresh_token"])
    assert (reply.status, reply.json()) == (401, {"error": "invalid_client"})


def test_the_refresh_token_stays_the_same_within_a_day_and_then_changes() -> None:
    desk = Desk()
    first = desk.tokens["refresh_token"]
    assert refresh(desk, first).json()["refresh_token"] == first
    desk.clock.advance(86_400)
    assert refresh(desk, first).json()["refresh_token"] != first


def test_a_rotated_refresh_token_is_dead_at_once() -> None:
    desk = Desk(rotation="every")
    first = desk.tokens["refresh_token"]
    assert refresh(desk, first).status == 200
    assert refresh(desk, first).json()["error"] == "invalid_grant"


def test_a_rotated_refresh_token_can_live_until_the_new_access_token_is_used() -> None:
    desk = Desk(rotation="every", old_refresh="until_used")
    first = desk.tokens["refresh_token"]
    refresh(desk, first)
    newest = refresh(desk, first).json()
    assert use(desk, newest) == 200
    assert refresh(desk, first).json()["error"] == "invalid_grant"
    assert refresh(desk, newest["refresh_token"]).status == 200


def test_an_unused_refresh_token_dies_after_its_time() -> None:
    desk = Desk()
    desk.clock.advance(8_726_400)
    assert refresh(desk, desk.tokens["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_the_connection(which: str) -> None:
    desk = Desk()
    body = urlencode({"token": desk.tokens[which]}).encode()
    reply = desk.service.handle(
        Request("POST", "/v2/oauth2/tokens/revoke", {}, {"authorization": f"Basic {BASIC}"}, body)
    )
    assert reply.status == 200
    assert use(desk, desk.tokens) == 401
    assert refresh(desk, desk.tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_an_owner_can_disconnect_the_app() -> None:
    desk = Desk()
    desk.play.revoke(REALM)
    assert use(desk, desk.tokens) == 401


def test_access_tokens_can_be_expired_while_the_refresh_token_lives() -> None:
    desk = Desk()
    desk.play.expire_tokens(REALM)
    assert use(desk, desk.tokens) == 401
    assert refresh(desk, desk.tokens["refresh_token"]).status == 200
