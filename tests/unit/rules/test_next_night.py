"""When a company's night is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from avantto_qbo.rules.nights import next_night

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "Pacific/Auckland", "Europe/Berlin"])
def test_it_is_between_two_and_five_in_the_morning_there(zone: str) -> None:
    at = next_night(NOON, zone, "310687")
    assert 2 <= at.astimezone(ZoneInfo(zone)).hour < 5
    assert NOON + timedelta(hours=1) <= at <= NOON + timedelta(hours=25)
    assert at.tzinfo is UTC


def test_companies_are_spread_over_the_hours_and_keep_theirs() -> None:
    moments = {next_night(NOON, "UTC", str(realm)) for realm in range(50)}
    assert len(moments) == 50
    assert next_night(NOON, "UTC", "7") == next_night(NOON, "UTC", "7")


def test_a_night_that_has_just_been_is_not_done_again() -> None:
    at = next_night(NOON, "UTC", "7")
    assert next_night(at, "UTC", "7") == at + timedelta(days=1)
    assert next_night(at - timedelta(minutes=30), "UTC", "7") == at + timedelta(days=1)


def test_an_unknown_time_zone_counts_as_the_clocks_own() -> None:
    assert 2 <= next_night(NOON, "Mars/Olympus", "7").hour < 5


def test_a_change_of_the_clocks_leaves_it_in_the_night() -> None:
    before = datetime(2026, 10, 31, 12, 0, tzinfo=UTC)  # New York turns its clocks back that night
    assert 1 <= next_night(before, "America/New_York", "310687").astimezone(ZoneInfo("America/New_York")).hour < 5
