"""Subscriptions: an order charged again and again; only the charges tell, no webhook does."""

from __future__ import annotations

from decimal import Decimal

from avantto_qbo.sandbox.avantto import orders, transactions
from avantto_qbo.sandbox.avantto.baskets import Source
from avantto_qbo.sandbox.avantto.documents import Json, number, only
from avantto_qbo.sandbox.avantto.world import Location, World

STATUSES = ("active", "canceled", "expired", "incomplete", "past_due", "scheduled", "trialing", "unpaid")
_SHARED = (
    "_id",
    "altId",
    "altType",
    "contactId",
    "currency",
    "amount",
    "status",
    "liveMode",
    "entityType",
    "entityId",
    "subscriptionId",
    "subscriptionSnapshot",
    "ipAddress",
    "createdAt",
    "updatedAt",
    "createdBy",
)


def create(world: World, location: Location, order: Json, *, instalments: int | None, trial: bool) -> Json:
    """Start a subscription on an order's recurring items; `instalments` limits how often it is charged."""
    recurring = [item for item in order["items"] if item["price"]["type"] == "recurring"]
    subscription = {
        "_id": world.ids.document(),
        "altId": location.id,
        "altType": "location",
        "contactId": order["contactId"],
        "contactSnapshot": order["contactSnapshot"],
        "currency": order["currency"],
        "amount": number(orders.recurring_total(location, order)),
        "status": "trialing" if trial else "active",
        "chargesLeft": instalments,
        "liveMode": order["liveMode"],
        "entityType": "order",
        "entityId": order["_id"],
        "entitySource": order["source"],
        "subscriptionId": world.ids.provider("sub"),
        "subscriptionSnapshot": {},
        "recurringProduct": recurring[0] if recurring else None,
        "connectedAccount": world.ids.document(),
        "ipAddress": "203.0.113.7",
        "createdAt": world.stamp(),
    }
    return keep(world, location, subscription)


def charge(world: World, location: Location, subscription: Json, amount: Decimal, status: str) -> Json:
    """Charge one period: a new transaction on the order the subscription began with."""
    source = subscription["entitySource"]
    return transactions.create(
        world,
        location,
        subscription["contactSnapshot"],
        transactions.Charge(
            entity_type="order",
            entity_id=subscription["entityId"],
            source=Source(source["type"], source.get("subType", ""), source["id"], source["name"]),
            amount=amount,
            status=status,
            live=subscription["liveMode"],
            subscription=subscription["subscriptionId"],
            currency=subscription["currency"],
        ),
    )


def counted(world: World, location: Location, subscription: Json) -> Json:
    """Note that a period was paid: a trial is over, and a plan whose last instalment this was ends."""
    left = None if subscription["chargesLeft"] is None else subscription["chargesLeft"] - 1
    return keep(world, location, {**subscription, "chargesLeft": left, "status": "expired" if left == 0 else "active"})


def reprice(world: World, location: Location, subscription: Json, amount: Decimal) -> Json:
    """Change what later periods cost; the order it began with keeps its price."""
    return keep(world, location, {**subscription, "amount": number(amount)})


def cancel(world: World, location: Location, subscription: Json) -> Json:
    """End a subscription."""
    return keep(world, location, {**subscription, "status": "canceled", "canceledAt": world.stamp()})


def keep(world: World, location: Location, subscription: Json) -> Json:
    """Store a subscription under a new `updatedAt`."""
    kept = {**subscription, "updatedAt": world.stamp()}
    location.subscriptions[kept["_id"]] = kept
    world.own(kept["_id"], location)
    return kept


def row(subscription: Json) -> Json:
    """Return a subscription as the list shows it."""
    source, buyer = subscription["entitySource"], subscription["contactSnapshot"]
    listed = {
        **only(subscription, _SHARED),
        "contactName": orders.full_name(buyer),
        "contactEmail": buyer.get("email"),
        "entitySourceType": source["type"],
        "entitySourceName": source["name"],
        "entitySourceId": source["id"],
        "entitySourceMeta": source["meta"],
        "paymentProviderType": "stripe",
        "paymentProviderConnectedAccount": subscription["connectedAccount"],
    }
    return {key: value for key, value in listed.items() if value is not None}


def detail(subscription: Json, trace: str) -> Json:
    """Return a subscription as asked for by its `_id`."""
    return {
        **only(subscription, (*_SHARED, "entitySource", "recurringProduct", "canceledAt")),
        "contactSnapshot": orders.snake_snapshot(subscription["contactSnapshot"]),
        "paymentProvider": {"type": "stripe", "connectedAccount": {"_id": subscription["connectedAccount"]}},
        "meta": {},
        "markAsTest": False,
        "autoPayment": {},
        "traceId": trace,
    }
