"""`python -m simulation.planted_table`, from the directory `tests`: every planted bug, seeds needed, who noticed."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time

from simulation import planted
from simulation.keys import pem_file


def search(number: int) -> planted.Found:
    """Look for one of the planted bugs; its number travels between processes, its code does not."""
    return planted.first_found(planted.ALL[number])


def table(jobs: int) -> int:
    """Print a line for each bug as it is found; return how many were not, or not for their own reason."""
    began, missed = time.perf_counter(), 0
    pem_file()  # one for all processes
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for bug, found in zip(planted.ALL, pool.imap(search, range(len(planted.ALL))), strict=True):
            missed += found.kind not in bug.noticed_as
            seeds = str(found.seed) if found.seed else f"> {planted.SEEDS}"
            _say(f"| {bug.name.replace('_', ' ')} | {bug.says} | {seeds} | {found.kind or 'nobody'} |")
    _say(f"{len(planted.ALL)} planted bugs, {missed} missed, {time.perf_counter() - began:.0f} s")
    return missed


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Print the table; 1 when a bug was missed."""
    _say("| bug | what a careless engineer wrote | seeds needed | what noticed |")
    _say("| --- | --- | --- | --- |")
    return bool(table(len(os.sched_getaffinity(0))))


if __name__ == "__main__":
    sys.exit(main())
