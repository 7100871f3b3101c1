from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.drafts import InvoiceDraft
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money
from avantto_qbo.rules.books.comparing.conflict import (
    Sight,
    accepting,
    both_versions,
    disputed,
    looked_at,
    made_already,
    onto,
    taking,
    with_their_words,
)
from unit.rules.cases import drafted, invoice_case
from unit.rules.test_their_lines import in_quickbooks, said

AGREED = drafted(invoice_case())
[LINE] = AGREED.lines
OTHERS: dict[str, Any] = {
    "customer": CustomerId("999"),
    "number": "OTHER-1",
    "day": date(2020, 1, 1),
    "due": date(2020, 2, 1),
    "email": "somebody@else.example",
}
HERS: dict[str, Any] = {
    "customer": CustomerId("111"),
    "number": "HERS-1",
    "day": date(2020, 3, 1),
    "due": date(2020, 4, 1),
    "email": "she@else.example",
}
WORDS = frozenset({"memo", "note"})


def draft(**changes: Any) -> InvoiceDraft:
    return msgspec.structs.replace(AGREED, **changes)


def dearer(amount: int = 10100, **changes: Any) -> InvoiceDraft:
    line = msgspec.structs.replace(LINE, amount=Money(amount, "USD"), quantity=None, unit_price=None)
    return draft(lines=(line,), total=Money(amount, "USD"), **changes)


def seen(**changes: Any) -> Sight:
    return Sight(draft(**changes), AGREED)


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_a_field_both_sides_changed_is_disputed(name: str) -> None:
    sight = seen(**{name: HERS[name]})
    assert disputed(sight, draft(**{name: OTHERS[name]}), frozenset({name})) == {name}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_what_only_a_person_changed_is_not(name: str) -> None:
    sight = seen(**{name: HERS[name]})
    assert not disputed(sight, dearer(), frozenset(OTHERS) - {name} | {"lines"})


def test_what_only_avantto_changed_is_not() -> None:
    changed = frozenset({*OTHERS, "lines"})
    assert not disputed(seen(), dearer(**OTHERS), changed)
    assert not made_already(seen(), dearer(**OTHERS), changed)


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_both_coming_to_the_same_is_made_already(name: str) -> None:
    sight, wanted = seen(**{name: OTHERS[name]}), draft(**{name: OTHERS[name]})
    assert not disputed(sight, wanted, frozenset({name}))
    assert made_already(sight, wanted, frozenset({name})) == {name}


@pytest.mark.parametrize("name", sorted(WORDS))
def test_words_are_never_disputed(name: str) -> None:
    assert not disputed(seen(**{name: "hers"}), draft(**{name: "ours"}), frozenset({name}))


@pytest.mark.parametrize(("name", "filled"), [("due", date(2020, 1, 1)), ("number", "1001")])
def test_what_quickbooks_filled_in_is_no_person_s_change(name: str, filled: object) -> None:
    agreed = draft(**{name: type(filled)() if isinstance(filled, str) else None})
    sight = Sight(draft(**{name: filled}), agreed)
    assert not disputed(sight, draft(**{name: OTHERS[name]}), frozenset({name}))


@pytest.mark.parametrize("field", ["discount", "tax", "total"])
def test_other_sums_are_other_lines(field: str) -> None:
    assert disputed(seen(**{field: Money(1, "USD")}), dearer(), frozenset({"lines"})) == {"lines"}


def test_another_amount_of_theirs_is_disputed_when_avantto_changes_lines() -> None:
    assert disputed(Sight(dearer(9000), AGREED), dearer(), frozenset({"lines"})) == {"lines"}


def test_how_quickbooks_words_a_line_is_no_change() -> None:
    reworded = msgspec.structs.replace(LINE, description="cut to what it sto", quantity=None, unit_price=None)
    assert not disputed(seen(lines=(reworded,)), dearer(), frozenset({"lines"}))


def test_a_split_is_disputed_only_when_avantto_changes_that_line() -> None:
    halves = tuple(in_quickbooks(LINE, amount) for amount in (4000, 6000))
    split = msgspec.structs.replace(LINE, parts=tuple(part for half in halves for part in half.parts))
    sight = Sight(draft(lines=halves), draft(lines=(split,)))
    one_more = msgspec.structs.replace(LINE, description="Also", amount=Money(500, "USD"))
    assert not disputed(sight, draft(lines=(split, one_more), total=Money(10500, "USD")), frozenset({"lines"}))
    assert disputed(sight, dearer(), frozenset({"lines"})) == {"lines"}


