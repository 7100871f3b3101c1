from __future__ import annotations

from decimal import Decimal

from avantto_qbo.model.quickbooks import Found
from avantto_qbo.rules.books.comparing.restore import Relink, Respect, Several, is_voided, restored

MARKER = "Avantto invoice INV-7 · 64f0aa11bb22cc33dd44ee55"


def found(number: str, text: str = MARKER, total: str = "100") -> Found:
    return Found("Invoice", number, "0", text, Decimal(total))


def test_one_with_our_full_marker_takes_its_place() -> None:
    assert restored([found("2"), found("3", "by hand")], MARKER) == Relink(found("2"))


def test_words_around_the_marker_are_a_person_s() -> None:
    assert isinstance(restored([found("2", f"see below\n{MARKER}\nthanks")], MARKER), Relink)


def test_none_of_ours_is_respected() -> None:
    assert restored([], MARKER) == Respect()
    assert restored([found("2", "by hand")], MARKER) == Respect()
    assert restored([found("2")], "") == Respect()


def test_a_voided_copy_is_none() -> None:
    assert restored([found("2", f"Voided {MARKER}", "0")], MARKER) == Respect()


def test_several_are_a_person_s_to_sort_out() -> None:
    assert restored([found("2"), found("3")], MARKER) == Several(("2", "3"))


def test_void_is_zero_and_the_word() -> None:
    assert is_voided(found("2", "Voided", "0"))
    assert not is_voided(found("2", "Voided", "1"))
    assert not is_voided(found("2", MARKER, "0"))
