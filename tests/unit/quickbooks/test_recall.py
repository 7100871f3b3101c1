"""Documents in full, as a restored journal asks for them, and the drafts they would have been made from."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from avantto_qbo.model.ledger import BookEntity
from avantto_qbo.model.money import Money
from avantto_qbo.quickbooks.recall import (
    Recalled,
    changed_documents,
    invoice_draft,
    payment_draft,
    receipt_draft,
    refund_draft,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
STAMPS = {"CreateTime": "2026-11-20T04:00:00-08:00", "LastUpdatedTime": "2026-11-20T05:00:00-08:00"}
SALE: dict[str, Any] = {
    "Id": "7",
    "SyncToken": "2",
    "MetaData": STAMPS,
    "CustomerRef": {"value": "20"},
    "DocNumber": "INV-1",
    "TxnDate": "2026-11-19",
    "TotalAmt": 99.5,
    "PrivateNote": "Avantto payment 68c0a1b2c3d4e5f6a7b8c9d0 · Kit",
    "PaymentRefNum": "ABC",
    "PaymentMethodRef": {"value": "3"},
    "DepositToAccountRef": {"value": "4"},
    "Line": [
        {
            "Amount": 99.5,
            "Description": "Kit",
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}},
        },
        {"Amount": 99.5, "DetailType": "SubTotalLineDetail"},
    ],
}


def recalled(entity: BookEntity, **members: Any) -> Recalled:
    body = json.dumps({"QueryResponse": {entity: [{**SALE, **members}]}}).encode()
    [one] = changed_documents(entity, NOON).decode(body).rows
    return one


def test_documents_are_asked_for_in_the_order_of_their_last_change() -> None:
    read = changed_documents(BookEntity.RECEIPT, NOON, 3, 50)
    [asked] = parse_qs(urlsplit(read.path).query)["query"]
    assert asked == (
        "select * from SalesReceipt where MetaData.LastUpdatedTime >= '2026-11-20T12:00:00Z'"
        " orderby MetaData.LastUpdatedTime startposition 3 maxresults 50"
    )


def test_a_row_that_makes_no_sense_costs_no_other() -> None:
    body = json.dumps({"QueryResponse": {"Invoice": [{"Id": "8"}, SALE]}}).encode()
    page = changed_documents(BookEntity.INVOICE, NOON).decode(body)
    assert ([one.row.id for one in page.rows], page.unreadable) == (["7"], ("8",))


def test_a_document_tells_when_it_changed_and_what_it_is() -> None:
    row = recalled(BookEntity.INVOICE).row
    assert (row.id, row.sync_token, row.updated_at.hour, row.total) == ("7", "2", 13, Decimal("99.5"))


def test_an_invoice_becomes_the_draft_it_would_have_been_made_from() -> None:
    draft = invoice_draft(recalled(BookEntity.INVOICE).raw, "USD")
    assert (draft.customer, draft.number, draft.day) == ("20", "INV-1", date(2026, 11, 19))
    assert [(line.item, line.amount) for line in draft.lines] == [("1", Money.of("99.50", "USD"))]


def test_a_receipt_also_tells_where_its_money_lies() -> None:
    draft = receipt_draft(recalled(BookEntity.RECEIPT).raw, "USD")
    assert (draft.reference, draft.method, draft.account, draft.total) == ("ABC", "3", "4", Money.of("99.50", "USD"))


def test_a_refund_also_tells_how_much_was_refunded_with_it() -> None:
    refunded = Money.of("120", "USD")
    draft = refund_draft(recalled(BookEntity.REFUND).raw, "USD", refunded)
    assert (draft.refunded, draft.total) == (refunded, Money.of("99.50", "USD"))


def test_a_payment_tells_what_it_settles() -> None:
    line = {"Amount": 99.5, "LinkedTxn": [{"TxnId": "5", "TxnType": "Invoice"}]}
    draft = payment_draft(recalled(BookEntity.PAYMENT, Line=[line], CurrencyRef={"value": "EUR"}), "USD")
    assert (draft.invoice, draft.total, draft.account) == ("5", Money.of("99.50", "EUR"), "4")


def test_a_payment_off_its_invoice_settles_nothing_and_may_bear_no_date() -> None:
    draft = payment_draft(recalled(BookEntity.PAYMENT, Line=[], TxnDate=None), "USD")
    assert (draft.invoice, draft.day) == ("", date(2026, 11, 20))
