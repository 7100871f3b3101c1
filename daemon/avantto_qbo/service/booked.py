"""What the journal knows of one document: its objects in the books, what is held, what a bookkeeper was told."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from avantto_qbo.journal import activity, links, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import LocationId, invoice_chain, receipt_chain
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Link
from avantto_qbo.rules.books.money.received import is_recorded
from avantto_qbo.server.api import ActivityRow, AttentionItem
from avantto_qbo.server.api_explaining import Booked
from avantto_qbo.service import report
from avantto_qbo.service.finding import INVOICE, Document

_LINES: Final = 200
_FLAG: Final = "flag."


class Kept(msgspec.Struct, frozen=True):
    """The document's side of the journal."""

    booked: tuple[Booked, ...]
    held: tuple[AttentionItem, ...]
    flags: tuple[ActivityRow, ...]


class _Agreed(msgspec.Struct, frozen=True):
    """What all drafts of documents have in common."""

    total: Money | None = None
    number: str = ""
    reference: str = ""
    day: date | None = None


def kept(db: Connection, location: LocationId, document: Document) -> Kept:
    """Everything about one document: its own object, its payments by part, and the refunds of each of those."""
    payments = links.of_source(db, location, "payment", document.id) if document.kind == INVOICE else []
    transactions = [link.part for link in payments if not is_recorded(link.part)]
    subjects = [document.id, *transactions]
    refunds = [link for one in subjects for link in links.of_source(db, location, "refund", one)]
    found = [*links.of_source(db, location, document.kind, document.id), *payments, *refunds]
    chain = invoice_chain(document.id) if document.kind == INVOICE else receipt_chain(document.id)
    held = [op for op in operations.of_chain(db, location, chain) if op.state is State.HELD]
    lines = [line for one in subjects for line in activity.about(db, location, one, _LINES)]
    flags = sorted((line for line in lines if line.event.startswith(_FLAG)), key=lambda line: line.id)
    return Kept(
        booked=tuple(_booked(link) for link in found),
        held=tuple(report.held_item(op) for op in held),
        flags=tuple(report.activity_row(line) for line in flags),
    )


def _booked(link: Link) -> Booked:
    agreed = msgspec.json.decode(link.agreed, type=_Agreed) if link.agreed else _Agreed()
    return Booked(
        entity=link.entity,
        id=link.object_id,
        status=link.status,
        total=str(agreed.total) if agreed.total is not None else link.total,
        number=agreed.number or agreed.reference,
        part=link.part,
        day=agreed.day.isoformat() if agreed.day is not None else "",
        since=link.updated_at,
    )
