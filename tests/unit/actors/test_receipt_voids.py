"""Sales a bank called back after they had succeeded."""

from __future__ import annotations

from decimal import Decimal

from stage import PLACE, REALM, Stage
from unit.actors.money_scenes import hear, sold


def totals(stage: Stage) -> list[Decimal]:
    return [row["TotalAmt"] for row in stage.in_books("SalesReceipt")]


async def test_a_sale_the_bank_calls_back_is_voided(stage: Stage) -> None:
    transaction = await sold(stage)
    stage.crm.play.settle_transaction(PLACE, transaction, "failed")
    await hear(stage, transaction)
    assert totals(stage) == [0]
    assert not await stage.held()
    await hear(stage, transaction)
    assert stage.asked("salesreceipt.void") == 1


async def test_a_receipt_in_a_bank_deposit_is_a_person_s_to_void(stage: Stage) -> None:
    transaction = await sold(stage)
    stage.books.play.deposit_payment(REALM, stage.in_books("SalesReceipt")[0]["Id"], "SalesReceipt")
    stage.crm.play.settle_transaction(PLACE, transaction, "failed")
    await hear(stage, transaction)
    assert await stage.held() == ["receipt_deposited"]
    assert totals(stage) == [99]


async def test_a_receipt_that_was_touched_in_quickbooks_is_read_again_before_it_is_voided(stage: Stage) -> None:
    transaction = await sold(stage)
    [receipt] = stage.in_books("SalesReceipt")
    stage.books.play.update(REALM, "SalesReceipt", {"Id": receipt["Id"], "CustomerMemo": {"value": "thanks"}})
    stage.crm.play.settle_transaction(PLACE, transaction, "failed")
    await hear(stage, transaction)
    assert totals(stage) == [0]


async def test_a_receipt_whose_total_a_person_changed_is_theirs_to_void(stage: Stage) -> None:
    transaction = await sold(stage)
    [receipt] = stage.in_books("SalesReceipt")
    line = {"DetailType": "SalesItemLineDetail", "Amount": 55, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    stage.books.play.update(REALM, "SalesReceipt", {"Id": receipt["Id"], "Line": [line]})
    stage.crm.play.settle_transaction(PLACE, transaction, "failed")
    await hear(stage, transaction)
    assert await stage.held() == ["receipt_edited"]


async def test_a_receipt_a_person_voided_or_deleted_first_is_left_alone(stage: Stage) -> None:
    first, second = await sold(stage), await sold(stage)
    one, other = stage.in_books("SalesReceipt")
    stage.books.play.void(REALM, "SalesReceipt", {"Id": one["Id"]})
    stage.books.play.delete(REALM, "SalesReceipt", {"Id": other["Id"]})
    for transaction in (first, second):
        stage.crm.play.settle_transaction(PLACE, transaction, "failed")
        await hear(stage, transaction)
    assert set(await stage.held()) <= {"receipt_gone"}
    assert all(amount == 0 for amount in totals(stage))


async def test_a_receipt_that_no_query_shows_yet_is_not_taken_for_deleted(stage: Stage) -> None:
    stage.books.play.set(REALM, query_lag=300.0)
    transaction = await sold(stage)
    [receipt] = stage.in_books("SalesReceipt")
    stage.books.play.update(REALM, "SalesReceipt", {"Id": receipt["Id"], "CustomerMemo": {"value": "thanks"}})
    stage.crm.play.settle_transaction(PLACE, transaction, "failed")
    await hear(stage, transaction)
    assert totals(stage) == [0]
