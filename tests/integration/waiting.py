"""Wait for something to become true, and say how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_PAUSE = 0.04


class NeverHappenedError(AssertionError):
    """What was waited for did not come true in time."""


def until(check: Callable[[], T], what: str, *, within: float = 6.0, story: Callable[[], str] = str) -> T:
    """Return the first truthy answer of `check`; after `within` seconds fail, telling `story`."""
    began = time.monotonic()
    while not (answer := check()):
        if time.monotonic() - began > within:
            raise NeverHappenedError(f"not within {within:g} s: {what} (last: {answer!r})\n{story()}")
        time.sleep(_PAUSE)
    return answer


def seconds_until(check: Callable[[], object], what: str, *, within: float, story: Callable[[], str] = str) -> float:
    """Return how many seconds `check` took to come true."""
    began = time.monotonic()
    until(check, what, within=within, story=story)
    return time.monotonic() - began
