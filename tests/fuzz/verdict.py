"""What a target says about a case, and what it means that something is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random

# A short word for the statistics: what became of one case.
Target = Callable[[Random], Awaitable[str]]


class ViolationError(AssertionError):
    """The program did what it must never do."""


def must(condition: bool, what: str, *seen: object) -> None:
    """Raise ViolationError unless `condition` holds; `seen` is shown, cut to a readable length."""
    if not condition:
        raise ViolationError(": ".join((what, *(repr(one)[:600] for one in seen))))
