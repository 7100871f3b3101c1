"""Stop, kill, start, pause: nothing is lost, nothing is done twice."""

from __future__ import annotations

import time
from collections import Counter

from avantto_qbo.model.operation import State
from integration.business import BOB, Business
from integration.house import House


def stop(house: House) -> None:
    assert house.daemon.stop() == 0


def test_on_sigterm_a_write_under_way_is_awaited(business: Business) -> None:
    business.books_fault("invoice.create", "delay_after", seconds=1)
    business.sent_invoice()
    business.until(lambda: business.house.books("faults")["fired"], "the request is at the books")
    assert business.house.daemon.stop() == 0
    assert len(business.objects("Invoice")) == 1

    business.set_books(rate_limits=False)
    business.house.daemon.start()
    assert not business.number_of(State.DOUBT)
    business.all_quiet()
    assert len(business.requests("invoice.create")) == 1


def test_an_idle_daemon_stops_at_once(house: House) -> None:
    began = time.monotonic()
    stop(house)
    assert time.monotonic() - began < 2
    house.daemon.start()


def test_a_restart_repeats_nothing(business: Business) -> None:
    business.new_customer("Walk In", "walk@example.com")
    paid = business.sent_invoice(10)
    business.sent_invoice(20, contact=BOB)
    business.sale(30)
    business.crm("pay_invoice", invoice=paid)
    business.until_in_books("Payment")
    business.until_in_books("SalesReceipt")
    business.all_quiet()
    books, crm = business.asked(), writes(business)
    business.set_books(rate_limits=False)

    stop(business.house)
    business.house.daemon.start()
    business.all_quiet()
    assert business.asked() == books
    assert writes(business) == crm


def writes(business: Business) -> Counter[str]:
    """Count what was written to Avantto."""
    counted = business.crm("counters")["operations"]
    return Counter({name: count for name, count in counted.items() if name in {"contacts.create", "contacts.tags"}})


def test_what_happens_while_the_daemon_is_down_is_caught_up(business: Business) -> None:
    invoice = business.sent_invoice(10)
    business.until_in_books("Invoice")
    business.set_books(rate_limits=False)
    stop(business.house)
    business.crm("pay_invoice", invoice=invoice)
    business.sent_invoice(20, contact=BOB)
    business.sale(30)
    business.new_customer("Walk In", "walk@example.com")
    time.sleep(0.2)
    business.house.daemon.start()
    business.until_in_books("Payment")
    business.until_in_books("SalesReceipt")
    business.until_in_books("Invoice", 2)
    business.until(lambda: len(business.contacts()) == 3, "the new customer is a contact")
    business.all_quiet()
    assert [len(business.objects(entity)) for entity in ("Invoice", "Payment", "SalesReceipt")] == [2, 1, 1]


def test_a_paused_location_posts_nothing_and_catches_up_when_it_is_resumed(business: Business) -> None:
    assert business.house.cli("pause", business.location).code == 0
    business.sent_invoice(10)
    business.sale(20)
    business.new_customer("Walk In", "walk@example.com")
    waiting = business.until(lambda: business.show().mail >= 3, "the mail is kept")
    assert waiting
    assert business.objects("Invoice") == business.objects("SalesReceipt") == []
    assert business.house.cli("status").code == 4
    assert f"avantto-qbo resume {business.location}" in business.house.cli("attention").out

    assert business.house.cli("resume", business.location).code == 0
    business.until_in_books("Invoice")
    business.until_in_books("SalesReceipt")
    business.all_quiet()
    assert len(business.objects("Invoice")) == len(business.objects("SalesReceipt")) == 1
    assert len(business.contacts()) == 2


def test_a_pause_outlives_a_restart(business: Business) -> None:
    business.house.cli("pause", business.location)
    business.restart_daemon()
    business.sent_invoice(10)
    business.until(lambda: business.show().mail, "the mail is kept")
    assert business.show().status == "paused"
    assert business.objects("Invoice") == []
    business.house.cli("resume", business.location)
    business.until_in_books("Invoice")
