"""`doctor` and its canary against the running daemon: what is proven, and that nothing stays in the books."""

from __future__ import annotations

import json
from typing import Any

from integration.business import Business
from integration.house import House

DOCUMENTS = ("Invoice", "Payment", "SalesReceipt", "RefundReceipt")


def examined(business: Business) -> dict[str, Any]:
    answer = business.house.cli("doctor", business.location, "--json")
    assert answer.code in {0, 4}, answer
    found: dict[str, Any] = json.loads(answer.out)
    return found


def proofs(business: Business) -> set[tuple[str, str]]:
    [realm] = examined(business)["realms"]
    return {(row["entity"], row["proof"]) for row in realm["fences"]}


def test_a_canary_proves_what_doctor_then_shows_and_leaves_nothing(business: Business) -> None:
    business.set(refund_account="Checking")
    assert proofs(business) == {(entity, "") for entity in DOCUMENTS}
    started = business.house.cli("doctor", business.location, "--canary", "--yes")
    assert started.code == 0, started
    business.until(lambda: examined(business)["realms"][0]["canary"]["stage"] == "over", "the test is over", within=40)
    assert {(entity, "requestid") for entity in DOCUMENTS} <= proofs(business)
    assert {("Invoice", "number"), ("Payment", "beyond")} <= proofs(business)
    assert [row for entity in DOCUMENTS for row in business.objects(entity) if row["TotalAmt"]] == []
    assert business.waiting_for_a_person() == ()
    assert business.contacts() == []
    assert examined(business)["journal_bytes"] > 0


def test_a_canary_killed_in_the_middle_is_taken_back_at_the_next_start(business: Business) -> None:
    assert business.house.cli("doctor", business.location, "--canary", "--yes").code == 0
    business.until(lambda: business.objects("SalesReceipt"), "the test documents are being made")
    business.restart_daemon()
    business.until(lambda: examined(business)["realms"][0]["canary"]["stage"] == "over", "the test is over", within=40)
    assert [row for entity in DOCUMENTS for row in business.objects(entity) if row["TotalAmt"]] == []
    assert business.waiting_for_a_person() == ()


def test_a_canary_without_a_yes_makes_nothing(business: Business) -> None:
    assert business.house.cli("doctor", business.location, "--canary").code == 1
    assert "canary" not in examined(business)["realms"][0] or not examined(business)["realms"][0]["canary"]


def test_a_location_that_leaves_in_the_middle_of_a_canary_takes_it_back_first(house: House) -> None:
    business = house.business().connected()
    assert business.house.cli("doctor", business.location, "--canary", "--yes").code == 0
    business.until(lambda: business.objects("SalesReceipt"), "the test documents are being made")
    left = business.house.cli("disconnect", business.location, "--yes")
    assert (left.code, left.err) == (0, "")
    assert [row for entity in DOCUMENTS for row in business.objects(entity) if row["TotalAmt"]] == []
