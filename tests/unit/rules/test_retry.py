from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.rules.books.retry import exhausted, retry_at
from unit.rules.cases import NOW


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 2), (1, 2), (2, 4), (5, 32), (9, 512), (10, 900), (99, 900)])
def test_waits_double_up_to_a_quarter_of_an_hour(attempts: int, seconds: int) -> None:
    assert retry_at(attempts, None, NOW, 0.0) == NOW + timedelta(seconds=seconds)


def test_what_the_other_side_asked_for_is_a_least() -> None:
    assert retry_at(1, timedelta(seconds=60), NOW, 0.0) == NOW + timedelta(seconds=60)
    assert retry_at(10, timedelta(seconds=60), NOW, 0.0) == NOW + timedelta(seconds=900)


@given(st.integers(0, 100), st.none() | st.integers(0, 3600), st.floats(0, 1, exclude_max=True))
def test_jitter_never_comes_before_what_was_asked_nor_after_the_longest(
    attempts: int, asked: int | None, jitter: float
) -> None:
    wait = retry_at(attempts, None if asked is None else timedelta(seconds=asked), NOW, jitter) - NOW
    assert timedelta(seconds=max(asked or 0, 1)) <= wait <= timedelta(seconds=max(900, 1.1 * (asked or 0)))


def test_a_day_of_trying_is_enough() -> None:
    assert not exhausted(NOW - timedelta(hours=24), NOW)
    assert exhausted(NOW - timedelta(hours=24, seconds=1), NOW)
