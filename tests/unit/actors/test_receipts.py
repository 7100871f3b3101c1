from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from avantto_qbo.journal import locations
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Status, Topic
from avantto_qbo.model.settings import OnOff, Settings
from stage import ANN, PLACE, REALM, Stage
from unit.actors.scenes import books_fault, crm_fault, sell


async def test_a_sale_becomes_one_receipt(stage: Stage) -> None:
    transaction = await sell(stage)
    await stage.work_off()
    [receipt] = stage.in_books("SalesReceipt")
    assert receipt["TotalAmt"] == 99
    assert transaction in receipt["PrivateNote"]
    await stage.tell(Topic.TRANSACTION, transaction)
    await stage.work_off()
    assert len(stage.in_books("SalesReceipt")) == 1


async def test_every_renewal_is_a_receipt_of_its_own(stage: Stage) -> None:
    started = stage.crm.play.start_subscription(PLACE, ANN, [{"name": "Club", "amount": 30}])
    first = started["transaction"]["_id"]
    await stage.clock.sleep(60)
    renewed = stage.crm.play.renew_subscription(PLACE, started["subscription"]["_id"])["_id"]
    for transaction in (first, renewed):
        await stage.tell(Topic.TRANSACTION, transaction)
    await stage.work_off()
    assert [row["TotalAmt"] for row in stage.in_books("SalesReceipt")] == [30, 30]


async def test_a_pending_charge_is_followed_until_it_succeeds(stage: Stage) -> None:
    transaction = await sell(stage, status="pending")
    await stage.work_off(within=timedelta(minutes=5))
    assert not stage.in_books("SalesReceipt")
    stage.crm.play.settle_transaction(PLACE, transaction)
    await stage.work_off(within=timedelta(hours=6))
    assert len(stage.in_books("SalesReceipt")) == 1


async def test_a_failed_or_test_charge_is_nothing(stage: Stage) -> None:
    await sell(stage, status="failed")
    await sell(stage, live=False)
    await stage.work_off()
    assert not stage.in_books("SalesReceipt")
    assert not await stage.mail()


async def test_an_unknown_source_waits_for_a_decision(stage: Stage) -> None:
    await sell(stage, source_type="carrier_pigeon")
    await stage.work_off()
    assert await stage.held() == ["unknown_source"]


async def test_receipts_off_is_respected() -> None:
    stage = Stage(settings=Settings(receipts=OnOff.OFF))
    await stage.open()
    await sell(stage)
    await stage.work_off()
    assert not stage.in_books("SalesReceipt")


async def test_an_order_that_is_gone_leaves_the_charge(stage: Stage) -> None:
    sold = stage.crm.play.sell_order_form(PLACE, ANN, [{"name": "Kit", "amount": 99}])
    del stage.crm.world.locations[PLACE].orders[sold["order"]["_id"]]
    await stage.tell(Topic.TRANSACTION, sold["transaction"]["_id"])
    await stage.work_off()
    receipts = [row["TotalAmt"] for row in stage.in_books("SalesReceipt")]
    assert receipts == [99] or await stage.held()


async def test_an_order_that_cannot_be_read_is_shown_and_is_not_its_absence(stage: Stage) -> None:
    crm_fault(stage, "orders.read", action="status", status=422, body='{"message":"odd"}', times=0)
    await sell(stage)
    await stage.work_off()
    assert await stage.held() == ["unreadable.invalid"]
    assert not stage.in_books("SalesReceipt")


async def test_a_receipt_s_number_that_is_taken_gets_a_variant(stage: Stage) -> None:
    taken = '{"Fault":{"Error":[{"code":"6140","Message":"Duplicate Document Number Error"}],"type":"ValidationFault"}}'
    books_fault(stage, "salesreceipt.create", action="status", status=400, body=taken)
    await sell(stage)
    await stage.work_off()
    assert len(stage.in_books("SalesReceipt")) == 1
    assert len(await stage.operations(State.SKIPPED)) == 1


async def test_a_receipt_committed_by_a_request_that_was_refused_is_adopted(stage: Stage) -> None:
    taken = '{"Fault":{"Error":[{"code":"6140","Message":"Duplicate Document Number Error"}],"type":"ValidationFault"}}'
    books_fault(stage, "salesreceipt.create", action="status_after", status=400, body=taken)
    transaction = await sell(stage)
    await stage.work_off()
    [receipt] = stage.in_books("SalesReceipt")
    link = await stage.link("transaction", transaction)
    assert link is not None
    assert link.object_id == receipt["Id"]


async def test_the_built_in_integration_pauses_the_location(stage: Stage) -> None:
    transaction = await sell(stage)
    stage.crm.play.mark_qbo_synced(PLACE, transaction)
    await stage.work()
    assert (await stage.record()).status is Status.MONEY_PAUSED
    assert not stage.in_books("SalesReceipt")


async def test_a_lost_item_is_made_before_the_receipt(stage: Stage) -> None:
    before = len(stage.in_books("Item"))
    await sell(stage)
    await stage.work_off()
    assert len(stage.in_books("Item")) == before + 1
    assert stage.asked("item.create", REALM) == 1


async def test_a_payment_posted_by_the_built_in_integration_pauses_only_once(stage: Stage) -> None:
    transaction = await sell(stage)
    stage.crm.play.mark_qbo_synced(PLACE, transaction)
    await stage.work()
    now = stage.clock.now()
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.CONNECTED, "", now))
    await stage.tell(Topic.TRANSACTION, transaction)
    await stage.work()
    assert (await stage.record()).status is Status.CONNECTED
    assert not stage.in_books("SalesReceipt")


async def test_a_debit_is_dated_by_the_day_it_came_not_by_the_day_it_began(stage: Stage) -> None:
    transaction = await sell(stage, status="pending")
    await stage.pollers.run(PLACE, "payments")
    await stage.clock.sleep(3 * 86_400)
    stage.crm.play.settle_transaction(PLACE, transaction)
    arrived = stage.clock.now()
    await stage.tell(Topic.TRANSACTION, transaction)
    await stage.work()
    [receipt] = stage.in_books("SalesReceipt")
    assert receipt["TxnDate"] == arrived.astimezone(ZoneInfo("America/New_York")).date().isoformat()


async def test_a_customer_made_inactive_since_is_replaced(stage: Stage) -> None:
    await sell(stage)
    await stage.work_off()
    first = stage.in_books("SalesReceipt")[0]["CustomerRef"]["value"]
    stage.books.play.deactivate(REALM, "Customer", first)
    await sell(stage)
    await stage.work_off()
    assert not await stage.held()
    customers = [receipt["CustomerRef"]["value"] for receipt in stage.in_books("SalesReceipt")]
    assert len(customers) == 2
    assert customers[0] != customers[1]
