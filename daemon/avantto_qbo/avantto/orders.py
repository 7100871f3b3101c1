"""Orders: what a checkout sold. The webhook's copy tells tax and shipping, the API's does not (S4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from avantto_qbo.avantto.invoices import WireTax, taxes_of
from avantto_qbo.avantto.leaves import Wire, decoder, first, flag, instant, needed, number, number_or, text
from avantto_qbo.avantto.people import Snapshot, snapshot_of
from avantto_qbo.avantto.rows import WireSource, source_of
from avantto_qbo.model.avantto import Order, OrderItem
from avantto_qbo.model.ids import LocationId

_ZERO: Final = Decimal(0)


class _Price(Wire, frozen=True):
    name: Any = None
    type: Any = None
    amount: Any = None
    sku: Any = None
    description: Any = None


class _Product(Wire, frozen=True):
    id: Any = msgspec.field(name="_id", default=None)
    name: Any = None
    description: Any = None
    taxes: list[WireTax | None] | None = None


class _Item(Wire, frozen=True):
    name: Any = None
    description: Any = None
    sku: Any = None
    qty: Any = None
    tax_inclusive: Any = None
    is_setup_fee: Any = None
    is_setup_fee_item: Any = None
    price: _Price | None = None
    product: _Product | None = None

    def value(self) -> OrderItem:
        price, product = self.price or _Price(), self.product or _Product()
        inclusive = flag(self.tax_inclusive)
        return OrderItem(
            name=first(self.name, product.name, price.name),
            quantity=number_or(self.qty, Decimal(1), "items.qty"),
            # Without a price the lines will not add up to the charge, and the charge is the truth.
            amount=number_or(price.amount, _ZERO, "items.price.amount"),
            product_id=text(product.id),
            recurring=text(price.type).lower() == "recurring",
            taxes=taxes_of(product.taxes, inclusive=inclusive),
            sku=first(price.sku, self.sku),
            # The invoices' pages spell it with Item; orders were seen without.
            setup_fee=flag(self.is_setup_fee) or flag(self.is_setup_fee_item),
            description=first(self.description, price.description, product.description),
        )


class _Sums(Wire, frozen=True):
    subtotal: Any = None
    discount: Any = None
    tax: Any = None
    shipping: Any = None


class _Coupon(Wire, frozen=True):
    code: Any = None


class _Order(Wire, frozen=True):
    id: Any = msgspec.field(name="_id", default=None)
    alt_id: Any = None
    location_id: Any = None
    status: Any = None
    live_mode: Any = None
    mark_as_test: Any = None
    currency: Any = None
    amount: Any = None
    amount_summary: _Sums | None = None
    contact_id: Any = None
    contact_snapshot: Snapshot | str | list[Any] | None = None
    source: WireSource | str | list[Any] | None = None
    items: list[_Item | str | None] | None = None  # the description says texts, the answers hold objects
    coupon: _Coupon | str | None = None
    created_at: Any = None
    automatic_taxes_calculated: Any = None

    def value(self, location: LocationId) -> Order:
        sums, source = self.amount_summary or _Sums(), source_of(self.source)
        return Order(
            id=needed(self.id, "_id"),
            location=LocationId(first(self.location_id, self.alt_id, location)),
            status=needed(self.status, "status").lower(),
            live=flag(self.live_mode),
            currency=needed(self.currency, "currency").upper(),
            amount=number(self.amount, "amount"),
            person=snapshot_of(self.contact_snapshot).person(self.contact_id),
            items=tuple(item.value() for item in self.items or () if isinstance(item, _Item)),
            created_at=instant(self.created_at, "createdAt"),
            subtotal=_known(sums.subtotal, "amountSummary.subtotal"),
            discount=number_or(sums.discount, _ZERO, "amountSummary.discount"),
            tax=_known(sums.tax, "amountSummary.tax"),
            shipping=_known(sums.shipping, "amountSummary.shipping"),
            coupon=first(self.coupon.code if isinstance(self.coupon, _Coupon) else self.coupon),
            source_type=text(source.type),
            source_sub_type=text(source.sub_type),
            source_name=text(source.name),
            source_id=text(source.id),
            test=flag(self.mark_as_test),
            automatic_tax=flag(self.automatic_taxes_calculated),
        )


_ORDER = decoder(_Order)


def decode_order(location: LocationId, body: bytes) -> Order:
    """Read an order as `GET /payments/orders/{id}` states it: `tax` and `shipping` are None."""
    return _ORDER.decode(body).value(location)


def order_from_webhook(body: bytes) -> Order:
    """Read an order from the raw body of its webhook, with tax and shipping; raise `ValueError` if it is none."""
    order = _ORDER.decode(body).value(LocationId(""))
    if not order.location:
        raise ValueError("locationId is missing")
    return order


def _known(value: Any, field: str) -> Decimal | None:
    return None if value is None or value == "" else number(value, field)
