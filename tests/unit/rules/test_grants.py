"""When a grant ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from avantto_qbo.model.grant import Grant, Provider, Tokens
from avantto_qbo.rules.grants import days_left, lapses_at, warning

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
BOOKS, CRM = Provider.QUICKBOOKS, Provider.AVANTTO


def grant(provider: Provider, *, days: float | None, years_ago: float | None = 0.0, refresh: str = "r") -> Grant:
    ends = None if days is None else NOW + timedelta(days=days)
    given = None if years_ago is None else NOW - timedelta(days=365 * years_ago)
    return Grant(provider, "s", Tokens("a", refresh, refresh_expires_at=ends), granted_at=given)


@pytest.mark.parametrize(
    ("given", "days"),
    [
        (grant(BOOKS, days=101), 101),
        (grant(BOOKS, days=101, years_ago=5 - 10 / 365), 10),  # five years from the consent, however often renewed
        (grant(BOOKS, days=None), 100),
        (grant(BOOKS, days=101, years_ago=None), 101),
        (grant(CRM, days=365, years_ago=9), 365),
        (grant(CRM, days=None), 365),
    ],
)
def test_a_grant_ends_where_the_vendor_says_or_its_rules_do(given: Grant, days: float) -> None:
    end = lapses_at(given)
    assert end is not None
    assert abs(end - NOW - timedelta(days=days)) < timedelta(minutes=1)


@pytest.mark.parametrize("given", [grant(CRM, days=None, refresh=""), grant(BOOKS, days=None, years_ago=None)])
def test_what_is_not_known_to_end_does_not(given: Grant) -> None:
    assert lapses_at(given) is None


@pytest.mark.parametrize(
    ("hours", "words"),
    [(20, "until 2026-11-21 (today)"), (30, "(in 1 day)"), (-5, "(today)"), (24 * 12.5, "(in 12 days)")],
)
def test_the_owner_reads_when_it_ends(hours: float, words: str) -> None:
    text = warning(BOOKS, NOW + timedelta(hours=hours), NOW)
    assert words in text
    assert text.startswith("QuickBooks")


def test_days_left_are_whole_and_never_negative() -> None:
    assert days_left(NOW + timedelta(days=3, hours=5), NOW) == 3
    assert days_left(NOW - timedelta(days=3), NOW) == 0
