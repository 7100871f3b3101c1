"""The documents of a company that changed since a moment, in full: what a journal that was restored has to learn again.

Pages follow the time of the last change: what changes meanwhile comes again later, and moves no other row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from avantto_qbo.model.drafts import InvoiceDraft, PaymentDraft, ReceiptDraft, RefundDraft
from avantto_qbo.model.http import Read
from avantto_qbo.model.ledger import BookEntity, BookRow
from avantto_qbo.model.money import Money
from avantto_qbo.model.page import Page
from avantto_qbo.quickbooks.ledger import book_row
from avantto_qbo.quickbooks.queries import PAGE, literal, query_path, rows_page, stamp, statement
from avantto_qbo.quickbooks.rows import value_of
from avantto_qbo.quickbooks.shapes import InvoiceShape, Ref
from avantto_qbo.quickbooks.snapshot import invoice_snapshot

_ORDER: Final = "MetaData.LastUpdatedTime"


class Recalled(msgspec.Struct, frozen=True):
    """One document: what tells whose it is, and its JSON as it came."""

    row: BookRow
    raw: bytes


def changed_documents(entity: BookEntity, since: datetime, start: int = 1, size: int = PAGE) -> Read[Page[Recalled]]:
    """Read one page of the documents changed at or after `since`, the earliest change first."""
    asked = statement(entity, f"{_ORDER} >= {literal(stamp(since))}", order=_ORDER, start=start, size=size)
    return Read(query_path(asked), lambda body: rows_page(body, entity, lambda raw: _recalled(entity, raw)))


def documents(entity: BookEntity, ids: Sequence[str]) -> Read[Page[Recalled]]:
    """Read these documents as they stand."""
    asked = statement(entity, f"Id IN ({','.join(map(literal, ids))})")
    return Read(query_path(asked), lambda body: rows_page(body, entity, lambda raw: _recalled(entity, raw)))


def invoice_draft(raw: bytes, currency: str) -> InvoiceDraft:
    """The draft an invoice would have been made from; `currency` is the company's, for one that names none."""
    return invoice_snapshot(msgspec.json.decode(raw, type=InvoiceShape), currency).draft


def receipt_draft(raw: bytes, currency: str) -> ReceiptDraft:
    """The draft a sales receipt would have been made from."""
    return ReceiptDraft(**_paid_sale(raw, currency))


def refund_draft(raw: bytes, currency: str, refunded: Money) -> RefundDraft:
    """The draft a refund receipt would have been made from; `refunded` is all that had been refunded with it."""
    return RefundDraft(**_paid_sale(raw, currency), refunded=refunded)


def payment_draft(recalled: Recalled, currency: str) -> PaymentDraft:
    """The draft a payment would have been made from."""
    row, money = recalled.row, msgspec.json.decode(recalled.raw, type=_Money)
    return PaymentDraft(
        customer=row.customer,
        invoice=row.linked[0][0] if row.linked else "",
        total=Money.rounded(row.total, row.currency or currency),
        day=row.day or row.created_at.date(),
        reference=row.ref,
        note=row.note,
        account=value_of(money.deposit_to_account_ref),
        method=value_of(money.payment_method_ref),
    )


class _Money(msgspec.Struct, frozen=True, rename="pascal"):
    """What a sale paid at once and a payment state beside what an invoice does."""

    deposit_to_account_ref: Ref | None = None
    payment_method_ref: Ref | None = None
    payment_ref_num: str | None = None


def _paid_sale(raw: bytes, currency: str) -> dict[str, Any]:
    """A sale paid at once has the members of an invoice but the due date, and where the money lies."""
    sale, money = msgspec.structs.asdict(invoice_draft(raw, currency)), msgspec.json.decode(raw, type=_Money)
    del sale["due"]
    return sale | {
        "reference": money.payment_ref_num or "",
        "account": value_of(money.deposit_to_account_ref),
        "method": value_of(money.payment_method_ref),
    }


def _recalled(entity: BookEntity, raw: msgspec.Raw) -> Recalled:
    return Recalled(book_row(entity, raw), bytes(raw))
