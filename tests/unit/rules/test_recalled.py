"""Whose document a transaction in the books is, when the journal that knew it is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.ledger import BookEntity, BookRow
from avantto_qbo.model.operation import Source
from avantto_qbo.rules.books.comparing.recalled import nameless, owned_by, transaction_in
from avantto_qbo.rules.reference import invoice_note, payment_note, payment_reference

TXN = "68c0a1b2c3d4e5f6a7b8c9d0"
INVOICE = "68c0a1b2c3d4e5f6a7b8c9d1"
REFERENCE = payment_reference(TXN)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def row(entity: BookEntity = BookEntity.PAYMENT, **changes: Any) -> BookRow:
    return msgspec.structs.replace(BookRow(entity, "7", "0", Decimal(10), NOON, NOON), **changes)


def test_a_marker_tells_whose_it_is() -> None:
    assert owned_by(row(note=payment_note(TXN, "1", INVOICE)), "") == Source("payment", INVOICE, TXN)
    assert owned_by(row(BookEntity.INVOICE, note=invoice_note("1", INVOICE)), "") == Source("invoice", INVOICE)


def test_a_marker_goes_before_a_reference() -> None:
    other = payment_note("68c0a1b2c3d4e5f6a7b8c9ff", "1", INVOICE)
    assert owned_by(row(note=other, ref=REFERENCE), "x") == Source("payment", INVOICE, "68c0a1b2c3d4e5f6a7b8c9ff")


def test_without_its_marker_a_payment_is_told_by_its_reference_and_our_invoice() -> None:
    assert owned_by(row(ref=REFERENCE), INVOICE) == Source("payment", INVOICE, TXN)
    assert owned_by(row(ref=REFERENCE), "") is None


def test_without_its_marker_a_sale_is_told_by_its_reference() -> None:
    assert owned_by(row(BookEntity.RECEIPT, ref=REFERENCE), "") == Source("transaction", TXN)


def test_a_refund_without_its_marker_does_not_tell_how_much_was_refunded_before() -> None:
    assert owned_by(row(BookEntity.REFUND, ref=REFERENCE), "") is None


@pytest.mark.parametrize("entity", BookEntity)
def test_what_says_nothing_is_nobodys(entity: BookEntity) -> None:
    assert owned_by(row(entity, note="thank you", ref="1042"), INVOICE) is None
    assert not nameless(row(entity, note="thank you", ref="1042"))


def test_only_a_payment_or_refund_with_our_reference_and_a_sum_is_worth_asking_about() -> None:
    assert nameless(row(ref=REFERENCE))
    assert nameless(row(BookEntity.REFUND, ref=REFERENCE))
    assert not nameless(row(BookEntity.RECEIPT, ref=REFERENCE))
    assert not nameless(row(ref=REFERENCE, note="Voided", total=Decimal(0)))


@pytest.mark.parametrize("reference", ["", "1042", "CHEQUE 1042 OF MARCH", "0000000000000001042", "Z" * 21])
def test_a_text_that_is_no_packed_id_names_no_transaction(reference: str) -> None:
    assert transaction_in(reference) == ""


def test_a_packed_id_names_its_transaction() -> None:
    assert transaction_in(REFERENCE) == TXN
