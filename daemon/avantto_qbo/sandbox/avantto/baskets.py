"""What a checkout is about to sell: where, what, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from avantto_qbo.sandbox.avantto.documents import Json, digits_of
from avantto_qbo.sandbox.avantto.lines import taxed_by_engine
from avantto_qbo.sandbox.avantto.totals import Totals, add_up
from avantto_qbo.sandbox.avantto.world import Location


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was sold: the vendor's `source.type` and `subType`, the page's id and name."""

    type: str
    sub_type: str = ""
    id: str = ""
    name: str = ""

    def plain(self) -> Json:
        """Return the source object of orders and transactions."""
        optional = {"subType": self.sub_type} if self.sub_type else {}
        return {"type": self.type, **optional, "id": self.id, "name": self.name, "meta": {}}


@dataclass(frozen=True, slots=True)
class Basket:
    """What is bought: items as the control interface gives them, a coupon, shipping.

    A coupon is `{code, type: percentage|fixed, value, productIds?, applyToFuturePayments?}`. `tax_rate` lets the
    vendor's own engine tax the order; the recurring items of a `trial` are not charged yet.
    """

    items: Sequence[Mapping[str, Any]]
    coupon: Mapping[str, Any] | None = None
    shipping: Decimal = Decimal(0)
    currency: str = ""
    tax_rate: Decimal | None = None
    trial: bool = False


def reckon(
    location: Location, items: Sequence[Json], coupon: Mapping[str, Any], currency: str, tax_rate: Decimal | None
) -> Totals:
    """Add up lines under a coupon, taxed by the vendor's engine when `tax_rate` is given."""
    discount: Json | None = None
    if coupon:
        discount = {"type": coupon.get("type", "fixed"), "value": coupon["value"]}
        discount["validOnProductIds"] = coupon.get("productIds") or []
    taxed = taxed_by_engine(items, tax_rate)
    return add_up(taxed, discount, digits_of(currency), location.knobs.tax_rounding)


def charged_today(location: Location, bought: Sequence[Json], *, trial: bool) -> Sequence[Json]:
    """Return the lines an order's amount counts: a trial's recurring ones only where the knob says so."""
    if not trial or location.knobs.trial_order == "full":
        return bought
    return [line for line in bought if line.get("type") != "recurring"]
