"""What is paid above an invoice's total: named money has a line, the rest is somebody's question."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec
import pytest

from avantto_qbo.model.avantto import Fee
from avantto_qbo.model.drafts import Role
from avantto_qbo.model.money import Money
from avantto_qbo.model.settings import Settings
from avantto_qbo.model.steps import CreateInvoice, CreateRefund, InvoiceCase, PostedPayment, UpdateInvoice, VoidPayment
from avantto_qbo.rules.books.plan import plan_invoice
from unit.rules.cases import TXN_ID, drafted, held, invoice, invoice_case, item, link, paid_by, posted_case
from unit.rules.test_fees import posted
from unit.rules.test_moves import ours

TIP: Final = Fee("Tip", Decimal(10))
CARD_FEE: Final = Fee("Card fee", Decimal(3))
PAID: Final[dict[str, Any]] = {"amount_due": Decimal(0), "tips": True}


def test_a_named_tip_is_the_whole_tip() -> None:
    assert posted(fees=(TIP,), amount_paid=Decimal(120), **PAID)[:2] == (Decimal(110), [("Tip", Decimal(10))])


def test_a_tip_without_a_name_comes_after_a_named_fee() -> None:
    extras = posted(fees=(CARD_FEE,), amount_paid=Decimal(113), **PAID)[1]
    assert extras == [("Card fee", Decimal(3)), ("Tip", Decimal(10))]


def test_less_than_a_named_fee_is_none_of_it() -> None:
    assert posted(fees=(CARD_FEE,), amount_due=Decimal(101), tips=True)[1] == []


def test_money_that_the_bank_took_back_goes_before_the_line_it_was_for() -> None:
    """The tip goes off the invoice with its payment: that is no edit below what was paid."""
    before = invoice(fees=(TIP,), amount_paid=Decimal(110), status="paid", **PAID)
    now = invoice(amount_paid=Decimal(0), tips=True)
    agreed, failed = drafted(invoice_case(before)), (paid_by("110", status="failed"),)
    case = posted_case(now, agreed=agreed, transactions=failed, posted=(ours(),))
    assert plan_invoice(case) == (VoidPayment(TXN_ID),)


def test_the_credit_of_a_void_invoice_is_voided_when_the_bank_takes_the_money_back() -> None:
    rows, credit = (paid_by(status="failed"),), (ours(invoice=""),)
    case = posted_case(invoice(status="void"), transactions=rows, posted=credit)
    case = msgspec.structs.replace(case, link=link(status="withdrawn"))
    assert plan_invoice(case) == (VoidPayment(TXN_ID),)


def paid_with_fee_outside(**changes: Any) -> InvoiceCase:
    """Half of 100 was paid by card; the fee of 3 stands in the charge alone."""
    document = invoice(fees=(CARD_FEE,), status="partially_paid", **{"amount_paid": Decimal(50), **changes})
    return invoice_case(msgspec.structs.replace(document, amount_due=Decimal(50)), transactions=(paid_by("53"),))


def extras_of(case: InvoiceCase) -> list[tuple[str, Decimal]]:
    (step,) = plan_invoice(case)
    assert isinstance(step, CreateInvoice), step
    return [(line.description, line.amount.amount) for line in step.draft.lines if line.role is Role.EXTRA]


def test_a_fee_that_only_the_charge_holds_is_a_line_from_the_first_part_payment() -> None:
    assert extras_of(paid_with_fee_outside()) == [("Card fee", Decimal(3))]


def test_a_fee_in_the_charge_beside_a_tip_in_what_was_paid() -> None:
    document = invoice(fees=(CARD_FEE,), status="paid", amount_paid=Decimal(110), **PAID)
    case = invoice_case(document, transactions=(paid_by("113"),))
    assert extras_of(case) == [("Card fee", Decimal(3)), ("Tip", Decimal(10))]


def test_a_fee_that_went_back_with_its_payment_is_not_received_again() -> None:
    gone = paid_by("103", amount_refunded=Decimal(103))
    document = invoice(fees=(CARD_FEE,), amount_paid=Decimal(0))
    before = invoice(fees=(CARD_FEE,), amount_paid=Decimal(103), amount_due=Decimal(0), status="paid")
    agreed = drafted(invoice_case(before))
    settings = Settings(refund_account="Checking")
    posted_payment = (PostedPayment(TXN_ID, Money.of(103, "USD"), "900"),)
    case = posted_case(document, agreed=agreed, transactions=(gone,), posted=posted_payment, settings=settings)
    (step,) = plan_invoice(case)
    assert isinstance(step, CreateRefund)
    assert step.draft.total == Money.of(103, "USD")


def test_a_fee_in_the_total_and_a_tip_on_top_of_it() -> None:
    fees = (CARD_FEE, TIP)
    assert posted(total=Decimal(103), fees=fees, amount_paid=Decimal(113), **PAID)[:2] == (
        Decimal(113),
        [("Card fee", Decimal(3)), ("Tip", Decimal(10))],
    )


def test_a_late_fee_in_the_total_and_a_card_fee_on_top_of_it() -> None:
    stated = {"late_fees": True, "fees": (CARD_FEE,), "amount_paid": Decimal(53), "amount_due": Decimal(55)}
    assert posted(total=Decimal(105), **stated)[:2] == (
        Decimal(108),
        [("Late fee", Decimal(5)), ("Card fee", Decimal(3))],
    )


def test_a_card_fee_in_the_total_and_a_late_fee_only_in_what_is_due() -> None:
    stated = {"late_fees": True, "fees": (CARD_FEE,), "amount_paid": Decimal(53), "amount_due": Decimal(55)}
    assert posted(total=Decimal(103), **stated)[:2] == (
        Decimal(108),
        [("Card fee", Decimal(3)), ("Late fee", Decimal(5))],
    )


def test_a_fee_is_found_whichever_way_the_items_were_rounded() -> None:
    items = (item(amount="0.335"), item(amount="0.335"))
    assert posted(items=items, total=Decimal("3.67"), fees=(CARD_FEE,))[1] == [("Card fee", Decimal(3))]


def test_money_paid_again_after_a_refund_is_no_tip() -> None:
    rows = (paid_by("100", amount_refunded=Decimal(30)), paid_by("30", "t2"))
    document = invoice(tips=True, amount_paid=Decimal(100), amount_due=Decimal(0), status="paid")
    ours_now = (PostedPayment(TXN_ID, Money.of(100, "USD"), "900"),)
    reason = held(plan_invoice(posted_case(document, transactions=rows, posted=ours_now)))
    assert reason.code == "overpaid"
    assert "paid again after a refund" in reason.text


def test_cash_paid_again_after_a_refund_is_no_payment_too_many() -> None:
    document = invoice(amount_paid=Decimal(80), amount_due=Decimal(20), status="partially_paid")
    rows = (paid_by("100", amount_refunded=Decimal(30)),)
    ours_now = (PostedPayment(TXN_ID, Money.of(100, "USD"), "900"),)
    reason = held(plan_invoice(posted_case(document, transactions=rows, posted=ours_now)))
    assert "paid again after a refund" in reason.text


LATER: Final[dict[str, Any]] = {"amount_due": Decimal(0), "status": "paid", "items": (item(amount="60"),)}


@pytest.mark.parametrize("switch", ["tips", "late_fees"])
@pytest.mark.parametrize("lowered_there", [False, True])
def test_what_a_lower_total_leaves_over_is_no_tip_and_no_late_fee(switch: str, lowered_there: bool) -> None:
    """Also once a person has lowered the payment in QuickBooks: Avantto says still that it was of 100."""
    now = invoice(amount_paid=Decimal(100), total=Decimal(60), subtotal=Decimal(60), **LATER, **{switch: True})
    mine = ours()
    posted_payment = msgspec.structs.replace(mine, amount=Money.of(60 if lowered_there else 100, "USD"))
    case = posted_case(now, before=invoice(**{switch: True}), transactions=(paid_by(),), posted=(posted_payment,))
    (step,) = plan_invoice(case)
    if lowered_there:
        assert isinstance(step, UpdateInvoice)
        assert step.draft.total == Money.of(60, "USD")
    else:
        assert held((step,)).code == "below_paid"


def test_a_tip_stays_a_tip_when_the_total_of_its_invoice_is_lowered_by_less_than_what_is_open() -> None:
    before = invoice(tips=True, amount_paid=Decimal(50), amount_due=Decimal(60), status="partially_paid")
    agreed = drafted(invoice_case(before, transactions=(paid_by("50"),)))
    now = invoice(tips=True, amount_paid=Decimal(50), amount_due=Decimal(20), total=Decimal(60), **_lower())
    mine = (PostedPayment(TXN_ID, Money.of(50, "USD"), "900", ours().draft),)
    (step,) = plan_invoice(posted_case(now, agreed=agreed, transactions=(paid_by("50"),), posted=mine))
    assert isinstance(step, UpdateInvoice)
    assert (step.draft.total, step.draft.lines[-1].description) == (Money.of(70, "USD"), "Tip")


def _lower() -> dict[str, Any]:
    return {"items": (item(amount="60"),), "subtotal": Decimal(60), "status": "partially_paid"}
