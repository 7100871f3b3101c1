from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.quickbooks import Item
from avantto_qbo.model.settings import Settings
from avantto_qbo.rules.books.doubts import canary
from avantto_qbo.rules.reasons import HeldError
from avantto_qbo.rules.reference import is_test
from unit.rules.cases import company, location

DAY = date(2026, 11, 20)
WHO = CustomerId("77")
SOLD = Item("5", "Service", "Service")


def ground(settings: Settings | None = None, **facts: Any) -> canary.Ground:
    made = company(**({"items": (SOLD,), "default_item": ""} | facts))
    return canary.ground("run0000000000000042", made, settings or Settings(), location(), DAY)


def test_every_document_is_over_one_unit_and_says_that_it_is_a_test() -> None:
    on = ground()
    documents = [canary.invoice(on, WHO), canary.receipt(on, WHO), canary.refund(on, WHO)]
    documents.append(canary.payment(on, WHO, "145"))
    for one in documents:
        assert one.total.amount == 1
        assert one.customer == WHO
        assert is_test(one.note)
    assert is_test(canary.customer(on).notes)
    assert canary.customer(on).email == ""


def test_a_payment_settles_the_whole_invoice_so_that_another_is_beyond_it() -> None:
    on = ground()
    assert canary.payment(on, WHO, "145").total == canary.invoice(on, WHO).total


@pytest.mark.parametrize("numbered", [True, False])
def test_documents_bear_numbers_where_the_company_takes_them(numbered: bool) -> None:
    on = ground(custom_numbers=numbered)
    numbers = {canary.invoice(on, WHO).number, canary.receipt(on, WHO).number, canary.refund(on, WHO).number}
    assert numbers == ({"TEST-00000042-I", "TEST-00000042-S", "TEST-00000042-R"} if numbered else {""})
    assert all(len(number) <= 21 for number in numbers)


def test_the_company_s_own_item_is_taken_before_any_other() -> None:
    other = msgspec.structs.replace(SOLD, id="9")
    assert ground(items=(SOLD, other), default_item="9").item == "9"
    assert ground(items=(SOLD, other), default_item="gone").item == "5"


@pytest.mark.parametrize("item", [msgspec.structs.replace(SOLD, active=False), Item("6", "Shirt", "Inventory")])
def test_without_an_item_that_can_be_sold_there_is_no_test(item: Item) -> None:
    with pytest.raises(HeldError) as refused:
        ground(items=(item,))
    assert refused.value.reason.code == "canary_item"


@pytest.mark.parametrize(("closed", "refused"), [(date(2026, 11, 19), False), (DAY, True)])
def test_closed_books_take_no_test(closed: date, refused: bool) -> None:
    if not refused:
        assert ground(books_closed=closed).day == DAY
        return
    with pytest.raises(HeldError) as error:
        ground(books_closed=closed)
    assert error.value.reason.code == "books_closed"


def test_without_an_account_for_refunds_the_rest_is_tested() -> None:
    on = ground(Settings(refund_account="Nowhere"))
    assert on.refund == ""
    assert on.deposit


def test_a_company_of_several_currencies_gets_a_customer_of_its_own() -> None:
    assert canary.customer(ground(multi_currency=True)).currency == company().currency
    assert canary.customer(ground(multi_currency=False)).currency == ""


def test_the_day_is_the_location_s() -> None:
    late = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)  # the evening before, in New York
    assert canary.today(location(time_zone="America/New_York"), late) == DAY
    assert canary.today(location(time_zone="Nowhere/Known"), late) == late.date()
