"""Consent, the token endpoint, and how long tokens live."""

from __future__ import annotations

from avantto_qbo.sandbox.http import Request
from unit.sandbox.avantto_desk import ALT, OTHER_PLACE, PLACE, Desk


def refresh(desk: Desk, token: str) -> int:
    return desk.token(grant_type="refresh_token", refresh_token=token).status


def test_consent_redirects_with_a_code_and_the_state() -> None:
    answer = Desk().consent(scope="contacts.readonly", state="abc")
    assert answer["state"] == "abc"
    assert answer["code"]


def test_the_state_can_be_swallowed() -> None:
    desk = Desk()
    desk.play.set(echo_state=False)
    assert "state" not in desk.consent(state="abc")


def test_a_code_buys_tokens_of_the_chosen_location_once() -> None:
    desk = Desk()
    desk.play.choose(OTHER_PLACE)
    code = desk.consent(scope="contacts.readonly contacts.write")["code"]
    bought = desk.token(grant_type="authorization_code", code=code)
    assert bought.status == 200
    assert bought.json()["locationId"] == OTHER_PLACE
    assert bought.json()["userType"] == "Location"
    assert bought.json()["scope"] == "contacts.readonly contacts.write"
    assert bought.json()["expires_in"] == 86_399
    assert desk.token(grant_type="authorization_code", code=code).status == 400


def test_buying_tokens_announces_the_install() -> None:
    desk = Desk()
    desk.token(grant_type="authorization_code", code=desk.consent()["code"])
    install = desk.events()[-1]
    assert (install["type"], install["locationId"], install["installType"]) == ("INSTALL", PLACE, "Location")


def test_a_foreign_redirect_uri_spoils_the_code() -> None:
    desk = Desk()
    code = desk.consent()["code"]
    answer = desk.token(grant_type="authorization_code", code=code, redirect_uri="http://evil.test/")
    assert (answer.status, answer.json()["error"]) == (400, "invalid_grant")


def test_an_unknown_client_gets_no_consent_page() -> None:
    query = {"response_type": "code", "client_id": "nobody", "redirect_uri": "http://app.test/cb"}
    assert Desk().service.handle(Request("GET", "/v2/oauth/chooselocation", query)).status == 400


def test_a_wrong_secret_is_unauthorized() -> None:
    desk = Desk()
    answer = desk.token(client_secret="guess", grant_type="refresh_token", refresh_token="x")
    assert answer.status == 401
    assert answer.json()["error_description"] == "Invalid client credentials!"


def test_the_token_endpoint_wants_a_form() -> None:
    headers = {"content-type": "application/json"}
    assert Desk().service.handle(Request("POST", "/oauth/token", {}, headers, b"{}")).status == 422


def test_a_refresh_token_works_once_and_brings_the_next() -> None:
    desk = Desk()
    first = desk.tokens["refresh_token"]
    renewed = desk.token(grant_type="refresh_token", refresh_token=first).json()
    assert renewed["refresh_token"] != first
    again = desk.token(grant_type="refresh_token", refresh_token=first)
    assert (again.status, again.json()["error_description"]) == (400, "Invalid refresh token")
    assert refresh(desk, renewed["refresh_token"]) == 200


def test_a_grace_period_can_be_granted() -> None:
    desk = Desk()
    desk.play.set(refresh_grace=30.0)
    assert refresh(desk, desk.tokens["refresh_token"]) == 200
    assert refresh(desk, desk.tokens["refresh_token"]) == 200
    desk.clock.advance(30)
    assert refresh(desk, desk.tokens["refresh_token"]) == 400


def test_an_access_token_lasts_a_day_and_a_refresh_token_a_year() -> None:
    desk = Desk()
    desk.clock.advance(86_398)
    assert desk.call("GET", "/invoices/", {**ALT, "limit": "1", "offset": "0"}).status == 200
    desk.clock.advance(1)
    refused = desk.call("GET", "/invoices/", {**ALT, "limit": "1", "offset": "0"})
    assert refused.json() == {
        "statusCode": 401,
        "message": "Invalid token: access token is invalid",
        "error": "Unauthorized",
    }
    desk.clock.advance(365 * 86_400)
    assert refresh(desk, desk.tokens["refresh_token"]) == 400


def test_expire_tokens_spares_the_refresh_token() -> None:
    desk = Desk()
    assert desk.play.expire_tokens(PLACE) == {"expired": 1}
    assert desk.call("GET", f"/locations/{PLACE}").status == 401
    assert refresh(desk, desk.tokens["refresh_token"]) == 200


def test_revoking_kills_every_token_and_announces_it() -> None:
    desk = Desk()
    desk.play.revoke(PLACE)
    assert desk.call("GET", f"/locations/{PLACE}").status == 401
    assert refresh(desk, desk.tokens["refresh_token"]) == 400
    assert desk.event_types() == ["UNINSTALL"]
    desk.play.create_contact(PLACE, name="Late")
    assert desk.events() == []


def test_a_private_integration_token_never_expires_and_brings_no_webhooks() -> None:
    desk = Desk()
    token = desk.play.mint_private_token(OTHER_PLACE)["access_token"]
    desk.play.create_contact(OTHER_PLACE, name="Quiet")
    desk.clock.advance(500 * 86_400)
    assert desk.call("GET", f"/locations/{OTHER_PLACE}", token=token).status == 200
    assert desk.events() == []


def test_an_agency_token_makes_location_tokens() -> None:
    desk = Desk()
    agency = desk.play.mint_agency_tokens()
    listed = desk.call(
        "GET",
        "/oauth/installedLocations",
        {"companyId": agency["companyId"], "appId": "app"},
        token=agency["access_token"],
    ).json()
    assert {row["_id"]: row["isInstalled"] for row in listed["locations"]} == {PLACE: True, OTHER_PLACE: False}
    headers = {"authorization": "Bearer " + agency["access_token"], "version": "2021-07-28"}
    form = f"companyId={agency['companyId']}&locationId={OTHER_PLACE}".encode()
    made = desk.service.handle(Request("POST", "/oauth/locationToken", {}, headers, form)).json()
    assert "refresh_token" not in made
    assert desk.call("GET", f"/locations/{OTHER_PLACE}", token=made["access_token"]).status == 200


def test_a_location_token_cannot_act_for_the_agency() -> None:
    assert Desk().call("GET", "/oauth/installedLocations", {"companyId": "c", "appId": "a"}).status == 401
