"""What goes wrong, and when: storms over the wires, the disk and the clocks, all drawn from the seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from avantto_qbo.sandbox.http import Reply

MINUTE: Final = 60.0


class Fate(StrEnum):
    """What becomes of one request."""

    FINE = "fine"
    UNREACHABLE = "unreachable"  # it never left
    LOST_BEFORE = "lost before"  # it left and never came
    LOST_AFTER = "lost after"  # it was carried out, and the answer never came
    LATE = "late"  # the connection closes; it is carried out 20 to 90 seconds later
    SLOW = "slow"  # it is carried out 20 to 90 seconds later, and answered
    ERROR_BEFORE = "5xx before"
    ERROR_AFTER = "5xx after"
    THROTTLED = "429"
    THROTTLED_UNTIL = "429 with Retry-After"
    DENIED = "401"
    ROLLED_BACK = "rolled back"  # tokens were renewed and answered, and the vendor forgot it
    GARBLED = "garbled"  # it was carried out, and the answer is no JSON


_WRITES: Final = (
    (Fate.UNREACHABLE, 2),
    (Fate.LOST_BEFORE, 4),
    (Fate.LOST_AFTER, 5),
    (Fate.LATE, 5),
    (Fate.SLOW, 2),
    (Fate.ERROR_BEFORE, 3),
    (Fate.ERROR_AFTER, 3),
    (Fate.THROTTLED, 2),
    (Fate.THROTTLED_UNTIL, 2),
    (Fate.DENIED, 1),
    (Fate.GARBLED, 1),
)
_READS: Final = (
    (Fate.UNREACHABLE, 3),
    (Fate.LOST_BEFORE, 3),
    (Fate.ERROR_BEFORE, 4),
    (Fate.THROTTLED, 3),
    (Fate.THROTTLED_UNTIL, 2),
    (Fate.DENIED, 2),
    (Fate.GARBLED, 1),
)
_TOKENS: Final = (
    (Fate.UNREACHABLE, 2),
    (Fate.LOST_BEFORE, 3),
    (Fate.LOST_AFTER, 5),
    (Fate.ERROR_BEFORE, 4),
    (Fate.THROTTLED, 2),
)
_DENIALS: Final = {
    "quickbooks": b'{"fault":{"error":[{"message":"message=AuthenticationFailed","detail":"Token expired",'
    b'"code":"3200"}],"type":"AUTHENTICATION"}}',
    "avantto": b'{"statusCode":401,"message":"Invalid token: access token is invalid","error":"Unauthorized"}',
}


@dataclass(frozen=True)
class Storm:
    """From when to when, how likely a request meets trouble, and at whose side ("" for both)."""

    begins: float
    ends: float
    strength: float
    side: str


@dataclass
class Weather:
    """The troubles of one seed until `calm`; `felt` counts them by kind. `harsh` scales how often they come."""

    rng: random.Random
    time: Callable[[], float]
    lasts: float
    harsh: float = 1.0
    felt: Counter[str] = field(default_factory=Counter)
    calmed: bool = False
    origin: float = 0.0  # when the day begins

    def __post_init__(self) -> None:
        rng = self.rng
        self.storms = [self._storm() for _ in range(rng.randrange(1, 4))]
        self.background = rng.choice((0.0, 0.02, 0.06, 0.12)) * self.harsh
        self._disk = rng.choice((0.0, 0.0, 0.002)) * self.harsh
        self._write = _Lot(_WRITES, rng)
        self._read = _Lot(_READS, rng)
        self._token = _Lot(_TOKENS, rng)

    def _storm(self) -> Storm:
        rng = self.rng
        begins = rng.uniform(0, self.lasts * 0.9)
        ends = begins + rng.choice((1, 4, 12)) * MINUTE
        strength = rng.choice((0.15, 0.35, 0.7)) * self.harsh
        return Storm(begins, ends, strength, rng.choice(("", "quickbooks", "avantto", "quickbooks")))

    def calm(self) -> None:
        """From now on nothing goes wrong."""
        self.calmed = True

    def fate(self, side: str, kind: str) -> Fate:
        """What becomes of a request of `kind` (write, read or token)."""
        if self.calmed or self.rng.random() >= self._strength(side):
            return Fate.FINE
        if kind != "write" and self.rng.random() < 0.5:  # most of what goes to and fro are reads
            return Fate.FINE
        fate = {"write": self._write, "read": self._read, "token": self._token}[kind].drawn()
        self.felt[f"{kind}: {fate}"] += 1
        return fate

    def _strength(self, side: str) -> float:
        now = self.time() - self.origin
        raging = [
            storm.strength for storm in self.storms if storm.begins <= now < storm.ends and storm.side in ("", side)
        ]
        return max([self.background, *raging])

    def disk_refuses(self) -> bool:
        """The disk refuses this commit."""
        if self.calmed or self.rng.random() >= self._disk:
            return False
        self.felt["disk refuses"] += 1
        return True

    def latency(self) -> float:
        """How long one way takes."""
        return self.rng.uniform(0.01, 0.3)

    def lateness(self) -> float:
        """How late a commit is that is late."""
        return self.rng.uniform(20.0, 90.0)

    def step_of_clock(self) -> timedelta:
        """By how much somebody sets the daemon's clock wrong."""
        self.felt["clock step"] += 1
        seconds = self.rng.choice((2, 30, 300, 3600, 7200)) * self.rng.choice((-1, 1))
        return timedelta(seconds=seconds)

    def reply(self, fate: Fate, side: str) -> Reply:
        """What a gateway answers in place of the vendor."""
        rng = self.rng
        if fate is Fate.DENIED:
            return Reply(401, {"content-type": "application/json"}, _DENIALS[side])
        if fate is Fate.THROTTLED:
            return Reply(429, {"content-type": "application/json"}, b"{}")
        if fate is Fate.THROTTLED_UNTIL:
            return Reply(429, {"content-type": "application/json", "retry-after": str(rng.choice((1, 30, 120)))}, b"{}")
        if fate is Fate.GARBLED:
            return Reply(200, {"content-type": "text/html"}, b"<html>please wait</html>")
        return Reply(rng.choice((500, 502, 503, 504)), {"content-type": "text/html"}, b"<html>unavailable</html>")


class _Lot:
    def __init__(self, weights: Sequence[tuple[Fate, int]], rng: random.Random) -> None:
        self._rng = rng
        self._fates = [fate for fate, weight in weights for _ in range(weight)]

    def drawn(self) -> Fate:
        return self._fates[int(self._rng.random() * len(self._fates))]
