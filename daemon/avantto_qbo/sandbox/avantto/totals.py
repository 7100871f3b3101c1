"""What an invoice or an order adds up to.

The discount comes off before tax and is spread over the lines it is valid for in proportion to them; exclusive tax
goes on top of the discounted line, inclusive tax is taken out of it. How the vendor rounds is not documented, hence
`rounding`: tax rounded once for the document (`total`) or once per line and tax (`line`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from avantto_qbo.sandbox.avantto.documents import Json, exact, number, rounded

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class TaxShare:
    """The tax one line bears under one tax, before the document's rounding."""

    tax: Json
    amount: Decimal
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """Rounded sums in major units; `subtotal - discount + tax == total` unless inclusive lines show gross."""

    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal
    tax_summary: tuple[Json, ...] = ()


def add_up(
    items: Sequence[Json],
    discount: Json | None,
    digits: int,
    rounding: Literal["total", "line"] = "total",
    inclusive_subtotal: Literal["net", "gross"] = "net",
) -> Totals:
    """Add up lines of `{qty, amount, taxes, taxInclusive, productId}` under a discount `{type, value, …}`."""
    gross = [exact(item["qty"]) * exact(item["amount"]) for item in items]
    off = [exact(share) for share in _discount_shares(items, gross, discount or {}, digits)]
    shares = [
        share
        for item, line, less in zip(items, gross, off, strict=True)
        for share in _line_taxes(item, line - less, digits if rounding == "line" else None)
    ]
    added = rounded(_total(share.amount for share in shares if not share.inclusive), digits)
    contained = rounded(_total(share.amount for share in shares if share.inclusive), digits)
    lines, discounted = rounded(_total(gross), digits), rounded(_total(off), digits)
    return Totals(
        subtotal=lines - contained if inclusive_subtotal == "net" else lines,
        discount=discounted,
        tax=added + contained,
        total=lines - discounted + added,
        tax_summary=_tax_summary(shares, digits),
    )


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _ZERO)


def _discount_shares(items: Sequence[Json], gross: Sequence[Decimal], discount: Json, digits: int) -> list[Decimal]:
    valid = discount.get("validOnProductIds") or []
    counted = [
        line if not valid or item.get("productId") in valid else _ZERO for item, line in zip(items, gross, strict=True)
    ]
    base, value = _total(counted), exact(discount.get("value") or 0)
    if base <= 0 or value <= 0:
        return [_ZERO] * len(gross)
    off = min(value, base) if discount.get("type") == "fixed" else rounded(base * value / 100, digits)
    return [off * line / base for line in counted]


def _line_taxes(item: Json, base: Decimal, digits: int | None) -> list[TaxShare]:
    taxes, inclusive = item.get("taxes") or [], bool(item.get("taxInclusive"))
    divisor = Decimal(100) + (_total(exact(tax["rate"]) for tax in taxes) if inclusive else _ZERO)
    amounts = [base * exact(tax["rate"]) / divisor for tax in taxes]
    return [
        TaxShare(tax, amount if digits is None else rounded(amount, digits), inclusive)
        for tax, amount in zip(taxes, amounts, strict=True)
    ]


def _tax_summary(shares: Sequence[TaxShare], digits: int) -> tuple[Json, ...]:
    sums: dict[str, Decimal] = {}
    taxes: dict[str, Json] = {}
    for share in shares:
        key = str(share.tax["_id"])
        sums[key] = sums.get(key, _ZERO) + share.amount
        taxes.setdefault(key, share.tax)
    return tuple(
        {
            "_id": key,
            "name": tax["name"],
            "calculation": tax.get("calculation", "exclusive"),
            "rate": tax["rate"],
            "amount": number(rounded(sums[key], digits)),
        }
        for key, tax in taxes.items()
    )
