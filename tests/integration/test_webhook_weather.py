"""Webhooks are hints: doubled, late, out of order or lost, they change nothing but how soon the books are right."""

from __future__ import annotations

from decimal import Decimal

import pytest

from integration.business import ANN, BOB, Business

WEATHER: dict[str, dict[str, object]] = {
    "doubled": {"duplicate": 1.0},
    "out of order": {"reorder": True, "reorder_seconds": 1.0},
    "late": {"delay": 1.5},
    "all of them lost": {"drop": 1.0},
    "switched off": {"enabled": False},
}
TAXED = [{"name": "Wash", "amount": 50, "taxes": [{"name": "State", "rate": "8.25"}]}]


@pytest.mark.parametrize("weather", WEATHER)
def test_the_books_are_the_same_in_every_weather(business: Business, weather: str) -> None:
    for vendor in (business.house.books, business.house.crm):
        vendor("webhooks", **WEATHER[weather])
    a_busy_morning(business)
    business.until(lambda: books_of(business) == EXPECTED, "the books are right", within=10)
    business.all_quiet()
    assert books_of(business) == EXPECTED
    assert sorted(contact["email"] for contact in business.contacts()) == [
        ANN["email"],
        BOB["email"],
        "walk@example.com",
    ]


def a_busy_morning(business: Business) -> None:
    """Documents of two people that change while they are mirrored, and a customer who came to the books first."""
    business.new_customer("Walk In", "walk@example.com")
    edited = business.sent_invoice(items=TAXED)
    voided = business.sent_invoice(20, contact=BOB)
    business.crm("edit_invoice", invoice=edited, items=[{"name": "Wash", "amount": 60}], discount=TENTH_OFF)
    business.crm("pay_invoice", invoice=edited, amount=14)
    business.sale(40)
    business.crm("void_invoice", invoice=voided)
    business.crm("pay_invoice", invoice=edited)


TENTH_OFF = {"type": "percentage", "value": 10}
EXPECTED = {
    "customers": ["Ann Bee", "Walk In"],
    "invoices": [(Decimal(54), Decimal(0))],
    "payments": [Decimal(14), Decimal(40)],
    "receipts": [Decimal(40)],
}


def books_of(business: Business) -> dict[str, object]:
    """What stands in the books, but for what was void before anybody could post it."""
    state = business.books("state")
    live = [invoice for invoice in state["Invoice"] if invoice["TotalAmt"]]
    return {
        "customers": sorted(one["DisplayName"] for one in state["Customer"] if one["DisplayName"] != BOB["name"]),
        "invoices": sorted((one["TotalAmt"], one["Balance"]) for one in live),
        "payments": sorted(one["TotalAmt"] for one in state["Payment"]),
        "receipts": sorted(one["TotalAmt"] for one in state["SalesReceipt"]),
    }
