"""`python -m simulation [--seeds N] [--from S] [--seed S] [--requestid WAY] [--jobs N]`, from the directory `tests`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from simulation.keys import pem_file
from simulation.outcome import Options, Outcome
from simulation.report import Report, play, play_all

_WAYS = ("", "honoured", "ignored", "expired")


def main(arguments: Sequence[str] | None = None) -> int:
    """Play seeds; 1 when an invariant did not hold."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first seed")
    parser.add_argument("--seed", type=int, help="this one only, with its story")
    parser.add_argument("--requestid", choices=_WAYS, default="", help="what every company does with request ids")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes")
    parser.add_argument("--tail", type=int, default=60, help="how much of a story to show")
    chosen = parser.parse_args(arguments)
    options = Options(requestid=chosen.requestid, tail=chosen.tail)
    if chosen.seed is not None:
        return _one(chosen.seed, options)
    return _many(range(chosen.first, chosen.first + chosen.seeds), options, chosen.jobs)


def _one(seed: int, options: Options) -> int:
    outcome = play(seed, pem_file(), Options(options.requestid, max(options.tail, 61)))
    _tell(outcome, options)
    report = Report()
    report.add(outcome)
    _say(*report.lines())
    return bool(outcome.violation)


def _many(seeds: range, options: Options, jobs: int) -> int:
    report = Report()
    for outcome in play_all(seeds, options, jobs, report):
        if outcome.violation:
            _tell(outcome, options)
    _say(*report.lines())
    return bool(report.failed)


def _tell(outcome: Outcome, options: Options) -> None:
    way = f" REQUESTID={options.requestid}" if options.requestid else ""
    _say(*outcome.tail)
    _say(f"seed {outcome.seed}: {outcome.violation or 'all held'} (story {outcome.digest})")
    if outcome.violation:
        _say(f"again with: make simulate SEED={outcome.seed}{way}", "")


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
