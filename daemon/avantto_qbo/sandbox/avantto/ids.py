"""Identifiers in the vendor's shapes, drawn from the generator handed in."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

_ALPHANUMERIC = string.ascii_letters + string.digits


class Ids:
    """Makes ids; the same seed and clock make the same ones."""

    def __init__(self, rng: random.Random, now: Callable[[], datetime]) -> None:
        self._rng = rng
        self._now = now

    def document(self) -> str:
        """Return 24 hex digits, the first eight being the second of creation (a database object id)."""
        return f"{int(self._now().timestamp()) & 0xFFFFFFFF:08x}{self._rng.getrandbits(64):016x}"

    def short(self) -> str:
        """Return 20 letters and digits: contacts, locations, products, messages."""
        return "".join(self._rng.choices(_ALPHANUMERIC, k=20))

    def uuid(self) -> str:
        """Return a version 4 UUID: webhook ids, trace ids, workflows."""
        return str(UUID(int=self._rng.getrandbits(128), version=4))

    def secret(self) -> str:
        """Return 48 letters and digits: tokens and codes."""
        return "".join(self._rng.choices(_ALPHANUMERIC, k=48))

    def provider(self, prefix: str) -> str:
        """Return a payment processor's id such as `ch_…`, `in_…` or `sub_…`."""
        return prefix + "_" + "".join(self._rng.choices(_ALPHANUMERIC, k=24))
