"""What the business sells today: invoices with their fates and sales with theirs. Plans only; `day.py` plays them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from avantto_qbo.demo.control import Json
from avantto_qbo.demo.studio.cast import REGULARS, VENDOR_NAMES, WALK_INS

TAX: Final = {"name": "Sales tax", "rate": "8.25"}
GOODS: Final = ("Frame, oak", "Print, large", "Passe-partout", "Glass, museum", "Varnish", "Hanging kit")
WORK: Final = ("Framing", "Restoration", "Delivery and hanging", "Consultation", "Colour proof", "Workshop seat")

Fate = Literal["paid", "parts", "edited", "cash", "mixed", "partial", "open", "void", "draft", "test", "old"]
SaleFate = Literal["paid", "pending", "bounced", "failed", "test"]
SaleKind = Literal["one_step_order_form", "two_step_order_form", "calendar", "membership", "subscription"]

# 40 invoices for the books, and six that must stay out.
FATES: Final[Sequence[tuple[Fate, int]]] = (
    ("paid", 8),
    ("parts", 4),
    ("edited", 5),
    ("cash", 4),
    ("mixed", 2),
    ("partial", 4),
    ("open", 10),
    ("void", 3),
    ("draft", 2),
    ("test", 2),
    ("old", 2),
)
# 46 sales beside the 14 charges of subscriptions make 60 payments; then those that must stay out.
KINDS: Final[Sequence[tuple[SaleKind, int]]] = (
    ("one_step_order_form", 12),
    ("two_step_order_form", 12),
    ("calendar", 12),
    ("membership", 10),
)
SUBSCRIPTIONS: Final = 6
RENEWALS: Final = 8
PENDING: Final = 4  # of the 46, settle in the course of the day
NOISE: Final[Sequence[tuple[SaleFate, int]]] = (("failed", 2), ("bounced", 2), ("test", 3))


@dataclass(frozen=True, slots=True)
class InvoicePlan:
    """An invoice to be written for person `who`; `discount` is Avantto's own member or None."""

    number: str
    who: int
    fate: Fate
    items: tuple[Json, ...]
    discount: Json | None


@dataclass(frozen=True, slots=True)
class SalePlan:
    """A sale without an invoice; `coupon` is the checkout's or None."""

    key: str
    who: int
    kind: SaleKind
    fate: SaleFate
    items: tuple[Json, ...]
    coupon: Json | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that will be written and sold, in order."""

    invoices: tuple[InvoicePlan, ...]
    sales: tuple[SalePlan, ...]
    subscriptions: tuple[SalePlan, ...]


def make_story(rng: random.Random) -> Story:
    """Write the day's plans; the same generator writes the same day."""
    return Story(tuple(_invoices(rng)), tuple(_sales(rng)), tuple(_subscriptions(rng)))


def _invoices(rng: random.Random) -> list[InvoicePlan]:
    fates = [fate for fate, count in FATES for _ in range(count)]
    rng.shuffle(fates)
    # First what takes its time: money without a charge is believed late, edits and voids want a copy to change.
    fates.sort(key=lambda fate: fate not in {"cash", "mixed", "edited", "void"})
    people = _billed()
    plans = []
    for index, fate in enumerate(fates):
        number = f"INV-{2001 + index}"
        plans.append(InvoicePlan(number, people[index % len(people)], fate, _items(rng, index), _discount(index)))
    return plans


def _billed() -> list[int]:
    """Regulars of the books, people who are only in its customer list, new people; many come back later."""
    return [*REGULARS, *range(60, 64), *range(200, 206), *VENDOR_NAMES[:2], *WALK_INS]


def _discount(index: int) -> Json | None:
    if index % 4 == 1:
        return {"type": "percentage", "value": ("10", "12.5", "33")[index % 3]}
    return {"type": "fixed", "value": f"{5 + index % 7}.50"} if index % 4 == 3 else None


def _items(rng: random.Random, index: int) -> tuple[Json, ...]:
    """One to three lines; goods bear tax where the whole document does or every other line, work never."""
    lines = [_line(rng, GOODS, taxed=index % 3 != 0)]
    lines += [_line(rng, WORK, taxed=False) for _ in range(rng.randint(0, 2))]
    return tuple(lines)


def _line(rng: random.Random, names: Sequence[str], *, taxed: bool) -> Json:
    price = Decimal(rng.randint(1200, 24900)) / 100
    return {
        "name": rng.choice(names),
        "qty": rng.choice((1, 1, 1, 2, 3)),
        "amount": f"{price:.2f}",
        "taxes": [TAX] if taxed else [],
    }


def _sales(rng: random.Random) -> list[SalePlan]:
    kinds = [kind for kind, count in KINDS for _ in range(count)]
    fates: list[SaleFate] = [("pending" if index < PENDING else "paid") for index in range(len(kinds))]
    for fate, count in NOISE:
        fates += [fate] * count
        kinds += [KINDS[index % len(KINDS)][0] for index in range(count)]
    mixed = list(zip(kinds, fates, strict=True))
    rng.shuffle(mixed)
    buyers = [*range(60, 70), *range(210, 222), *VENDOR_NAMES[2:]]
    return [_sale(rng, index, buyers[index % len(buyers)], *chosen) for index, chosen in enumerate(mixed)]


def _sale(rng: random.Random, index: int, who: int, kind: SaleKind, fate: SaleFate) -> SalePlan:
    checkout = kind.endswith("order_form")
    items = _items(rng, index) if checkout else (_line(rng, WORK, taxed=index % 5 == 0),)
    if not checkout:
        items = ({**items[0], "qty": 1},)
    coupon = _coupon(index) if checkout else None
    return SalePlan(f"sale-{index}", who, kind, fate, items, coupon)


def _coupon(index: int) -> Json | None:
    if index % 3 == 0:
        return {"code": "AUTUMN", "type": "percentage", "value": "15"}
    return {"code": "WELCOME", "type": "fixed", "value": "5"} if index % 3 == 1 else None


def _subscriptions(rng: random.Random) -> list[SalePlan]:
    return [
        SalePlan(
            f"subscription-{index}",
            (62, 64, 210, 212, 214, 216)[index],
            "subscription",
            "paid",
            ({**_line(rng, ("Studio pass", "Print club"), taxed=index == 1), "qty": 1},),
            {"code": "FIRST", "type": "percentage", "value": "20"} if index == 2 else None,
        )
        for index in range(SUBSCRIPTIONS)
    ]
