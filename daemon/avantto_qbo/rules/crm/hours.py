"""Quiet hours: when a person may be written to, in the location's own time.

`Mon-Sat 09:00-20:00`, several parts with commas between them (`Mon-Fri 09:00-18:00, Sat 10:00-14:00`), or `always`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from avantto_qbo.errors import RefusedError

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART: Final = re.compile(r"([a-z]{3})(?:\s*-\s*([a-z]{3}))?\s+(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_MINUTE: Final = timedelta(minutes=1)
_DAYS_AHEAD: Final = 15  # a week's opening may fall into a change of the clocks; the week after has it again
_MEND: Final = "write it like: Mon-Sat 09:00-20:00"


class Span(msgspec.Struct, frozen=True):
    """Some days of the week (Monday is 0) from `start` until before `end`, in minutes after midnight."""

    days: frozenset[int]
    start: int
    end: int


class OpeningHours(msgspec.Struct, frozen=True):
    """When messages may go out. No spans means always."""

    spans: tuple[Span, ...] = ()

    def open_at(self, now: datetime, zone: ZoneInfo) -> bool:
        """Say whether `now` (an instant) is within the hours in `zone`."""
        local = now.astimezone(zone)
        minutes = local.hour * 60 + local.minute
        within = (local.weekday() in span.days and span.start <= minutes < span.end for span in self.spans)
        return not self.spans or any(within)

    def next_opening(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The first instant from `now` on at which the hours are open, in UTC.

        A day on which the clocks change may skip an opening altogether, or show it twice.
        """
        if self.open_at(now, zone):
            return now
        today = now.astimezone(zone).date()
        days = [today + timedelta(days=offset) for offset in range(_DAYS_AHEAD)]
        openings = (opening for day in days for span in self.spans for opening in _instants(day, span.start, zone))
        return min(opening for opening in openings if opening > now and self.open_at(opening, zone))


def parse_hours(text: str) -> OpeningHours:
    """Read the setting `review_hours`. Raises RefusedError naming it."""
    if text.strip().casefold() == "always":
        return OpeningHours()
    return OpeningHours(tuple(_span(part) for part in text.casefold().split(",")))


def _span(text: str) -> Span:
    match = _PART.fullmatch(text.strip())
    if match is None:
        raise _refused(text, "is not understood")
    first, last, *clock = match.groups()
    if first not in _DAYS or (last or first) not in _DAYS:
        raise _refused(text, "names a day that is not one of Mon to Sun")
    start, end = (_minutes(text, hours, minutes) for hours, minutes in (clock[:2], clock[2:]))
    if start >= end:
        raise _refused(text, "ends before it begins")
    begin, length = _DAYS.index(first), (_DAYS.index(last or first) - _DAYS.index(first)) % 7
    return Span(frozenset((begin + step) % 7 for step in range(length + 1)), start, end)


def _minutes(text: str, hours: str, minutes: str) -> int:
    count = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or count > 24 * 60:
        raise _refused(text, "names a time that does not exist")
    return count


def _refused(text: str, why: str) -> RefusedError:
    return RefusedError(f"review_hours: {text.strip()!r} {why}", _MEND, field="review_hours")


def _instants(day: date, minutes: int, zone: ZoneInfo) -> Iterator[datetime]:
    """When a local clock shows `minutes` after midnight: once, as a rule.

    Where the clocks change at that time, every minute between its two readings: a time that comes twice comes at both
    ends, and after one that is skipped the clock goes on somewhere between.
    """
    local = datetime.combine(day, time(minutes // 60, minutes % 60), zone)
    first, last = sorted(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    while first <= last:
        yield first
        first += _MINUTE
