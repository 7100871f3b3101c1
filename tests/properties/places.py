"""The companies and locations that documents are tried in, and which holds are a person's decision there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from avantto_qbo.model.settings import Settings
from properties.goods import HOME, MENUS, digits
from properties.ground import Ground

KINDS: Final = ("us", "us_recompute", "us_no_tax", "us_manual", "uk", "ca", "au")
CODED: Final = frozenset({"uk", "ca", "au"})
_UNTAXED: Final = {"uk": "6", "ca": "5", "au": "3"}


@dataclass(frozen=True)
class Place:
    """A company with its knobs, a location with its settings and the vendor's undocumented ways."""

    kind: str
    books: Mapping[str, Any]
    crm: Mapping[str, Any]
    mapped: bool

    @property
    def settings(self) -> Settings:
        """What the location's owner set."""
        codes = {"none": _UNTAXED[self.kind]} if self.mapped and self.kind in _UNTAXED else {}
        classed, placed = self.books["class_tracking"], self.books["department_tracking"]
        return Settings(
            tax_codes=codes,
            class_="North" if classed else "",
            department="Harbour" if placed else "",
            refund_account="Checking",
        )

    @property
    def home(self) -> str:
        """The company's own currency."""
        return HOME.get(self.kind, "USD")

    def ground(self, currency: str = "") -> Ground:
        """Both stand-ins, freshly made; the location sells in `currency`."""
        ground = Ground(self.kind, self.books, self.crm, currency or self.home)
        if self.settings.class_:
            ground.play_books("Class", self.settings.class_)
        if self.settings.department:
            ground.play_books("Department", self.settings.department)
        return ground


@st.composite
def places(draw: st.DrawFn, kind: str) -> Place:
    """Any company of this kind."""
    turns = draw(st.integers(0, 2**12 - 1))

    def turned(bit: int, often: int = 1) -> bool:
        return (turns >> bit) & often == often

    books: dict[str, Any] = {
        "allow_discount": not turned(0, 3),
        "multicurrency": not turned(2, 3),
        "class_tracking": turned(4),
        "class_per": draw(st.sampled_from(("both", "line", "transaction"))),
        "department_tracking": turned(5),
        "custom_txn_numbers": not turned(6, 3),
        "inclusive_discount": "gross" if turned(8) else "net",
        "tax_rounding": draw(st.sampled_from(("summed", "per_line", "down"))),
    }
    if draw(st.integers(0, 7)) == 7:
        books |= {"tax_drift": "0.01"} if turned(9) else {"tax_engine": "recomputes"}
    crm = {
        "tax_rounding": "line" if turned(10) else "total",
        "inclusive_subtotal": "gross" if turned(11) else "net",
        "late_fee_in": draw(st.sampled_from(("due", "total"))),
        "processing_fee_in": draw(st.sampled_from(("paid", "total", "charge"))),
        "tip_as": draw(st.sampled_from(("paid", "charge"))),
        "invoice_instants": turned(9),
        "text_numbers": turned(7),
        "cash_transactions": turned(3),
    }
    mapped = draw(st.integers(0, 3)) > 0
    return Place(kind, books, crm, mapped)


@dataclass(frozen=True)
class Sold:
    """What decides whether a person must look at a document: Avantto's own figures, and the taxes on its lines."""

    currency: str
    items: Sequence[Mapping[str, Any]]
    total: Decimal
    tax: Decimal
    engine: bool = False


def allowed_holds(place: Place, sold: Sold) -> frozenset[str]:
    """The holds that only a person can answer for this document; no other may come of it."""
    reasons = {
        "currency": sold.currency != place.home and not place.books["multicurrency"],
        "negative": sold.total < 0,
        "precision": digits(sold.currency) == 3 and sold.total * 100 != (sold.total * 100).to_integral_value(),
        "tax_code": _code_unclear(place, sold.items, sold.engine),
        "tax_negative": sold.tax < 0,
    }
    return frozenset(code for code, applies in reasons.items() if applies)


def _code_unclear(place: Place, items: Iterable[Mapping[str, Any]], engine: bool) -> bool:
    bearing = [tuple((tax["name"], tax["rate"]) for tax in item["taxes"]) for item in items]
    menu = MENUS[place.kind]
    unknown = any(taxes and taxes not in menu.known for taxes in bearing) or engine
    if place.kind == "us_manual":
        return unknown
    return place.kind in CODED and (unknown or (place.kind == "uk" and not place.mapped))
