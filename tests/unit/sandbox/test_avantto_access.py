"""Who may ask what, how often, and with which headers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from avantto_qbo.sandbox.http import decode_json, encode_json
from unit.sandbox.avantto_desk import ALT, ANN, CONVERSATIONS, OTHER_PLACE, PLACE, Desk

PROFILE = f"/locations/{PLACE}"


@pytest.mark.parametrize("agent", ["Python-urllib/3.11", "Python/3.11 aiohttp/3.12", "python-requests/2.32"])
def test_library_user_agents_are_turned_away_before_the_api(agent: str) -> None:
    reply = Desk().call("GET", PROFILE, agent=agent)
    assert (reply.status, reply.body) == (403, b"error code: 1010")


def test_the_version_header_is_required() -> None:
    reply = Desk().call("GET", PROFILE, version="")
    assert (reply.status, reply.json()["message"]) == (401, "version header was not found.")


@pytest.mark.parametrize("version", ["2020-01-01", CONVERSATIONS])
def test_another_version_is_invalid(version: str) -> None:
    reply = Desk().call("GET", PROFILE, version=version)
    assert (reply.status, reply.json()["message"]) == (401, "version header is invalid")


def test_conversations_have_a_version_of_their_own() -> None:
    desk = Desk()
    contact = desk.play.create_contact(PLACE, **ANN)
    body = {"type": "SMS", "contactId": contact["id"], "message": "hi"}
    assert desk.call("POST", "/conversations/messages", body=body).status == 401
    assert desk.message(body).status == 201


def test_any_published_version_passes_when_versions_are_lax() -> None:
    desk = Desk()
    desk.play.set(PLACE, strict_versions=False)
    assert desk.call("GET", PROFILE, version=CONVERSATIONS).status == 200
    assert desk.call("GET", PROFILE, version="2020-01-01").status == 401


@pytest.mark.parametrize("token", ["nonsense", " "])
def test_an_unknown_token_is_unauthorized(token: str) -> None:
    reply = Desk().call("GET", PROFILE, token=token)
    assert (reply.status, reply.json()["error"]) == (401, "Unauthorized")


def test_a_missing_scope_is_told_apart_from_a_bad_token() -> None:
    desk = Desk()
    token = desk.play.mint_tokens(PLACE, scopes=["contacts.readonly"])["access_token"]
    reply = desk.call("GET", PROFILE, token=token)
    assert (reply.status, reply.json()["message"]) == (401, "The token is not authorized for this scope.")


def test_a_token_of_another_location_is_forbidden() -> None:
    desk = Desk()
    foreign = desk.play.mint_tokens(OTHER_PLACE)["access_token"]
    contact = desk.play.create_contact(PLACE, **ANN)
    refused = [
        desk.call("GET", PROFILE, token=foreign),
        desk.call("GET", f"/contacts/{contact['id']}", token=foreign),
        desk.call("GET", "/payments/transactions", ALT, token=foreign),
        desk.call("POST", "/contacts/", body={"locationId": PLACE, "name": "X"}, token=foreign),
    ]
    assert [reply.status for reply in refused] == [403] * 4


def test_unknown_paths_are_not_found() -> None:
    assert Desk().call("GET", "/webhooks/").status == 404


def test_missing_and_unknown_members_are_listed_together() -> None:
    reply = Desk().call("GET", "/invoices/", {"altId": PLACE, "email": "x"})
    assert reply.status == 422
    assert reply.json()["message"] == [
        "altType should not be empty",
        "limit should not be empty",
        "offset should not be empty",
        "property email should not exist",
    ]


def test_a_broken_body_is_a_bad_request() -> None:
    reply = Desk().call("POST", "/contacts/", body=["not", "an", "object"])
    assert reply.status == 400


def test_every_answer_tells_what_is_left() -> None:
    headers = Desk().call("GET", PROFILE).headers
    assert headers["X-RateLimit-Max"] == "100"
    assert headers["X-RateLimit-Remaining"] == "99"
    assert headers["X-RateLimit-Interval-Milliseconds"] == "10000"
    assert headers["X-RateLimit-Limit-Daily"] == "200000"
    assert headers["X-RateLimit-Daily-Remaining"] == "199999"


def test_a_burst_is_refused_until_ten_seconds_have_passed() -> None:
    desk = Desk()
    assert {desk.call("GET", PROFILE).status for _ in range(100)} == {200}
    refused = desk.call("GET", PROFILE)
    assert refused.status == 429
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert desk.play.counters(PLACE)["throttled"] == 1
    desk.clock.advance(10)
    assert desk.call("GET", PROFILE).status == 200


def test_locations_do_not_share_their_limits() -> None:
    desk = Desk()
    for _ in range(100):
        desk.call("GET", PROFILE)
    token = desk.play.mint_tokens(OTHER_PLACE)["access_token"]
    assert desk.call("GET", f"/locations/{OTHER_PLACE}", token=token).status == 200


def test_a_spent_day_is_told_by_the_daily_header_and_ends_at_midnight() -> None:
    desk = Desk()
    desk.play.set(PLACE, daily_limit=2)
    statuses = [desk.call("GET", PROFILE).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert desk.call("GET", PROFILE).headers["X-RateLimit-Daily-Remaining"] == "0"
    desk.clock.advance(9 * 3600)
    assert desk.call("GET", PROFILE).status == 200


def test_the_journal_tells_what_was_asked() -> None:
    desk = Desk()
    desk.call("POST", "/contacts/", body={"locationId": PLACE, "name": "Ann"})
    (entry,) = desk.play.journal()
    assert (entry["operation"], entry["account"], entry["status"]) == ("contacts.create", PLACE, 201)
    assert '"name":"Ann"' in entry["request"]
    assert desk.play.counters()["writes"] == 1


def test_unknown_knobs_and_values_are_refused() -> None:
    desk = Desk()
    with pytest.raises(ValueError, match="sandbag"):
        desk.play.set(PLACE, sandbag=True)
    with pytest.raises(ValueError, match="invoice_link"):
        desk.play.set(PLACE, invoice_link="telepathy")


def test_the_whole_state_can_be_printed_as_json() -> None:
    desk = Desk()
    desk.play.sell_order_form(PLACE, ANN, [{"name": "Tea", "amount": "1.10"}])
    state = decode_json(encode_json(desk.play.state()))["locations"][PLACE]
    assert [row["amount"] for row in state["transactions"].values()] == [Decimal("1.1")]
    assert state["knobs"]["invoice_link"] == "entity"
