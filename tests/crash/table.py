"""What a run has to say: a table of scenarios and kinds of points, the figures, and one command for each violation."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from crash.killing import Kill

_EDGES: Final = ("write before", "write after", "send before", "send during", "send after")
COLUMNS: Final = (*_EDGES, "door", "start", "frozen", "other")


def table(kills: Sequence[Kill]) -> str:
    """One row for each scenario, one column for each kind of point: how many kills, and how many of them bad."""
    cells: dict[str, Counter[str]] = defaultdict(Counter)
    bad: dict[str, Counter[str]] = defaultdict(Counter)
    for kill in kills:
        column = _column(kill.point.name)
        cells[kill.scenario][column] += kill.died
        bad[kill.scenario][column] += bool(kill.violations)
    width = max(map(len, cells), default=8)
    head = f"{'scenario':{width}}  " + "  ".join(f"{column:>12}" for column in COLUMNS)
    rows = [f"{name:{width}}  {_row(cells[name], bad[name])}" for name in cells]
    return "\n".join([head, *rows])


def summary(kills: Sequence[Kill], seconds: float, more: int = 0, others: int = 0) -> str:
    """The figures of a run; `more` kills and `others` violations are not in the table."""
    died = [kill for kill in kills if kill.died and kill.part != "stop"]
    twice = sum(kill.part == "start" for kill in died)
    work = [kill.first_work for kill in died if kill.first_work]
    stopped = sum(kill.part == "stop" for kill in kills)
    asked = Counter(question for kill in kills for question in kill.asked)
    bad = sum(bool(kill.violations) for kill in kills) + others
    lines = [
        f"{len(died) + twice + more} kills, {bad} violations, in {seconds:.0f} s",
        f"messages lost rather than repeated: {sum(kill.lost_message for kill in kills)}",
    ]
    if stopped:
        lines.append(f"stopped in the middle of a send, and gone on: {stopped} times")
    if work:
        lines.append(f"restart to first work: median {statistics.median(work):.2f} s, worst {max(work):.2f} s")
    lines += [f"asked of a person, and rightly: {question} x{count}" for question, count in sorted(asked.items())]
    if missed := [kill for kill in kills if not kill.died]:
        lines.append(f"points not met this time: {len(missed)}")
    return "\n".join(lines)


def failures(kills: Iterable[Kill]) -> str:
    """Each violation, and the command that shows it again."""
    told = []
    for kill in kills:
        if kill.violations:
            told.append(f"VIOLATION {kill.scenario} | {kill.point}")
            told += [f"    {line}" for line in kill.violations]
            told.append(f"    again: {again(kill)}")
    return "\n".join(told)


def again(kill: Kill) -> str:
    """One command for a kill of the grid; another part is run again whole."""
    point = f" --point '{kill.point.name}' --hit {kill.point.hit}"
    what = f"'{kill.scenario}'{point}" if kill.part == "grid" else kill.part
    return f"PYTHONPATH=tests .venv/bin/python -m crash --only {what}"


def _row(good: Counter[str], bad: Counter[str]) -> str:
    return "  ".join(f"{_cell(good[column], bad[column]):>12}" for column in COLUMNS)


def _cell(kills: int, bad: int) -> str:
    if bad:
        return f"{bad} BAD/{kills}"
    return f"{kills} ok" if kills else "·"


def _column(point: str) -> str:
    kind, edge = point.split(" ", 1)[0], point.rsplit(" ", 1)[-1]
    for column in (f"{kind} {edge}", kind):
        if column in COLUMNS:
            return column
    return "other"
