"""Money of an invoice that is void: whether it is seen before or after the void, it ends as the customer's credit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.money import Money
from avantto_qbo.model.settings import Settings
from avantto_qbo.model.steps import (
    AdoptPayment,
    CreateRefund,
    NeedCustomer,
    PostedPayment,
    PostedRefund,
    RecordPayment,
    VoidInvoice,
    VoidPayment,
    Wait,
)
from avantto_qbo.rules.books.plan import plan_invoice
from unit.rules.cases import JANE, NOW, TXN_ID, code, held, invoice, invoice_case, item, paid_by, posted_case
from unit.rules.test_moves import ours

VOID = {"status": "void", "amount_paid": Decimal(100), "updated_at": NOW - timedelta(minutes=5)}
LONG_AGO = NOW - timedelta(hours=1)


def recorded(steps: tuple[Any, ...]) -> RecordPayment:
    (step,) = steps
    assert isinstance(step, RecordPayment), step
    assert step.draft.invoice == ""
    return step


def test_a_payment_seen_after_the_void_is_recorded_on_no_invoice_before_it_is_voided() -> None:
    case = posted_case(invoice(**VOID), before=invoice(), transactions=(paid_by("100"),))
    step = recorded(plan_invoice(case))
    assert (step.part, step.draft.total, step.draft.customer) == (TXN_ID, Money.of(100, "USD"), "20")
    done = PostedPayment(TXN_ID, step.draft.total, "900", step.draft)
    assert plan_invoice(msgspec.structs.replace(case, posted=(done,))) == (VoidInvoice(),)


def test_cash_of_a_void_invoice_is_recorded_once_a_late_transaction_had_its_chance() -> None:
    case = posted_case(invoice(**VOID), before=invoice())
    (wait,) = plan_invoice(msgspec.structs.replace(case, now=VOID["updated_at"]))
    assert isinstance(wait, Wait)
    step = recorded(plan_invoice(msgspec.structs.replace(case, first_seen_unmatched=LONG_AGO)))
    assert step.part == "recorded:1"


def test_an_invoice_void_before_it_was_posted_stays_out_but_its_money_does_not() -> None:
    case = invoice_case(invoice(**VOID), transactions=(paid_by("100"),))
    step = recorded(plan_invoice(case))
    assert plan_invoice(msgspec.structs.replace(case, customer=None)) == (NeedCustomer(JANE),)
    done = PostedPayment(TXN_ID, step.draft.total, "900", step.draft)
    assert code(plan_invoice(msgspec.structs.replace(case, posted=(done,)))) == ("Ignore", "never_posted")


def test_money_of_an_invoice_we_took_back_counts_though_a_wrong_clock_dates_it_before_the_cut_off() -> None:
    """Once Avantto has deleted it, only the link says when it was made, by our own clock."""
    before = invoice()
    gone = invoice(status="deleted", created_at=NOW - timedelta(days=400))
    case = msgspec.structs.replace(posted_case(before, transactions=(paid_by("100"),)), invoice=gone, deleted=True)
    assert case.link is not None
    withdrawn = msgspec.structs.replace(case.link, status="withdrawn")
    step = recorded(plan_invoice(msgspec.structs.replace(case, link=withdrawn)))
    assert step.part == TXN_ID
    never = msgspec.structs.replace(case, link=None, agreed=None)
    assert code(plan_invoice(never)) == ("Ignore", "before_cut_off")


def test_what_went_back_in_full_never_came() -> None:
    back = paid_by("100", amount_refunded=Decimal(100))
    case = invoice_case(invoice(**VOID), transactions=(back,))
    assert code(plan_invoice(case)) == ("Ignore", "never_posted")


def test_more_than_the_total_is_credit_too() -> None:
    case = posted_case(
        invoice(**{**VOID, "amount_paid": Decimal(120)}), before=invoice(), transactions=(paid_by("120"),)
    )
    assert recorded(plan_invoice(case)).draft.total == Money.of(120, "USD")


def with_cash_recorded(amount: str = "100", **changes: Any) -> Any:
    """A void invoice whose money was recorded as cash before anybody knew of a transaction."""
    case = invoice_case(invoice(**VOID), first_seen_unmatched=LONG_AGO)
    step = recorded(plan_invoice(case))
    assert step.draft.total == Money.of(100, "USD")
    done = PostedPayment(step.part, Money.of(amount, "USD"), "900", step.draft)
    return msgspec.structs.replace(case, posted=(done,), **changes)


@pytest.mark.parametrize("back", ["0", "8.22"])
def test_a_late_transaction_that_the_recorded_cash_may_contain_is_a_question(back: str) -> None:
    row = paid_by("8.22", amount_refunded=Decimal(back))
    reason = held(plan_invoice(with_cash_recorded(transactions=(row,))))
    assert reason.code == "paid_less"
    assert f"payment {TXN_ID} of 8.22" in reason.text


def test_once_a_person_lowered_the_recorded_cash_the_late_transaction_is_credit_beside_it() -> None:
    case = with_cash_recorded("91.78", transactions=(paid_by("8.22"),))
    assert recorded(plan_invoice(case)).draft.total == Money.of("8.22", "USD")


def test_once_a_person_lowered_the_recorded_cash_what_went_back_of_it_stays_out() -> None:
    case = with_cash_recorded("91.78", transactions=(paid_by("8.22", amount_refunded=Decimal("8.22")),))
    assert code(plan_invoice(case)) == ("Ignore", "never_posted")


def test_a_late_transaction_that_went_back_in_full_takes_the_place_of_its_cash_and_is_a_question() -> None:
    case = with_cash_recorded(transactions=(paid_by("100", amount_refunded=Decimal(100)),))
    assert plan_invoice(case) == (AdoptPayment("recorded:1", TXN_ID),)
    (cash,) = case.posted
    adopted = msgspec.structs.replace(cash, part=TXN_ID)
    assert held(plan_invoice(msgspec.structs.replace(case, posted=(adopted,)))).code == "refund_of_credit"


def test_cash_beside_a_late_transaction_that_went_back_in_full_stays_as_it_is() -> None:
    rows = (paid_by("50", amount_refunded=Decimal(50)),)
    assert code(plan_invoice(with_cash_recorded("50", transactions=rows))) == ("Ignore", "never_posted")


def test_of_two_late_transactions_one_takes_the_place_of_the_cash_and_the_other_had_room() -> None:
    rows = paid_by("60"), paid_by("40", "65a1b2c3d4e5f60718293a4c")
    case = with_cash_recorded("60", transactions=rows)
    assert plan_invoice(case)[0] == AdoptPayment("recorded:1", TXN_ID)


def test_cash_beside_a_refund_is_recorded_where_the_total_leaves_one_reading() -> None:
    back = paid_by("30", amount_refunded=Decimal(30))
    case = invoice_case(invoice(**VOID), transactions=(back,), first_seen_unmatched=LONG_AGO)
    assert recorded(plan_invoice(case)).draft.total == Money.of(70, "USD")


def test_cash_beside_a_refund_is_a_question_where_the_sum_paid_has_two_readings() -> None:
    back, document = paid_by("30", amount_refunded=Decimal(30)), invoice(item(amount="200"), **VOID)
    case = invoice_case(document, transactions=(back,), first_seen_unmatched=LONG_AGO)
    assert held(plan_invoice(case)).code == "refund_remainder"


def test_what_went_back_in_full_is_no_cash_where_it_was_taken_off_the_sum() -> None:
    back = paid_by("100", amount_refunded=Decimal(100))
    lowered = invoice(**{**VOID, "amount_paid": Decimal(0)})
    assert code(plan_invoice(invoice_case(lowered, transactions=(back,)))) == ("Ignore", "never_posted")


def test_cash_beside_a_debit_that_came_after_the_void_is_a_question() -> None:
    """The debit of 60 is not in the 40 that were paid by then: nothing else says that cash was."""
    document = invoice(**{**VOID, "amount_paid": Decimal(40)})
    debit = PostedPayment(TXN_ID, Money.of(60, "USD"), "900")
    reason = held(plan_invoice(posted_case(document, before=invoice(), transactions=(paid_by("60"),), posted=(debit,))))
    assert reason.code == "paid_less"
    assert "amountPaid of 40.00 USD" in reason.text


@pytest.mark.parametrize("amount_paid", ["0", "40", "60", "100"])
def test_debits_that_came_after_the_void_are_no_question_where_they_leave_nothing_open(amount_paid: str) -> None:
    rows = paid_by("60"), paid_by("40", "65a1b2c3d4e5f60718293a4c")
    done = tuple(PostedPayment(row.id, Money.of(row.amount, "USD"), "900") for row in rows)
    document = invoice(**{**VOID, "amount_paid": Decimal(amount_paid)})
    assert plan_invoice(posted_case(document, before=invoice(), transactions=rows, posted=done)) == (VoidInvoice(),)


def test_cash_that_avantto_does_not_count_any_more_is_a_question_also_after_the_void() -> None:
    gone = invoice(**{**VOID, "amount_paid": Decimal(0)})
    case = with_cash_recorded(invoice=gone, transactions=(paid_by(status="failed"),))
    assert held(plan_invoice(case)).code == "paid_less"
    deleted = msgspec.structs.replace(case, deleted=True)  # then nothing says what was paid
    assert code(plan_invoice(deleted)) == ("Ignore", "never_posted")


def test_what_the_bank_took_back_makes_way_before_late_money_of_a_void_invoice_is_weighed() -> None:
    case = with_cash_recorded("30", transactions=(paid_by("50", "t1", status="failed"), paid_by("25", "t2")))
    cash, draft = case.posted[0], case.posted[0].draft
    failed = PostedPayment("t1", Money.of(50, "USD"), "901", draft)
    document = invoice(**{**VOID, "amount_paid": Decimal(55)})
    case = posted_case(document, before=invoice(), transactions=case.transactions, posted=(cash, failed))
    assert plan_invoice(case) == (VoidPayment("t1"),)
    assert recorded(plan_invoice(msgspec.structs.replace(case, posted=(cash,)))).part == "t2"


@pytest.mark.parametrize("amount_paid", ["100", "200"])
def test_money_beside_a_sale_that_was_refunded_in_full_is_credit_too(amount_paid: str) -> None:
    """Paid again after a refund, and then voided: the refund receipt has taken the sale back once already."""
    rows = paid_by("100", amount_refunded=Decimal(100)), paid_by("100", "65a1b2c3d4e5f60718293a4c")
    back = PostedRefund(TXN_ID, Money.of(100, "USD"), "950")
    document = invoice(**{**VOID, "amount_paid": Decimal(amount_paid)})
    case = posted_case(document, before=invoice(), transactions=rows, posted=(ours(),), refunds=(back,))
    settings = Settings(refund_account="Checking")
    (first,) = plan_invoice(msgspec.structs.replace(case, refunds=(), settings=settings))
    assert isinstance(first, CreateRefund)
    step = recorded(plan_invoice(case))
    assert (step.part, step.draft.total) == (rows[1].id, Money.of(100, "USD"))
    second = PostedPayment(rows[1].id, step.draft.total, "901", step.draft)
    done = msgspec.structs.replace(case, posted=(ours(), second))
    assert code(plan_invoice(done)) == ("Ignore", "refunded_in_full")
