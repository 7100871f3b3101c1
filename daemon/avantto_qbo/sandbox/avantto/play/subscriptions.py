"""Control actions about subscriptions and instalment plans: begun, charged again, repriced, ended."""

from __future__ import annotations

from avantto_qbo.sandbox.avantto import orders, subscriptions, transactions
from avantto_qbo.sandbox.avantto.baskets import Basket, Source
from avantto_qbo.sandbox.avantto.documents import Json, exact
from avantto_qbo.sandbox.avantto.play.base import Amount, Items, Person, PlayBase, amount_or


class SubscriptionsPlay(PlayBase):
    """Orders that are charged again and again."""

    def start_subscription(
        self,
        location: str,
        contact: Person,
        items: Items,
        source_type: str = "funnel",
        setup_fee: Amount | None = None,
        sub_type: str = "two_step_order_form",
        coupon: Json | None = None,
        live: bool = True,
        trial: bool = False,
        instalments: int | None = None,
        currency: str = "",
        automatic_tax_rate: Amount | None = None,
    ) -> Json:
        """Sell recurring items and charge the first period with the setup fee.

        Return `{subscription, order, transaction}`. The transaction's `subscriptionId` is the processor's (`sub_…`),
        the subscription's `_id` is the one to read it by. During a `trial` the first charge is the setup fee alone, or
        zero (no transaction at all if the knob `zero_transactions` is off). `instalments` is how many charges the plan
        has. A coupon with `applyToFuturePayments` also lowers the renewals.
        """
        place = self._world.location(location)
        bought: Items = [{**item, "type": "recurring"} for item in items]
        if setup_fee is not None:
            bought.append({"name": "Setup fee", "amount": setup_fee, "isSetupFeeItem": True})
        source = Source(source_type, sub_type, self._world.ids.short(), "Sandbox subscription")
        rate = None if automatic_tax_rate is None else exact(automatic_tax_rate)
        basket = Basket(bought, coupon, currency=currency, tax_rate=rate, trial=trial)
        order = orders.create(self._world, place, self._person(place, contact), basket, source, live=live)
        begun = subscriptions.create(self._world, place, order, instalments=instalments, trial=trial)
        money = exact(order["amount"]) if not trial else orders.first_charge(place, order)
        charged = None
        if money or place.knobs.zero_transactions:
            charged = transactions.row(subscriptions.charge(self._world, place, begun, money, "succeeded"))
        if not trial:
            begun = subscriptions.counted(self._world, place, begun)
        order = orders.complete(self._world, place, order)
        return {"subscription": subscriptions.row(begun), "order": order, "transaction": charged}

    def renew_subscription(
        self, location: str, subscription: str, amount: Amount | None = None, status: str = "succeeded"
    ) -> Json:
        """Charge the next period (default: the recurring items with tax) on the original order; return the row."""
        place = self._world.location(location)
        found = self._document("subscription", place.subscriptions, subscription)
        if found["status"] in ("canceled", "expired"):
            raise ValueError(f"subscription {found['_id']} is {found['status']}")
        money = amount_or(amount, exact(found["amount"]))
        charged = subscriptions.charge(self._world, place, found, money, status)
        if status == "succeeded":
            subscriptions.counted(self._world, place, found)
        order = place.orders[found["entityId"]]
        orders.keep(self._world, place, order, "OrderStatusUpdate" if place.knobs.renewal_events else "")
        return transactions.row(charged)

    def change_subscription_price(self, location: str, subscription: str, amount: Amount) -> Json:
        """Let later periods cost another amount, tax included; the original order does not change."""
        place = self._world.location(location)
        found = self._document("subscription", place.subscriptions, subscription)
        return subscriptions.row(subscriptions.reprice(self._world, place, found, exact(amount)))

    def cancel_subscription(self, location: str, subscription: str) -> Json:
        """End a subscription."""
        place = self._world.location(location)
        found = self._document("subscription", place.subscriptions, subscription)
        return subscriptions.row(subscriptions.cancel(self._world, place, found))
