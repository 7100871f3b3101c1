from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from avantto_qbo.model.avantto import Fee
from avantto_qbo.model.money import Money
from avantto_qbo.model.steps import PostedPayment, RecordPayment
from avantto_qbo.rules.books.money.payment import plan_payments
from avantto_qbo.rules.books.money.received import gross_received
from avantto_qbo.rules.reasons import HeldError
from unit.rules.cases import BOOKS_FROM, TXN_ID, invoice, invoice_case, paid_by, posted_case

LONG_AGO = BOOKS_FROM


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def posted(part: str, amount: str) -> PostedPayment:
    return PostedPayment(part, usd(amount), "900")


def case_of(amount_paid: str, *rows: Any, status: str = "paid", **changes: Any) -> Any:
    document = invoice(status=status, amount_paid=Decimal(amount_paid))
    return posted_case(document, transactions=rows, first_seen_unmatched=LONG_AGO, **changes)


def planned(case: Any) -> list[tuple[str, str]]:
    """Part and amount of every payment still to record; anything else is not expected."""
    steps = plan_payments(case, case.agreed)
    assert all(isinstance(step, RecordPayment) for step in steps), steps
    return [(step.part, f"{step.draft.total.amount}") for step in steps if isinstance(step, RecordPayment)]


@pytest.mark.parametrize("amount_paid", ["100", "90"])
def test_a_refund_may_or_may_not_lower_the_amount_paid(amount_paid: str) -> None:
    row = paid_by("100", amount_refunded=Decimal(10))
    assert planned(case_of(amount_paid, row)) == [(TXN_ID, "100.00")]
    assert planned(case_of(amount_paid, row, posted=(posted(TXN_ID, "100"),))) == []


@pytest.mark.parametrize("amount_paid", ["100", "0"])
def test_a_refunded_payment_is_posted_before_its_refund(amount_paid: str) -> None:
    row = paid_by("100", status="refunded")
    assert planned(case_of(amount_paid, row, status="partially_paid")) == [(TXN_ID, "100.00")]


@pytest.mark.parametrize("amount_paid", ["100", "90"])
def test_cash_beside_a_refund_is_recorded_when_the_invoice_is_paid(amount_paid: str) -> None:
    row = paid_by("60", amount_refunded=Decimal(10))
    case = case_of(amount_paid, row, posted=(posted(TXN_ID, "60"),))
    assert planned(case) == [("recorded:2", "40.00")]


@pytest.mark.parametrize("amount_paid", ["60", "50"])
def test_a_refund_never_makes_a_remainder(amount_paid: str) -> None:
    row = paid_by("60", amount_refunded=Decimal(10))
    case = case_of(amount_paid, row, status="partially_paid", posted=(posted(TXN_ID, "60"),))
    assert planned(case) == []


def test_cash_that_two_readings_of_a_refund_disagree_about_is_a_question() -> None:
    row = paid_by("50", amount_refunded=Decimal(10))
    with pytest.raises(HeldError) as held:
        planned(case_of("80", row, status="partially_paid", posted=(posted(TXN_ID, "50"),)))
    assert held.value.reason.code == "refund_remainder"
    assert "30.00 USD or 40.00 USD" in held.value.reason.text


@pytest.mark.parametrize("amount_paid", ["200", "100"])
def test_what_was_paid_twice_and_went_back_is_left_out(amount_paid: str) -> None:
    rows = (paid_by("100", "t1"), paid_by("100", "t2", amount_refunded=Decimal(100)))
    assert planned(case_of(amount_paid, *rows)) == [("t1", "100.00")]
    assert planned(case_of(amount_paid, *rows, posted=(posted("t1", "100"),))) == []


def test_what_was_paid_twice_stays_a_question_while_a_part_of_it_stays() -> None:
    rows = (paid_by("100", "t1"), paid_by("100", "t2", amount_refunded=Decimal(40)))
    with pytest.raises(HeldError) as held:
        planned(case_of("200", *rows))
    assert held.value.reason.code == "paid_twice"


def test_paid_again_after_a_posted_refund_is_a_question() -> None:
    rows = (paid_by("60", "t1", status="refunded"), paid_by("100", "t2"))
    with pytest.raises(HeldError) as held:
        planned(case_of("100", *rows, posted=(posted("t1", "60"),)))
    assert held.value.reason.code == "overpaid"


def fee_case(amount_paid: str, amount_due: str, *fees: Fee, **changes: Any) -> Any:
    document = invoice(
        status="paid", amount_paid=Decimal(amount_paid), amount_due=Decimal(amount_due), fees=fees, **changes
    )
    return invoice_case(document)


FEE, TIP = Fee("Processing Fee", Decimal(3)), Fee("Tip", Decimal(10))


@pytest.mark.parametrize(
    ("case", "gross"),
    [
        (fee_case("100", "0"), "100"),
        (fee_case("103", "0", FEE), "103"),  # in amountPaid, above the total
        (fee_case("100", "0", FEE), "103"),  # in the charge only
        (fee_case("103", "0", FEE, total=Decimal(103)), "103"),  # in the total too
        (fee_case("61.80", "40", Fee("Processing Fee", Decimal("1.80"))), "61.80"),
        (fee_case("60", "40", Fee("Processing Fee", Decimal("1.80"))), "61.80"),
        (fee_case("110", "0", FEE, TIP), "113"),  # the tip in amountPaid, the fee in the charge only
        (fee_case("113", "0", FEE, TIP), "113"),
    ],
)
def test_fees_count_as_received_wherever_they_stand(case: Any, gross: str) -> None:
    assert gross_received(case) == usd(gross)


def test_a_tip_stays_received_when_a_refund_lowers_the_amount_paid() -> None:
    row = paid_by("110", amount_refunded=Decimal(20))
    assert gross_received(case_of("90", row)) == usd("110")
    assert gross_received(case_of("110", row)) == usd("110")
    cash = case_of("90", paid_by("60", amount_refunded=Decimal(20)), posted=(posted("recorded:1", "110"),))
    assert gross_received(cash) == usd("110")
