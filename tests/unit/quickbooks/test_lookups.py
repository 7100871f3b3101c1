"""What is asked about a write in doubt, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from urllib.parse import unquote

import msgspec
import pytest

from avantto_qbo.errors import InternalError
from avantto_qbo.model.drafts import ContactDraft, ItemDraft, RefundDraft
from avantto_qbo.model.operation import Call, Kind
from avantto_qbo.quickbooks import encode, encode_lists, encode_payments
from avantto_qbo.quickbooks.lookups import Lookup, lookups
from quickbooks_material import company, customer, invoice, operation, payment, receipt, sample, usd

CREATED = "MetaData.CreateTime >= '2026-11-21T10:00:00Z'"
PAGE = " startposition 1 maxresults 1000"


def asked(found: Sequence[Lookup]) -> list[str]:
    return [unquote(one.path).removeprefix("query?query=select * from ").removesuffix(PAGE) for one in found]


def test_an_invoice_by_its_number_then_by_time() -> None:
    op = operation(Kind.INVOICE_CREATE, invoice(), encode.invoice_create(invoice(), company()))
    assert asked(lookups(op)) == [
        "Invoice where DocNumber = 'INV-1042'",
        f"Invoice where CustomerRef = '63' and {CREATED}",
    ]


def test_an_invoice_that_quickbooks_numbers_by_time_whosever_it_is_by_now() -> None:
    draft = invoice(number="")
    op = operation(Kind.INVOICE_CREATE, draft, encode.invoice_create(draft, company()), sent_at=None)
    assert asked(lookups(op)) == [
        f"Invoice where CustomerRef = '63' and {CREATED}",
        f"Invoice where TxnDate = '{draft.day}' and {CREATED}",
    ]


def test_a_payment_by_its_reference_then_by_customer_and_time() -> None:
    op = operation(Kind.PAYMENT_CREATE, payment(), encode_payments.payment_create(payment()))
    assert asked(lookups(op)) == [
        "Payment where PaymentRefNum = '9g3k1'",
        f"Payment where CustomerRef = '63' and {CREATED}",
    ]


def test_a_receipt_by_its_number_then_by_content() -> None:
    op = operation(Kind.RECEIPT_CREATE, receipt(day=date(2026, 1, 2)), encode.receipt_create(receipt(), company()))
    assert asked(lookups(op)) == [
        "SalesReceipt where DocNumber = 'AV-9'",
        "SalesReceipt where CustomerRef = '63' and TxnDate = '2026-01-02' and TotalAmt = '25.00'",
    ]


def test_a_receipt_that_quickbooks_numbers_by_content_whosever_it_is_by_now() -> None:
    draft = receipt(day=date(2026, 1, 2), number="")
    op = operation(Kind.RECEIPT_CREATE, draft, encode.receipt_create(draft, company()))
    assert asked(lookups(op)) == [
        "SalesReceipt where CustomerRef = '63' and TxnDate = '2026-01-02' and TotalAmt = '25.00'",
        f"SalesReceipt where TxnDate = '2026-01-02' and {CREATED}",
    ]


def test_a_refund_by_its_number_then_by_content() -> None:
    sold = msgspec.structs.asdict(receipt(day=date(2026, 1, 2), number="AV-9-1"))
    draft = RefundDraft(**sold, refunded=usd("40.00"))
    op = operation(Kind.REFUND_CREATE, draft, encode.refund_create(draft, company()))
    assert asked(lookups(op)) == [
        "RefundReceipt where DocNumber = 'AV-9-1'",
        "RefundReceipt where CustomerRef = '63' and TxnDate = '2026-01-02' and TotalAmt = '25.00'",
    ]


@pytest.mark.parametrize(
    ("kind", "entity"),
    [
        (Kind.PAYMENT_UPDATE, "Payment"),
        (Kind.PAYMENT_VOID, "Payment"),
        (Kind.RECEIPT_VOID, "SalesReceipt"),
        (Kind.INVOICE_VOID, "Invoice"),
    ],
)
def test_a_change_is_judged_by_the_object_itself(kind: Kind, entity: str) -> None:
    op = msgspec.structs.replace(operation(kind, payment(), encode_payments.payment_void("7", "0")), target="7")
    assert asked(lookups(op)) == [f"{entity} where Id = '7'"]


def test_a_customer_by_address_then_by_the_name_as_it_was_sent() -> None:
    draft = customer(display_name="Łukasz: D'Arc")
    op = operation(Kind.CUSTOMER_CREATE, draft, encode_lists.customer_create(draft, company()))
    assert asked(lookups(op)) == [
        "Customer where Active IN (true,false) and PrimaryEmailAddr LIKE '%geeta@example.com%'",
        "Customer where Active IN (true,false) and DisplayName = 'Lukasz D\\'Arc'",
    ]


def test_a_hit_by_address_needs_the_whole_address_and_one_by_name_no_other() -> None:
    draft = customer(email="my@example.com")
    by_email, by_name = lookups(operation(Kind.CUSTOMER_CREATE, draft, encode_lists.customer_create(draft)))
    for read in (by_email, by_name):
        assert [hit.id for hit in read.decode(sample("customers_page.json"))] == ["2"]  # it has no address


@pytest.mark.parametrize(("currency", "hits"), [("", ["1", "2"]), ("USD", ["1", "2"]), ("EUR", ["2"])])
def test_a_customer_of_another_currency_is_no_hit(currency: str, hits: list[str]) -> None:
    draft = customer(email="amy@example.com", currency=currency)
    by_email, _ = lookups(operation(Kind.CUSTOMER_CREATE, draft, encode_lists.customer_create(draft)))
    assert [hit.id for hit in by_email.decode(sample("customers_page.json"))] == hits


def test_an_item_by_its_name() -> None:
    draft = ItemDraft("Avantto sales", "79")
    op = operation(Kind.ITEM_CREATE, draft, encode_lists.item_create(draft))
    assert asked(lookups(op)) == ["Item where Active IN (true,false) and Name = 'Avantto sales'"]


@pytest.mark.parametrize("kind", [Kind.INVOICE_UPDATE, Kind.INVOICE_VOID])
def test_a_change_by_the_object_itself(kind: Kind) -> None:
    op = operation(kind, invoice(), encode.invoice_void("239", "2"), target="239")
    assert asked(lookups(op)) == ["Invoice where Id = '239'"]


def test_a_hit_carries_marker_total_and_the_object_as_it_came() -> None:
    op = operation(Kind.INVOICE_CREATE, invoice(), encode.invoice_create(invoice(), company()))
    one = msgspec.json.decode(sample("invoice.json"))["Invoice"]
    hit = lookups(op)[0].decode(msgspec.json.encode({"QueryResponse": {"Invoice": [one]}}))[0]
    assert (hit.entity, hit.id, hit.sync_token) == ("Invoice", "239", "2")
    assert hit.marker_text == "Avantto invoice INV-1042 · 64e2"
    assert hit.total == Decimal("97.20")
    assert msgspec.json.decode(hit.raw) == one
    assert lookups(op)[0].decode(sample("empty_page.json")) == ()


def test_what_is_not_in_quickbooks_is_not_looked_up_there() -> None:
    with pytest.raises(InternalError):
        lookups(operation(Kind.CONTACT_CREATE, ContactDraft(name="Ann"), Call("POST", "contacts")))
