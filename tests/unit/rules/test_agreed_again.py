"""What both sides agree on, when the journal that said so was lost: Avantto, QuickBooks, and an older agreement."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.drafts import DraftLine, InvoiceDraft
from avantto_qbo.model.money import Money
from avantto_qbo.rules.books.comparing.conflict import agreed_again, agreed_since
from unit.rules.cases import drafted, invoice, invoice_case, item

OURS = drafted(invoice_case())
NEW = drafted(invoice_case(invoice(item(amount="120"))))
LATER, MUCH_LATER = date(2031, 1, 1), date(2032, 2, 2)


def changed(draft: InvoiceDraft = OURS, **fields: Any) -> InvoiceDraft:
    return msgspec.structs.replace(draft, **fields)


def as_shown(draft: InvoiceDraft) -> InvoiceDraft:
    """How QuickBooks shows it: without what only we know of a line."""
    lines = tuple(msgspec.structs.replace(line, taxes="", tax_code="NON", parts=(b"{}",)) for line in draft.lines)
    return msgspec.structs.replace(draft, lines=lines, tax_parts=())


def test_where_both_say_the_same_our_own_words_are_agreed() -> None:
    assert agreed_again(as_shown(OURS), None, OURS) == OURS
    assert agreed_again(as_shown(OURS), NEW, OURS) == OURS


def test_what_the_books_do_not_hold_yet_is_not_agreed() -> None:
    theirs = as_shown(OURS)
    agreed = agreed_again(theirs, None, NEW)
    assert (agreed.lines, agreed.total) == (theirs.lines, theirs.total)
    assert agreed.email == NEW.email


def test_words_that_differ_are_a_change_though_the_sums_are_equal() -> None:
    renamed = changed(lines=tuple(msgspec.structs.replace(line, description="Polish") for line in OURS.lines))
    assert agreed_again(as_shown(OURS), None, renamed).lines == as_shown(OURS).lines


def test_what_avantto_never_changed_stays_agreed_whatever_a_person_made_of_it() -> None:
    agreed = agreed_again(changed(due=LATER), OURS, OURS)
    assert agreed.due == OURS.due


def test_what_avantto_changed_since_is_measured_against_the_books() -> None:
    agreed = agreed_again(changed(due=LATER), OURS, changed(due=MUCH_LATER))
    assert agreed.due == LATER


@pytest.mark.parametrize("field", ["memo", "note"])
def test_what_a_person_wrote_behind_ours_is_no_change_of_ours(field: str) -> None:
    theirs = changed(**{field: f"{getattr(OURS, field)}\npaid at the counter"})
    assert getattr(agreed_again(theirs, None, OURS), field) == getattr(OURS, field)


def test_a_due_date_that_quickbooks_filled_in_is_no_change_of_ours() -> None:
    assert agreed_again(changed(due=LATER), None, changed(due=None)).due is None


def test_a_tax_that_stands_on_a_line_of_its_own_there_is_no_change() -> None:
    tax = DraftLine("9", Money.of("20", "USD"), "Sales tax")
    theirs = changed(lines=(*as_shown(OURS).lines, tax), tax=Money.zero("USD"), total=OURS.total + tax.amount)
    ours = changed(tax=tax.amount, total=theirs.total)
    assert agreed_again(theirs, None, ours).lines == ours.lines


def test_a_line_that_a_person_split_is_no_change_of_ours() -> None:
    [line] = OURS.lines
    half = msgspec.structs.replace(line, amount=Money(line.amount.minor // 2, "USD"), description="half of it")
    assert agreed_again(changed(lines=(half, half)), None, OURS).lines == OURS.lines


def test_what_changed_in_the_books_long_after_avantto_is_a_persons() -> None:
    theirs = changed(as_shown(NEW), due=LATER)
    for before in (None, OURS):
        assert agreed_since(theirs, before, NEW, edited=True) == NEW
    assert agreed_since(theirs, None, OURS, edited=False) == OURS


def test_what_the_books_still_hold_as_before_never_had_avanttos_newer_version() -> None:
    agreed = agreed_since(changed(as_shown(OURS), due=LATER), OURS, NEW, edited=True)
    assert (agreed.lines, agreed.total, agreed.due) == (OURS.lines, OURS.total, NEW.due)


def test_other_lines_than_avanttos_are_not_agreed_where_it_may_have_changed_since() -> None:
    agreed = agreed_since(changed(as_shown(OURS), due=LATER), None, NEW, edited=True)
    assert (agreed.total, agreed.due) == (OURS.total, NEW.due)
