"""Control actions about checkouts: order forms, calendars, memberships, stores, and every other kind of source."""

from __future__ import annotations

from typing import Any, Literal

from avantto_qbo.sandbox.avantto import orders, transactions
from avantto_qbo.sandbox.avantto.baskets import Basket, Source
from avantto_qbo.sandbox.avantto.documents import Json, exact, number
from avantto_qbo.sandbox.avantto.events import announce_order
from avantto_qbo.sandbox.avantto.lines import tax
from avantto_qbo.sandbox.avantto.play.base import Amount, Items, Person, PlayBase, amount_or
from avantto_qbo.sandbox.avantto.world import Location

# When the order's webhook comes: together with the charge, before the API shows the charge, after it, or never.
Webhook = Literal["with", "before", "after", "none"]
_SHOWN_LATER = 30.0


class SalesPlay(PlayBase):
    """Sales outside invoices; each makes an order and one transaction."""

    def sell(
        self,
        location: str,
        contact: Person,
        items: Items,
        source_type: str = "funnel",
        sub_type: str = "",
        source_name: str = "Sandbox checkout",
        coupon: Json | None = None,
        shipping: Amount = 0,
        live: bool = True,
        status: str = "succeeded",
        webhook: Webhook = "with",
        charged: Amount | None = None,
        currency: str = "",
        provider: str = "stripe",
        automatic_tax_rate: Amount | None = None,
    ) -> Json:
        """Sell anything anywhere; return `{order, transaction}`, the order as its webhook shows it.

        Items are as for invoices, a coupon is `{code, type: percentage|fixed, value, productIds?}`. Any `source_type`
        and `sub_type` is taken as it is, known to the vendor or not. `charged` differs from the order's amount where
        only a part is paid. With `webhook` "before", the API hides the charge for 30 seconds; with "after", the
        order's events wait for `announce_order`. A sale for nothing has transaction None if the knob
        `zero_transactions` is off.
        """
        place = self._world.location(location)
        rate = None if automatic_tax_rate is None else exact(automatic_tax_rate)
        basket = Basket(items, coupon, exact(shipping), currency, rate)
        source = self._source(source_type, sub_type, source_name)
        buyer, silent = self._person(place, contact), webhook in ("after", "none")
        order = orders.create(
            self._world, place, buyer, basket, source, live=live, event="" if silent else "OrderCreate"
        )
        charge = transactions.Charge(
            "order",
            order["_id"],
            source,
            amount_or(charged, exact(order["amount"])),
            status,
            live,
            provider=provider,
            currency=order["currency"],
            lag=_SHOWN_LATER if webhook == "before" else 0.0,
        )
        row = self._charged(place, buyer, charge)
        if status == "succeeded":
            order = orders.complete(self._world, place, order, "" if silent else "OrderStatusUpdate")
        return {"order": order, "transaction": row}

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
        """Sell through an order form; return `{order, transaction}` as `sell` does."""
        return self.sell(location, contact, items, source_type, sub_type, source_name, coupon, shipping, live, status)

    def sell_two_step(
        self,
        location: str,
        contact: Person,
        items: Items,
        bump: dict[str, Any] | None = None,
        upsell: dict[str, Any] | None = None,
        coupon: Json | None = None,
        shipping: Amount = 0,
    ) -> Json:
        """Sell through a two-step order form; return `{order, transaction, upsell}`.

        A bump is one more item of the same order. An upsell (an item accepted on the next page) is always charged
        apart: `{order, transaction}`, whose order is a new one, or by the knob `upsell_order` the first one, grown.
        """
        bought = [*items, bump] if bump else items
        sold = self.sell(location, contact, bought, sub_type="two_step_order_form", coupon=coupon, shipping=shipping)
        added = None if upsell is None else self._upsell(location, contact, sold["order"], upsell)
        if added and added["order"]["_id"] == sold["order"]["_id"]:
            sold["order"] = added["order"]
        return {**sold, "upsell": added}

    def charge_order(self, location: str, order: str, amount: Amount | None = None, status: str = "succeeded") -> Json:
        """Charge an order once more (default: its whole amount), as for a balance; return the row. No webhook tells."""
        place = self._world.location(location)
        found = self._document("order", place.orders, order)
        plain = found["source"]
        source = Source(plain["type"], plain.get("subType", ""), plain["id"], plain["name"])
        money = amount_or(amount, exact(found["amount"]))
        live, currency = found["liveMode"], found["currency"]
        charge = transactions.Charge("order", found["_id"], source, money, status, live, currency=currency)
        return transactions.row(transactions.create(self._world, place, found["contactSnapshot"], charge))

    def announce_order(self, location: str, order: str) -> Json:
        """Send the webhooks of an order that was sold without them: OrderCreate and OrderStatusUpdate."""
        place = self._world.location(location)
        found = self._document("order", place.orders, order)
        announce_order(self._world, place, "OrderCreate", {**found, "status": "pending"})
        announce_order(self._world, place, "OrderStatusUpdate", found)
        return found

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
        deposit: Amount | None = None,
    ) -> Json:
        """Sell a booking (`meeting` or `service`), charging all of it or a deposit; return `{order, transaction}`."""
        items: Items = [{"name": name, "amount": amount, "taxes": taxes or []}]
        return self.sell(location, contact, items, "calendar", sub_type, name, None, 0, live, status, charged=deposit)

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
        """Sell a membership offer, for nothing if the amount is 0; return `{order, transaction}`."""
        items: Items = [{"name": name, "amount": amount, "taxes": taxes or []}]
        return self.sell(location, contact, items, "membership", "", name, None, 0, live, status)

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

    def _upsell(self, location: str, contact: Person, first: Json, item: dict[str, Any]) -> Json:
        place = self._world.location(location)
        if place.knobs.upsell_order == "own":
            return self.sell(location, contact, [item], sub_type="upsell")
        grown, money = orders.enlarge(self._world, place, first, [item])
        source = Source("funnel", "upsell", first["source"]["id"], first["source"]["name"])
        charge = transactions.Charge("order", grown["_id"], source, money, currency=grown["currency"])
        return {"order": grown, "transaction": self._charged(place, self._person(place, contact), charge)}

    def _charged(self, place: Location, buyer: Json, charge: transactions.Charge) -> Json | None:
        if not charge.amount and not place.knobs.zero_transactions:
            return None
        return transactions.row(transactions.create(self._world, place, orders.snapshot(buyer), charge))

    def _source(self, source_type: str, sub_type: str, name: str) -> Source:
        return Source(source_type, sub_type, self._world.ids.short(), name)
