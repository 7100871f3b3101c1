"""What the stand-in vendor adds up."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.sandbox.avantto.documents import digits_of, exact
from avantto_qbo.sandbox.avantto.totals import add_up

Rounding: TypeAlias = Literal["total", "line"]
TEN = {"_id": "t10", "name": "10%", "rate": 10}
SEVEN = {"_id": "t7", "name": "7%", "rate": Decimal("7.25")}


def line(amount: str, qty: str = "1", **more: object) -> dict[str, object]:
    return {"qty": Decimal(qty), "amount": Decimal(amount), "taxes": [], **more}


def test_tax_is_added_to_its_own_lines_only() -> None:
    sums = add_up([line("17"), line("121", taxes=[TEN])], None, 2)
    assert (sums.subtotal, sums.tax, sums.total) == (Decimal(138), Decimal("12.1"), Decimal("150.1"))


def test_a_percentage_comes_off_before_tax() -> None:
    sums = add_up([line("100", taxes=[TEN])], {"type": "percentage", "value": 25}, 2)
    assert (sums.discount, sums.tax, sums.total) == (Decimal(25), Decimal("7.5"), Decimal("82.5"))


def test_a_fixed_discount_is_spread_in_proportion() -> None:
    sums = add_up([line("30", taxes=[TEN]), line("10")], {"type": "fixed", "value": 8}, 2)
    assert (sums.tax, sums.total) == (Decimal("2.4"), Decimal("34.4"))


def test_a_fixed_discount_never_exceeds_what_it_applies_to() -> None:
    assert add_up([line("5")], {"type": "fixed", "value": 8}, 2).total == 0


def test_a_discount_can_be_valid_for_some_products_only() -> None:
    items = [line("100", productId="a", taxes=[TEN]), line("100", productId="b", taxes=[TEN])]
    sums = add_up(items, {"type": "percentage", "value": 50, "validOnProductIds": ["b"]}, 2)
    assert (sums.discount, sums.tax, sums.total) == (Decimal(50), Decimal(15), Decimal(165))


@pytest.mark.parametrize(("shown", "subtotal"), [("net", "100"), ("gross", "110")])
def test_inclusive_tax_is_taken_out_of_the_price(shown: Literal["net", "gross"], subtotal: str) -> None:
    sums = add_up([line("110", taxes=[TEN], taxInclusive=True)], None, 2, "total", shown)
    assert (sums.subtotal, sums.tax, sums.total) == (Decimal(subtotal), Decimal(10), Decimal(110))


def test_inclusive_tax_is_recomputed_after_the_discount() -> None:
    sums = add_up([line("110", taxes=[TEN], taxInclusive=True)], {"type": "percentage", "value": 50}, 2)
    assert (sums.tax, sums.total) == (Decimal(5), Decimal(55))


@pytest.mark.parametrize(("rounding", "tax"), [("total", "0.18"), ("line", "0.20")])
def test_tax_is_rounded_once_or_per_line(rounding: Rounding, tax: str) -> None:
    assert add_up([line("0.36", taxes=[TEN])] * 5, None, 2, rounding).tax == Decimal(tax)


def test_currencies_without_decimals_are_not_scaled() -> None:
    sums = add_up([line("1550", taxes=[SEVEN])], None, digits_of("JPY"))
    assert sums.total == 1662


def test_floats_are_refused() -> None:
    with pytest.raises(ValueError, match="exact number"):
        exact(0.1)


cents = st.integers(min_value=0, max_value=10_000_00).map(lambda value: Decimal(value) / 100)
lines = st.builds(
    lambda amount, qty, taxed, inclusive: line(
        str(amount), str(qty), taxes=[TEN, SEVEN] if taxed else [], taxInclusive=inclusive
    ),
    cents,
    st.integers(min_value=1, max_value=9),
    st.booleans(),
    st.booleans(),
)
discounts = st.builds(
    lambda kind, value: {"type": kind, "value": value}, st.sampled_from(["fixed", "percentage"]), st.integers(0, 100)
)


@given(st.lists(lines, min_size=1, max_size=6), discounts, st.sampled_from(["total", "line"]))
def test_the_summary_adds_up_to_the_total(
    items: list[dict[str, object]], discount: dict[str, object], rounding: Rounding
) -> None:
    sums = add_up(items, discount, 2, rounding)
    assert sums.subtotal - sums.discount + sums.tax == sums.total
