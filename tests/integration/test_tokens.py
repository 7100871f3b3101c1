"""Connections: tokens are renewed by themselves, a dead one stops only its own location and says how to mend it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.business import BOB, Business
from integration.house import House


@pytest.fixture
def neighbour(house: House) -> Iterator[Business]:
    """Another location with another company, in the same daemon."""
    place = house.business().connected()
    yield place
    place.disconnect()


def reconnected(business: Business) -> None:
    """Connect again; within a second of the last request the vendor may refuse the next few."""
    business.set_books(rate_limits=False)
    business.connected()


def works(business: Business, amount: int) -> None:
    """An invoice of this amount comes into the books."""
    business.sent_invoice(amount)
    business.until(lambda: amount in [one["TotalAmt"] for one in business.objects("Invoice")], f"{amount} is posted")


@pytest.mark.parametrize("vendor", ["crm", "books"])
def test_an_expired_access_token_is_renewed_in_the_middle_of_the_day(business: Business, vendor: str) -> None:
    works(business, 10)
    getattr(business, vendor)("expire_tokens")
    works(business, 20)
    business.all_quiet()
    assert len(business.objects("Invoice")) == 2
    assert business.show().status == "connected"


def test_a_lost_answer_to_quickbooks_refresh_is_survived_with_the_token_before(business: Business) -> None:
    works(business, 10)
    business.set_books(rotation="every", old_refresh="until_used")
    business.house.books("faults", add=[{"action": "lost_after", "operation": "oauth.refresh"}])
    business.books("expire_tokens")
    works(business, 20)
    assert len(business.house.books("faults")["fired"]) == 1
    assert business.show().status == "connected"


def test_a_lost_answer_to_avanttos_refresh_is_survived_where_the_token_before_still_answers(business: Business) -> None:
    works(business, 10)
    business.house.crm("set", refresh_grace=30)
    business.crm_fault("oauth.token", "lost_after")
    business.crm("expire_tokens")
    works(business, 20)
    business.house.crm("set", refresh_grace=0)
    assert len(business.house.crm("faults")["fired"]) == 1
    assert business.show().status == "connected"


def test_a_lost_answer_that_locks_the_location_out_asks_to_be_connected_again(business: Business) -> None:
    works(business, 10)
    business.crm_fault("oauth.token", "lost_after")
    business.crm("expire_tokens")
    business.sent_invoice(20)
    business.until(lambda: business.show().status == "broken", "it is broken")
    assert f"avantto-qbo connect {business.location}" in business.show().reason
    reconnected(business)
    business.until_in_books("Invoice", 2)


def test_trouble_of_the_token_endpoint_is_not_a_dead_connection(business: Business) -> None:
    business.house.books("faults", add=[{"action": "status", "status": 503, "operation": "oauth.refresh"}])
    business.books("expire_tokens")
    works(business, 20)
    assert business.show().status == "connected"


@pytest.mark.parametrize("vendor", ["crm", "books"])
def test_a_revoked_connection_stops_only_its_location_and_reconnecting_catches_up(
    business: Business, neighbour: Business, vendor: str
) -> None:
    works(business, 10)
    getattr(business, vendor)("revoke")
    business.sent_invoice(20)
    business.sale(30)
    business.until(lambda: business.show().status == "broken", "it is broken")

    works(neighbour, 10)
    assert neighbour.show().status == "connected"

    assert business.house.cli("status").code == 4
    told = business.house.cli("attention", business.location)
    assert f"avantto-qbo connect {business.location}" in told.out
    assert f"avantto-qbo connect {business.location}" in business.show().reason

    reconnected(business)
    business.until_in_books("Invoice", 2)
    business.until_in_books("SalesReceipt")
    business.all_quiet()
    assert sorted(one["TotalAmt"] for one in business.objects("Invoice")) == [10, 20]
    assert [one["TotalAmt"] for one in business.objects("SalesReceipt")] == [30]
    assert len(business.objects("Customer")) == 1


def test_a_write_refused_for_its_token_is_carried_out_once_after_reconnecting(business: Business) -> None:
    works(business, 10)
    business.books("revoke")
    business.sent_invoice(20, contact=BOB)
    business.until(lambda: business.show().status == "broken", "it is broken")
    reconnected(business)
    business.until_in_books("Invoice", 2)
    business.all_quiet()
    assert sorted(one["TotalAmt"] for one in business.objects("Invoice")) == [10, 20]
    assert len(business.objects("Customer")) == 2