def test_case_and_blanks_of_an_e_mail_are_no_change() -> None:
    sight = seen(email=f"  {AGREED.email.upper()} ")
    assert not disputed(sight, draft(email="new@example.com"), frozenset({"email"}))


def test_what_a_person_decided_for_counts_as_agreed() -> None:
    sight = accepting(seen(due=HERS["due"]), draft(due=OTHERS["due"]), frozenset({"due"}))
    later = draft(due=date(2021, 1, 1))
    assert sight.against.due == OTHERS["due"]
    assert not disputed(sight, later, frozenset({"due"}))
    assert not made_already(sight, later, frozenset({"due"}))


def test_a_decision_ends_when_they_change_it_again() -> None:
    sight = accepting(seen(due=HERS["due"]), draft(due=OTHERS["due"]), frozenset({"due"}))
    agreed = sight.against
    assert looked_at(sight, draft(due=HERS["due"]), agreed).accepted == {"due"}
    assert not looked_at(sight, draft(due=date(2022, 2, 2)), agreed).accepted


def test_a_question_stands_while_their_side_of_it_does() -> None:
    asked = msgspec.structs.replace(seen(due=HERS["due"]), held="op1", fields=frozenset({"due"}))
    assert looked_at(asked, draft(due=HERS["due"], memo="thanks"), AGREED).held == "op1"
    assert not looked_at(asked, draft(due=date(2022, 2, 2)), AGREED).held


def test_the_first_look_knows_no_decision() -> None:
    assert looked_at(None, draft(memo="hers"), AGREED) == Sight(draft(memo="hers"), AGREED)


def test_what_we_changed_since_is_ours_there_too() -> None:
    sight = accepting(seen(due=HERS["due"], email="she@else.example"), AGREED, frozenset({"due"}))
    later = onto(sight, draft(due=OTHERS["due"]))
    assert (later.theirs.due, later.theirs.email) == (OTHERS["due"], "she@else.example")
    assert not later.accepted


def test_lines_are_taken_with_all_that_goes_with_them() -> None:
    other = dearer(tax=Money(7, "USD"), number="N-1")
    taken = taking(AGREED, other, frozenset({"lines"}))
    assert (taken.lines, taken.tax, taken.total) == (other.lines, other.tax, other.total)
    assert taken.number == AGREED.number


@pytest.mark.parametrize(
    ("before", "there", "ours", "joined"),
    [
        ("Invoice 7", "Invoice 7\nThank you!", "Invoice 8", "Invoice 8\nThank you!"),
        ("Invoice 7", "Thank you!", "Invoice 8", "Invoice 8\nThank you!"),
        ("", "Thank you!", "Invoice 8", "Invoice 8\nThank you!"),
        ("Invoice 7", "Invoice 7", "Invoice 8", "Invoice 8"),
        ("Invoice 7", "Invoice 8", "Invoice 8", "Invoice 8"),
        ("Invoice 7", "Invoice 7 Thanks", "", "Thanks"),
    ],
)
def test_their_words_stay_behind_ours(before: str, there: str, ours: str, joined: str) -> None:
    sight = Sight(draft(memo=there), draft(memo=before))
    assert with_their_words(sight, draft(memo=ours)).memo == joined


def test_both_versions_stand_side_by_side() -> None:
    theirs = draft(due=None, day=date(2020, 3, 1))
    text = both_versions(draft(due=date(2020, 2, 1)), theirs, frozenset({"due", "day"}))
    assert text == (
        f"date: {AGREED.day} in Avantto, 2020-03-01 in QuickBooks; due date: 2020-02-01 in Avantto, none in QuickBooks"
    )


def test_lines_are_shown_by_their_sum_and_addresses_not_at_all() -> None:
    text = both_versions(dearer(), draft(email=""), frozenset({"lines", "email"}))
    assert "1 lines of 101.00 USD in all in Avantto, 1 lines of 100.00 USD in all in QuickBooks" in text
    assert "e-mail: j…@example.com in Avantto, none in QuickBooks" in text


def test_a_sight_survives_the_journal() -> None:
    sight = Sight(draft(lines=(in_quickbooks(LINE),)), AGREED, frozenset({"due"}), "op1", frozenset({"lines"}))
    assert msgspec.json.decode(msgspec.json.encode(sight), type=Sight) == sight
    assert said(sight.theirs.lines[0])["Amount"] == 100
