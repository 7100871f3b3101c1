"""Find the document a person means: by its id, or by a number as Avantto or QuickBooks shows it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from avantto_qbo.actors.books.cases import Cases
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import evidence, links, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.operation import Source
from avantto_qbo.rules.reference import invoice_note

INVOICE: Final = "invoice"
TRANSACTION: Final = "transaction"
# The vendor's ids are 24 hex digits or 20 letters and digits; asking for anything else is an error there.
_ID: Final = re.compile(r"[0-9A-Za-z_-]{16,64}")
_NOT_THERE: Final = frozenset({"gone", "invalid", "refused"})
# Kind of link → the document it belongs to, and the members of its draft that hold a number.
_NUMBERS: Final = (
    ("invoice", INVOICE, ("number",)),
    ("transaction", TRANSACTION, ("number", "reference")),
    ("payment", INVOICE, ("reference",)),
    ("refund", TRANSACTION, ("number", "reference")),
)


class Document(msgspec.Struct, frozen=True):
    """One document of Avantto; `kind` is `invoice` or `transaction`."""

    kind: str
    id: str


def in_journal(db: Connection, location: LocationId, wanted: str) -> Document | None:
    """The document that the journal knows under this id or number."""
    return _by_id(db, location, wanted) or _by_number(db, location, wanted)


def _by_id(db: Connection, location: LocationId, wanted: str) -> Document | None:
    paid = evidence.get(db, location, "invoice_payment", wanted)
    if paid is not None:  # kept with the invoice it was attributed to
        return Document(INVOICE, msgspec.json.decode(paid, type=Transaction).source_id)
    for kind in (INVOICE, TRANSACTION):
        tried = operations.last_for(db, location, Source(kind, wanted))
        if tried is not None or links.get(db, location, kind, wanted) is not None:
            return Document(kind, wanted)
    return None


def _by_number(db: Connection, location: LocationId, wanted: str) -> Document | None:
    for link_kind, kind, members in _NUMBERS:
        pieces = [f'"{member}":'.encode() + msgspec.json.encode(wanted) for member in members]
        if kind == link_kind == INVOICE:
            pieces.append(_noted(wanted))
        for piece in pieces:
            link = links.agreeing(db, location, link_kind, piece)
            if link is not None:
                return Document(kind, link.source_id)
    return None


def _noted(number: str) -> bytes:
    """How a draft's note begins that names this number of Avantto's."""
    return b'"note":' + msgspec.json.encode(invoice_note(number, ""))[:-1]


async def in_avantto(cases: Cases, wanted: str) -> Document | None:
    """The document that Avantto has under this id, or the invoice of this number. Raises as reads do."""
    if _ID.fullmatch(wanted):
        if await _there(cases.invoice, wanted):
            return Document(INVOICE, wanted)
        if await _there(cases.receipt, wanted):
            return Document(TRANSACTION, wanted)
    invoice = await cases.invoice_of_number(wanted)
    return Document(INVOICE, invoice) if invoice else None


async def _there(read: Callable[[str], Awaitable[object]], wanted: str) -> bool:
    try:
        return await read(wanted) is not None
    except RejectedError as error:
        if error.code in _NOT_THERE:
            return False
        raise
