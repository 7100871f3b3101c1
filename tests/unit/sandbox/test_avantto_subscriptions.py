"""Trials, set-up fees, renewals at a changed price, and plans with a last instalment."""

from __future__ import annotations

from typing import Any

import pytest

from unit.sandbox.avantto_desk import ALT, ANN, GST, PLACE, Desk, money

PLAN = {"name": "Plan", "amount": 30, "taxes": [GST]}


def amounts(desk: Desk) -> list[Any]:
    return [row["amount"] for row in desk.get("/payments/transactions", **ALT)["data"]]


def status(desk: Desk, begun: dict[str, Any]) -> Any:
    return desk.get(f"/payments/subscriptions/{begun['subscription']['_id']}", **ALT)["status"]


def renew(desk: Desk, begun: dict[str, Any], **more: Any) -> Any:
    desk.pass_days(30)
    return desk.play.renew_subscription(PLACE, begun["subscription"]["_id"], **more)


@pytest.mark.parametrize(("setup_fee", "first"), [(None, 0), ("12.50", "12.5")])
@pytest.mark.parametrize("trial_order", ["today", "full"])
def test_a_trial_charges_the_setup_fee_or_nothing_at_first(setup_fee: Any, first: Any, trial_order: str) -> None:
    desk = Desk()
    desk.play.set(PLACE, trial_order=trial_order)
    begun = desk.play.start_subscription(PLACE, ANN, [PLAN], setup_fee=setup_fee, trial=True)
    assert (begun["transaction"]["amount"], begun["subscription"]["status"]) == (money(str(first)), "trialing")
    told = desk.get(f"/payments/orders/{begun['order']['_id']}", altId=PLACE)
    assert told["items"][0]["price"]["type"] == "recurring"
    assert told["amount"] == money(str(first)) + (33 if trial_order == "full" else 0)
    renew(desk, begun)
    assert (status(desk, begun), amounts(desk)[0]) == ("active", 33)


def test_a_trial_for_nothing_may_leave_no_transaction() -> None:
    desk = Desk()
    desk.play.set(PLACE, zero_transactions=False)
    begun = desk.play.start_subscription(PLACE, ANN, [PLAN], trial=True)
    assert (begun["transaction"], begun["order"]["status"]) == (None, "completed")
    assert renew(desk, begun)["entityId"] == begun["order"]["_id"]


def test_a_setup_fee_is_charged_once() -> None:
    desk = Desk()
    begun = desk.play.start_subscription(PLACE, ANN, [PLAN], setup_fee=10)
    renew(desk, begun)
    assert amounts(desk) == [33, 43]


@pytest.mark.parametrize(("lasting", "renewal"), [(False, 33), (True, "16.5")])
def test_a_coupon_may_last_beyond_the_first_period(lasting: bool, renewal: Any) -> None:
    desk = Desk()
    coupon = {"code": "HALF", "type": "percentage", "value": 50, "applyToFuturePayments": lasting}
    begun = desk.play.start_subscription(PLACE, ANN, [PLAN], coupon=coupon)
    renew(desk, begun)
    assert amounts(desk) == [money(str(renewal)), money("16.5")]


def test_a_changed_price_counts_from_the_next_period_and_the_order_keeps_its_own() -> None:
    desk = Desk()
    begun = desk.play.start_subscription(PLACE, ANN, [PLAN])
    desk.play.change_subscription_price(PLACE, begun["subscription"]["_id"], "41.80")
    assert renew(desk, begun)["amount"] == money("41.8")
    assert renew(desk, begun, amount=20)["amount"] == 20
    assert desk.get(f"/payments/orders/{begun['order']['_id']}", altId=PLACE)["amount"] == 33
    assert amounts(desk)[-1] == 33


def test_a_plan_ends_with_its_last_instalment() -> None:
    desk = Desk()
    begun = desk.play.start_subscription(PLACE, ANN, [PLAN], instalments=3)
    renew(desk, begun)
    renew(desk, begun, status="failed")
    assert status(desk, begun) == "active"
    renew(desk, begun)
    assert (status(desk, begun), amounts(desk)) == ("expired", [33] * 4)
    with pytest.raises(ValueError, match="expired"):
        renew(desk, begun)


def test_a_canceled_subscription_is_not_charged() -> None:
    desk = Desk()
    begun = desk.play.start_subscription(PLACE, ANN, [PLAN])
    desk.play.cancel_subscription(PLACE, begun["subscription"]["_id"])
    with pytest.raises(ValueError, match="canceled"):
        renew(desk, begun)


def test_the_engine_taxes_renewals_too_in_the_orders_currency() -> None:
    desk = Desk()
    begun = desk.play.start_subscription(
        PLACE, ANN, [{"name": "Plan", "amount": 1000}], currency="JPY", automatic_tax_rate="7.25"
    )
    row = renew(desk, begun)
    assert (row["amount"], row["currency"]) == (1073, "JPY")


def test_inclusive_prices_renew_without_tax_on_top() -> None:
    desk = Desk()
    begun = desk.play.start_subscription(PLACE, ANN, [{**PLAN, "taxInclusive": True}])
    assert (renew(desk, begun)["amount"], begun["order"]["amount"]) == (30, 30)
