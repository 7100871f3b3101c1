"""Connecting and disconnecting: what is kept, what starts afresh, and what the vendors are told."""

from __future__ import annotations

import time
from decimal import Decimal

from integration.business import ANN, Business
from integration.house import POLL_SECONDS, House


def totals(business: Business, realm: str = "") -> list[Decimal]:
    state = business.house.books("state", realm=realm or business.realm)
    return sorted(invoice["TotalAmt"] for invoice in state["Invoice"])


def revocations(house: House) -> int:
    return sum(1 for one in house.books("journal") if one["operation"] == "oauth.revoke")


def test_connect_says_what_will_be_posted_where(house: House) -> None:
    business = house.business()
    answer = business.connect()
    assert answer.code == 0
    company = f"Sandbox Company {business.realm} (realm {business.realm})"
    assert f"({business.location}) is connected to {company}" in answer.out
    for where in ("Undeposited Funds", "SalesReceipt on", "Sales of Product Income", "customer becomes a contact"):
        assert where in answer.out
    business.disconnect()


def test_documents_from_since_on_are_taken_over(house: House) -> None:
    business = house.business()
    business.sent_invoice(10, created_at="2026-01-01T12:00:00.000Z")
    business.sent_invoice(20, created_at="2026-03-01T12:00:00.000Z")
    business.connected("--since", "2026-02-01")
    business.until_in_books("Invoice")
    business.all_quiet()
    assert totals(business) == [20]
    business.disconnect()


def test_disconnecting_keeps_the_books_and_posts_nothing_more(house: House) -> None:
    business = house.business().connected()
    business.sent_invoice(10)
    business.until_in_books("Invoice")
    asked = business.house.cli("disconnect", business.location)
    assert asked.code == 1, "it asks first, and nobody is there to agree"
    assert business.show().status == "connected"

    before = revocations(house)
    assert house.cli("disconnect", business.location, "--yes").code == 0
    assert revocations(house) == before + 1
    seen = business.books("counters")["requests"]
    business.sent_invoice(20)
    time.sleep(POLL_SECONDS)
    assert business.show().status == "disconnected"
    assert totals(business) == [10]
    assert business.books("counters")["requests"] == seen


def test_the_token_of_a_shared_company_is_revoked_with_its_last_location(house: House) -> None:
    first, second = house.business().connected(), house.business()
    assert house.cli(*second.connect_command(realm=first.realm), "--share").code == 0
    second.realm = first.realm
    second.set_books(rate_limits=False)
    before = revocations(house)
    first.disconnect()
    assert revocations(house) == before
    second.sent_invoice(10)
    second.until_in_books("Invoice")
    second.disconnect()
    assert revocations(house) == before + 1


def test_reconnecting_to_the_same_company_keeps_cut_off_and_links_and_catches_up(house: House) -> None:
    business = house.business().connected()
    invoice = business.sent_invoice(10)
    business.until_in_books("Invoice")
    cut_off = business.show().books_from
    business.disconnect()

    business.crm("edit_invoice", invoice=invoice, items=[{"name": "Wash", "amount": 11}])
    business.sent_invoice(20)
    business.sale(30)
    business.set_books(rate_limits=False)
    business.connected()
    business.until(lambda: totals(business) == [11, 20], "the edit and the new invoice are in the books")
    business.until_in_books("SalesReceipt")
    business.all_quiet()
    assert business.show().books_from == cut_off
    assert totals(business) == [11, 20]
    assert len(business.objects("SalesReceipt")) == len(business.objects("Customer")) == 1
    business.disconnect()


def test_connecting_to_another_company_starts_clean(house: House) -> None:
    business, other = house.business().connected(), house.business()
    invoice = business.sent_invoice(10)
    business.until_in_books("Invoice")
    cut_off = business.show().books_from
    business.disconnect()
    business.sent_invoice(15)

    assert house.cli(*business.connect_command(realm=other.realm)).code == 0
    assert business.show().books_from > cut_off
    business.crm("edit_invoice", invoice=invoice, items=[{"name": "Wash", "amount": 11}])
    business.sent_invoice(20, contact=ANN)
    moved = Business(house, business.location, other.realm)
    moved.until_in_books("Invoice")
    moved.all_quiet()
    assert totals(moved) == [20]
    assert totals(business) == [10]
    assert [one["DisplayName"] for one in moved.objects("Customer")] == [ANN["name"]]
    moved.disconnect()


def test_a_location_disconnected_while_it_is_polled_is_left_in_peace(house: House) -> None:
    business = house.business().connected()
    business.crm_fault("invoices.list", "delay", seconds=0.5)
    business.until(lambda: house.crm("faults")["fired"], "a poll is under way")
    business.disconnect()
    time.sleep(0.7)
    seen, used = business.crm("counters")["requests"], house.daemon.cpu_seconds()
    time.sleep(POLL_SECONDS)
    assert business.crm("counters")["requests"] == seen
    assert house.daemon.cpu_seconds() - used < 0.2
