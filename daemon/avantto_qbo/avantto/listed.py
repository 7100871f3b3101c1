"""The invoice list read for its money: what a reconciliation needs of every invoice without asking for each in full."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from avantto_qbo.avantto.leaves import Wire, decoder, first, flag, instant, needed, number, number_or, text
from avantto_qbo.avantto.requests import path
from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.page import Page, page_of
from avantto_qbo.model.reconciliation import ListedInvoice

PAGE: Final = 100


class _Row(Wire, frozen=True):
    id: Any = msgspec.field(name="_id", default=None)
    status: Any = None
    deleted: Any = None
    live_mode: Any = None
    invoice_number: Any = None
    currency: Any = None
    total: Any = None
    amount_paid: Any = None
    issue_date: Any = None
    created_at: Any = None
    updated_at: Any = None

    def value(self) -> ListedInvoice:
        created = instant(self.created_at, "createdAt")
        return ListedInvoice(
            id=needed(self.id, "_id"),
            status="delete" if flag(self.deleted) else needed(self.status, "status"),
            live=flag(self.live_mode),
            number=first(self.invoice_number),
            currency=needed(self.currency, "currency").upper(),
            total=number(self.total, "total"),
            amount_paid=number_or(self.amount_paid, Decimal(0), "amountPaid"),
            issue_date=text(self.issue_date),
            created_at=created,
            updated_at=created if self.updated_at is None else instant(self.updated_at, "updatedAt"),
        )


class _Page(Wire, frozen=True):
    invoices: list[msgspec.Raw]
    total: Any = None


_PAGE = decoder(_Page)
_ROW = decoder(_Row)


def listed_invoices(location: LocationId, offset: int, limit: int = PAGE) -> Read[Page[ListedInvoice]]:
    """Ask for a page of all invoices, newest issue date first, with their sums."""
    asked = path(
        "invoices",
        "",
        altId=location,
        altType="location",
        limit=limit,
        offset=offset,
        sortField="issueDate",
        sortOrder="descend",
    )
    return Read(asked, _decode)


def _decode(body: bytes) -> Page[ListedInvoice]:
    answer = _PAGE.decode(body)
    page = page_of(answer.invoices, lambda row: _ROW.decode(row).value(), "_id")
    return msgspec.structs.replace(page, total=int(number_or(answer.total, Decimal(page.total), "total")))
