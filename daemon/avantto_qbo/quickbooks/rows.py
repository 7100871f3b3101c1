"""From Intuit's JSON shapes to the rows the house works with."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.model.avantto import Address
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.quickbooks import CustomerRow, InvoiceRow, PaymentRow
from avantto_qbo.quickbooks.shapes import (
    CustomerShape,
    Email,
    InvoiceShape,
    LineShape,
    LinkedTxn,
    PaymentShape,
    PostalAddress,
    Ref,
    Stamps,
)

_ZERO: Final = Decimal(0)
_DELETED: Final = "Deleted"
# The user interface stores several addresses in one text; commas are usual, semicolons and blanks are seen.
_BETWEEN_EMAILS: Final = re.compile(r"[\s,;]+")


def customer_row(shape: CustomerShape, as_of: datetime | None = None) -> CustomerRow:
    """Read a customer; a missing `Active` means active. `as_of` is its time where it states none."""
    phones = (shape.primary_phone, shape.mobile, shape.alternate_phone)
    return CustomerRow(
        id=CustomerId(shape.id),
        sync_token=shape.sync_token or "",
        display_name=shape.display_name or "",
        created_at=created(shape.meta_data, as_of),
        updated_at=changed(shape.meta_data, as_of),
        given_name=shape.given_name or "",
        family_name=shape.family_name or "",
        company_name=shape.company_name or "",
        emails=emails(shape.primary_email_addr),
        phones=tuple(dict.fromkeys(one.free_form_number for one in phones if one and one.free_form_number)),
        address=address(shape.bill_addr),
        notes=shape.notes or "",
        active=shape.active is not False and shape.status != _DELETED,
        job=bool(shape.job),
        project=bool(shape.is_project),
        currency=value_of(shape.currency_ref),
    )


def payment_row(shape: PaymentShape, as_of: datetime | None = None) -> PaymentRow:
    """Read a payment; the stub of a deleted one has only its id and, not always, its time (else it is `as_of`)."""
    updated = changed(shape.meta_data, as_of)
    if shape.status == _DELETED:
        return PaymentRow(id=shape.id, updated_at=updated, deleted=True)
    return PaymentRow(
        id=shape.id,
        updated_at=updated,
        customer_id=CustomerId(value_of(shape.customer_ref)),
        sync_token=shape.sync_token or "",
        total=shape.total_amt or _ZERO,
        day=shape.txn_date,
        created_at=created(shape.meta_data, as_of),
        reference=shape.payment_ref_num or "",
        note=shape.private_note or "",
        invoices=tuple(pair for line in shape.line or () for pair in settled(line)),
    )


def invoice_row(shape: InvoiceShape) -> InvoiceRow:
    """Read an invoice."""
    return InvoiceRow(
        id=shape.id,
        sync_token=shape.sync_token or "",
        customer_id=CustomerId(value_of(shape.customer_ref)),
        total=shape.total_amt or _ZERO,
        balance=shape.balance or _ZERO,
        created_at=created(shape.meta_data),
        updated_at=changed(shape.meta_data),
        number=shape.doc_number or "",
        note=shape.private_note or "",
        day=shape.txn_date,
        payments=_linked(shape.linked_txn, "Payment"),
    )


def emails(stored: Email | None) -> tuple[str, ...]:
    """Split the one stored text into its addresses, lower case, each once."""
    text = (stored and stored.address) or ""
    parts = _BETWEEN_EMAILS.split(text.strip().lower())
    return tuple(dict.fromkeys(part for part in parts if part))


def address(shape: PostalAddress | None) -> Address:
    """Read a postal address."""
    if shape is None:
        return Address()
    return Address(
        line1=shape.line1 or "",
        line2=shape.line2 or "",
        city=shape.city or "",
        state=shape.country_sub_division_code or "",
        postal_code=shape.postal_code or "",
        country=shape.country or "",
    )


def value_of(ref: Ref | None) -> str:
    """Return the id (or, of a memo, the text) a reference carries."""
    return (ref and ref.value) or ""


def instant(moment: datetime) -> datetime:
    """Bring a time to UTC; one without an offset is taken as UTC (none was ever seen).

    Raises ValidationError for one that has no place in UTC's calendar.
    """
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise msgspec.ValidationError("a time is out of range") from None


def changed(stamps: Stamps | None, as_of: datetime | None = None) -> datetime:
    """Return when an object changed last; raise ValidationError where nothing tells."""
    moment = (stamps and (stamps.last_updated_time or stamps.create_time)) or as_of
    if moment is None:
        raise msgspec.ValidationError("MetaData.LastUpdatedTime is missing")
    return instant(moment)


def created(stamps: Stamps | None, as_of: datetime | None = None) -> datetime:
    return instant(stamps.create_time) if stamps and stamps.create_time else changed(stamps, as_of)


def settled(line: LineShape) -> tuple[tuple[str, Decimal], ...]:
    """The invoices one line of a payment settles, each with its amount."""
    return tuple((invoice, line.amount or _ZERO) for invoice in _linked(line.linked_txn, "Invoice"))


def _linked(linked: tuple[LinkedTxn, ...] | None, kind: str) -> tuple[str, ...]:
    return tuple(one.txn_id for one in linked or () if one.txn_type == kind and one.txn_id)
