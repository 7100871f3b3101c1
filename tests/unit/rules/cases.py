"""Factories for the values rules decide from: one plausible default each, overridden by what a test is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from avantto_qbo.model.avantto import Contact, Invoice, InvoiceItem, Order, OrderItem, Person, Tax, Transaction
from avantto_qbo.model.drafts import InvoiceDraft
from avantto_qbo.model.ids import Chain, ContactId, CustomerId, LocationId, OperationId, RealmId
from avantto_qbo.model.operation import Call, Kind, Operation, Reason, Source, State
from avantto_qbo.model.quickbooks import Account, Company, CustomerRow, InvoiceRow, Item, PaymentMethod, PaymentRow
from avantto_qbo.model.records import Link, LocationRecord, Review, ReviewState, Status
from avantto_qbo.model.settings import Settings
from avantto_qbo.model.steps import ContactCase, CreateInvoice, Hold, InvoiceCase, ReceiptCase, ReviewCase
from avantto_qbo.rules.books.plan import plan_invoice

PLACE = LocationId("ve9EPM428h8vShlRW1KT")
REALM = RealmId("310687")
BOOKS_FROM = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # a Friday, 9:00 in Chicago
JANE = Person(ContactId("c1"), name="Jane Doe", email="Jane@Example.com", phone="(512) 555-0147")
SALES_TAX = Tax("State", Decimal("8.25"))
CITY_TAX = Tax("City", Decimal("1.5"))
INVOICE_ID = "64f0aa11bb22cc33dd44ee55"
TXN_ID = "65a1b2c3d4e5f60718293a4b"

ACCOUNTS = (
    Account("1", "Checking", "Bank", "Checking"),
    Account("4", "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    Account("79", "Sales of Product Income", "Income", "SalesOfProductIncome"),
    Account("82", "Discounts given", "Income", "DiscountsRefundsGiven"),
)


def location(**changes: Any) -> LocationRecord:
    record = LocationRecord(
        id=PLACE,
        realm=REALM,
        name="Bright Dental",
        time_zone="America/Chicago",
        status=Status.CONNECTED,
        books_from=BOOKS_FROM,
        connected_at=BOOKS_FROM,
        country="US",
    )
    return msgspec.structs.replace(record, **changes)


def company(**changes: Any) -> Company:
    facts = Company(
        realm=REALM,
        name="Bright Dental LLC",
        country="US",
        currency="USD",
        items=(Item("7", "Avantto sales", "Service"), Item("8", "Cleaning", "Service")),
        accounts=ACCOUNTS,
        payment_methods=(PaymentMethod("3", "Credit Card"), PaymentMethod("2", "Check")),
        custom_numbers=True,
        allow_discount=True,
        discount_account="82",
        sales_tax=True,
    )
    return msgspec.structs.replace(facts, **changes)


def item(name: str = "Whitening", amount: str = "100", quantity: str = "1", **more: Any) -> InvoiceItem:
    return InvoiceItem(name, Decimal(amount), Decimal(quantity), **more)


def invoice(*items: InvoiceItem, **changes: Any) -> Invoice:
    """An invoice that adds up: total = items − discount_total + tax_total unless `total` says otherwise."""
    bought = items or (item(),)
    subtotal = sum((one.amount * one.quantity for one in bought), Decimal(0))
    discount, tax = changes.get("discount_total", Decimal(0)), changes.get("tax_total", Decimal(0))
    total = subtotal - discount + tax
    fields: dict[str, Any] = {
        "id": INVOICE_ID,
        "location": PLACE,
        "status": "sent",
        "live": True,
        "number": "INV-1042",
        "currency": "USD",
        "person": JANE,
        "items": bought,
        "total": total,
        "amount_paid": Decimal(0),
        "amount_due": total,
        "subtotal": subtotal,
        "discount_total": discount,
        "tax_total": tax,
        "issue_date": "2026-11-18",
        "due_date": "2026-12-02",
        "created_at": datetime(2026, 11, 18, 17, 0, tzinfo=UTC),
        "updated_at": NOW - timedelta(minutes=5),
    }
    return Invoice(**fields | changes)


def link(entity: str = "Invoice", object_id: str = "145", **changes: Any) -> Link:
    return Link(
        location=PLACE,
        realm=REALM,
        source_kind=entity.lower(),
        source_id=INVOICE_ID,
        part="",
        entity=entity,
        object_id=object_id,
        created_at=NOW,
        updated_at=NOW,
        **changes,
    )


def invoice_case(document: Invoice | None = None, **changes: Any) -> InvoiceCase:
    case = InvoiceCase(document or invoice(), location(), Settings(), company(), NOW, customer=CustomerId("20"))
    return msgspec.structs.replace(case, **changes)


def posted_case(document: Invoice | None = None, *, before: Invoice | None = None, **changes: Any) -> InvoiceCase:
    """The case of an invoice that was posted as `before` (as it is now, if that is not given)."""
    case = invoice_case(document, **changes)
    original = msgspec.structs.replace(before or case.invoice, status="sent", amount_paid=Decimal(0))
    agreed = drafted(msgspec.structs.replace(case, invoice=original, posted=(), transactions=()))
    return msgspec.structs.replace(case, link=link(), agreed=changes.get("agreed", agreed))


def drafted(case: InvoiceCase) -> InvoiceDraft:
    (step,) = plan_invoice(case)
    assert isinstance(step, CreateInvoice), step
    return step.draft


def transaction(amount: str = "100", **changes: Any) -> Transaction:
    fields: dict[str, Any] = {
        "id": TXN_ID,
        "location": PLACE,
        "contact_id": ContactId("c1"),
        "status": "succeeded",
        "live": True,
        "currency": "USD",
        "amount": Decimal(amount),
        "source_type": "funnel",
        "created_at": NOW - timedelta(hours=2),
        "updated_at": NOW - timedelta(hours=2),
        "contact_name": "Jane Doe",
        "contact_email": "jane@example.com",
        "entity_type": "order",
        "entity_id": "o1",
        "source_sub_type": "one_step_order_form",
        "source_name": "Spring offer",
        "provider": "stripe",
        "method": "card",
    }
    return Transaction(**fields | changes)


def paid_by(amount: str = "100", txn: str = TXN_ID, **changes: Any) -> Transaction:
    """A payment of the invoice."""
    about = {"source_type": "invoice", "entity_type": "invoice", "entity_id": INVOICE_ID}
    return transaction(amount, id=txn, **about | changes)


def order_item(name: str = "Course", amount: str = "100", quantity: str = "1", **more: Any) -> OrderItem:
    return OrderItem(name, Decimal(quantity), Decimal(amount), **more)


def order(*items: OrderItem, **changes: Any) -> Order:
    fields: dict[str, Any] = {
        "id": "o1",
        "location": PLACE,
        "status": "completed",
        "live": True,
        "currency": "USD",
        "amount": Decimal(100),
        "person": JANE,
        "items": items or (order_item(),),
        "created_at": NOW - timedelta(hours=2),
    }
    return Order(**fields | changes)


def receipt_case(row: Transaction | None = None, **changes: Any) -> ReceiptCase:
    case = ReceiptCase(
        row or transaction(), location(), Settings(), company(), NOW, order=order(), customer=CustomerId("20")
    )
    return msgspec.structs.replace(case, **changes)


def customer_row(number: str = "20", **changes: Any) -> CustomerRow:
    fields: dict[str, Any] = {
        "id": CustomerId(number),
        "sync_token": "0",
        "display_name": "Jane Doe",
        "created_at": BOOKS_FROM,
        "updated_at": BOOKS_FROM,
        "given_name": "Jane",
        "family_name": "Doe",
        "emails": ("jane@example.com",),
        "phones": ("(512) 555-0147",),
    }
    return CustomerRow(**fields | changes)


def contact_case(row: CustomerRow | None = None, **changes: Any) -> ContactCase:
    case = ContactCase(row or customer_row(), location(), Settings())
    return msgspec.structs.replace(case, **changes)


def contact(**changes: Any) -> Contact:
    known = Contact(ContactId("c9"), name="Jane Doe", first_name="Jane", email="jane@example.com", phone="+15125550147")
    return msgspec.structs.replace(known, **changes)


def payment_row(number: str = "900", *invoices: tuple[str, str], **changes: Any) -> PaymentRow:
    settled = invoices or (("500", "100"),)
    fields: dict[str, Any] = {
        "id": number,
        "updated_at": NOW - timedelta(minutes=3),
        "customer_id": CustomerId("20"),
        "total": Decimal(100),
        "day": date(2026, 11, 20),
        "created_at": NOW - timedelta(minutes=3),
        "invoices": tuple((one, Decimal(amount)) for one, amount in settled),
    }
    return PaymentRow(**fields | changes)


def invoice_row(number: str = "500", *payments: str, **changes: Any) -> InvoiceRow:
    fields: dict[str, Any] = {
        "id": number,
        "sync_token": "1",
        "customer_id": CustomerId("20"),
        "total": Decimal(100),
        "balance": Decimal(0),
        "created_at": NOW - timedelta(days=3),
        "updated_at": NOW,
        "payments": payments or ("900",),
    }
    return InvoiceRow(**fields | changes)


def review_case(payment: PaymentRow | None = None, **changes: Any) -> ReviewCase:
    case = ReviewCase(
        payment or payment_row(),
        None,
        location(),
        Settings(),
        NOW,
        history=(invoice_row(),),
        contact=contact(),
        link="https://g.page/r/bright",
        business="Bright Dental",
    )
    return msgspec.structs.replace(case, **changes)


def review(state: ReviewState = ReviewState.WAITING, **changes: Any) -> Review:
    fields: dict[str, Any] = {"paid_at": NOW, "updated_at": NOW, "payment": "900"}
    return Review(REALM, CustomerId("20"), PLACE, state, **fields | changes)


def operation(kind: Kind = Kind.INVOICE_CREATE, **changes: Any) -> Operation:
    sent = NOW - timedelta(minutes=10)
    op = Operation(
        id=OperationId("op1"),
        location=PLACE,
        realm=REALM,
        kind=kind,
        chain=Chain("invoice:x"),
        source=Source("invoice", INVOICE_ID),
        request_id="op1",
        call=Call("POST", "invoice", b"{}"),
        intent=b"{}",
        state=State.DOUBT,
        created_at=sent,
        updated_at=sent,
        sent_at=sent,
        target="145",
    )
    return msgspec.structs.replace(op, **changes)


def held(steps: tuple[Any, ...]) -> Reason:
    """The reason of a plan that is nothing but a hold."""
    (step,) = steps
    assert isinstance(step, Hold), step
    return step.reason


def code(steps: tuple[Any, ...]) -> tuple[str, str]:
    """The kind and the reason's code of a plan of one step."""
    (step,) = steps
    return type(step).__name__, step.reason.code
