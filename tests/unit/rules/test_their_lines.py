from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.drafts import DraftLine, InvoiceDraft
from avantto_qbo.model.money import Money, total
from avantto_qbo.rules.books.comparing.their_lines import changed_in_place, groups_of, lost_lines, with_their_lines
from unit.rules.cases import drafted, invoice, invoice_case, item

AGREED = drafted(invoice_case(invoice(item("Wash", "60"), item("Wax", "40"))))
WASH, WAX = AGREED.lines


def in_quickbooks(line: DraftLine, minor: int | None = None, *, text: str | None = None, **detail: Any) -> DraftLine:
    """One line as QuickBooks shows it; `detail` are further members a person gave it."""
    amount = line.amount if minor is None else Money(minor, line.amount.currency)
    whole = minor is None
    words = line.description if text is None else text
    inner = {"ItemRef": {"value": line.item}, "TaxCodeRef": {"value": line.tax_code}, **detail}
    raw = {
        "Id": "1",
        "Amount": float(amount.amount),
        "Description": words,
        "LinkedTxn": [],
        "SalesItemLineDetail": inner,
    }
    return msgspec.structs.replace(
        line,
        amount=amount,
        description=words,
        item=inner["ItemRef"]["value"],
        quantity=line.quantity if whole else None,
        unit_price=line.unit_price if whole else None,
        class_=inner.get("ClassRef", {}).get("value", ""),
        parts=(json.dumps(raw).encode(),),
    )


def said(line: DraftLine) -> dict[str, Any]:
    [part] = line.parts
    spoken: dict[str, Any] = json.loads(part)
    return spoken


def theirs(*lines: DraftLine, **changes: Any) -> InvoiceDraft:
    return msgspec.structs.replace(AGREED, lines=lines, **changes)


def taken(*lines: DraftLine, **changes: Any) -> tuple[DraftLine, ...]:
    return with_their_lines(AGREED, theirs(*lines, **changes)).lines


def test_untouched_lines_stay_ours() -> None:
    assert taken(in_quickbooks(WASH), in_quickbooks(WAX)) == AGREED.lines


def test_another_item_or_class_is_taken_over() -> None:
    first, second = taken(in_quickbooks(WASH, ItemRef={"value": "99"}), in_quickbooks(WAX, ClassRef={"value": "5"}))
    assert (first.item, second.class_) == ("99", "5")
    assert not first.parts + second.parts


def test_a_line_without_an_item_of_theirs_keeps_ours() -> None:
    [first, _] = taken(msgspec.structs.replace(in_quickbooks(WASH), item=""), in_quickbooks(WAX))
    assert first.item == WASH.item


@pytest.mark.parametrize(
    "line", [in_quickbooks(WASH, ServiceDate="2026-01-01"), in_quickbooks(WASH, text="Wash and dry")]
)
def test_what_a_draft_cannot_say_is_sent_again_as_it_stands(line: DraftLine) -> None:
    [first, _] = taken(line, in_quickbooks(WAX))
    assert first.parts == line.parts
    assert (first.amount, first.description) == (WASH.amount, WASH.description)


def test_consecutive_lines_that_add_up_are_one_of_ours_split() -> None:
    halves = in_quickbooks(WASH, 2000), in_quickbooks(WASH, 4000)
    first, second = taken(*halves, in_quickbooks(WAX))
    assert first.parts == halves[0].parts + halves[1].parts
    assert not second.parts


def test_words_below_the_last_line_belong_to_it() -> None:
    words = msgspec.structs.replace(in_quickbooks(WAX, 0), description="See you soon")
    _, second = taken(in_quickbooks(WASH), in_quickbooks(WAX), words)
    assert len(second.parts) == 2


@pytest.mark.parametrize(
    "lines",
    [
        (in_quickbooks(WASH),),
        (in_quickbooks(WASH), in_quickbooks(WAX, 4100)),
        (in_quickbooks(WASH), in_quickbooks(WAX), in_quickbooks(WAX)),
    ],
)
def test_other_amounts_leave_the_agreement_as_it_was(lines: tuple[DraftLine, ...]) -> None:
    assert taken(*lines) == AGREED.lines


def test_another_currency_is_no_correspondence() -> None:
    assert groups_of(AGREED, theirs(*AGREED.lines, total=Money(10000, "EUR"))) is None


def test_discount_account_and_department_are_taken_over() -> None:
    found = with_their_lines(AGREED, theirs(*AGREED.lines, discount_account="86", department="3"))
    assert (found.discount_account, found.department) == ("86", "3")


def dearer(line: DraftLine, minor: int = 4500, **changes: Any) -> DraftLine:
    figures = {"quantity": Decimal(1), "unit_price": Decimal(minor) / 100}
    return msgspec.structs.replace(line, amount=Money(minor, "USD"), **{**figures, **changes})


def wanted(*lines: DraftLine) -> InvoiceDraft:
    return msgspec.structs.replace(AGREED, lines=lines, total=total((line.amount for line in lines), "USD"))


def test_a_line_of_the_same_name_with_other_figures_is_changed_in_place() -> None:
    assert changed_in_place(AGREED, wanted(WASH, dearer(WAX))) == {1: WAX}


@pytest.mark.parametrize("lines", [(WASH,), (WASH, dearer(WAX, description="Polish"))])
def test_a_line_that_went_away_or_is_another_thing_is_not(lines: tuple[DraftLine, ...]) -> None:
    assert not changed_in_place(AGREED, wanted(*lines))


def with_parts(*parts: bytes) -> InvoiceDraft:
    return msgspec.structs.replace(AGREED, lines=(WASH, msgspec.structs.replace(WAX, parts=parts)))


def test_a_split_line_that_avantto_changes_would_be_lost() -> None:
    split = with_parts(b'{"Amount":10}', b'{"Amount":30}')
    assert lost_lines(split, wanted(WASH, dearer(WAX)))
    assert not lost_lines(split, wanted(dearer(WASH, 7000), WAX))


def test_words_that_both_changed_would_be_lost() -> None:
    reworded = with_parts(*in_quickbooks(WAX, text="Wax, two coats").parts)
    assert lost_lines(reworded, wanted(WASH, dearer(WAX, description="Wax\nwith care")))
    assert not lost_lines(reworded, wanted(WASH, dearer(WAX)))
    dated = with_parts(*in_quickbooks(WAX, ServiceDate="2026-01-01").parts)
    assert not lost_lines(dated, wanted(WASH, dearer(WAX, description="Wax\nwith care")))
    assert not lost_lines(AGREED, wanted(WASH, dearer(WAX, description="Wax\nwith care")))
