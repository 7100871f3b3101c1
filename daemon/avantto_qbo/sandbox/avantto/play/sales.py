"""Control actions about checkouts: order forms, calendars, memberships, subscriptions."""

from __future__ import annotations

from typing import Any

from avantto_qbo.sandbox.avantto import orders, subscriptions, transactions
from avantto_qbo.sandbox.avantto.documents import Json, exact, number
from avantto_qbo.sandbox.avantto.invoices import tax
from avantto_qbo.sandbox.avantto.play.base import Amount, Items, Person, PlayBase, amount_or
from avantto_qbo.sandbox.avantto.world import Location


class SalesPlay(PlayBase):
    """Sales outside invoices; each makes an order and one transaction."""

    def sell_order_form(
        self,
        location: str,
        contact: Person,
        items: Items,
        sub_type: str = "one_step_order_form",
        coupon: Json | None = None,
        shipping: Amount = 0,
        live: bool = True,
        status: str = "succeeded",
        source_type: str = "funnel",
        source_name: str = "Sandbox checkout",
    ) -> Json:
        """Sell through a checkout; return `{order, transaction}`, the order as its webhook shows it.

        Items are as for invoices, a coupon is `{code, type: percentage|fixed, value}`. Other `source_type` and
        `sub_type` values of the vendor (website/store, payment_link, form, …) are taken as they are.
        """
        place = self._world.location(location)
        source = self._source(source_type, sub_type, source_name)
        basket = orders.Basket(items, coupon, exact(shipping))
        order, charged = self._sell(place, contact, basket, source, status=status, live=live)
        return {"order": order, "transaction": transactions.row(charged)}

    def book_calendar(
        self,
        location: str,
        contact: Person,
        name: str,
        amount: Amount,
        taxes: list[Json] | None = None,
        sub_type: str = "meeting",
        status: str = "succeeded",
        live: bool = True,
    ) -> Json:
        """Sell a booking (`meeting` or `service`); return `{order, transaction}`."""
        items: Items = [{"name": name, "amount": amount, "taxes": taxes or []}]
        return self.sell_order_form(
            location, contact, items, sub_type, live=live, status=status, source_type="calendar", source_name=name
        )

    def checkout_membership(
        self,
        location: str,
        contact: Person,
        name: str,
        amount: Amount,
        taxes: list[Json] | None = None,
        status: str = "succeeded",
        live: bool = True,
    ) -> Json:
        """Sell a membership offer; return `{order, transaction}`."""
        items: Items = [{"name": name, "amount": amount, "taxes": taxes or []}]
        return self.sell_order_form(
            location, contact, items, "", live=live, status=status, source_type="membership", source_name=name
        )

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
    ) -> Json:
        """Sell recurring items and charge the first period with the setup fee.

        Return `{subscription, order, transaction}`. The transaction's `subscriptionId` is the processor's (`sub_…`),
        the subscription's `_id` is the one to read it by.
        """
        place = self._world.location(location)
        bought: Items = [{**item, "type": "recurring"} for item in items]
        if setup_fee is not None:
            bought.append({"name": "Setup fee", "amount": setup_fee, "isSetupFeeItem": True})
        source = self._source(source_type, sub_type, "Sandbox subscription")
        buyer = self._person(place, contact)
        order = orders.create(self._world, place, buyer, orders.Basket(bought, coupon), source, live=live)
        subscription = subscriptions.create(self._world, place, order)
        charged = subscriptions.charge(self._world, place, subscription, exact(order["amount"]), "succeeded")
        order = orders.complete(self._world, place, order)
        return {
            "subscription": subscriptions.row(subscription),
            "order": order,
            "transaction": transactions.row(charged),
        }

    def renew_subscription(
        self, location: str, subscription: str, amount: Amount | None = None, status: str = "succeeded"
    ) -> Json:
        """Charge the next period (default: the recurring items with tax) on the original order; return the row."""
        place = self._world.location(location)
        found = self._document("subscription", place.subscriptions, subscription)
        money = amount_or(amount, exact(found["amount"]))
        charged = subscriptions.charge(self._world, place, found, money, status)
        order = place.orders[found["entityId"]]
        orders.keep(self._world, place, order, "OrderStatusUpdate" if place.knobs.renewal_events else "")
        return transactions.row(charged)

    def cancel_subscription(self, location: str, subscription: str) -> Json:
        """End a subscription."""
        place = self._world.location(location)
        found = self._document("subscription", place.subscriptions, subscription)
        return subscriptions.row(subscriptions.cancel(self._world, place, found))

    def create_product(
        self, location: str, name: str, amount: Amount, sku: str = "", taxes: list[dict[str, Any]] | None = None
    ) -> Json:
        """Add a product with one price; return it with `prices`. Use its ids as productId and priceId of items."""
        place, ids, now = self._world.location(location), self._world.ids, self._world.stamp()
        product: Json = {
            "_id": ids.document(),
            "locationId": location,
            "name": name,
            "productType": "SERVICE",
            "availableInStore": False,
            "isTaxesEnabled": bool(taxes),
            "taxes": [tax(entry) for entry in taxes or []],
            "variants": [],
            "createdAt": now,
            "updatedAt": now,
        }
        price = {"_id": ids.document(), "product": product["_id"], "locationId": location, "name": name}
        price |= {"type": "one_time", "currency": place.currency, "amount": number(exact(amount)), "createdAt": now}
        product["prices"] = [{**price, "updatedAt": now, **({"sku": sku} if sku else {})}]
        place.products[product["_id"]] = product
        self._world.own(product["_id"], place)
        return product

    def _source(self, source_type: str, sub_type: str, name: str) -> orders.Source:
        return orders.Source(source_type, sub_type, self._world.ids.short(), name)

    def _sell(
        self, place: Location, contact: Person, basket: orders.Basket, source: orders.Source, *, status: str, live: bool
    ) -> tuple[Json, Json]:
        buyer = self._person(place, contact)
        order = orders.create(self._world, place, buyer, basket, source, live=live)
        charge = transactions.Charge("order", order["_id"], source, exact(order["amount"]), status, live)
        charged = transactions.create(self._world, place, orders.snapshot(buyer), charge)
        return (orders.complete(self._world, place, order) if status == "succeeded" else order), charged
