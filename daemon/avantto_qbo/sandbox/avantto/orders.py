"""Orders: what a checkout sold. One order may be charged many times (a subscription's renewals)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from avantto_qbo.sandbox.avantto.baskets import Basket, Source, charged_today, reckon
from avantto_qbo.sandbox.avantto.documents import Json, exact, number, only
from avantto_qbo.sandbox.avantto.events import announce_order
from avantto_qbo.sandbox.avantto.lines import lines
from avantto_qbo.sandbox.avantto.world import Location, World

_SNAPSHOT = (
    "id",
    "locationId",
    "firstName",
    "lastName",
    "email",
    "phone",
    "dnd",
    "source",
    "address1",
    "city",
    "state",
    "postalCode",
    "tags",
    "country",
    "companyName",
    "dateAdded",
    "customFields",
)


def create(
    world: World,
    location: Location,
    contact: Json,
    basket: Basket,
    source: Source,
    *,
    live: bool,
    event: str = "OrderCreate",
) -> Json:
    """Create a pending order and announce it; amounts are major units, tax per discounted line."""
    currency = basket.currency or location.currency
    bought = lines(world, currency, basket.items)
    coupon = dict(basket.coupon or {})
    sums = reckon(location, charged_today(location, bought, trial=basket.trial), coupon, currency, basket.tax_rate)
    order = {
        "_id": world.ids.document(),
        "altId": location.id,
        "altType": "location",
        "status": "pending",
        "taxSummary": list(sums.tax_summary),
        "fulfillmentStatus": "unfulfilled",
        "contactId": contact["id"],
        "currency": currency,
        "amount": number(sums.total + basket.shipping),
        "liveMode": live,
        "amountSummary": {
            "subtotal": number(sums.subtotal),
            "discount": number(sums.discount),
            "tax": number(sums.tax),
            "shipping": number(basket.shipping),
        },
        "source": source.plain(),
        "createdAt": world.stamp(),
        "contactSnapshot": snapshot(contact),
        "items": [_item(world, location, line) for line in bought],
        "coupon": {"_id": world.ids.document(), "code": coupon["code"]} if coupon else None,
        "markAsTest": False,
        "trackingId": world.ids.uuid(),
        "terms": {"coupon": coupon, "taxRate": basket.tax_rate},
    }
    return keep(world, location, order, event)


def complete(world: World, location: Location, order: Json, event: str = "OrderStatusUpdate") -> Json:
    """Note that the order is paid."""
    if order["status"] == "completed":
        return order
    return keep(world, location, {**order, "status": "completed"}, event)


def enlarge(world: World, location: Location, order: Json, items: Sequence[Mapping[str, Any]]) -> tuple[Json, Decimal]:
    """Add items to an order that is there; return it and what they cost with tax, without its coupon."""
    added, terms, summary = lines(world, order["currency"], items), order["terms"], order["amountSummary"]
    sums = reckon(location, added, {}, order["currency"], terms["taxRate"])
    grown = {
        **order,
        "items": [*order["items"], *(_item(world, location, line) for line in added)],
        "amount": number(exact(order["amount"]) + sums.total),
        "taxSummary": [*order["taxSummary"], *sums.tax_summary],
        "amountSummary": {
            **summary,
            "subtotal": number(exact(summary["subtotal"]) + sums.subtotal),
            "tax": number(exact(summary["tax"]) + sums.tax),
        },
    }
    return keep(world, location, grown, "OrderStatusUpdate"), sums.total


def keep(world: World, location: Location, order: Json, event: str) -> Json:
    """Store an order under a new `updatedAt` and announce it; no event name means silently."""
    kept = {**order, "updatedAt": world.stamp()}
    location.orders[kept["_id"]] = kept
    world.own(kept["_id"], location)
    if event:
        announce_order(world, location, event, kept)
    return kept


def snapshot(contact: Json) -> Json:
    """Return the copy of a contact that a webhook's order carries."""
    return only(contact, _SNAPSHOT)


def snake_snapshot(copied: Json) -> Json:
    """Return the same copy as the payments API spells it, in snake case."""
    spelled = {"firstName": "first_name", "lastName": "last_name", "locationId": "location_id"}
    plain = only(copied, ("id", "email", "phone", "address1", "city", "state", "country", "tags"))
    return {**plain, **{spelled[key]: copied[key] for key in spelled if copied.get(key)}}


