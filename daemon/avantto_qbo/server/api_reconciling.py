"""What the status API says about Avantto against the books: days and kinds, and every document that differs."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.reconciliation import Group, Progress, Standing
from avantto_qbo.server.api import ErrorAnswer


class ReconciledDay(msgspec.Struct, frozen=True):
    """One day and kind in one currency: how many and how much on both sides, and how many differ."""

    day: date
    kind: Group
    currency: str
    avantto_count: int
    avantto: str
    books_count: int
    books: str
    missing: int = 0
    extra: int = 0
    different: int = 0


class Difference(msgspec.Struct, frozen=True):
    """One document that is missing from the books, extra in them, or different: why, and the command that mends it.

    `document` is what `explain` takes, `object` an id in QuickBooks; sums are "" where there is none on that side.
    `needs_attention` is False where `mend` says that nobody has to do anything.
    """

    standing: Standing
    kind: Group
    day: date
    document: str
    shown: str
    code: str
    text: str
    mend: str
    needs_attention: bool = True
    avantto: str = ""
    books: str = ""
    object: str = ""


class ReconcileAnswer(msgspec.Struct, frozen=True):
    """One location from `since` to `until`, both included. `left_out` counts what is not for the books, by reason.

    `attention` is how many differences wait for a person; `unreadable` counts rows that made no sense on either side,
    `refused` names the kinds that QuickBooks does not list, which were not compared; `cut_short` says that some
    differences were not looked into one by one.
    """

    location: LocationId
    at: datetime
    since: date
    until: date
    compared: int
    attention: int
    days: tuple[ReconciledDay, ...] = ()
    differences: tuple[Difference, ...] = ()
    left_out: dict[str, int] = {}
    unreadable: int = 0
    cut_short: bool = False
    refused: tuple[str, ...] = ()


class ReconcileLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the answer, which comes as lines of JSON: how far it is, and at last the answer or the refusal."""

    progress: Progress | None = None
    answer: ReconcileAnswer | None = None
    error: ErrorAnswer | None = None
