"""What the status API says about a person's choices: which of the company's own things stand for Avantto's."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from avantto_qbo.model.ids import LocationId


class MapKind(StrEnum):
    """What is mapped: a tax to a tax code, a product to an item, a processor or payment method to an account."""

    TAX = "tax"
    ITEM = "item"
    ACCOUNT = "account"


class How(StrEnum):
    """How a name of Avantto's is mapped."""

    CHOSEN = "chosen"  # by a person
    RATE = "rate"  # the one code with exactly these rates
    WAITING = "waiting"  # documents are held until a person chooses
    BROKEN = "broken"  # what a person chose is not there any more, or inactive


class Choice(msgspec.Struct, frozen=True):
    """One thing of the company that may be chosen; `detail` is its rates, its SKU or its type."""

    id: str
    name: str
    detail: str = ""


class Mapped(msgspec.Struct, frozen=True):
    """One name of Avantto's and what it is mapped to.

    `rates` are those of a tax that was seen on a held document. `to` is None while it waits, then `candidates` are
    what it could be and `mend` the command that chooses. `documents` are held for it.
    """

    kind: MapKind
    name: str
    how: How
    rates: str = ""
    to: Choice | None = None
    candidates: tuple[Choice, ...] = ()
    documents: tuple[str, ...] = ()
    mend: str = ""


class Waiting(msgspec.Struct, frozen=True):
    """A choice that is made by a setting, and the documents that are held for it."""

    kind: MapKind
    code: str
    text: str
    mend: str
    documents: tuple[str, ...]


class MappingAnswer(msgspec.Struct, frozen=True):
    """What was chosen and what waits; `choices` are all there are, told only for one kind.

    `problem` says why the taxes of held documents could not be looked at.
    """

    location: LocationId
    mapped: tuple[Mapped, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    choices: tuple[Choice, ...] = ()
    problem: str = ""


class MappingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Choices of one kind to make: the id or name of the company's own thing; None forgets a choice."""

    kind: MapKind
    changes: dict[str, str | None]
