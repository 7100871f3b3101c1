"""Calendar days: always those of the location's time zone, never the server's."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def zone_of(name: str) -> ZoneInfo | None:
    """The IANA time zone of that name, None if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def day_of(value: str | datetime, time_zone: str) -> date | None:
    """The day of a date or an instant in `time_zone`; None when either is unreadable.

    The vendor documents `YYYY-MM-DD` but was seen to answer instants; one without an offset is UTC.
    """
    zone = zone_of(time_zone)
    try:
        if isinstance(value, str):
            if _DAY.fullmatch(value.strip()):
                return date.fromisoformat(value.strip())
            value = datetime.fromisoformat(value.strip())
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(zone).date() if zone else None
    except (ValueError, OverflowError):
        return None
