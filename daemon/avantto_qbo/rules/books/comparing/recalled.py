"""Whose document a transaction in the books is, for a journal that was restored: by its marker, else by its reference.

A void takes our words away, and a person may overwrite them; the reference of a transaction stays.
"""

from __future__ import annotations

from typing import Final

from avantto_qbo.model.ledger import BookEntity, BookRow
from avantto_qbo.model.operation import Source
from avantto_qbo.rules.books.comparing.marked import source_of
from avantto_qbo.rules.reference import transaction_of

# A packed id has 18 or 19 digits, because it begins with a time; a cheque's number is shorter and no id of ours.
_SHORTEST: Final = 18


def owned_by(row: BookRow, invoice: str) -> Source | None:
    """The source of a document, None where nothing says it is ours.

    `invoice` is the source of the invoice a payment settles, "" where that is none of ours.
    """
    marked = source_of(row)
    if marked is not None:
        return marked
    transaction = transaction_in(row.ref)
    if not transaction:
        return None
    if row.entity is BookEntity.RECEIPT:
        return Source("transaction", transaction)
    return Source("payment", invoice, transaction) if row.entity is BookEntity.PAYMENT and invoice else None


def nameless(row: BookRow) -> bool:
    """Say whether a document seems ours by its reference alone, and nothing tells of which sale it is."""
    return bool(transaction_in(row.ref)) and row.entity in {BookEntity.PAYMENT, BookEntity.REFUND} and not row.voided


def transaction_in(reference: str) -> str:
    """The transaction whose packed id a reference is, "" for any other text."""
    if len(reference) < _SHORTEST:
        return ""
    try:
        return transaction_of(reference)
    except ValueError:
        return ""
