"""What the proof is made of: claims with two sides each, and the states they are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from avantto_qbo.demo.control import Json
from avantto_qbo.demo.evidence import Books, Crm


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of things and, where it is about money, what they come to in cents."""

    count: int
    cents: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One claim. `differences` names single documents that disagree even where the sums agree."""

    rule: str
    what: str
    avantto: Tally
    books: Tally
    differences: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether both sides say the same, document by document."""
        return self.avantto == self.books and not self.differences


@dataclass(frozen=True, slots=True)
class Held:
    """Something the daemon leaves to a person: the document, why, and the command that mends it."""

    code: str
    object: str
    text: str
    mend: str


@dataclass(frozen=True, slots=True)
class Said:
    """What the daemon itself says of a location: what waits for a person, and how often something happened.

    `answered` is False while it cannot be asked.
    """

    held: tuple[Held, ...] = ()
    events: Mapping[str, int] = field(default_factory=dict)
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Sides:
    """Both vendors' states at one moment, and what the daemon says."""

    avantto: Json
    books: Json
    said: Said = Said()


@dataclass(frozen=True)
class Case:
    """What the proof is made from: both sides now, both as they were at the connection, and the cut-off."""

    crm: Crm
    books: Books
    crm_before: Crm
    books_before: Books
    cut_off: datetime
    said: Said = Said()

    def after_cut_off(self, instant: str) -> bool:
        return datetime.fromisoformat(instant) >= self.cut_off


def case_of(now: Sides, before: Sides, cut_off: datetime) -> Case:
    """Lay out what a proof is made from; `before` is the moment of connection."""
    return Case(Crm(now.avantto), Books(now.books), Crm(before.avantto), Books(before.books), cut_off, now.said)


def nothing_held(case: Case) -> Row:
    """Nothing waits for a person; this alone is the daemon's own word."""
    wrong = [f"{one.object} waits for a person ({one.code}): {one.text}" for one in case.said.held]
    if not case.said.answered:
        wrong.append("the daemon cannot be asked")
    return Row("all", "nothing waits for a person", Tally(0), Tally(len(case.said.held)), tuple(wrong))
