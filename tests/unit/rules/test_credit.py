"""Money of an invoice that is void: whether it is seen before or after the void, it ends as the customer's credit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.money import Money
from avantto_qbo.model.steps import AdoptPayment, NeedCustomer, PostedPayment, RecordPayment, VoidInvoice, Wait
from avantto_qbo.rules.books.plan import plan_invoice
from unit.rules.cases import JANE, NOW, TXN_ID, code, held, invoice, invoice_case, item, paid_by, posted_case

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
