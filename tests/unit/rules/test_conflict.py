from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money
from avantto_qbo.rules.books.conflict import conflicts
from unit.rules.cases import drafted, invoice_case

AGREED = drafted(invoice_case())
OTHERS: dict[str, Any] = {
    "customer": CustomerId("999"),
    "number": "OTHER-1",
    "day": date(2020, 1, 1),
    "due": date(2020, 2, 1),
    "email": "somebody@else.example",
    "memo": "another memo",
}


def changed_there(**changes: Any) -> Any:
    return msgspec.structs.replace(AGREED, **changes)


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_a_field_both_sides_changed_is_a_conflict(name: str) -> None:
    theirs = changed_there(**{name: OTHERS[name]})
    assert conflicts(AGREED, theirs, frozenset({name})) == {name}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_what_only_a_person_changed_is_none(name: str) -> None:
    theirs = changed_there(**{name: OTHERS[name]})
    assert conflicts(AGREED, theirs, frozenset(OTHERS) - {name} | {"lines"}) == frozenset()


def test_what_only_avantto_changed_is_none() -> None:
    assert conflicts(AGREED, AGREED, frozenset({*OTHERS, "lines"})) == frozenset()


def test_the_marker_is_ours_to_write() -> None:
    assert conflicts(AGREED, changed_there(note="rewritten by hand"), frozenset({"note"})) == frozenset()


@pytest.mark.parametrize("field", ["discount", "tax", "total"])
def test_other_sums_are_other_lines(field: str) -> None:
    assert conflicts(AGREED, changed_there(**{field: Money(1, "USD")}), frozenset({"lines"})) == {"lines"}


def test_another_amount_or_one_more_line_is_a_conflict() -> None:
    [line] = AGREED.lines
    dearer = msgspec.structs.replace(line, amount=Money(1, "USD"))
    assert conflicts(AGREED, changed_there(lines=(dearer,)), frozenset({"lines"})) == {"lines"}
    assert conflicts(AGREED, changed_there(lines=(line, line)), frozenset({"lines"})) == {"lines"}


def test_how_quickbooks_words_a_line_is_none() -> None:
    [line] = AGREED.lines
    reworded = msgspec.structs.replace(line, description="cut to what it sto", quantity=None, unit_price=None)
    assert conflicts(AGREED, changed_there(lines=(reworded,)), frozenset({"lines"})) == frozenset()


def test_case_and_blanks_of_an_e_mail_are_none() -> None:
    theirs = changed_there(email=f"  {AGREED.email.upper()} ")
    assert conflicts(AGREED, theirs, frozenset({"email"})) == frozenset()
