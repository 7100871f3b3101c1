"""Which payment is the one: a customer's first invoice paid in full, with money (R1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from avantto_qbo.model.quickbooks import InvoiceRow, PaymentRow

_LAG: Final = timedelta(minutes=5)  # how far queries may be behind the change feed (UNVERIFIED)


def candidate(payment: PaymentRow) -> bool:
    """Say whether a payment can have settled an invoice: neither voided nor deleted, and applied to one.

    One without money only applies credits; whether there was money before is another question (`NeedPayments`).
    """
    settled = any(amount > 0 for _, amount in payment.invoices)
    return not payment.deleted and settled and bool(payment.customer_id)


def first_paid(history: Sequence[InvoiceRow], payment: PaymentRow) -> InvoiceRow | None:
    """The invoice that `payment` settled in full, if no other of that customer ever was settled before it.

    `history` is all of the customer's invoices as they stand now. One settled by a later payment does not count:
    several payments can arrive in one poll.
    """
    ours = {invoice for invoice, amount in payment.invoices if amount > 0}
    if paid_before(history, payment):
        return None
    mine = (row for row in _settled(history) if row.id in ours and not _later(row, payment))
    return min(mine, key=lambda row: (row.created_at, len(row.id), row.id), default=None)


def paid_before(history: Sequence[InvoiceRow], payment: PaymentRow) -> bool:
    """Say whether another invoice of the customer was settled before `payment`: then no later one is the first."""
    ours = {invoice for invoice, amount in payment.invoices if amount > 0}
    return any(row.id not in ours and not _later(row, payment) for row in _settled(history))


def lags(history: Sequence[InvoiceRow], payment: PaymentRow, as_of: datetime) -> bool:
    """Say whether `history` may be older than `payment`: queries lag behind the change feed.

    Only where it denies that the payment was the first, and not for long: a payment may be taken off again. `as_of` is
    when QuickBooks answered, by the clock that `payment` goes by, too: ours may be hours off, or be set meanwhile. One
    that lies far before the payment is no time to go by, and would make the waiting endless.
    """
    settled = {invoice for invoice, amount in payment.invoices if amount > 0}
    shown = {row.id for row in history if payment.id in row.payments}
    edited = payment.updated_at > paid_at(payment)  # then what is shown may be an earlier version
    if abs(as_of - payment.updated_at) > _LAG or (settled <= shown and not edited):
        return False
    return first_paid(history, payment) is None and not paid_before(history, payment)


def _settled(history: Sequence[InvoiceRow]) -> list[InvoiceRow]:
    return [row for row in history if row.balance == 0 and row.total > 0 and not row.voided]


def paid_at(payment: PaymentRow) -> datetime:
    """When the payment came into the books."""
    return payment.created_at or payment.updated_at


def settles(payment: PaymentRow, invoice: InvoiceRow) -> bool:
    """Say whether some of `payment` went to `invoice`."""
    return any(number == invoice.id and amount > 0 for number, amount in payment.invoices)


def _later(row: InvoiceRow, payment: PaymentRow) -> bool:
    """Say whether an invoice was settled by a payment entered after this one: ids are counted upwards."""
    return any(_counted(other) > _counted(payment.id) for other in row.payments)


def _counted(object_id: str) -> tuple[int, str]:
    return len(object_id), object_id
