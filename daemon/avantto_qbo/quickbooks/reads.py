"""Every question asked of a company, as values: the path, and how to read the answer.

Each successful one counts against a monthly quota, so a page is as large as it may be (1,000).
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

import msgspec

from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.quickbooks import Changes, CustomerRow, InvoiceRow, PaymentRow
from avantto_qbo.quickbooks.company import company, items_page
from avantto_qbo.quickbooks.queries import (
    ALSO_INACTIVE,
    PAGE,
    literal,
    objects,
    only,
    page,
    query_path,
    raise_fault,
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
]


def customers_page(start: int = 1, size: int = PAGE) -> Read[tuple[CustomerRow, ...]]:
    """Read one page of all customers, inactive ones too, oldest first: new ones come last and no position shifts."""
    return _customers(statement("Customer", ALSO_INACTIVE, order="MetaData.CreateTime", start=start, size=size))


def customers_since(since: datetime, start: int = 1) -> Read[tuple[CustomerRow, ...]]:
    """Read one page of the customers changed at or after `since`: what the change feed's 1,000 could not hold."""
    changed = f"MetaData.LastUpdatedTime >= {literal(stamp(since))}"
    return _customers(statement("Customer", ALSO_INACTIVE, changed, order="MetaData.LastUpdatedTime", start=start))


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


def payments_since(since: datetime, start: int = 1) -> Read[tuple[PaymentRow, ...]]:
    """Read one page of the payments changed at or after `since`; deletions are only in the change feed."""
    changed = f"MetaData.LastUpdatedTime >= {literal(stamp(since))}"
    asked = statement("Payment", changed, order="MetaData.LastUpdatedTime", start=start)
    return Read(query_path(asked), lambda body: tuple(map(payment_row, page(body, "Payment", PaymentShape))))


def payment(payment_id: str) -> Read[PaymentRow]:
    """Read one payment."""
    return Read(_by_id("payment", payment_id), lambda body: payment_row(only(body, "Payment", PaymentShape)))


def invoices_of(customer_id: CustomerId, start: int = 1) -> Read[tuple[InvoiceRow, ...]]:
    """Read one page of a customer's invoices, oldest first."""
    mine = f"CustomerRef = {literal(customer_id)}"
    asked = statement("Invoice", mine, order="MetaData.CreateTime", start=start)
    return Read(query_path(asked), lambda body: tuple(map(invoice_row, page(body, "Invoice", InvoiceShape))))


def invoice(invoice_id: str, currency: str = "USD") -> Read[InvoiceSnapshot]:
    """Read one invoice with its content; `currency` is the company's, for an answer that names none."""
    return Read(
        _by_id("invoice", invoice_id),
        lambda body: invoice_snapshot(only(body, "Invoice", InvoiceShape), currency),
    )


def changes(since: datetime) -> Read[Changes]:
    """Read what changed since `since` (at most 30 days back), customers and payments in one request.

    Whether the bound is inclusive is UNVERIFIED: ask with an overlap. `overflowed` means that more may have changed
    than one answer holds; the feed cannot be paged, the `…_since` queries can.
    """
    return Read(f"cdc?entities=Customer%2CPayment&changedSince={quote(stamp(since), safe='')}", _changes)


def _changes(body: bytes) -> Changes:
    feed = msgspec.json.decode(body, type=_Feed)
    customers: list[CustomerRow] = []
    payments: list[PaymentRow] = []
    for response in feed.responses:
        raise_fault(response)
        parts = msgspec.json.decode(response.get("QueryResponse", b"[]"), type=list[dict[str, msgspec.Raw]])
        for part in parts:
            raise_fault(part)
            customers += map(customer_row, objects(part, "Customer", CustomerShape))
            payments += map(payment_row, objects(part, "Payment", PaymentShape))
    return Changes(
        customers=tuple(customers),
        payments=tuple(payments),
        as_of=instant(feed.time),
        # Whether the limit is shared by the entities is UNVERIFIED; counted together the reading is safe either way.
        overflowed=len(customers) + len(payments) >= PAGE,
    )


class _Feed(msgspec.Struct, frozen=True):
    time: datetime
    responses: list[dict[str, msgspec.Raw]] = msgspec.field(name="CDCResponse")


def _customers(asked: str) -> Read[tuple[CustomerRow, ...]]:
    return Read(query_path(asked), _customer_rows)


def _customer_rows(body: bytes) -> tuple[CustomerRow, ...]:
    return tuple(map(customer_row, page(body, "Customer", CustomerShape)))


def _by_id(entity: str, object_id: str) -> str:
    return f"{entity}/{quote(object_id, safe='')}"
