"""Are the metered reads of the month spent? Intuit answers that with the same 429 as too many requests a minute.

What tells them apart: the quota belongs to the workspace, so several companies are refused at once, and it is for reads
only, so writes pass meanwhile (Intuit App Partner Program: reads are blocked until the next month).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

_AGAIN: Final = 2  # refusals in a row, at least a minute's pause apart, before one of them means more than haste
_LONG: Final = timedelta(minutes=10)  # by then a limit by the minute has passed ten times


class Refusals(msgspec.Struct, frozen=True):
    """A company's reads that were refused since one last succeeded: how often, since when, and did a write pass?"""

    since: datetime
    count: int = 1
    wrote: bool = False


def quota_spent(companies: Iterable[Refusals], now: datetime) -> bool:
    """Say whether reads are refused until the month ends: on several companies while writes pass, or for long."""
    refused = [one for one in companies if one.count >= _AGAIN]
    if len(refused) > 1 and any(one.wrote for one in refused):
        return True
    return any(now - one.since >= _LONG for one in refused)
