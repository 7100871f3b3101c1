"""The arithmetic of one sale, in every way Avantto may have rounded it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.model.avantto import Tax
from avantto_qbo.model.money import Money, total
from avantto_qbo.rules.books.sale.lines import SoldLine, plain
from avantto_qbo.rules.books.sale.reckon import (
    Extra,
    Reckoning,
    Sale,
    difference,
    fitted,
    nearest,
    reckon,
    tax_is_computed,
)

VAT = Tax("VAT", Decimal(20), inclusive=True)
SALES_TAX = Tax("State", Decimal("8.25"))
CITY = Tax("City", Decimal("1.5"))


def pounds(amount: str | int) -> Money:
    return Money.of(amount, "GBP")


def sold(price: str, *taxes: Tax, quantity: str = "1", **more: Any) -> SoldLine:
    return SoldLine("Thing", Decimal(quantity), Decimal(price), taxes=taxes, **more)


def sale(*lines: SoldLine, total: str, discount: str = "0", tax: str | None = None, **more: Any) -> Sale:
    return Sale(lines, pounds(total), pounds(discount), None if tax is None else pounds(tax), **more)


def reckoned(one: Sale) -> Reckoning:
    found = reckon(one)
    assert found is not None
    currency = one.currency
    extras = total((extra.amount for extra in found.extras), currency)
    assert total(found.nets, currency) - found.discount + found.tax + extras == one.total
    assert total(found.offs, currency) == found.discount
    if found.rates:
        assert total((rate.amount for rate in found.rates), currency) == found.tax
    return found


def test_tax_comes_on_top_of_the_discounted_price() -> None:
    found = reckoned(sale(sold("100", SALES_TAX), total="97.43", discount="10", tax="7.43"))
    assert (found.nets, found.offs, found.bases) == ((pounds(100),), (pounds(10),), (pounds(90),))
    assert [(rate.name, rate.rate, rate.base, rate.amount) for rate in found.rates] == [
        ("State", Fraction(33, 4), pounds(90), pounds("7.43"))
    ]


def test_several_taxes_of_a_line_are_told_apart() -> None:
    found = reckoned(sale(sold("100", SALES_TAX, CITY), sold("50"), total="159.75", tax="9.75"))
    assert [(rate.name, rate.amount) for rate in found.rates] == [("State", pounds("8.25")), ("City", pounds("1.50"))]


def test_inclusive_prices_become_net_and_the_largest_line_takes_the_remainder() -> None:
    found = reckoned(sale(sold("9.99", VAT), sold("3.33", VAT, quantity="3"), sold("5"), total="24.98", tax="3.33"))
    assert found.shown == (pounds("9.99"), pounds("9.99"), pounds(5))
    assert found.nets == (pounds("8.32"), pounds("8.33"), pounds(5))


def test_a_discount_on_inclusive_prices_holds_its_share_of_the_tax() -> None:
    found = reckoned(sale(sold("120", VAT), total="108", discount="12", tax="18"))
    assert (found.nets, found.discount) == ((pounds(100),), pounds(10))


def test_inclusive_and_exclusive_lines_stand_side_by_side() -> None:
    found = reckoned(sale(sold("120", VAT), sold("100", SALES_TAX), total="228.25", tax="28.25"))
    assert found.nets == (pounds(100), pounds(100))
    assert [rate.amount for rate in found.rates] == [pounds(20), pounds("8.25")]


def test_tax_that_was_not_stated_is_computed() -> None:
    assert reckoned(sale(sold("100", SALES_TAX), total="108.25")).tax == pounds("8.25")
    assert reckoned(sale(sold("120", VAT), total="120")).tax == pounds(20)


def test_tax_rounded_once_or_for_every_line() -> None:
    cents = [sold("0.10", SALES_TAX)] * 4
    assert reckoned(sale(*cents, total="0.44")).tax == pounds("0.04")
    assert reckoned(sale(*cents, total="0.43")).tax == pounds("0.03")


def test_tax_of_amounts_that_were_not_rounded_before() -> None:
    found = reckoned(sale(sold("0.145", Tax("High", Decimal(50))), total="0.22"))
    assert found.tax == pounds("0.07")  # half of 14.5 pence, not of 15


def test_a_stated_tax_that_does_not_fit_gives_way_to_the_computed_one() -> None:
    found = reckoned(sale(sold("100", SALES_TAX), total="108.25", tax="0"))
    assert found.tax == pounds("8.25")


def test_tax_no_line_names_stands_for_itself() -> None:
    found = reckoned(sale(sold("100"), total="105", tax="5"))
    assert found.unnamed_tax
    assert not found.rates


def test_extras_are_not_taxed() -> None:
    found = reckoned(sale(sold("100", SALES_TAX), total="113.25", tax="8.25", extras=(Extra("Shipping", pounds(5)),)))
    assert found.rates[0].base == pounds(100)


def test_a_discount_on_some_products_leaves_the_others_alone() -> None:
    lines = sold("60", product_id="p1"), sold("40", SALES_TAX, product_id="p2")
    found = reckoned(sale(*lines, total="93.30", discount="10", tax="3.30", valid_on=frozenset({"p1"})))
    assert found.offs == (pounds(10), pounds(0))


def test_a_discount_valid_on_nothing_that_is_there_is_on_everything() -> None:
    found = reckoned(sale(sold("60"), sold("40"), total="90", discount="10", valid_on=frozenset({"gone"})))
    assert found.offs == (pounds(6), pounds(4))


def test_a_discount_on_lines_that_come_to_nothing_is_on_the_first() -> None:
    found = reckoned(sale(sold("0"), sold("0"), total="0"))
    assert found.discount == pounds(0)


def test_what_does_not_add_up_is_no_reckoning() -> None:
    assert reckon(sale(sold("100"), total="101")) is None
    assert difference(sale(sold("100"), total="101")) == pounds(1)
    assert difference(sale(sold("100", SALES_TAX), total="108.24")) == pounds("-0.01")


def test_a_tax_that_leaves_the_prices_no_meaning_is_not_believed() -> None:
    found = reckoned(sale(sold("120", VAT), total="120", tax="35"))
    assert found.tax == pounds(20)


def test_a_gap_can_be_tax_unless_the_rates_come_to_the_stated_one() -> None:
    assert tax_is_computed(sale(sold("100", SALES_TAX), total="0", tax="8.25"))
    assert tax_is_computed(sale(sold("100"), total="0"))
    assert not tax_is_computed(sale(sold("100", SALES_TAX), total="0", tax="8"))


@pytest.mark.parametrize(
    ("value", "whole"), [(Fraction(5, 2), 3), (Fraction(-5, 2), -3), (Fraction(7, 3), 2), (Fraction(0), 0)]
)
def test_a_half_goes_away_from_zero(value: Fraction, whole: int) -> None:
    assert nearest(value) == whole


def test_parts_fit_the_whole() -> None:
    parts = {"a": Fraction(333, 10), "b": Fraction(333, 10), "c": Fraction(334, 10)}
    assert fitted(parts, Money(100, "GBP")) == {"a": Money(34, "GBP"), "b": Money(33, "GBP"), "c": Money(33, "GBP")}
    assert fitted({}, pounds(1)) == {}


TAXES = st.lists(
    st.sampled_from([SALES_TAX, CITY, VAT, Tax("GST", Decimal(5), inclusive=True)]), max_size=2, unique=True
)
LINES = st.lists(st.tuples(st.integers(-5_000, 50_000), st.integers(1, 40), TAXES), min_size=1, max_size=8)


@given(LINES, st.integers(0, 30))
def test_computed_sales_always_add_up(rows: list[tuple[int, int, list[Tax]]], percent: int) -> None:
    lines = [sold(f"{price}e-2", *taxes, quantity=f"{count}e-1") for price, count, taxes in rows]
    shown = total((Money.rounded(line.exact, "GBP") for line in lines), "GBP")
    off = Money(max(0, shown.minor) * percent // 100, "GBP")
    gap = difference(Sale(tuple(lines), shown - off, off))
    reckoned(Sale(tuple(lines), shown - off - gap, off))


def test_a_plain_line_is_one_of_itself() -> None:
    assert plain("Shipping", pounds("4.99")).exact == Decimal("4.99")
