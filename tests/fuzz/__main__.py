"""`make fuzz N=200000 SEED=1`; one case again: `PYTHONPATH=tests python -m fuzz --seed 1 --case 12345`."""

from __future__ import annotations

import argparse
import resource
import sys

import anyio

from fuzz.run import GROWTH, Report, play


def main() -> int:
    """Play the cases, say what became of them, and return 1 when one broke a rule or memory grew."""
    arguments = _arguments()
    cases = range(arguments.n) if arguments.case is None else range(arguments.case, arguments.case + 1)
    report = anyio.run(play, arguments.seed, cases, Report(arguments.seed))
    _tell(report)
    grew = report.growth > GROWTH
    return 1 if report.failures or grew else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz", description="Broken webhooks, answers and status requests.")
    parser.add_argument("--n", type=int, default=200_000, help="how many cases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", type=int, help="play this one case again")
    return parser.parse_args()


def _tell(report: Report) -> None:
    for outcome, count in sorted(report.outcomes.items(), key=lambda item: (item[0].split()[0], -item[1])):
        _say(f"{count:9,d}  {outcome}")
    for case, problem in list(report.failures.items())[:20]:
        _say(f"\n{problem}\n  again: PYTHONPATH=tests {sys.executable} -m fuzz --seed {report.seed} --case {case}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    middle, last = report.resident[len(report.resident) // 2], report.resident[-1]
    _say(f"\n{report.cases:,d} cases, seed {report.seed}: {report.cases / report.seconds:,.0f} a second")
    _say(f"memory: {middle / 1024:.0f} MB half-way, {last / 1024:.0f} MB at the end, {peak / 1024:.0f} MB at its peak")
    _say(f"violations: {len(report.failures)}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
