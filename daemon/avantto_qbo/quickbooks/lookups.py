"""How to find out whether a write in doubt was carried out: the questions per kind, best first.

A create is looked for by the reference only we could have given it, then by time or content; only the second kind of
question finds an object whose number a human changed meanwhile. The caller adopts nothing without our full marker.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import quote

import msgspec

from avantto_qbo.errors import InternalError
from avantto_qbo.model.drafts import CustomerDraft, InvoiceDraft, ItemDraft, PaymentDraft, ReceiptDraft, RefundDraft
from avantto_qbo.model.http import Read
from avantto_qbo.model.operation import Kind, Operation
from avantto_qbo.model.quickbooks import Found
from avantto_qbo.quickbooks.queries import ALSO_INACTIVE, literal, only, page, query_path, stamp, statement
from avantto_qbo.quickbooks.rows import emails, value_of
from avantto_qbo.quickbooks.shapes import Email, Ref, WrittenShape

Lookup = Read[tuple[Found, ...]]
# The first segment of a path, and the entity it is about.
ENTITIES: Final = {
    "customer": "Customer",
    "invoice": "Invoice",
    "item": "Item",
    "payment": "Payment",
    "refundreceipt": "RefundReceipt",
    "salesreceipt": "SalesReceipt",
}
# Our clock and Intuit's may differ by this much. A wider window costs no more reads, and only a full marker is adopted.
CLOCKS_APART: Final = timedelta(days=1)


def lookups(op: Operation) -> tuple[Lookup, ...]:
    """Return the reads that tell what became of `op`, in the order to try them.

    Raises InternalError for a kind QuickBooks knows nothing of.
    """
    asked = _ASKED.get(op.kind)
    if asked is None:
        raise InternalError(f"{op.kind} is not looked up in QuickBooks")
    return asked(op)


def by_id(entity: str, object_id: str) -> Lookup:
    """Read one object as it stands; asked by query, a deleted one is an empty answer."""
    return _found(entity, _is("Id", object_id))


def as_it_stands(entity: str, object_id: str) -> Read[Found]:
    """Read one object itself, which does not lag as queries may; a deleted one is refused (610)."""
    path = f"{entity.lower()}/{quote(object_id, safe='')}"
    return Read(path, lambda body: _hit(bytes(only(body, entity, msgspec.Raw)), entity))


def by_number(entity: str, number: str) -> Lookup:
    """Read every document of this number."""
    return _found(entity, _is("DocNumber", number))


def by_customer(entity: str, customer: str, since: datetime) -> Lookup:
    """Read what was made for a customer since then."""
    return _found(entity, _is("CustomerRef", customer), _is_since(since))


def _invoice(op: Operation) -> tuple[Lookup, ...]:
    draft = msgspec.json.decode(op.intent, type=InvoiceDraft)
    numbered = (_found("Invoice", _is("DocNumber", draft.number)),) if draft.number else ()
    theirs = _found("Invoice", _is("CustomerRef", draft.customer), _made_since(op))
    return (*numbered, theirs, *_whosever("Invoice", op, draft.day))


def _payment(op: Operation) -> tuple[Lookup, ...]:
    draft = msgspec.json.decode(op.intent, type=PaymentDraft)
    numbered = (_found("Payment", _is("PaymentRefNum", draft.reference)),) if draft.reference else ()
    return (*numbered, _found("Payment", _is("CustomerRef", draft.customer), _made_since(op)))


def _receipt(op: Operation) -> tuple[Lookup, ...]:
    return _paid_sale("SalesReceipt", op, msgspec.json.decode(op.intent, type=ReceiptDraft))


def _refund(op: Operation) -> tuple[Lookup, ...]:
    return _paid_sale("RefundReceipt", op, msgspec.json.decode(op.intent, type=RefundDraft))


def _paid_sale(entity: str, op: Operation, draft: ReceiptDraft) -> tuple[Lookup, ...]:
    """Neither kind can be asked for by the reference of the payment, so the content is the second question."""
    numbered = (by_number(entity, draft.number),) if draft.number else ()
    content = (
        _is("CustomerRef", draft.customer),
        _is("TxnDate", draft.day.isoformat()),
        _is("TotalAmt", f"{draft.total.amount:f}"),
    )
    return (*numbered, _found(entity, *content), *_whosever(entity, op, draft.day))


def _whosever(entity: str, op: Operation, day: date) -> tuple[Lookup, ...]:
    """What was sent without a number is asked for by its day alone, too: its customer may have been merged since."""
    if b'"DocNumber"' in op.call.body:
        return ()
    return (_found(entity, _is("TxnDate", day.isoformat()), _made_since(op)),)


def _customer(op: Operation) -> tuple[Lookup, ...]:
    draft = msgspec.json.decode(op.intent, type=CustomerDraft)
    sent = _sent(op)
    by_email = (f"PrimaryEmailAddr LIKE {literal(f'%{draft.email.lower()}%')}",) if draft.email else ()
    by_name = _is("DisplayName", sent.display_name or draft.display_name)
    return tuple(_customers(draft, condition) for condition in (*by_email, by_name))


def _item(op: Operation) -> tuple[Lookup, ...]:
    draft = msgspec.json.decode(op.intent, type=ItemDraft)
    return (_found("Item", ALSO_INACTIVE, _is("Name", _sent(op).name or draft.name)),)


def _target(entity: str) -> Callable[[Operation], tuple[Lookup, ...]]:
    """An update or void is judged by the object itself."""
    return lambda op: (by_id(entity, op.target),)


def _test_document(op: Operation) -> tuple[Lookup, ...]:
    return (by_id(ENTITIES[op.call.path.partition("?")[0]], op.target),)


_ASKED: Final[dict[Kind, Callable[[Operation], tuple[Lookup, ...]]]] = {
    Kind.INVOICE_CREATE: _invoice,
    Kind.INVOICE_UPDATE: _target("Invoice"),
    Kind.INVOICE_VOID: _target("Invoice"),
    Kind.PAYMENT_CREATE: _payment,
    Kind.PAYMENT_UPDATE: _target("Payment"),
    Kind.PAYMENT_VOID: _target("Payment"),
    Kind.RECEIPT_CREATE: _receipt,
    Kind.RECEIPT_VOID: _target("SalesReceipt"),
    Kind.REFUND_CREATE: _refund,
    Kind.CUSTOMER_CREATE: _customer,
    Kind.ITEM_CREATE: _item,
    Kind.CANARY_REMOVE: _test_document,
}


class _Sent(msgspec.Struct, frozen=True, rename="pascal"):
    """The names as they were sent: cleaned of what QuickBooks refuses."""

    display_name: str = ""
    name: str = ""


def _sent(op: Operation) -> _Sent:
    return msgspec.json.decode(op.call.body, type=_Sent) if op.call.body else _Sent()


def _is(member: str, text: str) -> str:
    return f"{member} = {literal(text)}"


def _made_since(op: Operation) -> str:
    """From when it was planned, not from when it was sent last: an earlier attempt may have been carried out late."""
    return _is_since(op.created_at)


def _is_since(moment: datetime) -> str:
    return f"MetaData.CreateTime >= {literal(stamp(moment - CLOCKS_APART))}"


def _found(entity: str, *conditions: str) -> Lookup:
    return Read(query_path(statement(entity, *conditions)), lambda body: _hits(body, entity))


def _customers(draft: CustomerDraft, condition: str) -> Lookup:
    asked = statement("Customer", ALSO_INACTIVE, condition)
    return Read(query_path(asked), lambda body: tuple(hit for hit in _hits(body, "Customer") if _may_be(hit, draft)))


def _may_be(hit: Found, draft: CustomerDraft) -> bool:
    """Say whether a customer is the one asked for: a contact has one for each of its e-mails and currencies (U1)."""
    there = msgspec.json.decode(hit.raw, type=_Addressed)
    known, currency = emails(there.primary_email_addr), value_of(there.currency_ref)
    same = not known or not draft.email or draft.email.lower() in known
    return same and currency in ("", draft.currency or currency)


def customer_of(hit: Found) -> str:
    """The id of the customer a found document belongs to."""
    return value_of(msgspec.json.decode(hit.raw, type=_Owned).customer_ref)


def number_of(hit: Found) -> str:
    """The document number of a found document, "" if it has none."""
    return msgspec.json.decode(hit.raw, type=_Owned).doc_number or ""


def shows_number(op: Operation, hits: tuple[Found, ...]) -> bool:
    """Say whether any of `hits` bears the document number that `op` was sent with."""
    sent = msgspec.json.decode(op.call.body, type=_Owned).doc_number
    return any(number_of(hit) == sent for hit in hits)


class _Owned(msgspec.Struct, frozen=True, rename="pascal"):
    customer_ref: Ref | None = None
    doc_number: str | None = None


class _Addressed(msgspec.Struct, frozen=True, rename="pascal"):
    primary_email_addr: Email | None = None
    currency_ref: Ref | None = None


def _hits(body: bytes, entity: str) -> tuple[Found, ...]:
    return tuple(_hit(bytes(raw), entity) for raw in page(body, entity, msgspec.Raw))


def _hit(raw: bytes, entity: str) -> Found:
    shape = msgspec.json.decode(raw, type=WrittenShape)
    total: Decimal | None = shape.total_amt
    return Found(
        entity=entity,
        id=shape.id,
        sync_token=shape.sync_token or "",
        marker_text=shape.private_note or shape.notes or "",
        total=total,
        raw=raw,
    )
