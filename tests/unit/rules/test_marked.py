"""Whose document a row of the books is, by its marker alone."""

from __future__ import annotations

import pytest

from avantto_qbo.model.ledger import BookEntity
from avantto_qbo.model.operation import Source
from avantto_qbo.rules.books.comparing.marked import source_of
from unit.rules.cases import INVOICE_ID, TXN_ID
from unit.rules.ledgers import INVOICE, NOTES, PAYMENT, SALE, row


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("invoice", INVOICE),
        ("payment", PAYMENT),
        ("transaction", SALE),
        ("refund", Source("refund", TXN_ID, "4000")),
    ],
)
def test_every_kind_names_the_source_its_link_has(kind: str, source: Source) -> None:
    assert source_of(row(kind)) == source


def test_recorded_money_names_its_part() -> None:
    note = f"recorded in Avantto · invoice INV-1042 · {INVOICE_ID} · recorded:2"
    assert source_of(row("payment", note=note)) == Source("payment", INVOICE_ID, "recorded:2")


def test_a_refund_counts_in_the_smallest_unit_of_its_currency() -> None:
    yen = source_of(row("refund", note=f"Avantto refund {TXN_ID} · 4000 JPY"))
    assert yen == Source("refund", TXN_ID, "4000")


def test_a_marker_on_another_kind_of_object_says_nothing() -> None:
    assert source_of(row("invoice", note=NOTES["transaction"])) is None
    assert source_of(row("invoice", entity=BookEntity.REFUND)) is None


def test_two_documents_in_one_note_are_no_answer() -> None:
    other = NOTES["invoice"].replace("64f0", "64f1")
    assert source_of(row(note=f"{NOTES['invoice']}\n{other}")) is None
    assert source_of(row(note=f"{NOTES['invoice']}\n{NOTES['invoice']}")) == INVOICE


def test_a_person_may_write_around_a_marker() -> None:
    assert source_of(row(note=f"checked. {NOTES['invoice']} (ok)")) == INVOICE
    assert source_of(row(note="by hand")) is None


def test_a_sum_beyond_all_reason_is_no_marker() -> None:
    assert source_of(row("refund", note=f"Avantto refund {TXN_ID} · {'9' * 40}.99 USD")) is None
