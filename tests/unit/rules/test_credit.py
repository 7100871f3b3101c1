"""Money of an invoice that is void: whether it is seen before or after the void, it ends as the customer's credit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec

from avantto_qbo.model.money import Money
from avantto_qbo.model.steps import NeedCustomer, PostedPayment, RecordPayment, VoidInvoice, Wait
from avantto_qbo.rules.books.plan import plan_invoice
from unit.rules.cases import JANE, NOW, TXN_ID, code, invoice, invoice_case, paid_by, posted_case

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
