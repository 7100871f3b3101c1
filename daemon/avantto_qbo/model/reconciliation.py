"""What a reconciliation compares and what it finds: Avantto's documents against the books, by day and kind."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from avantto_qbo.model.ids import Chain, invoice_chain, receipt_chain
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Source

NOTHING_TO_DO = "nothing to do"


class Group(StrEnum):
    """The kinds of document that are counted. `voids`: taken back in Avantto after they were in the books."""

    INVOICES = "invoices"
    PAYMENTS = "payments"
    RECEIPTS = "receipts"
    REFUNDS = "refunds"
    VOIDS = "voids"


class Standing(StrEnum):
    """How one document stands on both sides."""

    EQUAL = "equal"
    MISSING = "missing"
    EXTRA = "extra"
    DIFFERENT = "different"


class ListedInvoice(msgspec.Struct, frozen=True):
    """A row of Avantto's invoice list, read for its money (major units)."""

    id: str
    status: str
    live: bool
    number: str
    currency: str
    total: Decimal
    amount_paid: Decimal
    issue_date: str
    created_at: datetime
    updated_at: datetime


class LinkFact(msgspec.Struct, frozen=True):
    """A link as far as a comparison needs it: the object, and what both sides last agreed on about it.

    `invoice` is the object that a payment settles; `customer` is followed to whom it was merged into.
    """

    source: Source
    entity: str
    object_id: str
    status: str
    created_at: datetime
    total: Money | None = None
    day: date | None = None
    number: str = ""
    customer: str = ""
    invoice: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """How its object is found among the rows of the books."""
        return self.entity, self.object_id


class Expected(msgspec.Struct, frozen=True):
    """One thing that should stand in the books by Avantto's word.

    `about` is the document it belongs to (an invoice or a transaction), `shown` how a person recognises it.
    """

    group: Group
    source: Source
    about: Source
    day: date
    amount: Money
    shown: str
    link: LinkFact | None = None

    @property
    def chain(self) -> Chain:
        """Whose order it is part of."""
        return chain_of(self.about)


class LeftOut(msgspec.Struct, frozen=True):
    """A document that is not for the books; `code` says why, `day` is the one it would have stood on."""

    about: Source
    code: str
    day: date


class Cause(msgspec.Struct, frozen=True):
    """Why two sides differ, in plain words, and the one command that mends it.

    `mend` begins with "nothing to do" where only time, or nobody, is waited for; `needed` says whether a person is,
    `asked` whether that person is asked by something else already: a held operation, a location that stands still.
    """

    code: str
    text: str
    mend: str
    needed: bool = True
    asked: bool = False


class Entry(msgspec.Struct, frozen=True):
    """One document on both sides. `amount` is Avantto's, `booked` that of the books, None where it is not there.

    `seen` is how many reconciliations in a row found it so.
    `cause` None with another standing than equal: nobody knows yet, the document itself must be looked at.
    """

    group: Group
    source: Source
    about: Source
    day: date
    shown: str
    standing: Standing = Standing.EQUAL
    amount: Money | None = None
    booked: Money | None = None
    object_id: str = ""
    cause: Cause | None = None
    seen: int = 1


class Tally(msgspec.Struct, frozen=True):
    """One day and kind in one currency: how many and how much on both sides, and how many differ."""

    day: date
    group: Group
    currency: str
    count: int = 0
    amount: Money | None = None
    booked_count: int = 0
    booked: Money | None = None
    missing: int = 0
    extra: int = 0
    different: int = 0


def chain_of(about: Source) -> Chain:
    """The chain of operations of one document."""
    return invoice_chain(about.id) if about.kind == "invoice" else receipt_chain(about.id)


class Reconciled(msgspec.Struct, frozen=True):
    """What a reconciliation found: everything that is not equal, and how much was compared.

    `first` and `last` are the days it was about, `left_out` what is not for the books by the code of its reason,
    `unreadable` the rows that made no sense, `refused` the kinds that QuickBooks does not list, `cut_short` says that
    some of `entries` were not looked into.
    """

    at: datetime
    first: date
    last: date
    entries: tuple[Entry, ...] = ()
    compared: int = 0
    left_out: dict[str, int] = {}
    unreadable: int = 0
    cut_short: bool = False
    refused: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[Entry, ...]:
        """What waits for a person."""
        return tuple(entry for entry in self.entries if entry.cause is None or entry.cause.needed)


class Progress(msgspec.Struct, frozen=True):
    """How far a reconciliation is: `done` of `total` rows of one list (`total` 0: not known)."""

    stage: str
    done: int = 0
    total: int = 0
