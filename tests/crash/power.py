"""A power cut: what was written and not synced is gone, all of it or some sectors, as a disk's cache would have it."""

from __future__ import annotations

import random
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

sys.path.append(str(Path(__file__).with_name("hooks")))
from crash_disk import RECORD

_SECTOR: Final = 512
JOURNAL: Final = "journal.db"
_COMPANIONS: Final = ("-wal", "-journal")


@dataclass(slots=True)
class _Stored:
    """One file: what is on the disk for sure, and what was done to it since its last sync."""

    safe: bytearray = field(default_factory=bytearray)
    loose: list[tuple[bytes, int, bytes]] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.loose:
            self._apply(*change)
        self.loose.clear()

    def cut(self, rng: random.Random | None) -> int:
        """Lose the loose changes; with `rng` some of their sectors made it. Returns how many changes were loose."""
        lost = len(self.loose)
        for kind, number, data in self.loose if rng is not None else ():
            for offset, sector in _sectors(number, data) if kind == b"W" else [(number, b"")]:
                if rng is not None and rng.random() < 0.5:
                    self._apply(kind, offset, sector)
        self.loose.clear()
        return lost

    def _apply(self, kind: bytes, number: int, data: bytes) -> None:
        if kind == b"T":
            del self.safe[number:]
            return
        self.safe.extend(bytes(max(0, number + len(data) - len(self.safe))))
        self.safe[number : number + len(data)] = data


class Power:
    """The power of the disk a daemon's journal lies on, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._log = folder, folder / "disk.log"
        self._safe: dict[str, bytes] = {}

    def cut(self, seed: int | None = None) -> int:
        """Leave only what is safe (with `seed`: and some sectors more); the daemon is dead. Returns what was loose."""
        files = self._played()
        rng = random.Random(seed) if seed is not None else None
        lost = sum(stored.cut(rng) for stored in files.values())
        for suffix in (*_COMPANIONS, "-shm"):
            (self._folder / f"{JOURNAL}{suffix}").unlink(missing_ok=True)
        for name, stored in files.items():
            (self._folder / name).write_bytes(stored.safe)
        self._safe = {name: bytes(stored.safe) for name, stored in files.items()}
        self._log.write_bytes(b"")
        return lost

    def _played(self) -> dict[str, _Stored]:
        files: dict[str, _Stored] = defaultdict(_Stored)
        files.update({name: _Stored(bytearray(data)) for name, data in self._safe.items()})
        for kind, name, number, data in _records(self._log.read_bytes()):
            if not name.startswith(JOURNAL):
                continue
            if kind == b"S":
                files[name].sync()
            elif kind == b"D":
                files.pop(name, None)
            else:
                files[name].loose.append((kind, number, data))
        return files


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a journal file holds: deliveries that were acknowledged, and what may have been sent.

    `requests` are the request ids; `attempts` counts the sends by location and kind.
    """

    deliveries: frozenset[str]
    requests: frozenset[str]
    attempts: Mapping[tuple[str, str], int]

    def knows(self, request: str) -> bool:
        """A correction's id begins with that of the operation it corrects."""
        return request in self.requests or any(request.startswith(f"{one}-") for one in self.requests)


def remembered(folder: Path) -> Remembered:
    """Read a copy of a journal that nobody has open; SQLite recovers it as it would for the daemon."""
    copy = folder / "looked-at.db"
    for suffix in ("", *_COMPANIONS):
        (folder / f"{copy.name}{suffix}").unlink(missing_ok=True)
        source = folder / f"{JOURNAL}{suffix}"
        if source.exists():
            (folder / f"{copy.name}{suffix}").write_bytes(source.read_bytes())
    with closing(sqlite3.connect(copy)) as raw:
        deliveries = [row[0] for row in raw.execute("select event_id from deliveries")]
        sent = raw.execute("select request_id, location, kind, attempts from operations").fetchall()
    attempts: Counter[tuple[str, str]] = Counter()
    for _, location, kind, times in sent:
        attempts[location, kind] += times
    return Remembered(frozenset(deliveries), frozenset(row[0] for row in sent if row[3]), attempts)


def _records(log: bytes) -> Iterator[tuple[bytes, str, int, bytes]]:
    at = 0
    while at + RECORD.size <= len(log):
        kind, name_length, number, length = RECORD.unpack_from(log, at)
        at += RECORD.size
        name, data = log[at : at + name_length], log[at + name_length : at + name_length + length]
        at += name_length + length
        if at <= len(log):
            yield kind, name.decode(), number, data


def _sectors(offset: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start < len(data):
        size = min(_SECTOR - (offset + start) % _SECTOR, len(data) - start)
        yield offset + start, data[start : start + size]
        start += size
