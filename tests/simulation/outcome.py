"""What a seed is told, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

Bug = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Options:
    """What a run of a seed is told besides the seed. `requestid` forces the knob of every company."""

    requestid: str = ""
    tail: int = 60
    bugs: Sequence[Bug] = ()


@dataclass
class Outcome:
    """What became of a seed; `violation` is one plain sentence, "" when all went well."""

    seed: int
    violation: str = ""
    digest: str = ""
    tail: list[str] = field(default_factory=list)
    crashes: int = 0
    felt: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    left_out: int = 0
    held: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    writes: int = 0
    steps: int = 0
    hours: float = 0.0
