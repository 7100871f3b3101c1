"""Payments a person touched, changed, deposited, voided or deleted in QuickBooks before we had to change them."""

from __future__ import annotations

from avantto_qbo.model.operation import State
from stage import PLACE, REALM, Stage
from unit.actors.money_scenes import balance, news, paid, payments, sent
from unit.actors.scenes import books_fault, the_only
from unit.actors.test_payment_changes import let_go

DEPOSITED = (
    '{"Fault":{"Error":[{"code":"6540","Message":"Deposited Transaction cannot be changed"}],"type":"ValidationFault"}}'
)


async def test_a_payment_that_was_touched_but_not_changed_is_read_again_and_moved(stage: Stage) -> None:
    invoice, _ = await paid(stage)
    [payment] = stage.in_books("Payment")
    stage.books.play.update(REALM, "Payment", {"Id": payment["Id"], "PrivateNote": payment["PrivateNote"] + " seen"})
    stage.crm.play.void_invoice(PLACE, invoice)
    await news(stage, invoice)
    assert payments(stage) == [(100, 100)]
    assert stage.asked("payment.read") == 1


async def test_a_payment_whose_amount_a_person_changed_is_theirs(stage: Stage) -> None:
    invoice, _ = await paid(stage)
    [payment] = stage.in_books("Payment")
    stage.books.play.update(REALM, "Payment", {"Id": payment["Id"], "TotalAmt": 90, "Line": []})
    stage.crm.play.void_invoice(PLACE, invoice)
    await news(stage, invoice)
    assert await stage.held() == ["payment_edited"]
    held = await the_only(stage, State.HELD)
    assert held.reason is not None
    assert "90" in held.reason.text


async def test_a_deposited_payment_is_held_in_words_and_goes_on_once_it_is_free(stage: Stage) -> None:
    invoice, _ = await paid(stage)
    [payment] = stage.in_books("Payment")
    books_fault(stage, "payment.update", action="status", status=400, body=DEPOSITED)
    stage.crm.play.void_invoice(PLACE, invoice)
    await news(stage, invoice)
    assert await stage.held() == ["payment_deposited"]
    held = await the_only(stage, State.HELD)
    assert held.reason is not None
    assert "bank deposit" in held.reason.text
    assert payments(stage) == [(payment["TotalAmt"], 0)]


async def test_a_called_back_payment_that_a_person_voided_first_is_left_alone(stage: Stage) -> None:
    invoice, transaction = await paid(stage, mode="ach")
    [payment] = stage.in_books("Payment")
    stage.books.play.void(REALM, "Payment", {"Id": payment["Id"]})
    stage.crm.play.settle_transaction(PLACE, transaction, "failed")
    await news(stage, invoice)
    assert payments(stage) == [(0, 0)]
    assert not await stage.held()


async def test_a_called_back_payment_that_a_person_deleted_first_is_left_alone(stage: Stage) -> None:
    invoice, transaction = await paid(stage, mode="ach")
    [payment] = stage.in_books("Payment")
    stage.books.play.delete(REALM, "Payment", {"Id": payment["Id"]})
    stage.crm.play.settle_transaction(PLACE, transaction, "failed")
    await news(stage, invoice)
    assert payments(stage) == []
    assert not await stage.held()


async def test_cash_that_is_gone_in_avantto_and_was_deleted_in_the_books_never_was(stage: Stage) -> None:
    invoice = await sent(stage)
    stage.crm.play.pay_invoice(PLACE, invoice, mode="cash")
    await news(stage, invoice)
    stage.crm.play.settle_transaction(PLACE, stage.crm.play.add_late_transaction(PLACE, invoice)["_id"], "failed")
    await news(stage, invoice)
    assert await stage.held() == ["paid_less"]
    stage.books.play.delete(REALM, "Payment", {"Id": stage.in_books("Payment")[0]["Id"]})
    await let_go(stage)
    assert (payments(stage), await stage.held()) == ([], [])
    stage.crm.play.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": 130}])
    stage.crm.play.pay_invoice(PLACE, invoice)
    await news(stage, invoice)
    assert (payments(stage), await stage.held()) == ([(130, 0)], [])


async def test_a_payment_lowered_with_its_invoice_leaves_no_tip(stage: Stage) -> None:
    invoice = await sent(stage, tips=[10])
    stage.crm.play.pay_invoice(PLACE, invoice)
    await news(stage, invoice)
    stage.crm.play.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": 60}])
    await news(stage, invoice)
    assert await stage.held() == ["below_paid"]
    [payment], [bill] = stage.in_books("Payment"), stage.in_books("Invoice")
    line = {"Amount": 60, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Invoice"}]}
    stage.books.play.update(REALM, "Payment", {"Id": payment["Id"], "TotalAmt": 60, "Line": [line]})
    await let_go(stage)
    assert (payments(stage), balance(stage), await stage.held()) == ([(60, 0)], 0, ["overpaid"])


async def test_money_recorded_in_one_sum_gives_way_to_its_transactions_once_a_person_deleted_it(stage: Stage) -> None:
    stage.crm.play.set(PLACE, invoice_link="order")
    invoice = await sent(stage)
    for amount in (40, 20):
        stage.crm.play.pay_invoice(PLACE, invoice, amount=amount)
    await news(stage, invoice)
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off()
    assert (payments(stage), await stage.held()) == ([(60, 0)], ["paid_differs"])
    stage.books.play.delete(REALM, "Payment", {"Id": stage.in_books("Payment")[0]["Id"]})
    await let_go(stage)
    assert (sorted(payments(stage)), await stage.held()) == ([(20, 0), (40, 0)], [])
