"""Read a lifecycle table: Markdown, one row for each event, one column for each state, in tables of a few columns.

A cell says what stands in the books afterwards, `same` when that is what stood there before, or `–` and the letter of
the reason why it cannot happen. Numbers in brackets refer to the notes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

START: Final = "*(before)*"
SAME: Final = "same"
_NOTES: Final = re.compile(r"\s*\[(\d+)\]")
_LEGEND: Final = re.compile(r"^- \*\*(\w+)\*\* ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cell:
    """What is expected of one event in one state; `impossible` is the letter of the reason, "" if it can happen."""

    event: str
    state: str
    books: str
    impossible: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One file. `before` is what stands in the books in each state; `legend` are the letters and numbers explained."""

    before: dict[str, str]
    events: tuple[str, ...]
    cells: tuple[Cell, ...]
    legend: frozenset[str]


def read(path: Path) -> Table:
    """Read the file's tables into one."""
    text = path.read_text(encoding="utf-8")
    before: dict[str, str] = {}
    events: dict[str, None] = {}
    cells: list[Cell] = []
    states: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            states = []
            continue
        name, *row = [part.strip() for part in line.strip().strip("|").split("|")]
        if not states:
            states = row
        elif name == START:
            before |= dict(zip(states, row, strict=True))
        elif not set(name) <= set("-: "):
            events[name] = None
            cells += [_cell(name, state, part, before[state]) for state, part in zip(states, row, strict=True)]
    return Table(before, tuple(events), tuple(cells), frozenset(_LEGEND.findall(text)))


def _cell(event: str, state: str, text: str, before: str) -> Cell:
    notes, bare = tuple(_NOTES.findall(text)), _NOTES.sub("", text)
    if bare.startswith("–"):
        return Cell(event, state, "", bare.removeprefix("–").strip(), notes)
    return Cell(event, state, before if bare == SAME else bare, "", notes)
