"""Line items of invoices and orders, and the taxes on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

from avantto_qbo.sandbox.avantto.documents import Json, exact, number, only
from avantto_qbo.sandbox.avantto.world import World

_KEPT = ("description", "productId", "priceId", "sku", "type", "taxInclusive", "isSetupFeeItem")
ENGINE = "Sales Tax"


def lines(world: World, currency: str, items: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Complete line items with ids and currency; a tax needs only a name and a rate in percent."""
    return [
        {
            **only(item, _KEPT),
            "_id": world.ids.document(),
            "name": item["name"],
            "currency": currency,
            "qty": number(exact(item.get("qty", 1))),
            "amount": number(exact(item["amount"])),
            "taxes": [tax(entry) for entry in item.get("taxes") or []],
        }
        for item in items
    ]


def tax(entry: Mapping[str, Any]) -> Json:
    """Complete a tax; without an id its name and rate stand for it, so that equal taxes add up together."""
    rate = number(exact(entry["rate"]))
    known = sha256(f"{entry['name']}\x1f{rate}".encode()).hexdigest()[:24]
    return {"_id": entry.get("_id") or known, "name": entry["name"], "rate": rate, "calculation": "exclusive"}


def taxed_by_engine(items: Sequence[Json], rate: object) -> Sequence[Json]:
    """Return the lines as the vendor's own tax engine taxes them: all at one rate, on top, none of it named on a line.

    A rate of None means that the engine is off and the lines' own taxes count.
    """
    if rate is None:
        return items
    taxes = [tax({"name": ENGINE, "rate": exact(rate)})] if exact(rate) > Decimal(0) else []
    return [{**item, "taxes": taxes, "taxInclusive": False} for item in items]
