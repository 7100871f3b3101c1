"""Checkouts of every kind, and webhooks that come before, after or without their charge."""

from __future__ import annotations

from typing import Any

import pytest

from unit.sandbox.avantto_desk import ALT, ANN, GST, PLACE, Desk, money

TEE = {"name": "Tee", "amount": 17, "productId": "p-tee"}
CAP = {"name": "Cap", "amount": 8, "taxes": [GST], "productId": "p-cap"}


def rows(desk: Desk) -> list[Any]:
    return list(desk.get("/payments/transactions", **ALT)["data"])


def order(desk: Desk, sold: dict[str, Any]) -> Any:
    return desk.get(f"/payments/orders/{sold['order']['_id']}", altId=PLACE)


@pytest.mark.parametrize(
    ("source_type", "sub_type"),
    [
        ("website", "store"),
        ("website", "store_upsell"),
        ("payment_link", ""),
        ("form", ""),
        ("survey", ""),
        ("communities", ""),
        ("mobile_app", "tap_to_pay"),
        ("point_of_sale", "card_payment"),
        ("manual", "contact_view"),
        ("external", "shopify"),
        ("external", "imported_csv"),
        ("text2Pay", ""),
        ("document_contracts", ""),
        ("gift_kiosk", "unheard_of"),
    ],
)
def test_anything_can_be_sold_anywhere(source_type: str, sub_type: str) -> None:
    desk = Desk()
    sold = desk.play.sell(PLACE, ANN, [TEE], source_type, sub_type)
    (row,) = rows(desk)
    assert (row["entitySourceType"], row.get("entitySourceSubType", "")) == (source_type, sub_type)
    assert (order(desk, sold)["source"]["type"], row["entityId"]) == (source_type, sold["order"]["_id"])


def test_a_bump_is_one_more_item_of_the_order() -> None:
    desk = Desk()
    sold = desk.play.sell_two_step(PLACE, ANN, [TEE], bump=CAP)
    assert [item["name"] for item in order(desk, sold)["items"]] == ["Tee", "Cap"]
    (row,) = rows(desk)
    assert (row["amount"], row["entitySourceSubType"]) == (money("25.8"), "two_step_order_form")
    assert sold["upsell"] is None


def test_an_upsell_has_an_order_and_a_charge_of_its_own() -> None:
    desk = Desk()
    sold = desk.play.sell_two_step(PLACE, ANN, [TEE], upsell=CAP)
    assert sold["upsell"]["order"]["_id"] != sold["order"]["_id"]
    assert sorted((row["amount"], row["entitySourceSubType"]) for row in rows(desk)) == [
        (money("8.8"), "upsell"),
        (17, "two_step_order_form"),
    ]
    assert order(desk, sold)["amount"] == 17


def test_an_upsell_may_grow_the_first_order_but_is_charged_apart() -> None:
    desk = Desk()
    desk.play.set(PLACE, upsell_order="same")
    sold = desk.play.sell_two_step(PLACE, ANN, [TEE], upsell=CAP)
    told = order(desk, sold)
    assert ([item["name"] for item in told["items"]], told["amount"]) == (["Tee", "Cap"], money("25.8"))
    assert {row["entityId"] for row in rows(desk)} == {told["_id"]}
    assert {row["amount"] for row in rows(desk)} == {17, money("8.8")}
    event = desk.events()[-1]
    assert (event["type"], event["amountSummary"]["tax"]) == ("OrderStatusUpdate", money("0.8"))
    assert sold["order"]["amount"] == money("25.8")


@pytest.mark.parametrize(
    ("coupon", "discount", "amount"),
    [
        ({"type": "percentage", "value": 10}, "2.5", "23.22"),
        ({"type": "fixed", "value": 5}, "5", "20.64"),
        ({"type": "percentage", "value": 50, "productIds": ["p-cap"]}, "4", "21.4"),
        ({"type": "percentage", "value": 100}, "25", "0"),
    ],
)
def test_coupons_come_off_before_tax(coupon: dict[str, Any], discount: str, amount: str) -> None:
    desk = Desk()
    sold = desk.play.sell_order_form(PLACE, ANN, [TEE, CAP], coupon={"code": "SALE", **coupon})
    told = order(desk, sold)
    assert (told["amountSummary"]["discount"], told["amount"]) == (money(discount), money(amount))
    assert (told["coupon"]["code"], rows(desk)[0]["amount"]) == ("SALE", money(amount))


