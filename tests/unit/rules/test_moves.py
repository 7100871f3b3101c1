from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.drafts import PaymentDraft
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money
from avantto_qbo.model.steps import ChangePayment, PostedPayment, PostedRefund, RecordPayment, VoidPayment
from avantto_qbo.rules.books.money.moves import edited, plan_unlink
from avantto_qbo.rules.books.money.payment import plan_payments
from avantto_qbo.rules.reasons import HeldError
from unit.rules.cases import TXN_ID, company, invoice, paid_by, payment_row, posted_case

HUNDRED = Money.of("100", "USD")
DRAFT = PaymentDraft(CustomerId("20"), "145", HUNDRED, date(2026, 11, 19), "ref", "note", "4")
DELETED = PostedPayment(TXN_ID, HUNDRED, "900")


def ours(part: str = TXN_ID, **changes: Any) -> PostedPayment:
    return PostedPayment(part, HUNDRED, "900", msgspec.structs.replace(DRAFT, **changes))


def case_of(*rows: Any, posted: Any = (), status: str = "paid", amount_paid: str = "100", **changes: Any) -> Any:
    document = invoice(status=status, amount_paid=Decimal(amount_paid))
    return posted_case(document, transactions=rows, posted=posted, **changes)


def payments(case: Any) -> Any:
    return plan_payments(case, case.agreed)


def moved(**changes: Any) -> PaymentDraft:
    return msgspec.structs.replace(DRAFT, **changes)


@pytest.mark.parametrize("status", ["failed", "canceled", "reversed"])
def test_a_debit_that_is_taken_back_after_it_succeeded_is_voided(status: str) -> None:
    case = case_of(paid_by(status=status), posted=(ours(),), status="sent", amount_paid="0")
    assert payments(case) == (VoidPayment(TXN_ID),)


def test_a_payment_that_a_person_deleted_is_not_voided() -> None:
    case = case_of(paid_by(status="failed"), posted=(DELETED,), status="sent", amount_paid="0")
    assert payments(case) == ()
    assert plan_unlink(case) == ()


def test_a_debit_that_is_taken_back_is_voided_also_while_another_is_under_way() -> None:
    case = case_of(paid_by(status="failed"), posted=(ours(),), status="payment_processing", amount_paid="0")
    assert payments(case) == (VoidPayment(TXN_ID),)


def test_money_recorded_by_hand_is_never_voided() -> None:
    case = case_of(posted=(ours("recorded:1"),), amount_paid="0", status="sent")
    with pytest.raises(HeldError) as held:
        payments(case)
    assert held.value.reason.code == "paid_less"


def test_a_payment_that_was_refunded_and_then_taken_back_is_a_question() -> None:
    refund = PostedRefund(TXN_ID, Money.of("10", "USD"), "950")
    case = case_of(paid_by(status="failed"), posted=(ours(),), refunds=(refund,))
    with pytest.raises(HeldError) as held:
        payments(case)
    assert held.value.reason.code == "failed_refunded"


def test_an_unlinked_payment_goes_back_on_an_invoice_that_stands() -> None:
    assert payments(case_of(paid_by(), posted=(ours(invoice=""),))) == (ChangePayment(TXN_ID, DRAFT),)


def test_payments_follow_the_invoice_to_another_customer_and_to_another_copy() -> None:
    case = case_of(paid_by(), posted=(ours(customer=CustomerId("7"), invoice="99"),))
    assert payments(case) == (ChangePayment(TXN_ID, DRAFT),)


def test_a_move_goes_before_the_next_payment() -> None:
    rows = (paid_by("40", "t1"), paid_by("60", "t2"))
    forty = PostedPayment("t1", Money.of("40", "USD"), "900", moved(total=Money.of("40", "USD"), invoice=""))
    move, record = payments(case_of(*rows, posted=(forty,)))
    assert isinstance(move, ChangePayment)
    assert isinstance(record, RecordPayment)


def test_a_payment_that_a_person_deleted_does_not_come_back() -> None:
    case = case_of(paid_by(), posted=(DELETED,))
    assert payments(case) == ()
    assert plan_unlink(case) == ()


def test_unlinking_keeps_the_money_and_leaves_out_what_is_unlinked() -> None:
    failed, cash = paid_by(status="failed"), ours("recorded:1")
    case = case_of(failed, posted=(ours(), cash, ours("t9", invoice="")))
    assert plan_unlink(case) == (VoidPayment(TXN_ID), ChangePayment("recorded:1", moved(invoice="")))


@pytest.mark.parametrize(
    ("rows", "posted", "plan"),
    [
        ((), (ours(),), plan_unlink),
        ((paid_by(status="failed"),), (ours(),), plan_unlink),
        ((paid_by(status="failed"),), (ours(),), payments),
        ((paid_by(),), (ours(invoice=""),), payments),
    ],
)
def test_payments_of_a_closed_period_are_left_alone(rows: Any, posted: Any, plan: Any) -> None:
    case = case_of(*rows, posted=posted)
    closed = msgspec.structs.replace(case, company=company(books_closed=date(2026, 11, 19)))
    with pytest.raises(HeldError) as held:
        plan(closed)
    assert held.value.reason.code == "books_closed"
    assert "INV-1042" in held.value.reason.text


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        (payment_row("900", ("145", "100")), ""),
        (payment_row("900", invoices=()), ""),
        (payment_row("900", ("145", "100"), total=Decimal(90)), "its amount (90 instead of 100.00 USD)"),
        (payment_row("900", ("145", "100"), customer_id=CustomerId("8")), "its customer"),
        (payment_row("900", ("145", "60")), "the invoices it settles"),
        (payment_row("900", ("77", "100")), "the invoices it settles"),
    ],
)
def test_an_edit_by_hand_is_noticed(theirs: Any, words: str) -> None:
    assert edited(DRAFT, moved(invoice=""), theirs) == words
