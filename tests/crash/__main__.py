"""`python -m crash`: kill the installed daemon everywhere and prove that nothing is lost and nothing is done twice."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from crash import grid
from crash.killing import Point
from crash.scenarios import SCENARIOS, Scenario
from crash.sections import NEED_REFERENCES, PARTS, Asked, Section
from crash.table import failures, summary, table


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; 1 when anything was violated."""
    options = _parser().parse_args(arguments)
    point = Point(options.point, options.hit) if options.point else None
    asked = Asked(kills=options.kills, seed=options.seed, jobs=options.jobs, point=point)
    scenarios = SCENARIOS if options.only in PARTS else _named(options.only)
    chosen = [name for name in PARTS if options.only in {"", name}] or ["grid"]
    began = time.monotonic()
    sections = _run(chosen, asked, scenarios)
    return _report(sections, time.monotonic() - began)


def _named(name: str) -> Sequence[Scenario]:
    """The scenario of this name, else all whose name holds it."""
    exact = [one for one in SCENARIOS if one.name == name]
    return exact or [one for one in SCENARIOS if name in one.name]


def _run(chosen: Sequence[str], asked: Asked, scenarios: Sequence[Scenario]) -> list[Section]:
    known = grid.references(scenarios, asked.jobs) if NEED_REFERENCES.intersection(chosen) else {}
    sections = []
    for name in chosen:
        began = time.monotonic()
        sections.append(PARTS[name](asked, scenarios, known))
        sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    return sections


def _report(sections: Sequence[Section], seconds: float) -> int:
    kills = [kill for section in sections for kill in section.kills]
    violations = [line for section in sections for line in section.violations]
    told = [table(kills), *(line for section in sections for line in section.lines), failures(kills)]
    told += [f"VIOLATION {line}" for line in violations]
    told.append(summary(kills, seconds, sum(section.more_kills for section in sections), len(violations)))
    sys.stdout.write("\n".join(line for line in told if line) + "\n")
    return 1 if violations or any(kill.violations for kill in kills) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=0, help="of the grid; default: every point at its first hit")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help=f"a part ({', '.join(PARTS)}), or scenarios whose name holds this")
    parser.add_argument("--jobs", type=int, default=2, help="grounds at once")
    parser.add_argument("--point", default="", help="this point only")
    parser.add_argument("--hit", type=int, default=1, help="at this hit of it")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
