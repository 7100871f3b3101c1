"""Which invoice a payment belongs to, by whichever field says so."""

from __future__ import annotations

from avantto_qbo.rules.books.sources import paid_invoice
from unit.rules.cases import order, transaction


def test_a_payment_made_on_an_invoice_names_it_as_its_entity() -> None:
    row = transaction(entity_type="invoice", entity_id="inv-1", source_type="invoice", source_id="elsewhere")
    assert paid_invoice(row) == "inv-1"


def test_a_payment_through_an_order_belongs_to_the_invoice_the_order_came_from() -> None:
    row = transaction(entity_type="order", entity_id="ord-1", source_type="funnel", source_id="page-1")
    assert paid_invoice(row, order(source_type="invoice", source_id="inv-1")) == "inv-1"


def test_without_such_an_order_the_source_names_the_invoice() -> None:
    row = transaction(entity_type="order", entity_id="ord-1", source_type="text2Pay", source_id="inv-1")
    assert paid_invoice(row) == "inv-1"
    assert paid_invoice(transaction(entity_type="", entity_id="inv-2", source_type="invoice", source_id="")) == "inv-2"
