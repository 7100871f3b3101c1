"""What the proof is made of: claims with two sides each, and the states they are computed from."""

from __future__ import annotations

from dataclasses import dataclass
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
class Sides:
    """Both vendors' states at one moment."""

    avantto: Json
    books: Json


@dataclass(frozen=True)
class Case:
    """What the proof is made from: both sides now, both as they were at the connection, and the cut-off."""

    crm: Crm
    books: Books
    crm_before: Crm
    books_before: Books
    cut_off: datetime

    def after_cut_off(self, instant: str) -> bool:
        return datetime.fromisoformat(instant) >= self.cut_off
