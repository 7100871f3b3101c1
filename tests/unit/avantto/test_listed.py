"""The invoice list read for its money."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from avantto_qbo.avantto.listed import listed_invoices
from avantto_qbo.model.ids import LocationId

PLACE = LocationId("loc1")


def row(**changes: Any) -> dict[str, Any]:
    shown = {
        "_id": "i1",
        "status": "sent",
        "liveMode": True,
        "invoiceNumber": "INV-1042",
        "currency": "usd",
        "total": 150.1,
        "amountPaid": 50,
        "issueDate": "2026-11-18",
        "createdAt": "2026-11-18T10:00:00.000Z",
        "updatedAt": "2026-11-19T10:00:00.000Z",
    }
    return {**shown, **changes}


def page(*rows: dict[str, Any], **more: Any) -> Any:
    return listed_invoices(PLACE, 0).decode(json.dumps({"invoices": rows, **more}).encode())


def test_the_list_is_asked_for_by_pages_of_a_hundred() -> None:
    assert listed_invoices(PLACE, 200).path == (
        "/invoices/?altId=loc1&altType=location&limit=100&offset=200&sortField=issueDate&sortOrder=descend"
    )


def test_a_row_has_its_sums_exactly() -> None:
    [found] = page(row(), total=7).rows
    assert (found.total, found.amount_paid, found.currency) == (Decimal("150.1"), Decimal(50), "USD")
    assert (found.number, found.issue_date, found.live, found.status) == ("INV-1042", "2026-11-18", True, "sent")
    assert found.updated_at == datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
    assert page(row(), total=7).total == 7


def test_numbers_may_be_text_or_missing_where_they_can() -> None:
    [found] = page(row(invoiceNumber=19, amountPaid=None, updatedAt=None, total="99.00")).rows
    assert (found.number, found.amount_paid, found.total) == ("19", Decimal(0), Decimal(99))
    assert found.updated_at == found.created_at


def test_a_deleted_row_says_so_whatever_its_status() -> None:
    [found] = page(row(deleted=True)).rows
    assert found.status == "delete"


def test_a_row_without_a_total_is_named_and_costs_no_other() -> None:
    found = page(row(), row(_id="i2", total=None), row(_id="i3", currency=""))
    assert ([one.id for one in found.rows], found.unreadable, found.size) == (["i1"], ("i2", "i3"), 3)
