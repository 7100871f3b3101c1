from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.model.money import Money, exact, exponent, from_json, rounded, shares, total

minors = st.integers(-(10**12), 10**12)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=30)


@given(minor=minors, weights=weights)
def test_shares_add_up_to_the_whole(minor: int, weights: list[int]) -> None:
    parts = shares(Money(minor, "USD"), weights)
    assert len(parts) == len(weights)
    assert total(parts, "USD") == Money(minor, "USD")


@given(minor=minors, weights=weights.filter(any))
def test_every_share_is_within_a_minor_unit_of_its_proportion(minor: int, weights: list[int]) -> None:
    for part, weight in zip(shares(Money(minor, "USD"), weights), weights, strict=True):
        assert abs(part.minor - Fraction(minor * weight, sum(weights))) < 1


@given(minor=minors, weights=weights.filter(any))
def test_nothing_goes_to_a_weight_of_zero(minor: int, weights: list[int]) -> None:
    parts = shares(Money(minor, "USD"), weights)
    assert all(part.minor == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


def test_earlier_lines_get_the_odd_cents_among_equals() -> None:
    assert [part.minor for part in shares(Money(100, "USD"), [1, 1, 1])] == [34, 33, 33]


def test_weights_of_zero_give_the_whole_to_the_first() -> None:
    assert [part.minor for part in shares(Money(7, "USD"), [0, 0])] == [7, 0]


def test_nothing_can_be_shared_among_nobody() -> None:
    with pytest.raises(ValueError, match="nothing to share among"):
        shares(Money(1, "USD"), [])


@pytest.mark.parametrize(
    ("currency", "decimals"), [("USD", 2), ("usd", 2), ("JPY", 0), ("CLP", 0), ("KWD", 3), ("TND", 3), ("XYZ", 2)]
)
def test_exponents_follow_iso_4217(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.34", "usd", 1234),
        (5, "JPY", 5),
        (Decimal("1.234"), "KWD", 1234),
        ("-0.01", "EUR", -1),
        ("1E+2", "USD", 10000),
    ],
)
def test_major_units_become_minor_units_exactly(amount: Any, currency: str, minor: int) -> None:
    assert Money.of(amount, currency) == Money(minor, currency.upper())


@given(minor=minors, currency=st.sampled_from(["USD", "JPY", "KWD"]))
def test_major_units_and_back_lose_nothing(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.of(money.amount, currency) == money


@pytest.mark.parametrize(("amount", "currency"), [("0.001", "USD"), ("0.5", "JPY"), ("1.2345", "KWD")])
def test_more_decimals_than_the_currency_has_are_an_error(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match="more decimals"):
        Money.of(amount, currency)


@pytest.mark.parametrize("value", [1.5, True, None, b"1"])
def test_only_exact_numbers_become_money(value: Any) -> None:
    with pytest.raises(TypeError, match="money needs"):
        exact(value)


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_money_is_finite(value: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        exact(value)


@pytest.mark.parametrize("minor", [1.0, True, Decimal(1)])
def test_minor_units_are_whole_numbers(minor: Any) -> None:
    with pytest.raises(TypeError, match="whole numbers"):
        Money(minor, "USD")


def test_a_float_is_refused_in_stored_money_too() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"minor": 1.5, "currency": "USD"}', type=Money)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [("2.345", "USD", "2.35"), ("-2.345", "USD", "-2.35"), ("2.344", "USD", "2.34"), ("0.5", "JPY", "1")],
)
def test_rounding_is_half_away_from_zero(amount: str, currency: str, expected: str) -> None:
    assert rounded(Decimal(amount), currency) == Decimal(expected)
    assert Money.rounded(Decimal(amount), currency) == Money.of(expected, currency)


def test_money_adds_subtracts_and_negates() -> None:
    ten, four = Money(1000, "USD"), Money(400, "USD")
    assert (ten + four, ten - four, -four) == (Money(1400, "USD"), Money(600, "USD"), Money(-400, "USD"))
    assert four < ten


@pytest.mark.parametrize("operation", ["__add__", "__sub__"])
def test_two_currencies_do_not_mix(operation: str) -> None:
    with pytest.raises(ValueError, match="USD and EUR"):
        getattr(Money(1, "USD"), operation)(Money(1, "EUR"))


def test_only_zero_is_false() -> None:
    assert not Money.zero("usd")
    assert Money(-1, "USD")
    assert Money.zero("usd").currency == "USD"


def test_money_is_shown_in_major_units() -> None:
    assert str(Money(123456, "USD")) == "1234.56 USD"
    assert str(Money(10**9, "JPY")) == "1000000000 JPY"


def test_the_total_of_nothing_is_zero_of_the_currency() -> None:
    assert total([], "EUR") == Money(0, "EUR")


def test_a_number_of_a_json_text_is_exact_or_refused() -> None:
    assert from_json("0.10") == Decimal("0.10")
    with pytest.raises(msgspec.ValidationError, match="out of range"):
        from_json("1e9999999999999999999999")
