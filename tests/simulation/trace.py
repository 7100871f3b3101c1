"""What happened in a world, in order: the same seed must tell the same story to the last byte."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from typing import Final

TAIL: Final = 60


class Trace:
    """A running hash of everything that happened, and the last lines of it in words."""

    def __init__(self, time: Callable[[], float], *, length: int = TAIL) -> None:
        self._time = time
        self._hash = hashlib.blake2b(digest_size=12)
        self._tail: deque[tuple[float, str, str]] = deque(maxlen=length)
        self.events = 0

    def note(self, what: str, text: str = "", body: bytes = b"") -> None:
        """One thing happened; `body` is hashed and not shown."""
        now = self._time()
        self._hash.update(f"{now:.6f} {what} {text}\n".encode())
        self._hash.update(body)
        self._tail.append((now, what, text))
        self.events += 1

    @property
    def digest(self) -> str:
        """The hash so far."""
        return self._hash.hexdigest()

    def tail(self) -> list[str]:
        """The last things that happened, oldest first, with the hours, minutes and seconds since the beginning."""
        return [f"{_clock(at)}  {what:<9} {text}" for at, what, text in self._tail]


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:3d}:{whole // 60 % 60:02d}:{seconds % 60:06.3f}"
