from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.model.operation import Reason
from avantto_qbo.rules.books.doubts.retry import exhausted, request_id_after, retry_at
from unit.rules.cases import NOW, operation


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


@pytest.mark.parametrize(("before", "after"), [("op1", "op1.2"), ("op1.2", "op1.3"), ("op1.19", "op1.20")])
def test_a_refusal_makes_a_fresh_request_id(before: str, after: str) -> None:
    refused = operation(request_id=before, reason=Reason("refused.6000", "one at a time"))
    assert request_id_after(refused) == after


@pytest.mark.parametrize("reason", [None, Reason("not_sent", "throttled"), Reason("doubt", "timeout")])
def test_what_was_not_read_goes_under_the_same_request_id(reason: Reason | None) -> None:
    assert request_id_after(operation(request_id="op1.2", reason=reason)) == "op1.2"


def test_what_was_in_doubt_before_keeps_its_request_id() -> None:
    assert request_id_after(operation(lookups=3, reason=Reason("refused.6000", "one at a time"))) == "op1"
