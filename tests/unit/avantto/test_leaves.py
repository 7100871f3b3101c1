"""Single values of the vendor's JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.avantto import leaves

AMOUNTS = leaves.decoder(list[Any])


def amount(text: str) -> Decimal:
    return leaves.number(AMOUNTS.decode(f"[{text}]".encode())[0], "amount")


@pytest.mark.parametrize(
    ("json", "expected"),
    [
        ("12.10", "12.10"),
        ('"12.10"', "12.10"),
        ("999", "999"),
        ("-20", "-20"),
        ("150.10000000000002", "150.1"),
        ("434.99999999999994", "435"),
        ("0.30000000000000004", "0.3"),
        ("1e2", "100"),
    ],
)
def test_an_amount_is_read_exactly_and_without_the_noise_of_doubles(json: str, expected: str) -> None:
    assert amount(json) == Decimal(expected)


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_every_amount_to_the_cent_survives_as_the_vendor_prints_it(value: Decimal) -> None:
    assert amount(repr(float(value))) == value


@pytest.mark.parametrize("json", ["true", "null", '"ten"', '"NaN"', '"Infinity"', "1e99", '"1e-99"', "[]", "{}", '""'])
def test_what_is_no_amount_is_refused_without_quoting_it(json: str) -> None:
    with pytest.raises(ValueError, match=r"^amount is (not a number|out of range)$"):
        amount(json)


def test_a_missing_number_reads_as_its_default_but_nonsense_does_not() -> None:
    assert leaves.number_or(None, Decimal(7), "x") == 7
    assert leaves.number_or("", Decimal(7), "x") == 7
    with pytest.raises(ValueError, match="x is not a number"):
        leaves.number_or("abc", Decimal(7), "x")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-02T15:04:05.678Z", datetime(2026, 11, 2, 15, 4, 5, 678000, UTC)),
        ("2026-11-02T15:04:05+01:00", datetime(2026, 11, 2, 14, 4, 5, 0, UTC)),
        ("2026-11-02", datetime(2026, 11, 2, tzinfo=UTC)),
        (1793631845000, datetime(2026, 11, 2, 15, 4, 5, tzinfo=UTC)),
        (1793631845, datetime(2026, 11, 2, 15, 4, 5, tzinfo=UTC)),
    ],
)
def test_instants_are_read_in_every_form_the_vendor_uses(value: object, expected: datetime) -> None:
    assert leaves.instant(value, "createdAt") == expected


@pytest.mark.parametrize("value", ["yesterday", True, 10**30, {"_seconds": 1}, Decimal("1.5")])
def test_an_unknown_form_of_instant_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="createdAt is not an instant"):
        leaves.instant(value, "createdAt")


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), ("true", True), (False, False), ("false", False), (None, False), (1, False)]
)
def test_a_flag_is_only_true_when_it_says_so(value: object, expected: bool) -> None:
    assert leaves.flag(value) is expected
