"""When a location's night is: work that can wait is done while nobody sells anything."""

from __future__ import annotations

import hashlib
from datetime import datetime, time, timedelta
from typing import Final

from avantto_qbo.rules.dates import zone_of

_BEGINS: Final = time(2, 0)
_LASTS: Final = timedelta(hours=3)
_SOONEST: Final = timedelta(hours=1)  # so far away at least, so that one night's work is never done twice


def next_night(now: datetime, time_zone: str, key: str) -> datetime:
    """The next moment between two and five in the morning there; `key` spreads companies over the hours.

    An unknown time zone counts as that of `now`.
    """
    spread = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) / 2**32
    here = now.astimezone(zone_of(time_zone) or now.tzinfo)
    tonight = datetime.combine(here.date(), _BEGINS, here.tzinfo) + _LASTS * spread
    while tonight.astimezone(now.tzinfo) < now + _SOONEST:
        tonight += timedelta(days=1)
    return tonight.astimezone(now.tzinfo)
