from __future__ import annotations

from typing import Any

import msgspec
import pytest

from avantto_qbo.model.quickbooks import Company
from avantto_qbo.model.settings import Channel, Contacts, OnOff, Products, Reviews, Settings
from avantto_qbo.service.posting import postings
from unit.rules.cases import company, location


def told(what: str, facts: Company | None = None, **settings: Any) -> str:
    own = msgspec.structs.replace(Settings(), **settings)
    return {line.what: line.where for line in postings(facts or company(), own, location())}[what]


def test_accounts_are_named_in_the_company_s_own_words() -> None:
    assert told("payments") == "Undeposited Funds"
    assert told("receipts") == "SalesReceipt on Undeposited Funds"
    assert told("income") == "Sales of Product Income"


def test_what_is_switched_off_says_so() -> None:
    assert told("invoices", invoices=OnOff.OFF) == "off"
    assert told("receipts", receipts=OnOff.OFF) == "off"


def test_whose_numbers_an_invoice_gets_is_said() -> None:
    assert told("invoices", number_prefix="A-") == "Invoice, number A-… as in Avantto"
    assert "numbered by QuickBooks" in told("invoices", company(custom_numbers=False))


def test_the_item_of_last_resort_is_named() -> None:
    assert "Avantto sales" in told("items")
    assert "Cleaning" in told("items", company(default_item="8"))
    assert told("items", default_item="Wash").endswith("else Wash")


def test_where_refunds_leave_from_is_said() -> None:
    assert told("refunds") == "Checking"
    assert told("refunds", refunds=OnOff.OFF) == "off"
    assert "refund_account=NAME" in told("refunds", company(accounts=()))


@pytest.mark.parametrize(
    ("products", "words"),
    [
        (Products.MATCH, "the item of the same SKU or name, else Wash"),
        (Products.CREATE, "made where there is none; lines typed by hand: Wash"),
        (Products.DEFAULT, "always Wash"),
    ],
)
def test_what_products_are_booked_to_is_said(products: Products, words: str) -> None:
    assert told("items", products=products, default_item="Wash").endswith(words)


@pytest.mark.parametrize(
    ("contacts", "words"),
    [(Contacts.ALL, "every customer"), (Contacts.OWN, "only customers"), (Contacts.OFF, "off")],
)
def test_who_becomes_a_contact_is_said(contacts: Contacts, words: str) -> None:
    assert words in told("contacts", contacts=contacts)


def test_how_reviews_are_asked_for_is_said() -> None:
    assert told("reviews").endswith("by email, then sms")
    assert told("reviews", review_channels=(Channel.SMS,)).endswith("by sms")
    assert told("reviews", reviews=Reviews.SHADOW) == "shadow"


def test_what_waits_for_its_owner_names_the_setting() -> None:
    assert told("income", company(accounts=())).startswith("waiting for you: ")
    assert "avantto-qbo settings" in told("income", company(accounts=()))
