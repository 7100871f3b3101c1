"""Authorisation, rate limits, metering, request ids and the forms of refusals."""

from __future__ import annotations

from avantto_qbo.sandbox.http import Request
from unit.sandbox.quickbooks_desk import REALM, Desk, invoice

OTHER = "4620816365000000002"


def ask(desk: Desk, token: str, realm: str = REALM) -> tuple[int, dict[str, object]]:
    desk.clock.advance(1)
    headers = {"authorization": f"Bearer {token}"}
    reply = desk.service.handle(Request("GET", f"/v3/company/{realm}/companyinfo/{realm}", {}, headers))
    return reply.status, reply.json()


def test_a_request_without_a_good_token_is_unauthenticated() -> None:
    status, body = ask(Desk(), "nonsense")
    assert (status, body["Fault"]["Error"][0]["code"]) == (401, "3200")


def test_an_expired_token_is_unauthenticated() -> None:
    desk = Desk()
    desk.clock.advance(3600)
    status, body = ask(desk, desk.tokens["access_token"])
    assert (status, body["Fault"]["Error"][0]["Detail"]) == (401, "Token expired")


def test_a_token_of_another_company_is_refused_by_the_gateway() -> None:
    desk = Desk()
    desk.play.add_company(OTHER)
    status, body = ask(desk, desk.tokens["access_token"], OTHER)
    assert (status, body["fault"]["type"], body["fault"]["error"][0]["code"]) == (403, "SERVICE", "3100")


def test_every_answer_carries_a_trace_id() -> None:
    desk = Desk()
    tids = {desk.send("GET", "preferences").headers["intuit_tid"] for _ in range(3)}
    assert len(tids) == 3


def test_ten_requests_a_second_pass_and_the_next_is_throttled_in_xml() -> None:
    desk = Desk()
    replies = [desk.send("GET", "preferences", pause=0) for _ in range(11)]
    assert [reply.status for reply in replies] == [200] * 10 + [429]
    assert replies[-1].body.startswith(b"<?xml")
    assert b'code="3001"' in replies[-1].body
    desk.clock.advance(1)
    assert desk.send("GET", "preferences").status == 200


def test_five_hundred_requests_a_minute_pass() -> None:
    desk = Desk()
    statuses = [desk.send("GET", "preferences", pause=0.11).status for _ in range(510)]
    assert statuses.index(429) == 500


def test_forty_batches_a_minute_pass() -> None:
    desk = Desk()
    items = {"BatchItemRequest": [{"bId": "1", "Query": "select * from Vendor"}]}
    statuses = [desk.send("POST", "batch", items).status for _ in range(41)]
    assert statuses == [200] * 40 + [429]


def test_only_successful_reads_are_metered() -> None:
    desk = Desk()
    desk.customer()
    desk.ask("select * from Customer")
    desk.query_refused("select * from Nothing")
    desk.read("Customer", "1")
    desk.cdc("Customer", desk.clock())
    desk.send("GET", "customer/99")
    assert desk.play.counters(REALM)["metered_reads"] == 3
    assert desk.play.counters(REALM)["writes"] == 1


def test_a_spent_quota_blocks_reads_and_lets_writes_pass() -> None:
    desk = Desk(read_quota=1)
    assert desk.send("GET", "preferences").status == 200
    assert desk.send("GET", "preferences").status == 429
    assert desk.customer()["Id"] == "1"


def test_the_quota_of_the_workspace_counts_all_companies() -> None:
    desk = Desk()
    desk.play.add_company(OTHER)
    desk.play.set("*", read_quota=1)
    assert ask(desk, str(desk.play.mint_tokens(OTHER)["access_token"]), OTHER)[0] == 200
    assert desk.send("GET", "preferences").status == 429


def test_a_repeated_request_id_gets_the_first_answer_again() -> None:
    desk = Desk()
    body = invoice(desk.customer())
    first, second = (desk.post("Invoice", body, requestid="abc") for _ in range(2))
    assert first == second
    assert len(desk.play.state(REALM)["Invoice"]) == 1


def test_request_ids_can_be_ignored_or_forgotten() -> None:
    for knobs in ({"requestid": "ignored"}, {"requestid": "expired"}):
        desk = Desk(**knobs)
        body = invoice(desk.customer())
        assert len({desk.post("Invoice", body, requestid="abc")["Id"] for _ in range(2)}) == 2


def test_a_remembered_request_id_expires() -> None:
    desk = Desk(requestid_seconds=60)
    body = invoice(desk.customer())
    first = desk.post("Invoice", body, requestid="abc")
    desk.clock.advance(60)
    assert desk.post("Invoice", body, requestid="abc")["Id"] != first["Id"]


def test_a_request_id_is_fifty_characters_at_most() -> None:
    assert Desk().refused("Customer", {"DisplayName": "x"}, requestid="x" * 51) == "2130"


def test_a_refused_request_is_not_remembered_under_its_id() -> None:
    desk = Desk()
    assert desk.refused("Customer", {"Notes": "x"}, requestid="abc") == "6080"
    assert desk.post("Customer", {"DisplayName": "x"}, requestid="abc")["Id"] == "1"


def test_preferences_show_how_the_company_is_set_up() -> None:
    desk = Desk(custom_txn_numbers=False)
    desk.play.set(REALM, close_books="2026-01-31")
    stored = desk.ask("select * from Preferences")["Preferences"][0]
    assert stored["SalesFormsPrefs"]["CustomTxnNumbers"] is False
    assert stored["AccountingInfoPrefs"]["BookCloseDate"] == "2026-01-31"
    assert stored["TaxPrefs"] == {"UsingSalesTax": True, "PartnerTaxEnabled": True, "TaxGroupCodeRef": {"value": "2"}}


def test_bytes_that_are_not_utf8_are_an_unsupported_operation() -> None:
    desk = Desk()
    headers = {"authorization": f"Bearer {desk.tokens['access_token']}"}
    reply = desk.service.handle(
        Request("POST", f"/v3/company/{REALM}/customer", {}, headers, '{"DisplayName": "é"}'.encode("latin-1"))
    )
    assert reply.json()["Fault"]["Error"][0]["code"] == "500"


def test_money_in_answers_keeps_its_digits() -> None:
    desk = Desk()
    desk.invoice(desk.customer())
    assert b'"TotalAmt":100.00' in desk.send("GET", "invoice/1").body


def test_the_journal_tells_what_was_asked() -> None:
    desk = Desk()
    desk.customer()
    desk.refused("Customer", {"DisplayName": "Anna Berg"})
    told = [(entry["operation"], entry["status"]) for entry in desk.play.journal()]
    assert told == [("customer.create", 200), ("customer.create", 400)]