def test_a_sale_for_nothing_may_leave_no_transaction() -> None:
    desk = Desk()
    assert desk.play.checkout_membership(PLACE, ANN, "Club", 0)["transaction"]["amount"] == 0
    desk.play.set(PLACE, zero_transactions=False)
    sold = desk.play.checkout_membership(PLACE, ANN, "Club", 0)
    assert (sold["transaction"], sold["order"]["status"]) == (None, "completed")
    assert desk.play.checkout_membership(PLACE, ANN, "Club", 20, taxes=[GST])["transaction"]["amount"] == 22
    assert len(rows(desk)) == 2


def test_a_booking_may_charge_a_deposit_and_the_rest_later() -> None:
    desk = Desk()
    sold = desk.play.book_calendar(PLACE, ANN, "Portrait", 200, deposit="50.50")
    assert (sold["transaction"]["amount"], order(desk, sold)["amount"]) == (money("50.5"), 200)
    desk.events()
    rest = desk.play.charge_order(PLACE, sold["order"]["_id"], "149.50")
    assert (rest["entityId"], rest["entitySourceType"]) == (sold["order"]["_id"], "calendar")
    assert {row["amount"] for row in rows(desk)} == {money("50.5"), money("149.5")}
    assert desk.events() == []


def test_the_engine_taxes_an_order_without_naming_a_tax_on_a_line() -> None:
    desk = Desk()
    sold = desk.play.sell(PLACE, ANN, [TEE], "website", "store", shipping=6, automatic_tax_rate="8.875")
    told = order(desk, sold)
    assert (told["amount"], told["automaticTaxesCalculated"]) == (money("24.51"), True)
    assert told["taxCalculationProvider"] == "taxjar"
    assert told["items"][0]["product"]["taxes"] == []
    summary = desk.events()[-1]["amountSummary"]
    assert summary == {"subtotal": 17, "discount": 0, "tax": money("1.51"), "shipping": 6}


def test_a_sale_may_be_in_another_currency() -> None:
    desk = Desk()
    sold = desk.play.sell(PLACE, ANN, [{"name": "Tee", "amount": 1555, "taxes": [GST]}], currency="JPY")
    assert (sold["transaction"]["currency"], sold["transaction"]["amount"]) == ("JPY", 1711)
    assert order(desk, sold)["currency"] == "JPY"


def test_a_webhook_may_come_before_the_charge_shows() -> None:
    desk = Desk()
    sold = desk.play.sell(PLACE, ANN, [TEE], webhook="before")
    assert desk.event_types()[-2:] == ["OrderCreate", "OrderStatusUpdate"]
    assert rows(desk) == []
    assert desk.call("GET", f"/payments/transactions/{sold['transaction']['_id']}", ALT).status == 404
    desk.clock.advance(30)
    assert [row["createdAt"] for row in rows(desk)] == [sold["order"]["createdAt"]]


def test_a_webhook_may_come_after_the_charge_or_never() -> None:
    desk = Desk()
    desk.play.create_contact(PLACE, **ANN)
    desk.events()
    sold = desk.play.sell(PLACE, ANN, [TEE], webhook="after")
    desk.play.sell(PLACE, ANN, [CAP], webhook="none")
    assert (len(rows(desk)), desk.events()) == (2, [])
    desk.play.announce_order(PLACE, sold["order"]["_id"])
    assert [(event["type"], event["status"], event["_id"]) for event in desk.events()] == [
        ("OrderCreate", "pending", sold["order"]["_id"]),
        ("OrderStatusUpdate", "completed", sold["order"]["_id"]),
    ]


def test_an_item_tells_its_description_sku_and_setup_fee() -> None:
    desk = Desk()
    item = {**TEE, "sku": "T-1", "description": "<p>Cotton</p>", "isSetupFeeItem": True}
    (told,) = order(desk, desk.play.sell(PLACE, ANN, [item]))["items"]
    assert (told["price"]["sku"], told["product"]["description"]) == ("T-1", "<p>Cotton</p>")
    assert told["isSetupFee"] is True


def test_an_unknown_webhook_order_is_refused() -> None:
    with pytest.raises(KeyError, match="no order"):
        Desk().play.announce_order(PLACE, "nothing")
