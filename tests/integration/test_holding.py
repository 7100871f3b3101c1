"""What cannot be posted right waits for a person, says why, and stops nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from avantto_qbo.model.records import Status
from integration.business import ANN, BOB, Business
from integration.house import House

NEGATIVE = [{"name": "Given back", "amount": -50}]
TAXED = [{"name": "Wash", "amount": 50, "taxes": [{"name": "State", "rate": "8.25"}]}]


def totals(business: Business) -> list[Decimal]:
    return sorted(invoice["TotalAmt"] for invoice in business.objects("Invoice"))


def test_a_document_that_cannot_be_mapped_is_held_with_its_field_named_and_stops_no_other(business: Business) -> None:
    bad = business.sent_invoice(items=NEGATIVE)
    held = business.until_held("negative")
    business.sent_invoice(20)
    business.sent_invoice(30, contact=BOB)
    business.sale(40)
    business.until_in_books("Invoice", 2)
    business.until_in_books("SalesReceipt")
    assert totals(business) == [20, 30]
    assert held.object == f"invoice {bad}"
    assert "total is negative" in held.text
    assert f"avantto-qbo skip {held.id}" in held.mend

    listed = business.house.cli("attention", business.location)
    assert held.id in listed.out
    assert "total is negative" in " ".join(listed.out.split())
    assert business.house.cli("status").code == 4


def test_a_skipped_document_stays_skipped_until_avantto_changes_it(business: Business) -> None:
    invoice = business.sent_invoice(items=NEGATIVE)
    held = business.until_held("negative")
    assert business.house.cli("skip", held.id).code == 0
    business.all_quiet()
    assert business.waiting_for_a_person() == ()
    assert business.objects("Invoice") == []

    business.crm("edit_invoice", invoice=invoice, items=[{"name": "Wash", "amount": 50}])
    business.until_in_books("Invoice")
    assert totals(business) == [50]


def test_a_held_document_is_posted_by_itself_once_it_is_corrected_in_avantto(business: Business) -> None:
    invoice = business.sent_invoice(items=NEGATIVE)
    business.until_held("negative")
    business.crm("edit_invoice", invoice=invoice, items=TAXED)
    business.until_in_books("Invoice")
    assert totals(business) == [Decimal("54.13")]
    assert business.waiting_for_a_person() == ()


def test_a_changed_setting_lets_go_what_was_held_for_it(business: Business) -> None:
    business.set(default_item="No such item")
    business.sent_invoice(20)
    held = business.until_held("default_item")
    assert f"avantto-qbo settings {business.location} default_item=" in held.mend
    business.set(default_item="Services")
    business.until_in_books("Invoice")
    business.all_quiet()
    assert totals(business) == [20]
    assert business.waiting_for_a_person() == ()


def test_retry_looks_again_at_what_was_mended_in_quickbooks(house: House) -> None:
    business = house.business()
    business.set_books(close_books="2999-12-31")
    business.connected()
    business.sent_invoice(20)
    held = business.until_held("books_closed")
    business.set_books(close_books="")
    assert house.cli("retry", held.id).code == 0
    business.until_in_books("Invoice")
    assert totals(business) == [20]
    business.disconnect()


def test_a_setting_may_name_an_account_that_was_just_made(business: Business) -> None:
    business.set(deposit_account="Stripe clearing")
    business.sale(5)
    business.until_held("deposit_account")
    account = {"Name": "Stripe clearing", "AccountType": "Bank", "AccountSubType": "Checking"}
    made = business.books("create", entity="Account", body=account)
    business.set(deposit_account="stripe clearing")
    (receipt,) = business.until_in_books("SalesReceipt")
    assert receipt["DepositToAccountRef"]["value"] == made["Id"]


def test_an_unknown_source_waits_until_somebody_decides(business: Business) -> None:
    items = [{"name": "Kit", "amount": 5}]
    business.crm("sell_order_form", contact=ANN, items=items, source_type="kiosk", sub_type="")
    held = business.until_held("unknown_source")
    assert "kiosk" in held.text
    business.house.cli("settings", business.location, "sources.kiosk=on")
    (receipt,) = business.until_in_books("SalesReceipt")
    assert receipt["TotalAmt"] == 5


@pytest.fixture
def stubborn(house: House) -> Iterator[Business]:
    """A business whose company computes sales tax its own way, whatever is sent."""
    place = house.business("us_recompute").connected()
    yield place
    place.disconnect()


def owed(document: dict[str, Any]) -> list[Decimal]:
    """What the lines called sales tax come to."""
    return [line["Amount"] for line in document["Line"] if line.get("Description") == "Sales tax"]


def test_a_company_that_computes_another_tax_gets_avanttos_as_a_line_and_is_told_once(stubborn: Business) -> None:
    stubborn.set_books(tax_rate="9.00")
    stubborn.sent_invoice(items=TAXED)
    stubborn.until(lambda: totals(stubborn) == [Decimal("54.13")], "the copy is put right")
    stubborn.sent_invoice(items=TAXED, contact=BOB)
    stubborn.crm("sell_order_form", contact=ANN, items=TAXED)
    stubborn.until_in_books("Invoice", 2)
    (receipt,) = stubborn.until_in_books("SalesReceipt")
    stubborn.all_quiet()
    assert [owed(one) for one in (*stubborn.objects("Invoice"), receipt)] == [[Decimal("4.13")]] * 3
    assert receipt["TotalAmt"] == Decimal("54.13")
    told = stubborn.house.cli("activity", stubborn.location, "--json").out
    assert told.count('"tax.form"') == 1
    assert stubborn.waiting_for_a_person() == ()


def test_a_payment_the_built_in_integration_posted_pauses_the_money_and_nothing_else(business: Business) -> None:
    business.house.cli("pause", business.location)
    business.crm("mark_qbo_synced", transaction=business.sale(6))
    business.house.cli("resume", business.location)
    business.until(lambda: business.show().status == Status.MONEY_PAUSED, "the money is paused")
    assert "Turn off QuickBooks in Avantto" in business.show().reason
    assert business.house.cli("status").code == 4
    business.sale(7)
    business.new_customer("Walk In", "walk@example.com")
    business.until(lambda: len(business.contacts()) == 2, "the customer is a contact all the same")
    assert business.objects("SalesReceipt") == []

    assert business.house.cli("resume", business.location).code == 0
    business.until_in_books("SalesReceipt")
    business.all_quiet()
    assert [receipt["TotalAmt"] for receipt in business.objects("SalesReceipt")] == [7]
    assert business.show().status == Status.CONNECTED
