"""Money that goes back: refunds of sales and of invoices' payments."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from avantto_qbo.actors.recording import record
from avantto_qbo.model.operation import Reason, State
from avantto_qbo.model.records import Topic
from avantto_qbo.model.settings import OnOff
from avantto_qbo.rules.settle import Verdict
from stage import ALWAYS, ANN, PLACE, REALM, Killed, Stage
from unit.actors.money_scenes import hear, news, sent, sold
from unit.actors.scenes import books_fault, resend, sell, the_only

TAXED = [{"name": "Kit", "amount": 99, "taxes": [{"name": "State", "rate": "8.25"}]}]


@pytest.fixture
async def stage() -> Stage:
    """The company has two bank accounts, so refunds need to be told which one they leave from."""
    made = Stage(settings=msgspec.structs.replace(ALWAYS, refund_account="Checking"))
    await made.open()
    return made


async def give_back(stage: Stage, transaction: str, amount: int | None = None) -> None:
    stage.crm.play.refund(PLACE, transaction, amount)
    await stage.tell(Topic.TRANSACTION, transaction)
    await stage.work_off()
    await stage.clock.sleep(60)


async def paid_in_parts(stage: Stage, *amounts: int) -> tuple[str, list[str]]:
    """An invoice over 100 with its payments in the books; returns their transactions."""
    invoice = await sent(stage)
    rows = []
    for amount in amounts:
        rows.append(stage.crm.play.pay_invoice(PLACE, invoice, amount=amount)["transaction"]["_id"])
        await news(stage, invoice)
    return invoice, rows


def totals(stage: Stage, entity: str = "RefundReceipt") -> list[Decimal]:
    return [row["TotalAmt"] for row in stage.in_books(entity)]


async def flags(stage: Stage) -> int:
    return sum(line.event == "flag.refunded" for line in await stage.activity())


async def test_a_full_refund_of_a_sale_is_one_refund_receipt(stage: Stage) -> None:
    transaction = await sold(stage)
    await give_back(stage, transaction)
    [refund] = stage.in_books("RefundReceipt")
    [receipt] = stage.in_books("SalesReceipt")
    assert (refund["TotalAmt"], receipt["TotalAmt"]) == (99, 99)
    assert refund["PrivateNote"] == f"Avantto refund {transaction} · 99.00 USD"
    assert refund["CustomerRef"]["value"] == receipt["CustomerRef"]["value"]
    assert refund["DepositToAccountRef"]
    assert refund["PaymentRefNum"] == receipt["PaymentRefNum"]
    assert await flags(stage) == 1
    await stage.tell(Topic.TRANSACTION, transaction)
    await stage.work_off()
    assert len(stage.in_books("RefundReceipt")) == 1


async def test_every_further_refund_is_one_of_the_difference(stage: Stage) -> None:
    transaction = await sold(stage)
    for amount in (30, 45, 24):
        await give_back(stage, transaction, amount)
    assert sorted(totals(stage)) == [24, 30, 45]
    numbers = {row["DocNumber"] for row in stage.in_books("RefundReceipt")}
    assert len(numbers) == 3
    link = await stage.link("refund", transaction, "9900")
    assert link is not None
    assert link.entity == "RefundReceipt"


async def test_the_tax_goes_back_with_its_sale(stage: Stage) -> None:
    transaction = stage.crm.play.sell_order_form(PLACE, ANN, TAXED)["transaction"]["_id"]
    await stage.tell(Topic.TRANSACTION, transaction)
    await stage.work_off()
    await stage.clock.sleep(60)
    [receipt] = stage.in_books("SalesReceipt")
    for amount in (50, None):
        await give_back(stage, transaction, amount)
    refunds = stage.in_books("RefundReceipt")
    assert sum(row["TotalAmt"] for row in refunds) == receipt["TotalAmt"]
    taxes = sum(row["TxnTaxDetail"]["TotalTax"] for row in refunds)
    assert taxes == receipt["TxnTaxDetail"]["TotalTax"]


async def test_a_sale_refunded_before_it_was_seen_is_posted_and_then_refunded(stage: Stage) -> None:
    transaction = await sell(stage)
    stage.crm.play.refund(PLACE, transaction)
    await stage.work_off()
    assert (totals(stage, "SalesReceipt"), totals(stage)) == ([99], [99])


async def test_refunds_off_is_respected() -> None:
    stage = Stage(settings=msgspec.structs.replace(ALWAYS, refunds=OnOff.OFF))
    await stage.open()
    await give_back(stage, await sold(stage))
    assert not stage.in_books("RefundReceipt")
    assert not await stage.held()


@pytest.mark.parametrize("lowers", [False, True])
async def test_a_refund_of_an_invoice_s_payment_leaves_the_invoice_paid(stage: Stage, lowers: bool) -> None:
    stage.crm.play.set(PLACE, refund_lowers_paid=lowers)
    _, [transaction] = await paid_in_parts(stage, 100)
    for amount in (30, None):
        stage.crm.play.refund(PLACE, transaction, amount)
        await stage.pollers.run(PLACE, "payments")
        await stage.work_off()
        await stage.clock.sleep(60)
    [copy] = stage.in_books("Invoice")
    assert (copy["TotalAmt"], copy["Balance"]) == (100, 0)
    assert (totals(stage, "Payment"), sorted(totals(stage))) == ([100], [30, 70])
    assert await flags(stage) == 2
    assert not await stage.held()


@pytest.mark.parametrize("lowers", [False, True])
async def test_refunds_of_two_payments_and_cash_beside_them(stage: Stage, lowers: bool) -> None:
    stage.crm.play.set(PLACE, refund_lowers_paid=lowers)
    invoice, [first, second] = await paid_in_parts(stage, 33, 47)
    stage.crm.play.pay_invoice(PLACE, invoice, mode="cash")
    await stage.mirror(invoice)
    await stage.clock.sleep(60)
    for transaction in (first, second):
        stage.crm.play.refund(PLACE, transaction)
    await stage.mirror(invoice)
    assert (sorted(totals(stage, "Payment")), sorted(totals(stage))) == ([20, 33, 47], [33, 47])
    assert not await stage.held()


async def test_a_refund_with_nowhere_to_leave_from_waits_for_the_setting() -> None:
    stage = Stage()
    await stage.open()
    await give_back(stage, await sold(stage))
    assert await stage.held() == ["refund_account"]


async def test_a_refund_whose_answer_was_lost_is_found_by_its_number(stage: Stage) -> None:
    transaction = await sold(stage)
    books_fault(stage, "refundreceipt.create", action="lost_after")
    await give_back(stage, transaction)
    assert totals(stage) == [99]
    assert not await stage.held()
    assert await stage.link("refund", transaction, "9900") is not None


async def test_a_refund_that_never_arrived_is_asked_about_and_sent_again(stage: Stage) -> None:
    transaction = await sold(stage)
    books_fault(stage, "refundreceipt.create", action="reset_before")
    await give_back(stage, transaction)
    assert await stage.held() == ["doubt_unresolved"]
    await resend(stage, (await the_only(stage, State.HELD)).id)
    assert totals(stage) == [99]


async def test_a_refund_s_number_that_is_taken_gets_a_variant(stage: Stage) -> None:
    transaction = await sold(stage)
    taken = '{"Fault":{"Error":[{"code":"6140","Message":"Duplicate Document Number Error"}],"type":"ValidationFault"}}'
    books_fault(stage, "refundreceipt.create", action="status", status=400, body=taken)
    await give_back(stage, transaction)
    assert totals(stage) == [99]


@pytest.mark.parametrize("crash", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 6))
async def test_a_kill_between_the_steps_of_a_refund_makes_no_second_one(stage: Stage, crash: str, at: int) -> None:
    transaction = await sold(stage)
    stage.crm.play.refund(PLACE, transaction)
    await stage.tell(Topic.TRANSACTION, transaction)
    left = [at]

    def die() -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    setattr(stage.journal, crash, die)
    try:
        await stage.work_off()
    except Killed:
        await stage.restart()
    stage.journal.before = stage.journal.after = lambda: None
    await stage.work_off()
    assert totals(stage) == [99] or await stage.held() == ["doubt_unresolved"]
    assert len(stage.in_books("RefundReceipt")) <= 1


async def test_a_transaction_older_than_the_hold_that_turns_up_late_frees_it(stage: Stage) -> None:
    """Two readings of a refund disagree about a remainder, until its own transaction explains it."""
    stage.crm.play.set(PLACE, invoice_link="order")
    invoice = await sent(stage)
    first = stage.crm.play.pay_invoice(PLACE, invoice, amount=50)["transaction"]["_id"]
    await hear(stage, first)
    await news(stage, invoice)
    stage.crm.play.refund(PLACE, first, 10)
    await hear(stage, first)
    second = stage.crm.play.pay_invoice(PLACE, invoice, amount=30)["transaction"]["_id"]
    await news(stage, invoice)
    assert await stage.held() == ["refund_remainder"]
    await hear(stage, second)
    assert await stage.held() == []
    assert sorted(row["TotalAmt"] for row in stage.in_books("Payment")) == [30, 50]


async def test_a_sale_that_queries_do_not_show_yet_is_not_taken_for_deleted(stage: Stage) -> None:
    stage.books.play.set(REALM, query_lag=60.0)
    transaction = await sold(stage)
    await give_back(stage, transaction)
    assert (len(stage.in_books("RefundReceipt")), await stage.held()) == (1, [])


@pytest.mark.parametrize("act", ["void", "delete"])
async def test_a_sale_that_a_person_took_out_is_not_taken_back_twice(stage: Stage, act: str) -> None:
    transaction = await sold(stage)
    [receipt] = stage.in_books("SalesReceipt")
    getattr(stage.books.play, act)(REALM, "SalesReceipt", {"Id": receipt["Id"]})
    await give_back(stage, transaction)
    assert stage.in_books("RefundReceipt") == []
    assert await stage.held() == ["refund_of_gone"]
    stage.books.play.restore(REALM, "SalesReceipt", receipt["Id"])
    await stage.clock.sleep(60)
    await tried_again(stage, transaction)
    assert await stage.held() == []
    assert totals(stage) == [99]


async def tried_again(stage: Stage, transaction: str) -> None:
    """What `retry` does for the one held operation."""
    held = await the_only(stage, State.HELD)
    verdict = Verdict((State.SKIPPED,), Reason("retried", "by test"))
    now = stage.clock.now()
    await stage.journal.write(lambda db: record(db, held, verdict, now, fingerprints=stage.house.fingerprints))
    await stage.tell(Topic.TRANSACTION, transaction)
    await stage.work_off()
