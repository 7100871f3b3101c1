"""Payments a person touched, changed, deposited, voided or deleted in QuickBooks before we had to change them."""

from __future__ import annotations

from avantto_qbo.model.operation import State
from stage import PLACE, REALM, Stage
from unit.actors.money_scenes import news, paid, payments
from unit.actors.scenes import books_fault, the_only

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
