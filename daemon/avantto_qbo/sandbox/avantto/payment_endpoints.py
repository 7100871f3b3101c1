"""Endpoints about transactions, orders, subscriptions and products. All of them only read."""

from __future__ import annotations

from collections.abc import Callable

from avantto_qbo.sandbox.avantto import orders, subscriptions, transactions
from avantto_qbo.sandbox.avantto.documents import Json, not_found
from avantto_qbo.sandbox.avantto.filters import fits, mentions, mode_fits, source_fits, within
from avantto_qbo.sandbox.avantto.routing import Call, Route, members, owned


def _list_transactions(call: Call) -> Json:
    query = call.query
    found = [
        transaction
        for transaction in call.location.transactions.values()
        if transactions.visible(call.world, call.location, transaction)
        and fits(query, transaction, ("subscriptionId", "entityId", "contactId"))
        and source_fits(query, transaction["entitySource"])
        and mode_fits(query.get("paymentMode"), transaction["liveMode"])
        and mentions(query.get("search"), transaction["contactSnapshot"].values())
        and within(query, transaction["createdAt"])
    ]
    return _data(call, found, lambda entry: transactions.seen(call.location, transactions.row(entry)))


def _read_transaction(call: Call) -> Json | list[Json]:
    found = owned(call, call.location.transactions, call.path["transactionId"])
    if found is None or not transactions.visible(call.world, call.location, found):
        not_found("Transaction not found", call.trace())
    shown = transactions.seen(call.location, transactions.detail(found, call.trace()))
    return [shown] if call.location.knobs.detail_as_list else shown


def _list_orders(call: Call) -> Json:
    query = call.query
    paid = {"paid": ("completed",), "unpaid": ("pending",)}.get(query.get("paymentStatus", ""))
    found = [
        order
        for order in call.location.orders.values()
        if fits(query, order, ("status", "contactId"))
        and (paid is None or order["status"] in paid)
        and query.get("sourceId", order["source"]["id"]) == order["source"]["id"]
        and mode_fits(query.get("paymentMode"), order["liveMode"])
        and mentions(query.get("search"), order["contactSnapshot"].values())
        and within(query, order["createdAt"])
    ]
    return _data(call, found, orders.row)


def _read_order(call: Call) -> Json:
    found = owned(call, call.location.orders, call.path["orderId"])
    if found is None:
        not_found("Order not found", call.trace())
    return orders.detail(found, call.trace())


def _list_subscriptions(call: Call) -> Json:
    query = call.query
    found = [
        subscription
        for subscription in call.location.subscriptions.values()
        if fits(query, subscription, ("entityId", "contactId"))
        and query.get("id", subscription["_id"]) == subscription["_id"]
        and source_fits(query, subscription["entitySource"])
        and mode_fits(query.get("paymentMode"), subscription["liveMode"])
        and mentions(query.get("search"), [subscription["subscriptionId"], subscription["_id"]])
        and within(query, subscription["createdAt"])
    ]
    return _data(call, found, subscriptions.row)


def _read_subscription(call: Call) -> Json:
    found = owned(call, call.location.subscriptions, call.path["subscriptionId"])
    if found is None:
        not_found("Subscription not found", call.trace())
    return subscriptions.detail(found, call.trace())


def _read_product(call: Call) -> Json:
    found = owned(call, call.location.products, call.path["productId"])
    if found is None:
        not_found("Product not found", call.trace())
    return {key: value for key, value in found.items() if key != "prices"}


def _list_prices(call: Call) -> Json:
    found = owned(call, call.location.products, call.path["productId"])
    if found is None:
        not_found("Product not found", call.trace())
    limit, offset = call.page(default=50)
    return {"prices": found["prices"][offset : offset + limit], "total": len(found["prices"])}


def _data(call: Call, found: list[Json], row: Callable[[Json], Json]) -> Json:
    """Return one page, newest first."""
    limit, offset = call.page()
    found.sort(key=lambda document: (str(document["createdAt"]), str(document["_id"])), reverse=True)
    return {"data": [row(document) for document in found[offset : offset + limit]], "totalCount": len(found)}


_TRANSACTIONS = "payments/transactions.readonly"
_ORDERS = "payments/orders.readonly"
_SUBSCRIPTIONS = "payments/subscriptions.readonly"
_PERIOD = "startAt endAt paymentMode search contactId limit offset"
ROUTES = (
    Route(
        "GET",
        "/payments/transactions",
        "transactions.list",
        _list_transactions,
        _TRANSACTIONS,
        query=members(
            "altId",
            "altType",
            optional=_PERIOD + " locationId entitySourceType entitySourceSubType subscriptionId entityId",
        ),
    ),
    Route(
        "GET",
        "/payments/transactions/{transactionId}",
        "transactions.read",
        _read_transaction,
        _TRANSACTIONS,
        query=members("altId", "altType", optional="locationId"),
    ),
    Route(
        "GET",
        "/payments/orders",
        "orders.list",
        _list_orders,
        _ORDERS,
        query=members("altId", optional=_PERIOD + " altType locationId status paymentStatus funnelProductIds sourceId"),
    ),
    Route(
        "GET",
        "/payments/orders/{orderId}",
        "orders.read",
        _read_order,
        _ORDERS,
        query=members("altId", optional="locationId altType"),
    ),
    Route(
        "GET",
        "/payments/subscriptions",
        "subscriptions.list",
        _list_subscriptions,
        _SUBSCRIPTIONS,
        query=members("altId", "altType", optional=_PERIOD + " entityId entitySourceType id getPaymentsCollectedCount"),
    ),
    Route(
        "GET",
        "/payments/subscriptions/{subscriptionId}",
        "subscriptions.read",
        _read_subscription,
        _SUBSCRIPTIONS,
        query=members("altId", "altType"),
    ),
    Route(
        "GET",
        "/products/{productId}",
        "products.read",
        _read_product,
        "products.readonly",
        query=members("locationId", optional="sendWishlistStatus"),
    ),
    Route(
        "GET",
        "/products/{productId}/price",
        "prices.list",
        _list_prices,
        "products/prices.readonly",
        query=members("locationId", optional="limit offset ids"),
    ),
)
