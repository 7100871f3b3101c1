"""An invoice as QuickBooks holds it now, in the words of a draft: one of the three sides of a comparison (I2).

Every line brings its own JSON along in `parts`: a bookkeeper's line may say more than a draft's can, and is sent again
as it stands.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.model.drafts import DraftLine, InvoiceDraft
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money
from avantto_qbo.model.quickbooks import InvoiceRow
from avantto_qbo.quickbooks.rows import changed, invoice_row, value_of
from avantto_qbo.quickbooks.shapes import InvoiceShape, LineShape

_ZERO: Final = Decimal(0)
_LINE: Final = msgspec.json.Decoder(LineShape)
_SUBTOTAL: Final = "SubTotalLineDetail"
_DISCOUNT: Final = "DiscountLineDetail"


class InvoiceSnapshot(msgspec.Struct, frozen=True):
    """`row` has id, SyncToken and balance; `draft` is what would have been sent to make it look like this."""

    row: InvoiceRow
    draft: InvoiceDraft


def invoice_snapshot(shape: InvoiceShape, home_currency: str) -> InvoiceSnapshot:
    """Rebuild the draft of an invoice; the computed subtotal line is left out, other lines a human added are kept."""
    currency = value_of(shape.currency_ref) or home_currency
    every = [(_LINE.decode(raw), bytes(raw)) for raw in shape.line or ()]
    lines = [(line, raw) for line, raw in every if line.detail_type not in {_SUBTOTAL, _DISCOUNT}]
    discounts = [line for line, _ in every if line.detail_type == _DISCOUNT]
    draft = InvoiceDraft(
        customer=CustomerId(value_of(shape.customer_ref)),
        number=shape.doc_number or "",
        day=_day(shape),
        due=shape.due_date,
        email=((shape.bill_email and shape.bill_email.address) or "").strip(),
        lines=tuple(_line(line, raw, currency) for line, raw in lines),
        discount=_money(sum((line.amount or _ZERO for line in discounts), _ZERO), currency),
        discount_account=next((_account(line) for line in discounts), ""),
        tax=_money(shape.txn_tax_detail.total_tax if shape.txn_tax_detail else None, currency),
        total=_money(shape.total_amt, currency),
        memo=value_of(shape.customer_memo),
        note=shape.private_note or "",
        department=value_of(shape.department_ref),
    )
    return InvoiceSnapshot(invoice_row(shape), draft)


def _day(shape: InvoiceShape) -> date:
    return shape.txn_date or changed(shape.meta_data).date()


def _line(line: LineShape, raw: bytes, currency: str) -> DraftLine:
    """A line of another kind than ours keeps its amount and names no item we could have sent."""
    detail = line.sales_item_line_detail
    group = line.group_line_detail
    return DraftLine(
        item=value_of(detail.item_ref) if detail else (f"group:{value_of(group.group_item_ref)}" if group else ""),
        amount=_money(line.amount, currency),
        description=line.description or "",
        quantity=detail.qty if detail else None,
        unit_price=detail.unit_price if detail else None,
        tax_code=(value_of(detail.tax_code_ref) if detail else "") or "NON",
        class_=value_of(detail.class_ref) if detail else "",
        parts=(raw,),
    )


def _account(line: LineShape) -> str:
    return value_of(line.discount_line_detail.discount_account_ref) if line.discount_line_detail else ""


def _money(amount: Decimal | None, currency: str) -> Money:
    return Money.rounded(amount or _ZERO, currency)
