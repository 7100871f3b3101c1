"""Transactions of all kinds as rows: by their last change, by their day, by their ids, and out of the change feed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from avantto_qbo.errors import RejectedError
from avantto_qbo.model.ledger import BookEntity
from avantto_qbo.quickbooks.ledger import book_changes, book_rows, book_rows_dated, book_rows_of
from quickbooks_material import sample

SINCE = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)
ORDER = "orderby MetaData.CreateTime startposition"
TIMES = {"CreateTime": "2026-11-20T08:00:00-08:00", "LastUpdatedTime": "2026-11-21T08:00:00-08:00"}


def answer(entity: str, *rows: dict[str, Any]) -> bytes:
    return json.dumps({"QueryResponse": {entity: list(rows)}}).encode()


def feed(*parts: dict[str, Any]) -> bytes:
    return json.dumps({"CDCResponse": [{"QueryResponse": list(parts)}], "time": "2026-11-22T04:05:06-08:00"}).encode()


def test_pages_follow_the_time_of_making_so_that_no_change_moves_a_row() -> None:
    changed = unquote(book_rows(BookEntity.PAYMENT, SINCE, 1001).path)
    assert " from Payment where MetaData.LastUpdatedTime >= '2026-11-22T12:00:05Z' " in changed
    assert changed.endswith(f"{ORDER} 1001 maxresults 1000")
    dated = unquote(book_rows_dated(BookEntity.REFUND, date(2026, 11, 1), date(2026, 11, 30)).path)
    assert " from RefundReceipt where TxnDate >= '2026-11-01' and TxnDate <= '2026-11-30' " in dated
    assert dated.endswith(f"{ORDER} 1 maxresults 1000")
    assert " from Invoice where Id IN ('1','2')" in unquote(book_rows_of(BookEntity.INVOICE, ["1", "2"]).path)


def test_an_invoice_as_a_row() -> None:
    shown = json.loads(sample("invoice.json"))["Invoice"]
    [row] = book_rows(BookEntity.INVOICE, SINCE).decode(answer("Invoice", shown)).rows
    assert (row.entity, row.id, row.sync_token) == (BookEntity.INVOICE, shown["Id"], shown["SyncToken"])
    assert (row.total, row.balance) == (Decimal(str(shown["TotalAmt"])), Decimal(str(shown["Balance"])))
    assert (row.number, row.customer, row.day) == (
        shown["DocNumber"],
        shown["CustomerRef"]["value"],
        date.fromisoformat(shown["TxnDate"]),
    )
    assert not row.voided


def test_a_payment_names_the_invoices_it_settles() -> None:
    line = {"Amount": 20.5, "LinkedTxn": [{"TxnId": "9", "TxnType": "Invoice"}]}
    credit = {"Amount": 5, "LinkedTxn": [{"TxnId": "8", "TxnType": "CreditMemo"}]}
    body = answer(
        "Payment",
        {"Id": "5", "TotalAmt": 25.5, "PaymentRefNum": "abc", "MetaData": TIMES, "Line": [line, credit]},
    )
    [row] = book_rows(BookEntity.PAYMENT, SINCE).decode(body).rows
    assert (row.total, row.ref, row.linked) == (Decimal("25.5"), "abc", (("9", Decimal("20.5")),))
    assert (row.created_at, row.updated_at) == (
        datetime(2026, 11, 20, 16, 0, tzinfo=UTC),
        datetime(2026, 11, 21, 16, 0, tzinfo=UTC),
    )


def test_a_void_spells_its_lines_in_its_own_way_and_is_a_row_all_the_same() -> None:
    body = answer(
        "SalesReceipt",
        {"Id": "7", "TotalAmt": 0, "PrivateNote": "Voided - x", "MetaData": TIMES, "Line": [{"DetailType": 7}]},
    )
    [row] = book_rows(BookEntity.RECEIPT, SINCE).decode(body).rows
    assert (row.voided, row.linked, row.currency) == (True, (), "")


def test_rows_that_make_no_sense_are_named_and_cost_no_other() -> None:
    body = answer("Invoice", {"Id": "1", "MetaData": TIMES}, {"Id": "2"}, {"Id": "3", "TotalAmt": "x"})
    page = book_rows(BookEntity.INVOICE, SINCE).decode(body)
    assert ([row.id for row in page.rows], page.unreadable, page.size) == (["1"], ("2", "3"), 3)
    assert book_rows(BookEntity.INVOICE, SINCE).decode(sample("empty_page.json")).size == 0


def test_the_feed_tells_changes_and_deletions_of_several_kinds() -> None:
    read = book_changes((BookEntity.PAYMENT, BookEntity.RECEIPT), SINCE)
    assert read.path == "cdc?entities=Payment%2CSalesReceipt&changedSince=2026-11-22T12%3A00%3A05Z"
    stub = {"domain": "QBO", "status": "Deleted", "Id": "9"}
    changes = read.decode(
        feed({"Payment": [{"Id": "5", "TotalAmt": 1, "MetaData": TIMES}, stub]}, {}, {"SalesReceipt": [{"Id": 3}]})
    )
    assert [(row.entity, row.id) for row in changes.rows] == [("Payment", "5")]
    assert changes.gone == {("Payment", "9")}
    assert (changes.unreadable, changes.overflowed) == (("3",), False)
    assert changes.as_of == datetime(2026, 11, 22, 12, 5, 6, tzinfo=UTC)


def test_a_feed_that_holds_as_much_as_it_can_may_have_left_some_out() -> None:
    rows = [{"Id": str(number), "MetaData": TIMES} for number in range(1000)]
    assert book_changes((BookEntity.INVOICE,), SINCE).decode(feed({"Invoice": rows})).overflowed


def test_a_fault_inside_the_feed_is_raised() -> None:
    fault = {"Fault": {"Error": [{"code": "4002", "Message": "To email address entered is invalid"}]}}
    with pytest.raises(RejectedError):
        book_changes((BookEntity.INVOICE,), SINCE).decode(feed(fault))
