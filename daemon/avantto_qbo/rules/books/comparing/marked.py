"""Which of Avantto's documents a transaction in the books was made from, by its marker alone."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from avantto_qbo.model.ledger import BookEntity, BookRow
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Source
from avantto_qbo.rules.reference import marks

# Kind of link → what its object is in the books.
ENTITY_OF: Final = {
    "invoice": BookEntity.INVOICE,
    "payment": BookEntity.PAYMENT,
    "transaction": BookEntity.RECEIPT,
    "refund": BookEntity.REFUND,
}


def source_of(row: BookRow) -> Source | None:
    """The source a link to this row would have; None where its note names no document, or more than one.

    A payment that was recorded without a transaction keeps that marker when a transaction takes its place later.
    """
    try:
        found = {source for mark in marks(row.note) if (source := _read(row.entity, mark)) is not None}
    except InvalidOperation:  # a sum no refund of ours ever was: somebody's own words
        return None
    return found.pop() if len(found) == 1 else None


def _read(entity: BookEntity, mark: tuple[str, ...]) -> Source | None:
    match entity, mark:
        case BookEntity.INVOICE, ("invoice", name):
            return Source("invoice", name)
        case BookEntity.PAYMENT, ("invoice payment", part, invoice):
            return Source("payment", invoice, part)
        case BookEntity.PAYMENT, ("recorded", invoice, part):
            return Source("payment", invoice, part)
        case BookEntity.RECEIPT, ("payment", name):
            return Source("transaction", name)
        case BookEntity.REFUND, ("refund", name, back):
            return Source("refund", name, str(_minor(back)))
        case _:
            return None


def _minor(text: str) -> int:
    amount, currency = text.split(" ")
    return Money.rounded(Decimal(amount), currency).minor
