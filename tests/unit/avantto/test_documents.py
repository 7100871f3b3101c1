"""Understanding invoices, transactions, orders, contacts and the location from the vendor's bytes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from avantto_qbo.avantto import reads
from avantto_qbo.avantto.orders import order_from_webhook
from avantto_qbo.avantto.rows import merge_transaction
from avantto_qbo.errors import InternalError
from avantto_qbo.model.avantto import Address, CustomValue, Discount, InvoiceItem, OrderItem, Tax, Transaction
from avantto_qbo.model.ids import ContactId, LocationId

Sample = Callable[[str], bytes]
LOCATION = LocationId("kLq81hTzVbN4pXwRcE2m")
CONTACT = ContactId("q7Yc2WmPzK9dLr4TsA1v")


def test_an_invoice_is_read_to_the_cent(sample: Sample) -> None:
    invoice = reads.invoice(LOCATION, "66f1a0c2b7e4d9315a80c411").decode(sample("invoice"))
    assert (invoice.number, invoice.currency, invoice.status, invoice.live) == ("1042", "USD", "partially_paid", True)
    assert (invoice.total, invoice.amount_paid, invoice.amount_due) == (
        Decimal("150.1"),
        Decimal("100.5"),
        Decimal("49.6"),
    )
    assert (invoice.subtotal, invoice.discount_total, invoice.tax_total) == (
        Decimal("160.45"),
        Decimal("18.05"),
        Decimal("7.7"),
    )
    assert invoice.discount == Discount("percentage", Decimal(10), ("66e9b1d0a1",))
    assert (invoice.issue_date, invoice.due_date) == ("2026-11-02T06:00:00.000Z", "2026-12-02")
    assert invoice.created_at == datetime(2026, 11, 2, 15, 4, 5, 678000, UTC)


def test_an_invoices_lines_keep_fractions_taxes_and_negative_prices(sample: Sample) -> None:
    invoice = reads.invoice(LOCATION, "x").decode(sample("invoice"))
    assert invoice.items == (
        InvoiceItem(
            "Oak counter",
            Decimal("120.3"),
            Decimal("1.5"),
            "Cut to measure",
            "66e9b1d0a1",
            (Tax("State", Decimal(4)), Tax("City", Decimal("6.25"))),
        ),
        InvoiceItem("Deposit returned", Decimal(-20), Decimal(1)),
    )


def test_the_person_is_the_one_this_document_names(sample: Sample) -> None:
    person = reads.invoice(LOCATION, "x").decode(sample("invoice")).person
    assert (person.contact_id, person.name, person.email) == (CONTACT, "Seagull Cafe", "Billing@Seagull-Cafe.example")
    assert person.address == Address("19 Pier Road", "Unit 3", "Mobile", "AL", "36602", "US")


def test_an_invoice_in_loose_types_is_understood(sample: Sample) -> None:
    invoice = reads.invoice(LOCATION, "x").decode(sample("invoice_loose"))
    assert (invoice.number, invoice.live, invoice.total, invoice.due_date) == ("INV-0007", True, Decimal(240), "")
    assert invoice.discount is None
    assert invoice.items[0].taxes == (Tax("TVA", Decimal(20), inclusive=True),)
    assert invoice.person.address == Address(line1="12 Rue du Port, Brest")
    assert invoice.person.email == ""
    assert invoice.subtotal == Decimal(240)
    assert invoice.updated_at == datetime(2026, 11, 2, 15, 4, 5, tzinfo=UTC)


def test_an_invoice_flagged_as_deleted_reads_as_deleted(sample: Sample) -> None:
    body = sample("invoice").replace(b'"liveMode"', b'"deleted": true, "liveMode"')
    assert reads.invoice(LOCATION, "x").decode(body).status == "delete"


@pytest.mark.parametrize(
    ("member", "complaint"),
    [
        (b'"total": 150.10000000000002,', "total is not a number"),
        (b'"amountPaid": 100.5,', "amountPaid is not a number"),
        (b'"currency": "usd",', "currency is missing"),
        (b'"status": "partially_paid",', "status is missing"),
        (b'"createdAt": "2026-11-02T15:04:05.678Z",', "createdAt is missing"),
    ],
)
def test_an_invoice_that_lacks_what_the_books_need_is_refused(sample: Sample, member: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        reads.invoice(LOCATION, "x").decode(sample("invoice").replace(member, b""))


def test_a_page_of_invoices_tells_what_changed_and_how_many_there_are(sample: Sample) -> None:
    page = reads.invoices_page(LOCATION, 0).decode(sample("invoices_page"))
    assert [(head.id, head.status) for head in page.rows] == [
        ("66f1a0c2b7e4d9315a80c411", "paid"),
        ("66f1a0c2b7e4d9315a80c499", "draft"),
    ]
    assert page.rows[0].updated_at == datetime(2026, 11, 5, 9, tzinfo=UTC)
    assert (page.total, page.unreadable) == (137, ())


def row(sample: Sample) -> Transaction:
    page = reads.transactions_page(LOCATION, 0).decode(sample("transactions_page"))
    assert (page.total, page.size, page.unreadable) == (1, 1, ())
    return page.rows[0]


def detail(sample: Sample) -> Transaction:
    return reads.transaction(LOCATION, "x").decode(sample("transaction_detail"))


def test_a_row_says_when_the_money_came_and_never_counts_the_processors_cents(sample: Sample) -> None:
    found = row(sample)
    assert (found.amount, found.currency, found.amount_refunded) == (Decimal("49.90"), "USD", Decimal(10))
    assert found.charged_at == datetime(2026, 11, 11, 0, 0, 4, 250000, UTC)
    assert (found.source_type, found.source_sub_type, found.source_id) == (
        "funnel",
        "two_step_order_form",
        "Vx3LmQ7nBtR2yKd8Ws0p",
    )
    assert (found.provider, found.method, found.contact_name) == ("stripe", "card", "Rosa Marsh")


def test_the_detail_says_whether_the_built_in_integration_posted_it(sample: Sample) -> None:
    found = detail(sample)
    assert (found.qbo_synced, found.test, found.fulfilled_at) == (True, False, None)
    assert (found.source_type, found.contact_email, found.provider) == ("funnel", "rosa@marsh.example", "stripe")


def test_the_detail_may_come_as_an_array_of_one(sample: Sample) -> None:
    decode = reads.transaction(LOCATION, "x").decode
    assert decode(b"[" + sample("transaction_detail") + b"]") == detail(sample)
    with pytest.raises(ValueError, match="one transaction"):
        decode(b"[]")


def test_row_and_detail_together_tell_everything(sample: Sample) -> None:
    merged = merge_transaction(row(sample), detail(sample))
    assert merged.fulfilled_at == row(sample).fulfilled_at
    assert merged.qbo_synced is True
    assert merged.method == "card"
    assert merged.amount_refunded == Decimal(15)


def test_the_newer_of_row_and_detail_decides_what_both_tell(sample: Sample) -> None:
    newer = msgspec.structs.replace(
        row(sample), updated_at=datetime(2027, 1, 1, tzinfo=UTC), amount_refunded=Decimal(20)
    )
    assert merge_transaction(newer, detail(sample)).amount_refunded == Decimal(20)


def test_two_different_transactions_are_never_merged(sample: Sample) -> None:
    with pytest.raises(InternalError):
        merge_transaction(row(sample), msgspec.structs.replace(detail(sample), id="another"))


def test_an_order_from_the_api_leaves_tax_and_shipping_open(sample: Sample) -> None:
    order = reads.order(LOCATION, "x").decode(sample("order_detail"))
    assert (order.subtotal, order.discount, order.tax, order.shipping) == (Decimal(54), Decimal(5), None, None)
    assert (order.coupon, order.source_type, order.source_sub_type) == ("AUTUMN5", "website", "store")
    assert (order.person.name, order.person.phone) == ("Rosa Marsh", "+12515550177")
    assert order.items == (
        OrderItem("Mug - blue", Decimal(2), Decimal(12), "pr1", taxes=(Tax("Sales", Decimal(10)),)),
        OrderItem("Coffee club", Decimal(1), Decimal("30.00"), "pr2", recurring=True),
    )


@pytest.mark.parametrize("engine", [True, False])
def test_an_order_says_whether_avantto_s_own_engine_taxed_it(sample: Sample, engine: bool) -> None:
    told = {**msgspec.json.decode(sample("order_detail")), "automaticTaxesCalculated": engine}
    assert reads.order(LOCATION, "x").decode(msgspec.json.encode(told)).automatic_tax is engine


def test_the_order_webhook_adds_tax_shipping_and_the_address(sample: Sample) -> None:
    order = order_from_webhook(sample("order_webhook"))
    assert (order.id, order.location, order.amount) == ("6701b7a0c4d2e8f013572400", LOCATION, Decimal("59.4"))
    assert (order.tax, order.shipping) == (Decimal("2.4"), Decimal(8))
    assert order.person.address == Address("7 Dune Walk", "", "Mobile", "AL", "36603", "US")


def test_an_order_whose_items_are_mere_ids_has_no_lines(sample: Sample) -> None:
    body = msgspec.json.encode({**msgspec.json.decode(sample("order_detail")), "items": ["l1", "l2"], "coupon": None})
    assert reads.order(LOCATION, "x").decode(body).items == ()


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"_id":"x","currency":"USD","amount":"1","status":"pending"}'])
def test_a_body_that_is_no_order_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        order_from_webhook(body)


def test_a_contact_names_the_channels_that_are_closed(sample: Sample) -> None:
    contact = reads.contact(CONTACT).decode(sample("contact"))
    assert (contact.id, contact.name, contact.company, contact.tags) == (
        CONTACT,
        "Rosa Marsh",
        "Marsh Pottery",
        ("quickbooks", "vip"),
    )
    assert contact.no_disturb == {"sms"}


def test_a_contact_under_do_not_disturb_altogether_or_unsubscribed_says_so() -> None:
    body = b'{"contact":{"id":"c","dnd":true,"unsubscribeEmail":true,"dndSettings":{"Email":null}}}'
    assert reads.contact(ContactId("c")).decode(body).no_disturb == {"all", "email"}


def test_a_found_contact_is_believed_only_if_e_mail_or_phone_are_the_same(sample: Sample) -> None:
    body = sample("contact")
    by_mail = reads.find_contact(LOCATION, email="ROSA@marsh.example").decode(body)
    by_phone = reads.find_contact(LOCATION, phone="+12515550177").decode(body)
    assert by_mail is not None
    assert by_mail == by_phone
    assert reads.find_contact(LOCATION, email="rosa@marsh.test").decode(body) is None
    assert reads.find_contact(LOCATION, phone="+12515550178").decode(body) is None
    assert reads.find_contact(LOCATION, email="rosa@marsh.example").decode(b'{"contact":null}') is None


def test_an_answer_without_the_contact_is_refused() -> None:
    with pytest.raises(ValueError, match="contact is missing"):
        reads.contact(CONTACT).decode(b'{"contact":null}')


def test_an_order_copy_that_names_no_location_is_refused(sample: Sample) -> None:
    body = sample("order_webhook").replace(b'"locationId": "kLq81hTzVbN4pXwRcE2m",', b"", 1)
    with pytest.raises(ValueError, match="locationId is missing"):
        order_from_webhook(body.replace(b'"altId": "kLq81hTzVbN4pXwRcE2m",', b""))


def test_the_location_tells_its_time_zone_and_its_review_place(sample: Sample) -> None:
    location = reads.location(LOCATION).decode(sample("location"))
    assert (location.time_zone, location.country, location.google_place_id, location.allow_duplicates) == (
        "America/Chicago",
        "US",
        "ChIJ0000example",
        True,
    )


def test_a_location_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"location\.timezone is missing"):
        reads.location(LOCATION).decode(b'{"location":{"id":"x","name":"y"}}')


def test_custom_values_are_read_by_name(sample: Sample) -> None:
    values = reads.custom_values(LOCATION).decode(sample("custom_values"))
    assert values == (CustomValue("review_link", "https://reviews.example/harbour"), CustomValue("Empty", ""))
