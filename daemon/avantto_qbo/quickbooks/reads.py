"""Every question asked of a company, as values: the path, and how to read the answer.

Each successful one counts against a monthly quota, so a page is as large as it may be (1,000).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import quote

import msgspec

from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.page import Page
from avantto_qbo.model.quickbooks import Changes, CustomerRow, History, PaymentRow
from avantto_qbo.quickbooks.company import company, items_page
from avantto_qbo.quickbooks.queries import (
    ALSO_INACTIVE,
    PAGE,
    answered_at,
    literal,
    only,
    page,
    query_path,
    raise_fault,
    rows_in,
    rows_page,
    stamp,
    statement,
)
from avantto_qbo.quickbooks.rows import customer_row, instant, invoice_row, payment_row
from avantto_qbo.quickbooks.shapes import CustomerShape, InvoiceShape, PaymentShape
from avantto_qbo.quickbooks.snapshot import InvoiceSnapshot, invoice_snapshot

__all__ = [
    "InvoiceSnapshot",
    "changes",
    "company",
    "customer",
    "customers_by_email",
    "customers_by_name",
    "customers_page",
    "customers_since",
    "invoice",
    "invoices_of",
    "items_page",
    "payment",
    "payments_since",
    "snapshot_of",
]


_CUSTOMER: Final = msgspec.json.Decoder(CustomerShape)
_PAYMENT: Final = msgspec.json.Decoder(PaymentShape)


def customers_page(start: int = 1, size: int = PAGE) -> Read[Page[CustomerRow]]:
    """Read one page of all customers, inactive ones too, oldest first: new ones come last and no position shifts."""
    return _customers_page(statement("Customer", ALSO_INACTIVE, order="MetaData.CreateTime", start=start, size=size))


def customers_since(since: datetime, start: int = 1) -> Read[Page[CustomerRow]]:
    """Read one page of the customers changed at or after `since`: what the change feed's 1,000 could not hold."""
    changed = f"MetaData.LastUpdatedTime >= {literal(stamp(since))}"
    order = "MetaData.LastUpdatedTime"
    return _customers_page(statement("Customer", ALSO_INACTIVE, changed, order=order, start=start))


def customers_by_email(email: str) -> Read[tuple[CustomerRow, ...]]:
    """Read the customers one of whose addresses is exactly `email` (case-insensitive), inactive ones too.

    Several addresses share one stored text, so the server is asked for the part and the answer is compared here.
    """
    wanted = email.strip().lower()
    asked = statement("Customer", ALSO_INACTIVE, f"PrimaryEmailAddr LIKE {literal(f'%{wanted}%')}")
    return Read(query_path(asked), lambda body: tuple(row for row in _customer_rows(body) if wanted in row.emails))


def customers_by_name(name: str) -> Read[tuple[CustomerRow, ...]]:
    """Read the customer with this display name (compared without regard to case), inactive ones too."""
    return _customers(statement("Customer", ALSO_INACTIVE, f"DisplayName = {literal(name)}"))


def customer(customer_id: str) -> Read[CustomerRow]:
    """Read one customer."""
    return Read(_by_id("customer", customer_id), lambda body: customer_row(only(body, "Customer", CustomerShape)))


def payments_since(since: datetime, start: int = 1) -> Read[Page[PaymentRow]]:
    """Read one page of the payments changed at or after `since`; deletions are only in the change feed."""
    changed = f"MetaData.LastUpdatedTime >= {literal(stamp(since))}"
    asked = statement("Payment", changed, order="MetaData.LastUpdatedTime", start=start)
    return Read(query_path(asked), lambda body: rows_page(body, "Payment", _payment))


def payment(payment_id: str) -> Read[PaymentRow]:
    """Read one payment."""
    return Read(_by_id("payment", payment_id), lambda body: payment_row(only(body, "Payment", PaymentShape)))


def invoices_of(*customers: CustomerId, start: int = 1) -> Read[History]:
    """Read one page of the invoices of one customer, or of several, oldest first."""
    many = ",".join(map(literal, customers))
    mine = f"CustomerRef IN ({many})" if len(customers) > 1 else f"CustomerRef = {many}"
    asked = statement("Invoice", mine, order="MetaData.CreateTime", start=start)
    return Read(query_path(asked), _history)


def invoice(invoice_id: str, currency: str = "USD") -> Read[InvoiceSnapshot]:
    """Read one invoice with its content; `currency` is the company's, for an answer that names none."""
    return Read(
        _by_id("invoice", invoice_id),
        lambda body: invoice_snapshot(only(body, "Invoice", InvoiceShape), currency),
    )


def snapshot_of(raw: bytes, currency: str) -> InvoiceSnapshot:
    """Read an invoice from its JSON, as a look-up brought it."""
    return invoice_snapshot(msgspec.json.decode(raw, type=InvoiceShape), currency)


def changes(since: datetime) -> Read[Changes]:
    """Read what changed since `since` (at most 30 days back), customers and payments in one request.

    Whether the bound is inclusive is UNVERIFIED: ask with an overlap. `overflowed` means that more may have changed
    than one answer holds; the feed cannot be paged, the `…_since` queries can.
    """
    return Read(f"cdc?entities=Customer%2CPayment&changedSince={quote(stamp(since), safe='')}", _changes)


def _changes(body: bytes) -> Changes:
    feed = msgspec.json.decode(body, type=_Feed)
    as_of = instant(feed.time)
    customers: list[Page[CustomerRow]] = []
    payments: list[Page[PaymentRow]] = []
    for response in feed.responses:
        raise_fault(response)
        answers = msgspec.json.decode(response.get("QueryResponse", b"[]"), type=list[dict[str, msgspec.Raw]])
        for part in answers:
            raise_fault(part)
            customers.append(rows_in(part, "Customer", lambda row: _customer(row, as_of)))
            payments.append(rows_in(part, "Payment", lambda row: _payment(row, as_of)))
    parts: list[Page[CustomerRow] | Page[PaymentRow]] = [*customers, *payments]
    return Changes(
        customers=tuple(row for part in customers for row in part.rows),
        payments=tuple(row for part in payments for row in part.rows),
        as_of=as_of,
        # Whether the limit is shared by the entities is UNVERIFIED; counted together the reading is safe either way.
        overflowed=sum(part.size for part in parts) >= PAGE,
        unreadable=sum(len(part.unreadable) for part in parts),
    )


class _Feed(msgspec.Struct, frozen=True):
    time: datetime
    responses: list[dict[str, msgspec.Raw]] = msgspec.field(name="CDCResponse")


def _history(body: bytes) -> History:
    at = answered_at(body)
    rows = tuple(map(invoice_row, page(body, "Invoice", InvoiceShape)))
    return History(rows, instant(at) if at is not None else None)


def _customers(asked: str) -> Read[tuple[CustomerRow, ...]]:
    return Read(query_path(asked), _customer_rows)


def _customer_rows(body: bytes) -> tuple[CustomerRow, ...]:
    return tuple(map(customer_row, page(body, "Customer", CustomerShape)))


def _customers_page(asked: str) -> Read[Page[CustomerRow]]:
    return Read(query_path(asked), lambda body: rows_page(body, "Customer", _customer))


def _customer(row: msgspec.Raw, as_of: datetime | None = None) -> CustomerRow:
    return customer_row(_CUSTOMER.decode(row), as_of)


def _payment(row: msgspec.Raw, as_of: datetime | None = None) -> PaymentRow:
    return payment_row(_PAYMENT.decode(row), as_of)


def _by_id(entity: str, object_id: str) -> str:
    return f"{entity}/{quote(object_id, safe='')}"
