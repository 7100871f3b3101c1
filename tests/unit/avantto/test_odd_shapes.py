"""Shapes the vendor documents elsewhere, or not at all: what is beside the money may be anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from avantto_qbo.avantto import reads
from avantto_qbo.avantto.rows import merge_transaction
from avantto_qbo.model.avantto import Fee, InvoiceItem, Tax, Transaction
from avantto_qbo.model.ids import ContactId, LocationId

Sample = Callable[[str], bytes]
LOCATION = LocationId("kLq81hTzVbN4pXwRcE2m")
CONTACT = ContactId("q7Yc2WmPzK9dLr4TsA1v")


def row(sample: Sample) -> Transaction:
    return reads.transactions_page(LOCATION, 0).decode(sample("transactions_page")).rows[0]


def damaged(body: bytes, members: dict[str, object], rows: str = "data") -> bytes:
    """Put a copy of the first row of a page, with these members, before it."""
    answer = msgspec.json.decode(body)
    first = {**answer[rows][0], "_id": "damaged", **members}
    return msgspec.json.encode({**answer, rows: [first, *answer[rows]]})


@pytest.mark.parametrize("member", ["amount", "currency", "createdAt", "status"])
def test_a_payment_that_lacks_what_the_books_need_does_not_hide_the_others(sample: Sample, member: str) -> None:
    body = damaged(sample("transactions_page"), {member: None})
    page = reads.transactions_page(LOCATION, 0).decode(body)
    assert page.rows == (row(sample),)
    assert (page.unreadable, page.size) == (("damaged",), 2)


@pytest.mark.parametrize("strange", [[], "text", None, {"_id": ["damaged"]}])
def test_a_payment_without_a_name_is_still_counted(sample: Sample, strange: object) -> None:
    answer = msgspec.json.decode(sample("transactions_page"))
    body = msgspec.json.encode({**answer, "data": [strange, *answer["data"]]})
    page = reads.transactions_page(LOCATION, 0).decode(body)
    assert (page.rows, page.unreadable, page.size) == ((row(sample),), ("",), 2)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"contactSnapshot": "q7Yc2WmPzK9dLr4TsA1v"}, {"contact_name": "Rosa Marsh"}),
        ({"contactSnapshot": []}, {"contact_id": CONTACT}),
        ({"entitySource": "funnel", "entitySourceType": None}, {"source_type": "funnel"}),
        ({"entitySource": "a text"}, {"source_type": "funnel"}),
        ({"entitySource": []}, {"source_type": "funnel"}),
        ({"paymentProvider": ["stripe"], "paymentProviderType": None}, {"provider": "stripe"}),
        ({"paymentProvider": [{"type": "stripe"}], "paymentProviderType": None}, {"provider": "stripe"}),
        ({"paymentProvider": [], "paymentProviderType": None}, {"provider": ""}),
        ({"paymentMethod": [{"card": {"brand": "visa"}}]}, {"method": "card"}),
        ({"paymentMethod": ["card"]}, {"method": "card"}),
        ({"paymentMethod": []}, {"method": ""}),
        ({"paymentMethod": 7}, {"method": "7"}),
    ],
)
def test_what_is_beside_the_money_may_come_in_any_shape(
    sample: Sample, members: dict[str, object], told: dict[str, object]
) -> None:
    page = reads.transactions_page(LOCATION, 0).decode(damaged(sample("transactions_page"), members))
    assert page.unreadable == ()
    assert {name: getattr(page.rows[0], name) for name in told} == told


def test_an_order_whose_source_and_buyer_are_mere_texts_is_read(sample: Sample) -> None:
    loose = {**msgspec.json.decode(sample("order_detail")), "source": "website", "contactSnapshot": "Rosa"}
    order = reads.order(LOCATION, "x").decode(msgspec.json.encode(loose))
    assert (order.source_type, order.person.name, order.amount > 0) == ("website", "", True)


@pytest.mark.parametrize("member", ["status", "createdAt"])
def test_an_invoice_row_that_makes_no_sense_does_not_hide_the_others(sample: Sample, member: str) -> None:
    body = damaged(sample("invoices_page"), {member: None}, "invoices")
    page = reads.invoices_page(LOCATION, 0).decode(body)
    assert [head.status for head in page.rows] == ["paid", "draft"]
    assert (page.unreadable, page.size, page.total) == (("damaged",), 3, 137)


def test_what_is_due_of_an_invoice_follows_from_what_was_paid(sample: Sample) -> None:
    for amount_due in (b'"amountDue": null', b'"amountDue": ""', b'"other": 1'):
        body = sample("invoice").replace(b'"amountDue": 49.6', amount_due)
        assert amount_due in body
        assert reads.invoice(LOCATION, "x").decode(body).amount_due == Decimal("49.6")


def altered(body: bytes, **members: object) -> bytes:
    return msgspec.json.encode({**msgspec.json.decode(body), **members})


PAID = [{"_id": "p1", "name": "Processing Fee", "charge": 3, "amount": "4.50"}, {"name": "Tip", "amount": 5}]


@pytest.mark.parametrize(
    ("paid", "fees"),
    [
        (PAID, (Fee("Processing Fee", Decimal("4.5")), Fee("Tip", Decimal(5)))),
        ([{"amount": 2}, None, "odd"], (Fee("", Decimal(2)),)),
        ([{"name": "Waived", "amount": 0}, {"name": "Unknown"}], ()),
        ([], ()),
        (None, ()),
        ({"0": {"amount": 2}}, ()),
    ],
)
def test_the_charges_paid_beside_the_items_are_read_by_name(
    sample: Sample, paid: object, fees: tuple[Fee, ...]
) -> None:
    body = altered(sample("invoice"), miscellaneousCharges={"charges": [], "paidCharges": paid})
    assert reads.invoice(LOCATION, "x").decode(body).fees == fees


def test_a_charge_whose_amount_makes_no_sense_is_refused(sample: Sample) -> None:
    body = altered(sample("invoice"), miscellaneousCharges={"paidCharges": [{"name": "Tip", "amount": "some"}]})
    with pytest.raises(ValueError, match=r"paidCharges\.amount is not a number"):
        reads.invoice(LOCATION, "x").decode(body)


def test_an_invoice_says_whether_tips_and_late_fees_are_switched_on(sample: Sample) -> None:
    configured = {
        "tipsConfiguration": {"tipsEnabled": "true", "tipsPercentage": ["5"]},
        "lateFeesConfiguration": {"enable": True, "value": 10, "type": "fixed"},
    }
    invoice = reads.invoice(LOCATION, "x").decode(altered(sample("invoice"), **configured))
    assert (invoice.tips, invoice.late_fees) == (True, True)


@pytest.mark.parametrize("odd", [None, [], "", 0, {}, {"tipsEnabled": False, "enable": None}])
def test_odd_settings_of_an_invoice_read_as_switched_off(sample: Sample, odd: object) -> None:
    settings = dict.fromkeys(("tipsConfiguration", "lateFeesConfiguration", "miscellaneousCharges"), odd)
    invoice = reads.invoice(LOCATION, "x").decode(altered(sample("invoice"), **settings))
    assert (invoice.tips, invoice.late_fees, invoice.fees) == (False, False, ())


def test_an_invoice_without_any_list_is_read(sample: Sample) -> None:
    body = altered(sample("invoice"), invoiceItems=None, discount=None, totalSummary=None)
    assert reads.invoice(LOCATION, "x").decode(body).items == ()


def test_an_invoice_line_may_name_an_sku_and_have_holes_among_its_taxes(sample: Sample) -> None:
    line = {"name": "Tee", "amount": "17.5", "qty": "2", "sku": "T-1", "taxes": [None, {"name": "A", "rate": "10"}]}
    (item,) = reads.invoice(LOCATION, "x").decode(altered(sample("invoice"), invoiceItems=[line])).items
    assert item == InvoiceItem("Tee", Decimal("17.5"), Decimal(2), taxes=(Tax("A", Decimal(10)),), sku="T-1")


def test_an_order_line_tells_sku_setup_fee_and_description(sample: Sample) -> None:
    lines = [
        {
            "name": "Plan",
            "price": {"amount": 30, "type": "recurring", "sku": "P-1"},
            "product": {"description": "Gold"},
        },
        {"name": "Start", "price": {"amount": 5}, "sku": "S-1", "isSetupFee": True, "description": "Once"},
        {"name": "Start", "price": {"amount": 5, "description": "Twice"}, "isSetupFeeItem": "true", "product": None},
        None,
    ]
    items = reads.order(LOCATION, "x").decode(altered(sample("order_detail"), items=lines)).items
    assert [(item.sku, item.setup_fee, item.description) for item in items] == [
        ("P-1", False, "Gold"),
        ("S-1", True, "Once"),
        ("", True, "Twice"),
    ]


def test_a_payment_of_a_merged_contact_names_the_one_it_was_made_by(sample: Sample) -> None:
    told = reads.transaction(LOCATION, "x").decode(altered(sample("transaction_detail"), mergedFromContactId="older"))
    assert (told.merged_from, row(sample).merged_from) == ("older", "")
    assert merge_transaction(row(sample), told).merged_from == "older"
    newer = msgspec.structs.replace(row(sample), updated_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert merge_transaction(newer, told).merged_from == "older"
