"""What Avantto says about its rate limits, and how long to wait when it refuses for them.

Documented: 100 requests in 10 seconds and 200,000 a day, per app and location.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec

# When the day's count starts anew is not documented; an hour finds out without hammering.
DAILY_WAIT: Final = timedelta(hours=1)
BURST_WAIT: Final = timedelta(seconds=10)


class Limits(msgspec.Struct, frozen=True):
    """The limits as the last answer of a location told them; None where it told nothing.

    `remaining` requests are left of `limit` in the current `interval`, `daily_remaining` of `daily_limit` today.
    """

    daily_remaining: int | None = None
    remaining: int | None = None
    daily_limit: int | None = None
    limit: int | None = None
    interval: timedelta | None = None


def read_limits(headers: Mapping[str, str]) -> Limits | None:
    """Read the limits from an answer's headers (names in lower case); None when it has none of them."""
    interval = _whole(headers, "x-ratelimit-interval-milliseconds")
    found = Limits(
        daily_remaining=_whole(headers, "x-ratelimit-daily-remaining"),
        remaining=_whole(headers, "x-ratelimit-remaining"),
        daily_limit=_whole(headers, "x-ratelimit-limit-daily"),
        limit=_whole(headers, "x-ratelimit-max"),
        interval=None if interval is None else timedelta(milliseconds=interval),
    )
    return None if found == Limits() else found


def wait_after(headers: Mapping[str, str]) -> timedelta:
    """Return how long a 429 asks to wait: the day's limit is told from the burst by nothing being left of the day."""
    spent = _whole(headers, "x-ratelimit-daily-remaining") == 0
    asked = timedelta(seconds=_whole(headers, "retry-after") or 0)  # not documented; honoured when it comes
    return max(DAILY_WAIT if spent else BURST_WAIT, asked)


def _whole(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 12 else None
