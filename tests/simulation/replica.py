"""A change feed that is answered from a copy which lags behind: what comes later may be older than what came before."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Final

from avantto_qbo.sandbox.http import Reply

if TYPE_CHECKING:
    from simulation.weather import Weather

_FEED: Final = "cdc"
_LAGGING: Final = (0.0, 0.0, 0.0, 0.2)  # how often an answer is an old one, in one world of four
_KEPT: Final = 3


class Replica:
    """What a company's feed was answered with lately. Until it calms, some of that is answered once more."""

    def __init__(self, rng: random.Random, weather: Weather) -> None:
        self._rng, self._weather = rng, weather
        self._often = rng.choice(_LAGGING)
        self._answers: dict[str, deque[Reply]] = {}

    def answered(self, operation: str, path: str, reply: Reply) -> Reply:
        """What comes instead of `reply` to the request at `path`: most often itself."""
        if operation != _FEED or reply.status != 200:
            return reply
        kept = self._answers.setdefault(path, deque(maxlen=_KEPT))
        kept.append(reply)
        if self._weather.calmed or self._rng.random() >= self._often:
            return reply
        self._weather.felt["read: an old answer"] += 1
        return kept[0]
