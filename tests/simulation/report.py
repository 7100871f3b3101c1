"""Many seeds at once: who failed, how fast it went, and what all of them went through together."""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from simulation import logs
from simulation.keys import pem_file
from simulation.outcome import Bug, Options, Outcome
from simulation.reckon import DOUBTS
from simulation.seeds import run_seed

_TIDY_EVERY: Final = 10
_AT_A_TIME: Final = 4
# A process that played hundreds of seeds has grown to a gigabyte: it makes room for a fresh one.
_BEFORE_A_FRESH_PROCESS: Final = 25
_PLAIN: Final = Options()


@dataclass
class Report:
    """The sums over all seeds."""

    seeds: int = 0
    failed: list[Outcome] = field(default_factory=list)
    felt: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    documents: int = 0
    left_out: int = 0
    crashes: int = 0
    requests: int = 0
    writes: int = 0
    hours: float = 0.0
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one more seed."""
        self.seeds += 1
        if outcome.violation:
            self.failed.append(outcome)
        for mine, its in ((self.felt, outcome.felt), (self.done, outcome.done), (self.held, outcome.held)):
            mine.update(its)
        self.documents += outcome.documents
        self.left_out += outcome.left_out
        self.crashes += outcome.crashes
        self.requests += outcome.requests
        self.writes += outcome.writes
        self.hours += outcome.hours

    @property
    def doubtful(self) -> int:
        """How many documents were held because nobody could find out what became of a write."""
        return sum(count for code, count in self.held.items() if code in DOUBTS)

    def lines(self) -> Iterator[str]:
        """What a person reads at the end."""
        share = 100 * self.doubtful / max(1, self.documents)
        others = sum(self.held.values()) - self.doubtful
        yield f"{self.seeds} seeds in {self.seconds:.0f} s: {self.seeds / max(self.seconds, 0.001):.1f} seeds a second"
        yield f"simulated {self.hours / 24:.0f} days, {self.requests} requests, {self.writes} writes"
        yield f"{self.crashes} crashes; faults: {_counted(self.felt)}"
        yield f"people: {_counted(self.done)}"
        yield (
            f"{self.documents} documents: {self.doubtful} held for doubt ({share:.2f} %), {others} for a person's "
            f"decision, {self.left_out} left out of the sums by name"
        )
        yield f"held: {_counted(self.held) or 'none'}"
        kinds = Counter(_kind(outcome.violation) for outcome in self.failed)
        yield f"violations: {len(self.failed)}" + (f" ({_counted(kinds)})" if kinds else "")


def _kind(sentence: str) -> str:
    """What went wrong, in a word: duplicated, lost or different, reordered, or something else."""
    words = {"is in company": "duplicated", "came into the books": "reordered", "Avantto says": "sums differ"}
    return next((kind for part, kind in words.items() if part in sentence), "other")


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items()))


def play(seed: int, pem: Path, options: Options) -> Outcome:
    """Play one seed in this process, and tidy up from time to time."""
    logs.listen()
    outcome = run_seed(seed, pem, options)
    if seed % _TIDY_EVERY == 0:
        gc.collect()
    return outcome


def outcomes(seeds: Iterable[int], options: Options, jobs: int) -> Iterator[Outcome]:
    """Play seeds, several at a time; in the order of their numbers."""
    one = partial(play, pem=pem_file(), options=options)
    gc.freeze()  # what is loaded by now is never looked through again
    if jobs <= 1:
        yield from map(one, seeds)
        return
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=_BEFORE_A_FRESH_PROCESS) as pool:
        yield from pool.imap(one, seeds, chunksize=_AT_A_TIME)


def play_all(seeds: Iterable[int], options: Options, jobs: int, report: Report) -> Iterator[Outcome]:
    """Play seeds, counting them in `report`."""
    began = time.perf_counter()
    for outcome in outcomes(seeds, options, jobs):
        report.add(outcome)
        report.seconds = time.perf_counter() - began
        yield outcome


def first_failure(bug: Bug, seeds: Iterable[int], options: Options = _PLAIN) -> Outcome | None:
    """The first seed in which somebody notices a planted bug; None when nobody does."""
    broken = Options(options.requestid, options.tail, (*options.bugs, bug))
    return next((outcome for outcome in outcomes(seeds, broken, 1) if outcome.violation), None)
