"""Payments of invoices once they are posted: debits called back, cash, fees, voids, other customers, edits by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from avantto_qbo.actors.recording import record
from avantto_qbo.model.operation import Reason, State
from avantto_qbo.rules.settle import Verdict
from stage import ALWAYS, PLACE, Killed, Stage
from unit.actors.money_scenes import balance, news, paid, payments, sent
from unit.actors.scenes import REFUSAL, books_fault, the_only
from virtual_clock import VirtualClock

INACTIVE = '{"Fault": {"Error": [{"Message": "Invalid Reference Id", "code": "2500"}], "type": "ValidationFault"}}'
BEA = {"name": "Bea Ono", "email": "bea@example.com", "phone": "+12125550177"}


async def let_go(stage: Stage) -> None:
    """What `retry` does for a document that was held before anything was sent."""
    op, now = await the_only(stage, State.HELD), stage.clock.now()
    verdict = Verdict((State.SKIPPED,), Reason("retried", "by test"))
    await stage.journal.write(lambda db: record(db, op, verdict, now, fingerprints=stage.house.fingerprints))
    await stage.work_off()


# -- bank debits -------------------------------------------------------------------------------------------------------


async def test_a_bank_debit_is_posted_once_it_succeeds(stage: Stage) -> None:
    invoice = await sent(stage)
    pending = stage.crm.play.start_processing(PLACE, invoice, mode="ach")["transaction"]["_id"]
    await news(stage, invoice)
    assert payments(stage) == []
    stage.crm.play.settle_transaction(PLACE, pending)
    await news(stage, invoice)
    assert (payments(stage), balance(stage)) == ([(100, 0)], 0)


async def test_a_debit_that_succeeds_after_its_invoice_was_deleted_stays_the_customers_credit(stage: Stage) -> None:
    invoice = await sent(stage)
    pending = stage.crm.play.start_processing(PLACE, invoice, mode="ach")["transaction"]["_id"]
    await news(stage, invoice)
    stage.crm.play.delete_invoice(PLACE, invoice)
    await news(stage, invoice)
    stage.crm.play.settle_transaction(PLACE, pending)
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off()
    [payment] = stage.in_books("Payment")
    assert (payment["TotalAmt"], payment["UnappliedAmt"], payment["CustomerRef"]["name"]) == (100, 100, "Ann Lee")
    assert not await stage.held()


async def test_a_late_transaction_takes_the_place_of_recorded_money_also_after_a_void(stage: Stage) -> None:
    invoice = await sent(stage)
    stage.crm.play.pay_invoice(PLACE, invoice, mode="cash")
    await news(stage, invoice)
    stage.crm.play.void_invoice(PLACE, invoice)
    await news(stage, invoice)
    stage.crm.play.add_late_transaction(PLACE, invoice)
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off()
    assert (payments(stage), await stage.held()) == ([(100, 100)], [])


class Behind:
    """A wall clock that somebody set back by an hour."""

    def __init__(self, true: VirtualClock) -> None:
        self._true = true

    def now(self) -> datetime:
        return self._true.now() - timedelta(hours=1)

    async def sleep(self, seconds: float) -> None:
        await self._true.sleep(seconds)


async def test_a_refund_is_seen_also_by_a_clock_that_was_set_back(stage: Stage) -> None:
    stage.crm.play.set(PLACE, invoice_link="order")
    invoice = await sent(stage)
    await stage.clock.sleep(7200)
    object.__setattr__(stage.house, "clock", Behind(stage.clock))
    charge = stage.crm.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off()
    stage.crm.play.refund(PLACE, charge, 40)
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off()
    assert await stage.held() == ["refund_account"]  # it is known, and needs an account


@pytest.mark.parametrize(("body", "code"), [(INACTIVE, "refused.2500"), (REFUSAL, "refused.6000")])
async def test_credit_that_is_refused_is_shown(stage: Stage, body: str, code: str) -> None:
    invoice = await sent(stage)
    pending = stage.crm.play.start_processing(PLACE, invoice, mode="ach")["transaction"]["_id"]
    await news(stage, invoice)
    stage.crm.play.delete_invoice(PLACE, invoice)
    await news(stage, invoice)
    stage.crm.play.settle_transaction(PLACE, pending)
    books_fault(stage, "^payment.create$", action="status", status=400, body=body, times=0)
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off()
    assert (await stage.held(), stage.asked("invoice.read")) == ([code], 0)


async def test_money_for_an_invoice_that_was_deleted_before_it_was_posted_is_shown(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice)
    stage.crm.play.delete_invoice(PLACE, invoice)
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off()
    assert await stage.held() == ["payment_of_deleted"]
    assert not stage.in_books("Payment")


async def test_money_that_went_back_before_its_invoice_was_deleted_is_not_asked_about(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    charge = stage.crm.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    stage.crm.play.refund(PLACE, charge)
    stage.crm.play.delete_invoice(PLACE, invoice)
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off()
    assert not await stage.held()


async def test_a_refund_of_money_whose_invoice_was_void_before_it_was_posted_is_shown(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    charge = stage.crm.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    stage.crm.play.refund(PLACE, charge, 40)
    stage.crm.play.void_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert (payments(stage), await stage.held()) == ([(100, 100)], ["refund_of_credit"])


async def test_a_bank_debit_that_fails_posts_nothing(stage: Stage) -> None:
    invoice = await sent(stage)
    pending = stage.crm.play.start_processing(PLACE, invoice, mode="ach")["transaction"]["_id"]
    await news(stage, invoice)
    stage.crm.play.settle_transaction(PLACE, pending, "failed")
    await news(stage, invoice)
    assert (payments(stage), balance(stage)) == ([], 100)
    assert not await stage.held()


async def test_a_bank_debit_called_back_is_voided_and_the_invoice_open_again(stage: Stage) -> None:
    invoice, transaction = await paid(stage, mode="ach")
    stage.crm.play.settle_transaction(PLACE, transaction, "failed")
    await news(stage, invoice)
    assert (payments(stage), balance(stage)) == ([(0, 0)], 100)
    stage.crm.play.pay_invoice(PLACE, invoice)
    await news(stage, invoice)
    assert (payments(stage), balance(stage)) == ([(0, 0), (100, 0)], 0)
    assert not await stage.held()


async def test_a_debit_called_back_is_seen_by_the_poll_of_payments(stage: Stage) -> None:
    _, transaction = await paid(stage, mode="ach")
    stage.crm.play.settle_transaction(PLACE, transaction, "failed")
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off()
    assert payments(stage) == [(0, 0)]


async def test_the_void_of_a_payment_whose_answer_was_lost_is_not_repeated_blindly(stage: Stage) -> None:
    invoice, transaction = await paid(stage, mode="ach")
    stage.crm.play.settle_transaction(PLACE, transaction, "failed")
    books_fault(stage, "payment.void", action="lost_after")
    await news(stage, invoice)
    assert payments(stage) == [(0, 0)]
    assert not await stage.held()
    link = await stage.link("payment", invoice, transaction)
    assert link is not None
    assert link.status == "withdrawn"


# -- money by hand -----------------------------------------------------------------------------------------------------


async def test_cash_is_recorded_and_a_late_transaction_takes_its_place(stage: Stage) -> None:
    invoice = await sent(stage)
    stage.crm.play.pay_invoice(PLACE, invoice, mode="cash")
    await news(stage, invoice)
    assert payments(stage) == [(100, 0)]
    late = stage.crm.play.add_late_transaction(PLACE, invoice, mode="cash")["_id"]
    await news(stage, invoice)
    assert payments(stage) == [(100, 0)]
    assert await stage.link("payment", invoice, late) is not None
    assert await stage.link("payment", invoice, "recorded:1") is None


@pytest.mark.parametrize("where", ["paid", "total", "charge"])
async def test_a_processing_fee_is_a_line_of_its_own_and_paid(stage: Stage, where: str) -> None:
    stage.crm.play.set(PLACE, processing_fee_in=where)
    invoice = await sent(stage, processing_fees=[{"charge": 3, "type": "percentage"}])
    stage.crm.play.pay_invoice(PLACE, invoice)
    await news(stage, invoice)
    assert (payments(stage), balance(stage)) == ([(103, 0)], 0)
    assert [row["TotalAmt"] for row in stage.in_books("Invoice")] == [103]


async def test_recorded_money_and_cards_may_go_to_accounts_of_their_own() -> None:
    table = {"recorded": "Checking", "stripe": "Savings"}
    stage = Stage(settings=msgspec.structs.replace(ALWAYS, deposit_accounts=table))
    await stage.open()
    invoice = await sent(stage)
    for how in ({"amount": 60}, {"mode": "cash"}):
        stage.crm.play.pay_invoice(PLACE, invoice, **how)
        await news(stage, invoice)
    names = {account["Id"]: account["Name"] for account in stage.in_books("Account")}
    found = {row["TotalAmt"]: names[row["DepositToAccountRef"]["value"]] for row in stage.in_books("Payment")}
    assert found == {Decimal(60): "Savings", Decimal(40): "Checking"}


@pytest.mark.parametrize("lowers", [False, True])
async def test_paid_twice_is_a_question_until_one_of_the_two_goes_back(stage: Stage, lowers: bool) -> None:
    stage.crm.play.set(PLACE, refund_lowers_paid=lowers)
    invoice, _ = await paid(stage)
    second = stage.crm.play.pay_invoice(PLACE, invoice, amount=100)["transaction"]["_id"]
    await news(stage, invoice)
    assert await stage.held() == ["paid_twice"]
    stage.crm.play.refund(PLACE, second)
    await stage.pollers.run(PLACE, "payments")
    await news(stage, invoice)
    assert not await stage.held()
    assert (payments(stage), balance(stage), stage.in_books("RefundReceipt")) == ([(100, 0)], 0, [])


async def test_an_excess_nobody_named_is_a_question_with_both_sums(stage: Stage) -> None:
    invoice = await sent(stage)
    stage.crm.play.pay_invoice(PLACE, invoice, amount=110)
    await news(stage, invoice)
    held = await the_only(stage, State.HELD)
    assert held.reason is not None
    assert held.reason.code == "overpaid"
    assert "110.00 USD" in held.reason.text
    assert "100.00 USD" in held.reason.text
    assert payments(stage) == []


# -- taken off the invoice ---------------------------------------------------------------------------------------------


async def test_a_void_of_a_paid_invoice_leaves_the_money_as_the_customer_s_credit(stage: Stage) -> None:
    invoice, transaction = await paid(stage)
    stage.crm.play.void_invoice(PLACE, invoice)
    await news(stage, invoice)
    [copy] = stage.in_books("Invoice")
    assert (copy["TotalAmt"], payments(stage)) == (0, [(100, 100)])
    assert not await stage.held()
    link = await stage.link("payment", invoice, transaction)
    assert link is not None
    assert link.status == "live"


async def test_payments_follow_their_invoice_to_another_customer(stage: Stage) -> None:
    invoice, _ = await paid(stage)
    stage.crm.play.edit_invoice(PLACE, invoice, contact=BEA)
    await news(stage, invoice)
    [copy], [payment] = stage.in_books("Invoice"), stage.in_books("Payment")
    assert copy["CustomerRef"] == payment["CustomerRef"]
    assert copy["CustomerRef"]["name"] == "Bea Ono"
    assert (payments(stage), balance(stage)) == ([(100, 0)], 0)


@pytest.mark.parametrize("crash", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 9))
async def test_a_kill_between_the_steps_of_a_void_ends_the_same(stage: Stage, crash: str, at: int) -> None:
    invoice, _ = await paid(stage)
    stage.crm.play.void_invoice(PLACE, invoice)
    left = [at]

    def die() -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    setattr(stage.journal, crash, die)
    try:
        await news(stage, invoice)
    except Killed:
        await stage.restart()
    stage.journal.before = stage.journal.after = lambda: None
    await stage.work_off(within=timedelta(hours=4))
    await news(stage, invoice)
    [copy] = stage.in_books("Invoice")
    assert (copy["TotalAmt"], payments(stage)) == (0, [(100, 100)])
    assert not await stage.held()


async def test_a_lost_answer_to_unlinking_is_told_by_what_the_payment_settles_now(stage: Stage) -> None:
    invoice, _ = await paid(stage)
    books_fault(stage, "payment.update", action="lost_after")
    stage.crm.play.void_invoice(PLACE, invoice)
    await news(stage, invoice)
    assert payments(stage) == [(100, 100)]
    assert not await stage.held()
