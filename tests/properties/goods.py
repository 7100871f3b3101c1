"""What can be sold, as hypothesis draws it: items, taxes, discounts, currencies, in the words of the Avantto stand-in.

Prices and quantities are whole numbers scaled down, so that a failure shrinks towards one item of one unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

DIGITS: Final = {"JPY": 0, "KWD": 3}
CURRENCIES: Final = ("USD", "GBP", "CAD", "AUD", "EUR", "JPY", "KWD")
HOME: Final = {"uk": "GBP", "ca": "CAD", "au": "AUD"}
PRODUCTS: Final = ("65f000000000000000000001", "65f000000000000000000002", "")
DESCRIPTIONS: Final = (
    "",
    "<p>Two <b>coats</b>&nbsp;&amp; primer</p><ul><li>white</li></ul>",
    "Ölwechsel – größer",
    "отбеливание зубов",
    "歯の検診",
    "5 < 6 & 7 > 6",
    "a\tb\r\nc\u200b\u2028d",
    "🎂 cake",
    "x" * 4100,
)
NAMES: Final = ("Wash", "Hours", "Seat: front", "O'Neil's “special”", "Ελιά", "<i>Gift</i>")

Tax = tuple[str, str]


@dataclass(frozen=True)
class Menu:
    """The taxes usual in a company's country; `known` are those its codes stand for."""

    known: tuple[tuple[Tax, ...], ...]
    unknown: tuple[tuple[Tax, ...], ...] = ()

    @property
    def all(self) -> tuple[tuple[Tax, ...], ...]:
        """Every set of taxes a line may bear."""
        return self.known + self.unknown


_STATE: Final = (("State", "6.25"), ("City", "2"))
_AMERICAN: Final = Menu(((("Sales Tax", "8.25"),), _STATE, (("Reduced", "2.9"),), (("Exempt", "0"),)))
MENUS: Final = {
    "us": _AMERICAN,
    "us_recompute": _AMERICAN,
    "us_no_tax": _AMERICAN,
    "us_manual": Menu((_STATE, (("Colorado", "2.9"),)), ((("Sales Tax", "9.1"),),)),
    "uk": Menu(((("VAT", "20"),), (("Reduced VAT", "5"),)), ((("Old VAT", "17.5"),),)),
    "ca": Menu(
        (
            (("GST", "5"),),
            (("GST", "5"), ("PST", "7")),
            (("HST", "13"),),
            (("GST", "5"), ("QST", "9.975")),
        ),
        ((("HST NS", "14"),),),
    ),
    "au": Menu(((("GST", "10"),),)),
}


def digits(currency: str) -> int:
    """How many decimals a currency has."""
    return DIGITS.get(currency, 2)


@cache
def amounts(currency: str, *, least: int = 0, most: int = 250_000) -> st.SearchStrategy[Decimal]:
    """Amounts in the currency's own minor units."""
    places = digits(currency)
    return st.integers(least, most).map(lambda minor: Decimal(minor).scaleb(-places))


@cache
def quantities() -> st.SearchStrategy[Decimal]:
    """One mostly, some, and fractions of up to four decimals."""
    fractions = st.integers(1, 99_999).map(lambda part: Decimal(part).scaleb(-4))
    return st.one_of(st.just(Decimal(1)), st.integers(2, 12).map(Decimal), fractions)


@cache
def prices(currency: str) -> st.SearchStrategy[Decimal]:
    """Unit prices: in minor units mostly, some finer, some given back."""
    finer = st.integers(1, 99_999).map(lambda part: Decimal(part).scaleb(-digits(currency) - 2))
    given_back = amounts(currency, least=1, most=900).map(lambda one: -one)
    plain = amounts(currency)
    return st.one_of(*[plain] * 8, finer, given_back)


@cache
def taxes_on(menu: Menu, *, strange: bool) -> st.SearchStrategy[list[dict[str, Any]]]:
    """The taxes of one line, often none."""
    choices = (*menu.known, *(menu.unknown if strange else ()))
    return st.sampled_from(((), *choices)).map(lambda named: [{"name": name, "rate": rate} for name, rate in named])


@cache
@st.composite
def item(draw: st.DrawFn, currency: str, menu: Menu, *, priced: str, strange: bool) -> dict[str, Any]:
    """One line; `priced` is exclusive, inclusive or mixed."""
    bears = draw(taxes_on(menu, strange=strange))
    inside = priced == "inclusive" or (priced == "mixed" and draw(st.booleans()))
    words = draw(st.integers(0, len(DESCRIPTIONS) * len(NAMES) - 1))
    line = {
        "name": NAMES[words % len(NAMES)],
        "qty": draw(quantities()),
        "amount": draw(prices(currency)),
        "taxes": bears,
        "taxInclusive": inside and bool(bears),
        "description": DESCRIPTIONS[words // len(NAMES)],
    }
    product = draw(st.sampled_from(PRODUCTS))
    return {**line, "productId": product} if product else line


@cache
def items(currency: str, menu: Menu, *, strange: bool = False) -> st.SearchStrategy[list[dict[str, Any]]]:
    """One to sixty lines, mostly few."""
    ways = st.sampled_from(("exclusive", "exclusive", "inclusive", "mixed"))
    return ways.flatmap(lambda priced: _lines(currency, menu, priced, strange))


@cache
def _lines(currency: str, menu: Menu, priced: str, strange: bool) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = item(currency, menu, priced=priced, strange=strange)
    few, many = st.lists(one, min_size=1, max_size=6), st.lists(one, min_size=1, max_size=60)
    return st.one_of(few, few, few, many).map(_worth_something)


def _worth_something(bought: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is given back is less than what is bought: anything else is no invoice."""
    if sum(line["qty"] * line["amount"] for line in bought) >= 0:
        return bought
    return [{**line, "amount": abs(line["amount"])} for line in bought]


@cache
def discounts(currency: str) -> st.SearchStrategy[dict[str, Any] | None]:
    """None, a percentage or an amount, on everything or on some products."""
    percentages = st.integers(1, 10_000).map(lambda part: ("percentage", Decimal(part).scaleb(-2)))
    fixed = amounts(currency, least=1, most=9_000).map(lambda value: ("fixed", value))
    limits = st.sampled_from(([], [], [PRODUCTS[0]], [PRODUCTS[0], PRODUCTS[1]]))
    given = st.tuples(st.one_of(percentages, fixed), limits).map(
        lambda drawn: {"type": drawn[0][0], "value": drawn[0][1], "validOnProductIds": drawn[1]}
    )
    return st.one_of(st.none(), given)


@cache
def currencies(kind: str) -> st.SearchStrategy[str]:
    """The company's own mostly."""
    home = HOME.get(kind, "USD")
    return st.one_of(st.just(home), st.just(home), st.sampled_from(CURRENCIES))
