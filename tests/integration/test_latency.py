"""How fast the daemon is: with webhooks everything within 5 s, without them within the poll interval (C2, I3).

With webhooks the polls are an hour apart, so that only the webhook can explain what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from integration.business import Business
from integration.conftest import running_house
from integration.house import HOURLY, POLL_SECONDS

Measured = Callable[[str, float], None]


@pytest.fixture(scope="module")
def told() -> Iterator[Business]:
    """A business whose news arrive by webhook only."""
    with running_house(HOURLY) as house:
        yield house.business().connected()


def is_contact(business: Business, email: str) -> bool:
    return any(contact.get("email") == email for contact in business.contacts())


def test_a_customer_is_a_contact_within_5_seconds_of_its_webhook(told: Business, measured: Measured) -> None:
    told.new_customer("Walk In", "walk@example.com")
    seconds = told.seconds_until(lambda: is_contact(told, "walk@example.com"), "a contact", within=5)
    measured("customer made in QuickBooks → contact, webhooks on", seconds)


def test_a_customer_is_a_contact_within_the_poll_interval_without_webhooks(
    business: Business, measured: Measured
) -> None:
    business.house.no_webhooks()
    business.new_customer("Walk In", "walk@example.com")
    within = POLL_SECONDS + 1
    seconds = business.seconds_until(lambda: is_contact(business, "walk@example.com"), "a contact", within=within)
    measured(f"customer made in QuickBooks → contact, webhooks off, polled every {POLL_SECONDS:g} s", seconds)


def test_a_sent_invoice_is_in_the_books_and_paid_there_within_5_seconds(told: Business, measured: Measured) -> None:
    invoice = told.sent_invoice()
    seconds = told.seconds_until(lambda: told.objects("Invoice"), "the invoice is in the books", within=5)
    measured("invoice sent in Avantto → invoice in the books", seconds)
    told.crm("pay_invoice", invoice=invoice)
    seconds = told.seconds_until(lambda: told.objects("Invoice")[0]["Balance"] == 0, "paid in the books", within=5)
    measured("invoice paid in Avantto → paid in the books", seconds)


def test_a_sale_is_in_the_books_within_5_seconds_of_its_order_webhook(told: Business, measured: Measured) -> None:
    told.sale()
    seconds = told.seconds_until(lambda: told.objects("SalesReceipt"), "the receipt is in the books", within=5)
    measured("order form paid in Avantto → sales receipt in the books", seconds)
