from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.errors import RefusedError
from avantto_qbo.rules.crm.hours import parse_hours

CHICAGO = ZoneInfo("America/Chicago")
USUAL = parse_hours("Mon-Sat 09:00-20:00")


def local(text: str, zone: ZoneInfo = CHICAGO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-20T09:00", True),
        ("2026-11-20T08:59:59", False),
        ("2026-11-20T19:59:59", True),
        ("2026-11-20T20:00", False),
        ("2026-11-21T12:00", True),  # Saturday
        ("2026-11-22T12:00", False),  # Sunday
    ],
)
def test_hours_are_those_of_the_location(moment: str, is_open: bool) -> None:
    assert USUAL.open_at(local(moment), CHICAGO) == is_open


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-20T12:00", "2026-11-20T12:00"),
        ("2026-11-20T03:00", "2026-11-20T09:00"),
        ("2026-11-21T20:00", "2026-11-23T09:00"),
        ("2026-03-07T21:00", "2026-03-09T09:00"),  # over the change to summer time
        ("2026-10-31T21:00", "2026-11-02T09:00"),  # and back
    ],
)
def test_the_next_opening_is_told_by_the_clock_on_the_wall(moment: str, opening: str) -> None:
    assert USUAL.next_opening(local(moment), CHICAGO) == local(opening)


def test_an_opening_the_clocks_skip_is_left_out() -> None:
    night = parse_hours("Sun 02:10-02:50")  # 2026-03-08 has no such minutes in Chicago
    assert night.next_opening(local("2026-03-08T01:00"), CHICAGO) == local("2026-03-15T02:10")


def test_an_opening_the_clocks_shift_begins_when_the_clock_shows_it() -> None:
    early = parse_hours("Sun 02:30-09:00")
    opening = early.next_opening(local("2026-03-08T01:00"), CHICAGO)
    assert opening.astimezone(CHICAGO).hour == 3


def test_an_opening_the_clocks_shift_is_not_missed_where_they_move_by_half_an_hour() -> None:
    island = ZoneInfo("Australia/Lord_Howe")  # 2:00 becomes 2:30 on 2026-10-04
    hours = parse_hours("Sun 02:10-02:35")
    opening = hours.next_opening(local("2026-10-04T01:00", island), island)
    assert opening == local("2026-10-04T02:30", island)


def test_an_hour_the_clock_shows_twice_opens_twice() -> None:
    night = parse_hours("Sun 01:10-01:50")
    first = datetime(2026, 11, 1, 6, 10, tzinfo=UTC)  # 1:10 in summer time, then again in winter time
    assert night.next_opening(local("2026-11-01T00:30"), CHICAGO) == first
    assert night.next_opening(first + timedelta(minutes=45), CHICAGO) == first + timedelta(hours=1)
    assert night.next_opening(first + timedelta(hours=1, minutes=40), CHICAGO) == local("2026-11-08T01:10")


def test_a_day_that_a_zone_leaves_out_has_no_opening() -> None:
    samoa = ZoneInfo("Pacific/Apia")  # there was no 2011-12-30
    hours = parse_hours("Fri 09:00-17:00")
    assert hours.next_opening(local("2011-12-29T12:00", samoa), samoa) == local("2012-01-06T09:00", samoa)


def test_several_parts_and_whole_days() -> None:
    hours = parse_hours("mon-fri 9:00-18:00, SAT 10:00-24:00")
    assert hours.open_at(local("2026-11-21T23:59"), CHICAGO)
    assert not hours.open_at(local("2026-11-20T18:30"), CHICAGO)
    assert hours.next_opening(local("2026-11-20T18:30"), CHICAGO) == local("2026-11-21T10:00")


def test_a_week_can_begin_anywhere() -> None:
    hours = parse_hours("Sat-Mon 09:00-10:00")
    assert [hours.open_at(local(f"2026-11-{day}T09:30"), CHICAGO) for day in (20, 21, 22, 23, 24)] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_always_is_always() -> None:
    always = parse_hours(" Always ")
    assert always.open_at(local("2026-11-22T03:00"), CHICAGO)
    assert always.next_opening(local("2026-11-22T03:00"), CHICAGO) == local("2026-11-22T03:00")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "never",
        "Mon",
        "Mon 9-17",
        "Mon-Xyz 09:00-17:00",
        "Foo 09:00-17:00",
        "Mon 17:00-09:00",
        "Mon 09:00-09:00",
        "Mon 09:60-17:00",
        "Mon 09:00-24:01",
        "Mon 09:00-17:00,",
    ],
)
def test_hours_that_make_no_sense_name_the_setting(text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_hours(text)
    assert caught.value.field == "review_hours"
    assert "Mon-Sat 09:00-20:00" in caught.value.mend


@given(
    st.integers(1_767_225_600, 1_830_297_600).map(lambda second: datetime.fromtimestamp(second, UTC)),
    st.sampled_from(["America/Chicago", "Australia/Lord_Howe", "Asia/Kathmandu", "Europe/Dublin", "Africa/Casablanca"]),
)
def test_the_next_opening_is_open_and_within_a_week(moment: datetime, zone: str) -> None:
    opening = USUAL.next_opening(moment, ZoneInfo(zone))
    assert USUAL.open_at(opening, ZoneInfo(zone))
    assert timedelta(0) <= opening - moment < timedelta(days=3)
