"""The transactions of a company, a thousand a page: what it holds is compared with what Avantto says.

A page is one metered read however many rows it has, so whole windows are read and sorted here. Rows are asked for in
the order of their making: one that is changed meanwhile moves no other; one that is deleted meanwhile can hide another,
hence what seems to be missing is asked for once more by id. Deleted ones are in no answer, voided ones are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Final
from urllib.parse import quote

import msgspec

from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.ledger import BookChanges, BookEntity, BookRow
from avantto_qbo.model.page import Page
from avantto_qbo.quickbooks.queries import PAGE, literal, query_path, raise_fault, rows_in, rows_page, stamp, statement
from avantto_qbo.quickbooks.rows import changed, created, instant, settled, value_of
from avantto_qbo.quickbooks.shapes import LineShape, Ref, Stamps

BookPage = Read[Page[BookRow]]
MANY_IDS: Final = 100  # so long a list of ids is still a short address
_ZERO: Final = Decimal(0)
_DELETED: Final = "Deleted"
_ORDER: Final = "MetaData.CreateTime"


class _Shape(msgspec.Struct, frozen=True, rename="pascal"):
    """What all four kinds of transaction state alike; most members are missing from one or the other."""

    id: str
    meta_data: Stamps | None = None
    sync_token: str | None = None
    customer_ref: Ref | None = None
    currency_ref: Ref | None = None
    total_amt: Decimal | None = None
    balance: Decimal | None = None
    doc_number: str | None = None
    payment_ref_num: str | None = None
    private_note: str | None = None
    txn_date: date | None = None
    line: tuple[msgspec.Raw, ...] | None = None


_ROW: Final = msgspec.json.Decoder(_Shape)
_LINE: Final = msgspec.json.Decoder(LineShape)


def book_rows(entity: BookEntity, since: datetime, start: int = 1) -> BookPage:
    """Read one page of the transactions changed at or after `since`; the next page starts behind this one's size."""
    return _page(entity, f"MetaData.LastUpdatedTime >= {literal(stamp(since))}", start=start)


def book_rows_dated(entity: BookEntity, first: date, last: date, start: int = 1) -> BookPage:
    """Read one page of the transactions dated from `first` to `last`, both included."""
    window = (f"TxnDate >= {literal(first.isoformat())}", f"TxnDate <= {literal(last.isoformat())}")
    return _page(entity, *window, start=start)


def book_rows_of(entity: BookEntity, ids: Sequence[str]) -> BookPage:
    """Read these transactions (at most `MANY_IDS`) as they stand; a deleted one is not in the answer."""
    return _page(entity, f"Id IN ({','.join(map(literal, ids))})")


def book_changes(entities: Sequence[BookEntity], since: datetime) -> Read[BookChanges]:
    """Read what changed since `since` (at most 30 days back), deletions too: one request, at most 1,000 objects.

    Invoices are asked for apart from the others: one malformed e-mail on an invoice fails the whole answer.
    """
    named = quote(",".join(entities), safe="")
    return Read(
        f"cdc?entities={named}&changedSince={quote(stamp(since), safe='')}", lambda body: _changes(body, entities)
    )


def _changes(body: bytes, entities: Sequence[BookEntity]) -> BookChanges:
    feed = msgspec.json.decode(body, type=_Feed)
    as_of = instant(feed.time)
    pages: list[Page[BookRow]] = []
    gone: set[tuple[str, str]] = set()

    def read(entity: BookEntity, raw: msgspec.Raw) -> BookRow:
        if _STUB.decode(raw).status == _DELETED:
            gone.add((entity, _STUB.decode(raw).id))
        return book_row(entity, raw, as_of)

    for response in feed.responses:
        raise_fault(response)
        for part in msgspec.json.decode(response.get("QueryResponse", b"[]"), type=list[dict[str, msgspec.Raw]]):
            raise_fault(part)
            pages += [rows_in(part, entity, partial(read, entity)) for entity in entities]
    rows = tuple(row for page in pages for row in page.rows if (row.entity, row.id) not in gone)
    overflowed = sum(page.size for page in pages) >= PAGE
    unreadable = tuple(name for page in pages for name in page.unreadable)
    return BookChanges(rows, frozenset(gone), as_of, overflowed, unreadable)


class _Stub(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="Id", default="")
    status: str | None = None


class _Feed(msgspec.Struct, frozen=True):
    time: datetime
    responses: list[dict[str, msgspec.Raw]] = msgspec.field(name="CDCResponse")


_STUB: Final = msgspec.json.Decoder(_Stub)


def _page(entity: BookEntity, *conditions: str, start: int = 1) -> BookPage:
    asked = statement(entity, *conditions, order=_ORDER, start=start, size=PAGE)
    return Read(query_path(asked), lambda body: rows_page(body, entity, lambda raw: book_row(entity, raw)))


def book_row(entity: BookEntity, raw: bytes | msgspec.Raw, as_of: datetime | None = None) -> BookRow:
    """Read one transaction from its JSON; `as_of` is its time where it states none. Raises ValueError for nonsense."""
    shape = _ROW.decode(raw)
    return BookRow(
        entity=entity,
        id=shape.id,
        sync_token=shape.sync_token or "",
        total=shape.total_amt or _ZERO,
        created_at=created(shape.meta_data, as_of),
        updated_at=changed(shape.meta_data, as_of),
        number=shape.doc_number or "",
        day=shape.txn_date,
        balance=shape.balance or _ZERO,
        currency=value_of(shape.currency_ref),
        customer=CustomerId(value_of(shape.customer_ref)),
        note=shape.private_note or "",
        ref=shape.payment_ref_num or "",
        linked=_linked(entity, shape),
    )


def _linked(entity: BookEntity, shape: _Shape) -> tuple[tuple[str, Decimal], ...]:
    """A void spells its lines in another way, so only those of a payment are read at all."""
    if entity is not BookEntity.PAYMENT:
        return ()
    return tuple(pair for raw in shape.line or () for pair in settled(_LINE.decode(raw)))
