"""One transaction as the books hold it, whatever its kind: what a reconciliation and a recovery compare by."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from avantto_qbo.model.ids import CustomerId


class BookEntity(StrEnum):
    """The kinds of transaction that Avantto's documents become, under QuickBooks' own names."""

    INVOICE = "Invoice"
    PAYMENT = "Payment"
    RECEIPT = "SalesReceipt"
    REFUND = "RefundReceipt"


class BookRow(msgspec.Struct, frozen=True):
    """A row of a query. Amounts in major units; times in UTC; `day` is TxnDate, a day of the business.

    `note` is PrivateNote, where our marker stands; `ref` PaymentRefNum. `linked` are the invoices a payment settles,
    each with what it settles of it. `currency` is "" where the row names none: then it is the company's own.
    """

    entity: BookEntity
    id: str
    sync_token: str
    total: Decimal
    created_at: datetime
    updated_at: datetime
    number: str = ""
    day: date | None = None
    balance: Decimal = Decimal(0)
    currency: str = ""
    customer: CustomerId = CustomerId("")
    note: str = ""
    ref: str = ""
    linked: tuple[tuple[str, Decimal], ...] = ()

    @property
    def voided(self) -> bool:
        """QuickBooks has no status for it: a zero total and a note that begins with "Voided"."""
        return self.total == 0 and self.balance == 0 and self.note.startswith("Voided")


class BookChanges(msgspec.Struct, frozen=True):
    """One answer of the change feed: what changed, and the keys (entity and id) of what was deleted.

    `as_of` is the server's clock; `overflowed` when one answer cannot hold them all; `unreadable` names the rows that
    were left out.
    """

    rows: tuple[BookRow, ...]
    gone: frozenset[tuple[str, str]]
    as_of: datetime
    overflowed: bool = False
    unreadable: tuple[str, ...] = ()
