"""How much of the tables was walked, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WALKED: Final[dict[tuple[str, str], Walk]] = {}


@dataclass(frozen=True, slots=True)
class Walk:
    """`cells` that were walked, `impossible` ones of them that were seen to be refused, and the seconds it took."""

    cells: int = 0
    impossible: int = 0
    seconds: float = 0.0


def add(name: str, kind: str, walk: Walk) -> None:
    """Count a column."""
    old = WALKED.get((name, kind), Walk())
    WALKED[name, kind] = Walk(old.cells + walk.cells, old.impossible + walk.impossible, old.seconds + walk.seconds)


def lines(sizes: dict[str, tuple[int, int]]) -> list[str]:
    """One line for each table and kind of company; `sizes` are the events and states of each table."""
    told = []
    for (name, kind), walk in WALKED.items():
        events, states = sizes[name]
        told.append(
            f"{name}: {events} events x {states} states = {events * states} cells; in a company of kind {kind} "
            f"{walk.cells - walk.impossible} played, {walk.impossible} seen to be impossible, {walk.seconds:.0f} s"
        )
    return told
