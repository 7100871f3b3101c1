"""The parts of Intuit's JSON that are read, under their own names; unknown members are skipped.

Members may be absent or null, and the enumerations of a void's answer are spelled differently: text stays text here.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec


class Ref(msgspec.Struct, frozen=True):
    value: str | None = None
    name: str | None = None


class Stamps(msgspec.Struct, frozen=True, rename="pascal"):
    last_updated_time: datetime | None = None
    create_time: datetime | None = None


class Email(msgspec.Struct, frozen=True, rename="pascal"):
    address: str | None = None


class Phone(msgspec.Struct, frozen=True, rename="pascal"):
    free_form_number: str | None = None


class PostalAddress(msgspec.Struct, frozen=True, rename="pascal"):
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    country_sub_division_code: str | None = None
    postal_code: str | None = None
    country: str | None = None


class CustomerShape(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    meta_data: Stamps | None = None
    status: str | None = msgspec.field(default=None, name="status")
    sync_token: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    company_name: str | None = None
    primary_email_addr: Email | None = None
    primary_phone: Phone | None = None
    mobile: Phone | None = None
    alternate_phone: Phone | None = None
    bill_addr: PostalAddress | None = None
    currency_ref: Ref | None = None
    notes: str | None = None
    active: bool | None = None
    job: bool | None = None
    is_project: bool | None = None


class LinkedTxn(msgspec.Struct, frozen=True, rename="pascal"):
    txn_id: str | None = None
    txn_type: str | None = None


class SalesDetail(msgspec.Struct, frozen=True, rename="pascal"):
    item_ref: Ref | None = None
    qty: Decimal | None = None
    unit_price: Decimal | None = None
    tax_code_ref: Ref | None = None
    class_ref: Ref | None = None


class DiscountDetail(msgspec.Struct, frozen=True, rename="pascal"):
    discount_account_ref: Ref | None = None


class GroupDetail(msgspec.Struct, frozen=True, rename="pascal"):
    group_item_ref: Ref | None = None


class LineShape(msgspec.Struct, frozen=True, rename="pascal"):
    amount: Decimal | None = None
    description: str | None = None
    detail_type: str | None = None
    linked_txn: tuple[LinkedTxn, ...] | None = None
    sales_item_line_detail: SalesDetail | None = None
    discount_line_detail: DiscountDetail | None = None
    group_line_detail: GroupDetail | None = None


class PaymentShape(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    meta_data: Stamps | None = None
    status: str | None = msgspec.field(default=None, name="status")
    sync_token: str | None = None
    customer_ref: Ref | None = None
    total_amt: Decimal | None = None
    txn_date: date | None = None
    payment_ref_num: str | None = None
    private_note: str | None = None
    line: tuple[LineShape, ...] | None = None


class TaxDetail(msgspec.Struct, frozen=True, rename="pascal"):
    total_tax: Decimal | None = None


class InvoiceShape(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    meta_data: Stamps | None = None
    sync_token: str | None = None
    customer_ref: Ref | None = None
    currency_ref: Ref | None = None
    total_amt: Decimal | None = None
    balance: Decimal | None = None
    doc_number: str | None = None
    private_note: str | None = None
    txn_date: date | None = None
    due_date: date | None = None
    bill_email: Email | None = None
    customer_memo: Ref | None = None
    txn_tax_detail: TaxDetail | None = None
    linked_txn: tuple[LinkedTxn, ...] | None = None
    department_ref: Ref | None = None
    line: tuple[msgspec.Raw, ...] | None = None


class WrittenShape(msgspec.Struct, frozen=True, rename="pascal"):
    """What is read of the object in a write's answer; a void spells its lines in another way, so nothing else is."""

    id: str
    sync_token: str | None = None
    total_amt: Decimal | None = None
    balance: Decimal | None = None
    private_note: str | None = None
    notes: str | None = None
