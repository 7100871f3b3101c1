"""Money on an invoice beside its items: recognised by what it leaves unexplained, and never guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from avantto_qbo.model.avantto import Fee, Tax
from avantto_qbo.model.drafts import Role
from avantto_qbo.model.steps import CreateInvoice, Hold
from avantto_qbo.rules.books.plan import plan_invoice
from unit.rules.cases import invoice, invoice_case, item

FEE = Fee("Card fee", Decimal(3))
STATE = Tax("State", Decimal("8.25"))


def posted(**changes: Any) -> tuple[Decimal, list[tuple[str, Decimal]], list[str]]:
    """The total in the books, the lines beside the items, and what is said about them."""
    (step,) = plan_invoice(invoice_case(invoice(**changes)))
    assert isinstance(step, CreateInvoice), step
    extras = [(line.description, line.amount.amount) for line in step.draft.lines if line.role is Role.EXTRA]
    return step.draft.total.amount, extras, [flag.code for flag in step.flags]


def refusal(**changes: Any) -> str:
    (step,) = plan_invoice(invoice_case(invoice(**changes)))
    assert isinstance(step, Hold), step
    return step.reason.code


def test_a_fee_in_the_total_is_a_line() -> None:
    assert posted(total=Decimal(103), fees=(FEE,)) == (Decimal(103), [("Card fee", Decimal(3))], ["fee"])


def test_a_fee_beside_the_total_is_a_line_once_it_is_paid() -> None:
    assert posted(fees=(FEE,), amount_paid=Decimal(103), amount_due=Decimal(0))[:2] == (
        Decimal(103),
        [("Card fee", Decimal(3))],
    )
    assert posted(fees=(FEE,))[1] == []


def test_a_late_fee_is_named_where_late_fees_are_on() -> None:
    assert posted(total=Decimal(110), late_fees=True)[1] == [("Late fee", Decimal(10))]
    assert posted(total=Decimal(113), late_fees=True, fees=(FEE,))[1] == [
        ("Card fee", Decimal(3)),
        ("Late fee", Decimal(10)),
    ]
    assert refusal(total=Decimal(110)) == "invoice_total"


def test_a_late_fee_smaller_than_a_fee_outside_the_total_is_still_one() -> None:
    assert posted(total=Decimal(102), late_fees=True, fees=(FEE,))[1] == [("Late fee", Decimal(2))]


def test_a_late_fee_may_show_only_in_what_is_due() -> None:
    assert posted(late_fees=True, amount_due=Decimal(110))[:2] == (Decimal(110), [("Late fee", Decimal(10))])


def test_a_tip_is_what_was_paid_on_top_where_tips_are_on() -> None:
    assert posted(tips=True, amount_paid=Decimal(118), amount_due=Decimal(0), fees=(FEE,))[1] == [
        ("Card fee", Decimal(3)),
        ("Tip", Decimal(15)),
    ]


def test_a_tip_of_a_part_payment_lowers_no_debt() -> None:
    assert posted(tips=True, amount_paid=Decimal(45), amount_due=Decimal(60))[:2] == (
        Decimal(105),
        [("Tip", Decimal(5))],
    )


@pytest.mark.parametrize("excess", ["100", "150"])
def test_as_much_as_the_invoice_once_more_is_no_tip(excess: str) -> None:
    total, extras, _ = posted(tips=True, amount_paid=100 + Decimal(excess), amount_due=Decimal(0))
    assert (total, extras) == (Decimal(100), [])


def test_a_late_fee_in_the_total_leaves_the_rest_of_an_excess_without_a_name() -> None:
    assert posted(total=Decimal(110), late_fees=True, amount_paid=Decimal(115), amount_due=Decimal(0))[0] == 110


def test_a_cent_of_rounding_is_a_line_unless_it_could_be_tax() -> None:
    assert posted(total=Decimal("100.01")) == (Decimal("100.01"), [("Rounding", Decimal("0.01"))], ["rounding"])
    taxed = (item(taxes=(STATE,)),)
    assert posted(items=taxed, tax_total=Decimal("8.25"), total=Decimal("108.26"))[2] == ["rounding"]
    assert refusal(items=taxed, tax_total=Decimal("8.20"), total=Decimal("108.21")) == "invoice_total"
