"""Rate limits of the vendor: per realm 500 requests a minute and 10 a second, 40 batches a minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

PER_SECOND = 10
PER_MINUTE = 500
BATCHES_PER_MINUTE = 40
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class Throttle:
    """Sliding windows over the requests that were let through."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._windows: dict[tuple[str, str], deque[datetime]] = {}

    def admits(self, realm: str, *, batch: bool) -> bool:
        """Say whether a request passes, and count it if so."""
        now = self._now()
        limits = [("second", SECOND, PER_SECOND), ("minute", MINUTE, PER_MINUTE)]
        if batch:
            limits.append(("batch", MINUTE, BATCHES_PER_MINUTE))
        windows = [self._trimmed(realm, name, now - span) for name, span, _ in limits]
        if any(len(window) >= limit for window, (_, _, limit) in zip(windows, limits, strict=True)):
            return False
        for window in windows:
            window.append(now)
        return True

    def _trimmed(self, realm: str, name: str, since: datetime) -> deque[datetime]:
        window = self._windows.setdefault((realm, name), deque())
        while window and window[0] <= since:
            window.popleft()
        return window
