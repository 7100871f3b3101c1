"""The clock, the randomness and the id source, made once and handed in everywhere."""

from __future__ import annotations

import random
import secrets
from datetime import UTC, datetime
from typing import Final, Protocol

import anyio

from avantto_qbo.model.base36 import base36

_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


class Now(Protocol):
    """Anything that tells the time."""

    def now(self) -> datetime: ...


class SystemClock:
    """Wall clock in UTC plus the event loop's sleep."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(max(0.0, seconds))


class SystemIds:
    """Ids that sort by time: nine base-36 digits of milliseconds, then randomness (20 characters in all)."""

    def __init__(self, clock: Now | None = None) -> None:
        self._clock = clock or SystemClock()

    def new(self) -> str:
        stamp = base36(int(self._clock.now().timestamp() * 1000)).rjust(9, "0")
        return stamp + "".join(secrets.choice(_ALPHABET) for _ in range(11))


def system_rng() -> random.Random:
    """Randomness for jitter only; secrets come from `secrets`."""
    return random.SystemRandom()
