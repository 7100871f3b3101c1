"""Copies of a stage: many futures begin in one past, and reaching it once is enough."""

from __future__ import annotations

import copy
import io
import pickle
import sqlite3
from types import FunctionType
from typing import Any, Final

from stage import Journal, Stage
from vendor_transport import VendorTransport
from virtual_clock import VirtualClock


class _Packer(pickle.Pickler):
    """Leaves out functions, which are shared, and what `apart` names by id, which the copy has its own of."""

    def __init__(self, file: io.BytesIO, apart: dict[int, object], shared: dict[int, object]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._apart, self._shared = apart, shared

    def persistent_id(self, thing: object) -> int | None:
        if isinstance(thing, FunctionType):
            self._shared[id(thing)] = thing
            return id(thing)
        return id(thing) if id(thing) in self._apart else None


class _Unpacker(pickle.Unpickler):
    def __init__(self, packed: bytes, known: dict[int, object]) -> None:
        super().__init__(io.BytesIO(packed))
        self._known = known

    def persistent_load(self, name: Any) -> object:
        return self._known[name]


class Copies:
    """Copies of `stage` as it stands now; in each the daemon is started anew."""

    def __init__(self, stage: Stage) -> None:
        self._stage: Final = stage
        signer = stage.crm.world.signer
        self._shared: dict[int, object] = {id(signer): signer}
        file, apart = io.BytesIO(), {id(stage.clock): stage.clock, id(signer): signer}
        parts = (stage.books, stage.crm, stage.rng, stage.ids)
        _Packer(file, apart, self._shared).dump(parts)
        self._packed = file.getvalue()

    def one(self) -> Stage:
        """One more future."""
        old = self._stage
        new, clock = copy.copy(old), VirtualClock(old.clock.now())
        new.clock, new.nudged, new.counted = clock, [], []
        known = {**self._shared, id(old.clock): clock}
        new.books, new.crm, new.rng, new.ids = _Unpacker(self._packed, known).load()
        new.transport = VendorTransport(clock, {"quickbooks.test": new.books, "avantto.test": new.crm})
        inner = copy.copy(old.journal.inner)
        inner._raw = _twin(inner._raw)
        new.journal = Journal(inner)
        new.start()
        return new


def _twin(raw: sqlite3.Connection) -> sqlite3.Connection:
    """The same journal in a memory of its own."""
    twin = sqlite3.connect(":memory:", isolation_level=None, cached_statements=256)
    twin.row_factory = raw.row_factory
    raw.backup(twin)
    twin.execute("PRAGMA foreign_keys = ON")
    return twin
