from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.model.base36 import base36
from avantto_qbo.model.ids import ContactId
from avantto_qbo.model.money import Money
from avantto_qbo.rules import reference

_HEX = st.text("0123456789abcdef", min_size=24, max_size=24)
_ID = st.text("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_", min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("note", "text"),
    [
        (reference.invoice_note("INV-1042", "64f0aa"), "Avantto invoice INV-1042 · 64f0aa"),
        (reference.receipt_note("65a1", "Spring offer"), "Avantto payment 65a1 · Spring offer"),
        (reference.payment_note("65a1", "INV-1042", "64f0aa"), "Avantto payment 65a1 · invoice INV-1042 · 64f0aa"),
        (
            reference.recorded_note("INV-1042", "64f0aa", "recorded:1"),
            "recorded in Avantto · invoice INV-1042 · 64f0aa · recorded:1",
        ),
        (reference.refund_note("65a1", Money.of("40", "USD")), "Avantto refund 65a1 · 40.00 USD"),
        (reference.refund_note("65a1", Money.of("40", "JPY")), "Avantto refund 65a1 · 40 JPY"),
        (reference.customer_notes(ContactId("c1")), "Avantto contact c1"),
    ],
)
def test_a_marker_reads_like_a_sentence_and_carries_itself(note: str, text: str) -> None:
    assert note == text
    assert reference.carries(note, note)


def test_a_marker_is_found_among_the_words_of_a_person() -> None:
    text = "Call first!\nAvantto invoice INV-1042 · 64f0aa. Paid by cheque"
    assert reference.carries(text, reference.invoice_note("INV-1042", "64f0aa"))


@pytest.mark.parametrize("found", ["Avantto contact c12", "Avantto contact c", "xAvantto contact c1", "c1", ""])
def test_an_id_is_only_carried_in_full(found: str) -> None:
    assert not reference.carries(found, "Avantto contact c1")


def test_two_payments_without_transactions_are_told_apart() -> None:
    first, second = (reference.recorded_note("1", "64f0aa", f"recorded:{number}") for number in (1, 12))
    assert not reference.carries(first, second)
    assert not reference.carries(second, first)


def test_the_same_transaction_on_another_invoice_is_not_carried() -> None:
    assert not reference.carries(reference.payment_note("65a1", "1", "aa"), reference.payment_note("65a1", "1", "bb"))


def test_a_text_that_is_no_marker_is_never_carried() -> None:
    assert not reference.carries("anything", "")
    assert not reference.carries("anything", "anything")


def test_a_renamed_source_is_still_the_same_payment() -> None:
    assert reference.carries(reference.receipt_note("65a1", "Old · name"), reference.receipt_note("65a1", "New name"))


def test_a_number_cannot_break_the_marker() -> None:
    assert reference.invoice_note(" A · \n1 ", "64f0aa") == "Avantto invoice A - 1 · 64f0aa"
    assert reference.carries(reference.invoice_note("", "64f0aa"), reference.invoice_note("", "64f0aa"))


@given(_ID, _ID)
def test_only_the_same_contact_is_read_from_notes(one: str, other: str) -> None:
    notes = f"VIP. {reference.customer_notes(ContactId(one))}\nsince 2019"
    assert reference.contact_of(notes) == one
    assert reference.carries(notes, f"Avantto contact {other}") == (one == other)


def test_notes_without_a_marker_name_no_contact() -> None:
    assert reference.contact_of("met at the fair") is None


@given(_HEX)
def test_a_transaction_id_fits_into_the_payment_reference_and_comes_back(transaction: str) -> None:
    packed = reference.payment_reference(transaction)
    assert len(packed) <= 19
    assert reference.transaction_of(packed) == transaction


@pytest.mark.parametrize("text", ["0a", "zzzzzzzzzzzzzzzzzzzzz", "no id!"])
def test_what_was_never_packed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        reference.transaction_of(text)


@given(st.text(max_size=60))
def test_every_reference_fits_and_is_the_same_twice(transaction: str) -> None:
    packed = reference.payment_reference(transaction)
    assert 0 < len(packed) <= reference.REFERENCE_LIMIT
    assert packed == reference.payment_reference(transaction)


def test_a_short_id_stays_readable_and_a_long_one_is_hashed() -> None:
    assert reference.payment_reference("txn_123") == "txn_123"
    uuid = "0e8f6a3e-9a0b-4f7e-8a54-1f0f5d3b9b11"
    assert reference.payment_reference(uuid) != reference.payment_reference(uuid[::-1])


@given(st.one_of(_HEX, _ID), st.integers(1, 10_000))
def test_recorded_money_has_a_reference_of_its_own(invoice: str, number: int) -> None:
    packed = reference.recorded_reference(invoice, f"recorded:{number}")
    assert len(packed) <= reference.REFERENCE_LIMIT
    assert packed != reference.recorded_reference(invoice, f"recorded:{number + 1}")


@given(st.integers(0, 2**128))
def test_base_36_is_what_python_reads_back(number: int) -> None:
    assert int(base36(number), 36) == number


def test_a_refund_is_told_from_another_of_the_same_payment() -> None:
    first, second = (reference.refund_note("65a1", Money.of(amount, "USD")) for amount in ("4", "40"))
    assert not reference.carries(first, second)
    assert not reference.carries(second, first)
    assert not reference.carries(second, "Avantto payment 65a1")


@given(_ID, st.integers(1, 9999), st.integers(1, 9999))
def test_a_refunds_number_fits_and_tells_it_from_the_others(transaction: str, one: int, other: int) -> None:
    numbers = reference.refund_reference(transaction, one), reference.refund_reference(transaction, other)
    assert all(0 < len(number) <= reference.REFERENCE_LIMIT for number in numbers)
    assert (numbers[0] == numbers[1]) == (one == other)


def test_what_a_test_made_says_so_whoever_ran_it() -> None:
    assert reference.is_test(reference.test_note("op000123"))
    assert reference.is_test("kept by the bookkeeper. avantto-qbo test · another1")
    assert not reference.is_test("Avantto invoice INV-1 · avantto-qbo tests")
    assert reference.carries(reference.test_note("op000123"), reference.test_note("op000123"))
    assert not reference.carries(reference.test_note("op000123"), reference.test_note("op000124"))
