"""Orders, transactions and subscriptions: what each answer tells, and what it keeps to itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, TypeAlias

import pytest

from unit.sandbox.avantto_desk import ALT, ANN, GST, PLACE, Desk

Mode: TypeAlias = Literal["card", "cash", "cheque"]
TEE = {"name": "Tee", "amount": 17}
SHIRT = {"name": "Shirt", "amount": 121, "taxes": [GST], "sku": "SH-1"}
PLAN = {"name": "Plan", "amount": 30, "taxes": [GST]}


def rows(desk: Desk, **query: str) -> list[dict[str, Any]]:
    return list(desk.get("/payments/transactions", **ALT, **query)["data"])


def detail(desk: Desk, transaction: dict[str, Any]) -> Any:
    return desk.get(f"/payments/transactions/{transaction['_id']}", **ALT)


def order(desk: Desk, name: str) -> Any:
    return desk.get(f"/payments/orders/{name}", altId=PLACE)


def test_a_checkout_makes_a_completed_order_and_a_charge() -> None:
    desk = Desk()
    sold = desk.play.sell_order_form(PLACE, ANN, [TEE, SHIRT])
    (row,) = rows(desk)
    assert (row["amount"], row["status"], row["liveMode"]) == (Decimal("150.1"), "succeeded", True)
    assert (row["entityType"], row["entityId"]) == ("order", sold["order"]["_id"])
    assert (row["entitySourceType"], row["entitySourceSubType"]) == ("funnel", "one_step_order_form")
    assert order(desk, sold["order"]["_id"])["status"] == "completed"


def test_the_api_tells_subtotal_and_discount_but_neither_tax_nor_shipping() -> None:
    desk = Desk()
    coupon = {"code": "TENOFF", "type": "percentage", "value": 10}
    sold = desk.play.sell_order_form(PLACE, ANN, [TEE, SHIRT], coupon=coupon, shipping="5.25")
    told = order(desk, sold["order"]["_id"])
    assert told["amountSummary"] == {"subtotal": 138, "discount": Decimal("13.8")}
    assert told["coupon"]["code"] == "TENOFF"
    assert told["amount"] == Decimal("140.34")
    assert "taxSummary" not in told
    assert sold["order"]["amountSummary"]["tax"] == Decimal("10.89")
    assert sold["order"]["amountSummary"]["shipping"] == Decimal("5.25")


def test_only_the_order_by_id_has_lines() -> None:
    desk = Desk()
    sold = desk.play.sell_order_form(PLACE, ANN, [TEE, SHIRT])
    (row,) = desk.get("/payments/orders", altId=PLACE)["data"]
    assert "items" not in row
    assert (row["totalProducts"], row["sourceType"]) == (2, "funnel")
    items = order(desk, sold["order"]["_id"])["items"]
    assert [(item["name"], item["qty"], item["price"]["amount"]) for item in items] == [
        ("Tee", 1, 17),
        ("Shirt", 1, 121),
    ]
    assert items[1]["price"]["sku"] == "SH-1"


def test_row_and_detail_of_a_transaction_differ() -> None:
    desk = Desk()
    row = desk.play.sell_order_form(PLACE, ANN, [TEE])["transaction"]
    told = detail(desk, row)
    assert "fulfilledAt" in row
    assert "qboSynced" not in row
    assert "fulfilledAt" not in told
    assert told["qboSynced"] is False
    assert told["entitySource"]["type"] == row["entitySourceType"]
    assert told["contactSnapshot"]["first_name"] == "Ann"


def test_the_detail_may_come_as_a_list_of_one() -> None:
    desk = Desk()
    row = desk.play.sell_order_form(PLACE, ANN, [TEE])["transaction"]
    desk.play.set(PLACE, detail_as_list=True)
    assert [told["_id"] for told in detail(desk, row)] == [row["_id"]]


def test_the_list_is_newest_first_with_ten_rows_by_default() -> None:
    desk = Desk()
    for _ in range(12):
        desk.play.sell_order_form(PLACE, ANN, [TEE])
        desk.clock.advance(1)
    page = desk.get("/payments/transactions", **ALT)
    assert (len(page["data"]), page["totalCount"]) == (10, 12)
    assert page["data"][0]["createdAt"] > page["data"][9]["createdAt"]
    assert len(rows(desk, limit="100", offset="10")) == 2
    assert desk.call("GET", "/payments/transactions", {**ALT, "limit": "101"}).status == 422


def test_the_list_filters_by_time_source_entity_subscription_and_mode() -> None:
    desk = Desk()
    early = desk.play.sell_order_form(PLACE, ANN, [TEE], live=False)["transaction"]
    desk.clock.advance(80_000)
    booked = desk.play.book_calendar(PLACE, ANN, "Haircut", 40)["transaction"]
    plan = desk.play.start_subscription(PLACE, ANN, [PLAN])["transaction"]

    def ids(**query: str) -> set[str]:
        return {row["_id"] for row in rows(desk, **query)}

    assert ids(endAt="2026-11-02") == {early["_id"]}
    assert ids(startAt=booked["createdAt"]) == {booked["_id"], plan["_id"]}
    assert ids(entitySourceType="calendar", entitySourceSubType="meeting") == {booked["_id"]}
    assert ids(entityId=plan["entityId"]) == {plan["_id"]}
    assert ids(subscriptionId=plan["subscriptionId"]) == {plan["_id"]}
    assert ids(paymentMode="test") == {early["_id"]}


def test_a_charge_can_turn_up_later_than_its_order() -> None:
    desk = Desk()
    desk.play.set(PLACE, transaction_lag=4.0)
    sold = desk.play.sell_order_form(PLACE, ANN, [TEE])
    assert rows(desk) == []
    assert desk.call("GET", f"/payments/transactions/{sold['transaction']['_id']}", ALT).status == 404
    desk.clock.advance(4)
    assert len(rows(desk)) == 1


@pytest.mark.parametrize(("status", "order_status"), [("succeeded", "completed"), ("failed", "pending")])
def test_a_pending_charge_settles(status: str, order_status: str) -> None:
    desk = Desk()
    sold = desk.play.sell_order_form(PLACE, ANN, [TEE], status="pending")
    assert sold["order"]["status"] == "pending"
    desk.clock.advance(60)
    desk.play.settle_transaction(PLACE, sold["transaction"]["_id"], status)
    (row,) = rows(desk)
    assert (row["fulfilledAt"] > row["createdAt"]) == (status == "succeeded")
    assert (row["status"], order(desk, sold["order"]["_id"])["status"]) == (status, order_status)


def test_a_membership_checkout_has_its_own_source() -> None:
    row = Desk().play.checkout_membership(PLACE, ANN, "Course", 99)["transaction"]
    assert (row["entitySourceType"], row["amount"]) == ("membership", 99)
    assert "entitySourceSubType" not in row


def test_renewals_are_new_charges_on_the_same_order() -> None:
    desk = Desk()
    begun = desk.play.start_subscription(PLACE, ANN, [PLAN], setup_fee=50)
    desk.events()
    renewal = desk.play.renew_subscription(PLACE, begun["subscription"]["_id"])
    odd = desk.play.renew_subscription(PLACE, begun["subscription"]["_id"], amount="12.34")
    assert (begun["transaction"]["amount"], renewal["amount"], odd["amount"]) == (83, 33, Decimal("12.34"))
    assert {begun["order"]["_id"]} == {row["entityId"] for row in rows(desk)}
    assert {begun["subscription"]["subscriptionId"]} == {row["subscriptionId"] for row in rows(desk)}
    assert len({row["_id"] for row in rows(desk)}) == 3
    assert desk.events() == []


def test_a_subscription_is_read_by_its_own_id_not_the_processors() -> None:
    desk = Desk()
    begun = desk.play.start_subscription(PLACE, ANN, [PLAN])["subscription"]
    told = desk.get(f"/payments/subscriptions/{begun['_id']}", **ALT)
    assert (told["status"], told["recurringProduct"]["name"]) == ("active", "Plan")
    assert desk.call("GET", f"/payments/subscriptions/{begun['subscriptionId']}", ALT).status == 404
    (row,) = desk.get("/payments/subscriptions", **ALT, entityId=begun["entityId"])["data"]
    assert row["_id"] == begun["_id"]
    desk.play.cancel_subscription(PLACE, begun["_id"])
    assert desk.get(f"/payments/subscriptions/{begun['_id']}", **ALT)["status"] == "canceled"


def test_refunds_add_up_on_the_original_charge() -> None:
    desk = Desk()
    row = desk.play.sell_order_form(PLACE, ANN, [TEE])["transaction"]
    desk.events()
    desk.play.refund(PLACE, row["_id"], "5.50")
    assert (rows(desk)[0]["amountRefunded"], rows(desk)[0]["status"]) == (Decimal("5.5"), "succeeded")
    desk.play.refund(PLACE, row["_id"])
    assert detail(desk, row)["amountRefunded"] == 17
    assert desk.events() == []
    with pytest.raises(ValueError, match="refund"):
        desk.play.refund(PLACE, row["_id"], "0.01")


def test_a_whole_refund_may_change_the_status() -> None:
    desk = Desk()
    desk.play.set(PLACE, refunded_status=True)
    row = desk.play.sell_order_form(PLACE, ANN, [TEE])["transaction"]
    assert desk.play.refund(PLACE, row["_id"], 7)["status"] == "succeeded"
    assert desk.play.refund(PLACE, row["_id"])["status"] == "refunded"


def test_the_built_in_integration_leaves_its_mark() -> None:
    desk = Desk()
    row = desk.play.sell_order_form(PLACE, ANN, [TEE])["transaction"]
    desk.play.mark_qbo_synced(PLACE, row["_id"])
    assert detail(desk, row)["qboSynced"] is True
    assert detail(desk, row)["qboResponse"]["domain"] == "QBO"


def paid(desk: Desk, mode: Mode = "card") -> tuple[str, Any]:
    invoice = desk.play.create_invoice(PLACE, ANN, [TEE])
    return invoice["_id"], desk.play.pay_invoice(PLACE, invoice["_id"], mode=mode)["transaction"]


def test_an_invoice_payment_names_the_invoice_as_its_entity() -> None:
    invoice, row = paid(Desk())
    assert (row["entityType"], row["entityId"], row["entitySourceType"]) == ("invoice", invoice, "invoice")


def test_an_invoice_payment_may_name_the_invoice_as_its_source_only() -> None:
    desk = Desk()
    desk.play.set(PLACE, invoice_link="source")
    invoice, row = paid(desk)
    assert (row["entityType"], row["entitySourceId"]) == ("order", invoice)
    assert row["entityId"] != invoice


def test_an_invoice_payment_may_be_known_by_its_order_only() -> None:
    desk = Desk()
    desk.play.set(PLACE, invoice_link="order")
    invoice, row = paid(desk)
    assert invoice not in {row["entityId"], row["entitySourceId"]}
    assert order(desk, row["entityId"])["source"] | {"name": ""} == {
        "type": "invoice",
        "id": invoice,
        "name": "",
        "meta": {},
    }


@pytest.mark.parametrize("mode", ["cash", "cheque"])
def test_cash_leaves_no_transaction_unless_wanted(mode: Mode) -> None:
    desk = Desk()
    invoice, row = paid(desk, mode)
    assert row is None
    assert rows(desk) == []
    assert desk.get(f"/invoices/{invoice}", **ALT)["status"] == "paid"
    desk.play.set(PLACE, cash_transactions=True)
    assert paid(desk, mode)[1]["paymentProviderType"] == mode


def test_unknown_documents_are_not_found_with_a_status_member() -> None:
    reply = Desk().call("GET", "/payments/orders/0123456789abcdef01234567", {"altId": PLACE})
    assert reply.status == 404
    assert (reply.json()["status"], reply.json()["message"]) == (404, "Order not found")


def test_products_and_their_prices_can_be_read() -> None:
    desk = Desk()
    product = desk.play.create_product(PLACE, "Tee", 17, sku="T-1")
    assert desk.get(f"/products/{product['_id']}", locationId=PLACE)["name"] == "Tee"
    (price,) = desk.get(f"/products/{product['_id']}/price", locationId=PLACE)["prices"]
    assert (price["amount"], price["sku"]) == (17, "T-1")


def test_ids_have_the_vendors_shapes() -> None:
    desk = Desk()
    sold = desk.play.sell_order_form(PLACE, ANN, [TEE])
    assert len(sold["order"]["_id"]) == 24
    assert int(sold["transaction"]["_id"], 16) > 0
    assert len(sold["order"]["contactId"]) == 20


def test_the_same_seed_makes_the_same_documents() -> None:
    first, second = (Desk(3).play.sell_order_form(PLACE, ANN, [TEE]) for _ in range(2))
    assert first == second
    assert Desk(4).play.sell_order_form(PLACE, ANN, [TEE]) != first
