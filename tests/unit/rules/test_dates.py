from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from avantto_qbo.rules.dates import day_of, zone_of


@pytest.mark.parametrize(
    ("value", "zone", "day"),
    [
        ("2026-11-18", "Pacific/Auckland", date(2026, 11, 18)),  # a day is a day anywhere
        (" 2026-11-18 ", "UTC", date(2026, 11, 18)),
        ("2026-08-26T06:00:00.000Z", "America/Costa_Rica", date(2026, 8, 26)),
        ("2026-09-26T05:59:59.999Z", "America/Costa_Rica", date(2026, 9, 25)),
        ("2026-11-18T23:30:00-06:00", "America/New_York", date(2026, 11, 19)),
        ("2026-11-18T23:30:00", "America/Chicago", date(2026, 11, 18)),  # without an offset: UTC
        (datetime(2026, 11, 19, 3, tzinfo=UTC), "America/Chicago", date(2026, 11, 18)),
        ("18.11.2026", "UTC", None),
        ("2026-13-01", "UTC", None),
        ("", "UTC", None),
        (datetime(1, 1, 1, tzinfo=UTC), "America/Chicago", None),
        ("2026-11-18T12:00:00Z", "Mars/Olympus", None),
    ],
)
def test_the_day_is_the_one_of_the_location(value: str | datetime, zone: str, day: date | None) -> None:
    assert day_of(value, zone) == day


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "America"])
def test_an_unknown_time_zone_is_none(name: str) -> None:
    assert zone_of(name) is None


def test_a_known_time_zone_is_found() -> None:
    assert str(zone_of("America/Chicago")) == "America/Chicago"
