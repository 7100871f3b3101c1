"""Avantto's side of a reconciliation: its two lists, page by page, kept as little as a comparison needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from avantto_qbo.actors.access import Access
from avantto_qbo.avantto import reads
from avantto_qbo.avantto.listed import listed_invoices
from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.page import Page
from avantto_qbo.model.reconciliation import ListedInvoice, Progress

T = TypeVar("T")
Report = Callable[[Progress], Awaitable[None]]
INVOICES: Final = "Avantto's invoices"
PAYMENTS: Final = "Avantto's payments"


class Listed(msgspec.Struct, frozen=True):
    """Both lists as they were read, and how many rows made no sense."""

    invoices: tuple[ListedInvoice, ...]
    payments: tuple[Transaction, ...]
    unreadable: int


async def listed(crm: Access, location: LocationId, since: datetime, report: Report) -> Listed:
    """Read all invoices and the payments made since. Raises as reads do."""
    invoices, lost = await _all(crm, lambda offset: listed_invoices(location, offset), INVOICES, report)
    payments, also = await _all(
        crm, lambda offset: reads.transactions_page(location, offset, start=since), PAYMENTS, report
    )
    slim = (msgspec.structs.replace(row, contact_name="", contact_email="") for row in payments)
    # A row that moved to the next page while the list grew is the same row.
    return Listed(
        tuple({one.id: one for one in invoices}.values()), tuple({row.id: row for row in slim}.values()), lost + also
    )


async def _all(crm: Access, ask: Callable[[int], Read[Page[T]]], stage: str, report: Report) -> tuple[list[T], int]:
    rows, unreadable, offset = list[T](), 0, 0
    while True:
        page = await crm.read(ask(offset))
        rows += page.rows
        unreadable += len(page.unreadable)
        offset += page.size
        await report(Progress(stage, offset, page.total))
        if not page.size or offset >= page.total:
            return rows, unreadable
