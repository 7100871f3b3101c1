"""How many requests a location may make: a burst window and a day, told in the vendor's headers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from avantto_qbo.sandbox.avantto.knobs import Knobs


@dataclass(slots=True)
class _Use:
    recent: deque[datetime] = field(default_factory=deque)
    day: date = date.min
    today: int = 0


class Limits:
    """Counts requests per resource (location or company); refused ones do not count."""

    def __init__(self) -> None:
        self._uses: dict[str, _Use] = {}

    def admit(self, resource: str, knobs: Knobs, now: datetime) -> tuple[bool, dict[str, str]]:
        """Say whether the request is within both limits, and the headers that go with the answer."""
        use = self._uses.setdefault(resource, _Use())
        horizon = now - timedelta(seconds=knobs.burst_seconds)
        while use.recent and use.recent[0] <= horizon:
            use.recent.popleft()
        if use.day != now.date():
            use.day, use.today = now.date(), 0
        admitted = len(use.recent) < knobs.burst_limit and use.today < knobs.daily_limit
        if admitted:
            use.recent.append(now)
            use.today += 1
        return admitted, _headers(use, knobs)


def _headers(use: _Use, knobs: Knobs) -> dict[str, str]:
    return {
        "X-RateLimit-Limit-Daily": str(knobs.daily_limit),
        "X-RateLimit-Daily-Remaining": str(max(0, knobs.daily_limit - use.today)),
        "X-RateLimit-Interval-Milliseconds": str(round(knobs.burst_seconds * 1000)),
        "X-RateLimit-Max": str(knobs.burst_limit),
        "X-RateLimit-Remaining": str(max(0, knobs.burst_limit - len(use.recent))),
    }
