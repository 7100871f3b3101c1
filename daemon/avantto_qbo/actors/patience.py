"""How long to leave somebody alone who cannot answer now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from avantto_qbo.actors.ports import Clock
from avantto_qbo.errors import TransientError

_FIRST: Final = timedelta(seconds=1)
_DOUBLINGS: Final = 6  # up to about a minute


class Patience:
    """After each failure a wait, twice as long as the one before or as long as was asked for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._until: datetime | None = None
        self._wait = timedelta()

    def lose(self, asked: timedelta | None) -> None:
        """It failed; `asked` is how long the other side wants to be left alone, if it said so."""
        own = _FIRST * (1 << min(self._failures, _DOUBLINGS))
        self._failures += 1
        self._wait = own if asked is None else asked
        self._until = self._clock.now() + self._wait

    def reset(self) -> None:
        """It answered."""
        self._failures, self._until = 0, None

    def check(self) -> None:
        """Raise TransientError, with what is left of it, while there is a wait."""
        now = self._clock.now()
        if self._until is None or self._until <= now:
            return
        self._until = min(self._until, now + self._wait)  # somebody set the wall clock back: nobody waits longer
        raise TransientError("the token endpoint did not answer just now", self._until - now)