def full_name(copied: Json) -> str:
    """Return the buyer's name from a snapshot."""
    return f"{copied.get('firstName', '')} {copied.get('lastName', '')}".strip()


def row(order: Json) -> Json:
    """Return an order as the list shows it: no lines, no tax."""
    source, summary = order["source"], order["amountSummary"]
    kinds = [item["price"]["type"] for item in order["items"]]
    listed = {
        **only(order, ("_id", "altId", "altType", "contactId", "currency", "amount", "status", "liveMode")),
        **only(order, ("createdAt", "updatedAt", "fulfillmentStatus")),
        "contactName": full_name(order["contactSnapshot"]),
        "contactEmail": order["contactSnapshot"].get("email"),
        "subtotal": summary["subtotal"],
        "discount": summary["discount"],
        "totalProducts": len(kinds),
        "onetimeProducts": kinds.count("one_time"),
        "recurringProducts": kinds.count("recurring"),
        "couponCode": (order["coupon"] or {}).get("code"),
        "sourceType": source["type"],
        "sourceSubType": source.get("subType"),
        "sourceName": source["name"],
        "sourceId": source["id"],
        "sourceMeta": source["meta"],
    }
    return {key: value for key, value in listed.items() if value is not None}


def detail(order: Json, trace: str) -> Json:
    """Return an order as `GET /payments/orders/{id}` shows it; its summary tells neither tax nor shipping."""
    shown = only(order, ("_id", "altId", "altType", "contactId", "currency", "amount", "status", "liveMode"))
    shown |= only(order, ("createdAt", "updatedAt", "fulfillmentStatus", "source", "items", "coupon"))
    shown |= only(order, ("markAsTest", "trackingId"))
    return {
        **shown,
        "contactSnapshot": snake_snapshot(order["contactSnapshot"]),
        "amountSummary": only(order["amountSummary"], ("subtotal", "discount")),
        **_engine(order["terms"]["taxRate"]),
        "traceId": trace,
    }


def recurring_total(location: Location, order: Json) -> Decimal:
    """Return what one period of the order's recurring items costs, with tax, without setup fee.

    A coupon comes off only if it applies to future payments.
    """
    coupon = order["terms"]["coupon"]
    return _part(location, order, coupon if coupon.get("applyToFuturePayments") else {}, recurring=True)


def first_charge(location: Location, order: Json) -> Decimal:
    """Return what an order with a trial charges today: its setup fee, less the coupon, or nothing."""
    return _part(location, order, order["terms"]["coupon"], recurring=False)


def _part(location: Location, order: Json, coupon: Json, *, recurring: bool) -> Decimal:
    counted = [
        {
            "qty": item["qty"],
            "amount": item["price"]["amount"],
            "taxes": item["product"]["taxes"],
            "taxInclusive": item["taxInclusive"],
            "productId": item["product"]["_id"],
        }
        for item in order["items"]
        if (item["price"]["type"] == "recurring") == recurring
    ]
    return reckon(location, counted, coupon, order["currency"], order["terms"]["taxRate"]).total


def _engine(tax_rate: Decimal | None) -> Json:
    if tax_rate is None:
        return {"automaticTaxesCalculated": False}
    return {"automaticTaxesCalculated": True, "taxCalculationProvider": "taxjar"}


def _item(world: World, location: Location, line: Json) -> Json:
    taxes = [{**tax, "altId": location.id, "altType": "location", "deleted": False} for tax in line["taxes"]]
    price = {
        "_id": line.get("priceId") or world.ids.document(),
        "name": line["name"],
        "type": line.get("type", "one_time"),
        "currency": line["currency"],
        "amount": line["amount"],
        "variantOptionIds": [],
        "sku": line.get("sku"),
    }
    product = {
        "_id": line.get("productId") or world.ids.document(),
        "name": line["name"],
        "availableInStore": True,
        "taxes": taxes,
        "variants": [],
        "description": line.get("description"),
    }
    return {
        "_id": line["_id"],
        "name": line["name"],
        "qty": line["qty"],
        "taxInclusive": bool(line.get("taxInclusive")),
        "product": {key: value for key, value in product.items() if value is not None},
        "price": {key: value for key, value in price.items() if value is not None},
        "isSetupFee": bool(line.get("isSetupFeeItem")),
        "total": number(exact(line["qty"]) * exact(line["amount"])),
    }
