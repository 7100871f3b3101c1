from __future__ import annotations

import pytest

from avantto_qbo.model.ids import LocationId, OperationId
from avantto_qbo.model.operation import Reason, Source
from avantto_qbo.rules.books.company.taxcodes import mapping
from avantto_qbo.rules.reasons import addressed, document, setting
from unit.rules.cases import operation

PLACE = LocationId("xIDx")


def test_only_what_is_retried_or_skipped_becomes_the_operations_id() -> None:
    mend = f"{setting(PLACE, 'tax=auto')}, then: avantto-qbo retry ID or skip ID"
    assert addressed(Reason("c", "t", mend), OperationId("op1")).mend == (
        "avantto-qbo settings xIDx tax=auto, then: avantto-qbo retry op1 or skip op1"
    )


def test_the_word_id_in_the_name_of_a_tax_stays() -> None:
    mend = mapping(PLACE, "VAT ID 20")
    assert addressed(Reason("c", "t", mend), OperationId("op1")).mend == 'avantto-qbo map xIDx tax "VAT ID 20=CODE"'


@pytest.mark.parametrize(
    ("assignment", "word"),
    [("sources.gift card=on", "'sources.gift card=on'"), ("sources.gift=on", "sources.gift=on"), ("a=…", "a=…")],
)
def test_a_printed_setting_is_one_word_for_a_shell(assignment: str, word: str) -> None:
    assert setting(PLACE, assignment) == f"avantto-qbo settings xIDx {word}"


def test_a_tax_whose_name_would_end_the_quotes_is_one_word_too() -> None:
    assert mapping(PLACE, 'the "$5" tax 5') == "avantto-qbo map xIDx tax 'the \"$5\" tax 5=CODE'"


@pytest.mark.parametrize(
    ("source", "intent", "words"),
    [
        (Source("invoice", "i1"), b'{"number":"INV-7"}', "Invoice INV-7"),
        (Source("invoice", "i1"), b"null", "Invoice i1"),
        (Source("payment", "i1", "t1"), b'{"number":""}', "Payment t1"),
        (Source("refund", "t1", "500"), b'{"number":"R-1"}', "The refund receipt of payment t1"),
        (Source("riddle", "r1"), b"", "riddle r1"),
    ],
)
def test_a_document_is_named_as_a_person_knows_it(source: Source, intent: bytes, words: str) -> None:
    assert document(operation(source=source, intent=intent)) == words
