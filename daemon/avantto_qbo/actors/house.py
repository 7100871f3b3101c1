"""What every actor is handed: made once in `app.py`, shared by all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from avantto_qbo.actors.ports import Clock, Ids, Journal, Rng
from avantto_qbo.journal.sealing import Fingerprints
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.settings import Settings


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take. `settle`: until the slowest commit must be over; the rest are poll intervals."""

    settle: timedelta = timedelta(seconds=180)
    contacts: timedelta = timedelta(minutes=4)
    payments: timedelta = timedelta(minutes=5)
    invoices: timedelta = timedelta(minutes=10)
    nudge: timedelta = timedelta(seconds=1)  # nudges of a realm or location coalesce this long


@dataclass(frozen=True, slots=True)
class House:
    """The journal, the clock, ids and randomness, keyed hashes, the pace, and who to tell."""

    journal: Journal
    clock: Clock
    ids: Ids
    rng: Rng
    fingerprints: Fingerprints
    pace: Pace = field(default_factory=Pace)
    defaults: Settings = field(default_factory=Settings)
    nudge: Callable[[LocationId], None] = lambda _: None
    observe: Callable[[float], None] = lambda _: None  # seconds from a change's arrival to the books
    count: Callable[[str], None] = lambda _: None  # one finished unit of work, by name, for the metrics
