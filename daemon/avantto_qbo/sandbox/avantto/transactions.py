"""Transactions: every charge. The list row and the detail answer do not show the same members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from avantto_qbo.sandbox.avantto.baskets import Source
from avantto_qbo.sandbox.avantto.documents import Json, as_text, digits_of, exact, instant, number, only, refuse
from avantto_qbo.sandbox.avantto.orders import full_name, snake_snapshot
from avantto_qbo.sandbox.avantto.world import Location, World

STATUSES = ("pending", "succeeded", "failed", "refunded")
# Money that somebody recorded by hand; everything else names a payment processor.
BY_HAND = ("cash", "cheque", "bank_transfer", "other")
# Only the shape for a card is known.
_METHODS: dict[str, Json] = {
    "card": {"card": {"brand": "visa", "last4": "4242"}},
    "ach": {"us_bank_account": {"bankName": "Sandbox Bank", "last4": "6789"}},
}
_SHARED = (
    "_id",
    "altId",
    "altType",
    "contactId",
    "mergedFromContactId",
    "currency",
    "amount",
    "status",
    "liveMode",
    "entityType",
    "entityId",
    "subscriptionId",
    "chargeId",
    "chargeSnapshot",
    "ipAddress",
    "createdAt",
    "updatedAt",
    "amountRefunded",
    "createdBy",
)
_ROW_ONLY = ("paymentMethod", "fulfilledAt")
_DETAIL_ONLY = ("invoiceId", "markAsTest", "isParent", "receiptId", "qboSynced", "qboResponse")


@dataclass(frozen=True, slots=True)
class Charge:
    """What a transaction is about: the entity it pays, where that was sold, and how it was paid.

    `currency` is by default the location's; `lag` is how many seconds the API hides the charge.
    """

    entity_type: str
    entity_id: str
    source: Source
    amount: Decimal
    status: str = "succeeded"
    live: bool = True
    subscription: str = ""
    provider: str = "stripe"
    method: str = "card"
    currency: str = ""
    created_at: str = ""
    lag: float = 0.0


def create(world: World, location: Location, buyer: Json, charge: Charge) -> Json:
    """Record a charge of a buyer given as a contact snapshot; the processor's own ids look like the real ones."""
    processed, currency = charge.provider not in BY_HAND, charge.currency or location.currency
    moment = charge.created_at or world.stamp()
    transaction = {
        "_id": world.ids.document(),
        "altId": location.id,
        "altType": "location",
        "contactId": buyer["id"],
        "contactSnapshot": buyer,
        "currency": currency,
        "amount": number(charge.amount),
        "status": charge.status,
        "liveMode": charge.live,
        "entityType": charge.entity_type,
        "entityId": charge.entity_id,
        "entitySource": charge.source.plain(),
        "subscriptionId": charge.subscription or None,
        "chargeId": world.ids.provider("ch") if processed else None,
        "chargeSnapshot": _processor_charge(world, currency, charge) if processed else {},
        "invoiceId": world.ids.provider("in") if charge.subscription else None,
        "provider": charge.provider,
        "connectedAccount": world.ids.document(),
        "ipAddress": "203.0.113.7",
        "amountRefunded": 0,
        "paymentMethod": _METHODS.get(charge.method, {}) if processed else {},
        "createdAt": moment,
        "fulfilledAt": moment,
        "markAsTest": False,
        "isParent": False,
        "receiptId": world.ids.document(),
        "qboSynced": False,
        "visibleFrom": instant(world.now() + timedelta(seconds=charge.lag)),
    }
    return keep(world, location, transaction)


def settle(world: World, location: Location, transaction: Json, status: str) -> Json:
    """Finish a pending charge, or let a bank call a succeeded one back; `fulfilledAt` is when the money came."""
    if status not in STATUSES:
        raise ValueError(f"status must be one of {', '.join(STATUSES)}")
    moment = {"fulfilledAt": world.stamp()} if status == "succeeded" else {}
    return keep(world, location, {**transaction, "status": status, **moment})


def refund(world: World, location: Location, transaction: Json, amount: Decimal) -> Json:
    """Give money back, in parts if wanted; only `amountRefunded` tells (and by knob the status)."""
    refunded = exact(transaction["amountRefunded"]) + amount
    if transaction["status"] != "succeeded" or amount <= 0 or refunded > exact(transaction["amount"]):
        refuse(400, "The refund amount is more than what can be refunded", "Bad Request")
    whole = refunded == exact(transaction["amount"])
    status = "refunded" if whole and location.knobs.refunded_status else transaction["status"]
    return keep(world, location, {**transaction, "amountRefunded": number(refunded), "status": status})


def mark_synced(world: World, location: Location, transaction: Json) -> Json:
    """Mark the charge as posted by the vendor's own QuickBooks integration."""
    posted = {"domain": "QBO", "sparse": False, "Id": "180", "SyncToken": "0", "TotalAmt": transaction["amount"]}
    return keep(world, location, {**transaction, "qboSynced": True, "qboResponse": posted})


def keep(world: World, location: Location, transaction: Json) -> Json:
    """Store a transaction under a new `updatedAt`; no webhook exists for it."""
    kept = {**transaction, "updatedAt": world.stamp()}
    location.transactions[kept["_id"]] = kept
    world.own(kept["_id"], location)
    return kept


def visible(world: World, location: Location, transaction: Json) -> bool:
    """Say whether the API shows the charge yet; it may come seconds after the order's webhook."""
    latest = world.now() - timedelta(seconds=location.knobs.transaction_lag)
    return bool(transaction["visibleFrom"] <= instant(latest))


def seen(location: Location, answer: Json) -> Json:
    """Return an answer's transaction with its amounts as text where the knob wants that."""
    return as_text(answer, ("amount", "amountRefunded")) if location.knobs.text_numbers else answer


def row(transaction: Json) -> Json:
    """Return a transaction as the list shows it: with `fulfilledAt`, without `qboSynced`."""
    source, buyer = transaction["entitySource"], transaction["contactSnapshot"]
    listed = {
        **only(transaction, _SHARED + _ROW_ONLY),
        "contactName": full_name(buyer),
        "contactEmail": buyer.get("email"),
        "entitySourceType": source["type"],
        "entitySourceSubType": source.get("subType"),
        "entitySourceName": source["name"],
        "entitySourceId": source["id"],
        "entitySourceMeta": source["meta"],
        "paymentProviderType": transaction["provider"],
        "paymentProviderConnectedAccount": transaction["connectedAccount"],
    }
    return {key: value for key, value in listed.items() if value is not None}


def detail(transaction: Json, trace: str) -> Json:
    """Return a transaction as asked for by id: with `qboSynced`, without `fulfilledAt`."""
    return {
        **only(transaction, _SHARED + _DETAIL_ONLY),
        "contactSnapshot": snake_snapshot(transaction["contactSnapshot"]),
        "entitySource": transaction["entitySource"],
        "paymentProvider": {
            "type": transaction["provider"],
            "connectedAccount": {"_id": transaction["connectedAccount"]},
        },
        "meta": {},
        "traceId": trace,
    }


def _processor_charge(world: World, currency: str, charge: Charge) -> Json:
    """Return the processor's own object, which counts in minor units and is not to be trusted for money."""
    return {
        "id": world.ids.provider("ch"),
        "object": "charge",
        "amount": int(charge.amount.scaleb(digits_of(currency))),
        "currency": currency.lower(),
        "description": "Subscription update" if charge.subscription else charge.source.name,
    }
