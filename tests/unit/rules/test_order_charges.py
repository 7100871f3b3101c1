"""Charges that the order as it reads now does not say by itself: tax nobody named, deposits, items added since."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec

from avantto_qbo.model.avantto import Transaction
from avantto_qbo.rules.books.plan import plan_receipt
from unit.rules.cases import NOW, held, order, order_item, receipt_case, transaction
from unit.rules.test_plan_receipt import sale, taxed, usd


class TestTaxNobodyNamed:
    """Avantto's own engine taxed the order, and the webhook that would tell the tax did not come."""

    def test_it_is_never_booked_as_income(self) -> None:
        sold = order(amount=Decimal("108.25"), automatic_tax=True)
        assert held(plan_receipt(receipt_case(transaction("108.25"), order=sold))).code == "tax_difference"

    def test_it_is_no_cent_of_rounding(self) -> None:
        sold = order(order_item(amount="0.10"), amount=Decimal("0.11"), automatic_tax=True)
        assert held(plan_receipt(receipt_case(transaction("0.11"), order=sold))).code == "tax_difference"

    def test_the_webhook_tells_it(self) -> None:
        sold = order(amount=Decimal("108.25"), automatic_tax=True)
        told = msgspec.structs.replace(sold, tax=Decimal("8.25"))
        assert sale(receipt_case(transaction("108.25"), order=sold, evidence=told)).tax == usd("8.25")


def test_a_deposit_as_large_as_the_price_before_tax_holds_its_share_of_the_tax() -> None:
    sold = order(taxed(), amount=Decimal("108.25"))
    draft = sale(receipt_case(transaction("100", source_type="calendar"), order=sold))
    assert (draft.total, draft.tax) == (usd("100"), usd("7.62"))


class TestAnOrderThatGrew:
    ITEMS = (taxed("50", name="A"), taxed("20", name="B"), taxed("30", name="C"))
    SOLD = order(*ITEMS, amount=Decimal("108.26"))

    def names(self, amount: str, *siblings: Transaction) -> list[str]:
        draft = sale(receipt_case(transaction(amount), order=self.SOLD, siblings=siblings))
        return [line.description for line in draft.lines]

    def test_the_first_charge_is_all_but_the_upsell(self) -> None:
        assert self.names("75.78") == ["A", "B"]
        assert self.names("32.48") == ["C"]

    def test_one_item_is_not_sold_by_two_charges(self) -> None:
        first = transaction("54.13", id="0" * 24, created_at=NOW - timedelta(hours=3))
        assert self.names("54.13") == ["A"]
        assert self.names("54.13", first) == ["B", "C"]

    def test_shipping_stays_with_the_first_charge(self) -> None:
        told = order(order_item("A", "50"), order_item("B", "30"), amount=Decimal(85), shipping=Decimal(5))
        draft = sale(receipt_case(transaction("55"), order=told))
        assert [line.description for line in draft.lines] == ["A", "Shipping"]


def test_a_coupon_for_one_product_comes_off_that_one() -> None:
    items = (taxed("50", name="A", product_id="p1"), order_item("B", "50", product_id="p2"))
    told = order(*items, amount=Decimal("94.13"), discount=Decimal(10), tax=Decimal("4.13"))
    draft = sale(receipt_case(transaction("94.13"), order=told, made_items={"Avantto discount": "50"}))
    assert [(line.amount, line.tax_code) for line in draft.lines] == [
        (usd("50"), "TAX"),
        (usd("50"), "NON"),
        (usd("-10"), "NON"),
    ]
