from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from avantto_qbo.actors.polls import pollers
from avantto_qbo.journal import cursors, evidence, inbox, locations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.records import Status, Topic
from stage import ANN, OTHER_PLACE, PLACE, REALM, Stage
from unit.actors.scenes import books_fault, crm_fault

MINUTE = timedelta(minutes=1)


async def poll(stage: Stage, name: str, owner: str = PLACE) -> datetime | None:
    return await stage.pollers.run(owner, name)


def form(stage: Stage, **changes: Any) -> str:
    sold = stage.crm.play.sell_order_form(PLACE, ANN, [{"name": "Kit", "amount": 99}], **changes)
    return str(sold["transaction"]["_id"])


async def told(stage: Stage, topic: Topic) -> int:
    return (await stage.mail()).get(topic, 0)


async def test_a_payment_nobody_told_of_becomes_a_receipt(stage: Stage) -> None:
    form(stage)
    await poll(stage, "payments")
    await stage.work_off()
    assert [row["TotalAmt"] for row in stage.in_books("SalesReceipt")] == [99]
    assert PLACE in stage.nudged


async def test_payments_seen_before_are_not_told_twice(stage: Stage) -> None:
    form(stage)
    for _ in range(3):
        await poll(stage, "payments")
        await stage.work_off()
        await stage.clock.sleep(300)
    assert stage.crm.traffic.of(PLACE).operations["transactions.read"] == 1
    assert not await stage.mail()


async def test_a_row_that_changed_is_told_again(stage: Stage) -> None:
    transaction = form(stage, status="pending")
    await poll(stage, "payments")
    await stage.work_off(within=timedelta(0))
    assert not stage.in_books("SalesReceipt")
    await stage.clock.sleep(300)
    stage.crm.play.settle_transaction(PLACE, transaction)
    await poll(stage, "payments")
    await stage.work()
    assert len(stage.in_books("SalesReceipt")) == 1


async def test_a_payment_that_shows_up_late_is_found_by_the_overlap(stage: Stage) -> None:
    stage.crm.play.set(PLACE, transaction_lag=3600.0)
    form(stage)
    await stage.clock.sleep(1800)
    await poll(stage, "payments")
    assert await told(stage, Topic.TRANSACTION) == 0
    await stage.clock.sleep(1900)
    await poll(stage, "payments")
    assert await told(stage, Topic.TRANSACTION) == 1


async def test_nothing_before_the_cut_off_is_asked_for() -> None:
    stage = Stage()
    stage.furnish()
    form(stage)
    await stage.clock.sleep(3600)
    await stage.open()
    await poll(stage, "payments")
    assert await told(stage, Topic.TRANSACTION) == 0


async def test_every_page_is_read(stage: Stage) -> None:
    for _ in range(130):
        form(stage)
    await poll(stage, "payments")
    assert await told(stage, Topic.TRANSACTION) == 130


async def test_every_invoice_that_moved_is_told_once(stage: Stage) -> None:
    ids = [stage.sent_invoice() for _ in range(120)]
    await poll(stage, "invoices")
    assert await told(stage, Topic.INVOICE) == 120
    await stage.clock.sleep(60)
    stage.crm.play.edit_invoice(PLACE, ids[0], due_date="2027-01-31")
    now = stage.clock.now()
    await stage.journal.write(lambda db: inbox.clear(db, PLACE))
    await poll(stage, "invoices")
    assert await told(stage, Topic.INVOICE) == 1
    assert await stage.journal.read(lambda db: inbox.get(db, PLACE, Topic.INVOICE, ids[0])) is not None
    assert stage.clock.now() == now


async def test_an_invoice_before_the_cut_off_is_no_news() -> None:
    stage = Stage()
    stage.furnish()
    stage.sent_invoice()
    await stage.clock.sleep(60)
    await stage.open()
    await poll(stage, "invoices")
    assert await told(stage, Topic.INVOICE) == 0


async def test_polls_come_at_their_own_pace(stage: Stage) -> None:
    now, pace = stage.clock.now(), stage.house.pace
    assert await poll(stage, "changes", REALM) == now + pace.contacts
    assert await poll(stage, "payments") == now + pace.payments
    assert await poll(stage, "invoices") == now + pace.invoices
    assert await poll(stage, "housekeeping", "daemon") == now + timedelta(days=1)


async def test_after_a_hint_payments_are_looked_for_often_for_a_while(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: cursors.put(db, PLACE, pollers.PAYMENTS_HINT, now.isoformat(), now))
    assert await poll(stage, "payments") == now + timedelta(seconds=10)
    await stage.clock.sleep(130)
    assert await poll(stage, "payments") == stage.clock.now() + MINUTE
    await stage.clock.sleep(600)
    assert await poll(stage, "payments") == stage.clock.now() + stage.house.pace.payments


async def test_a_location_without_payments_is_looked_at_more_rarely(stage: Stage) -> None:
    pace = stage.house.pace.payments
    paces = []
    for days in (0, 2, 8):
        await stage.clock.sleep(timedelta(days=days).total_seconds())
        paces.append(((await poll(stage, "payments")) or stage.clock.now()) - stage.clock.now())
    assert paces == [pace, 2 * pace, 4 * pace]
    form(stage)
    assert await poll(stage, "payments") == stage.clock.now() + pace


async def test_a_pass_with_pages_left_goes_on_before_the_next_poll(stage: Stage) -> None:
    await poll(stage, "invoices")
    for _ in range(2100):
        stage.crm.play.create_invoice(PLACE, ANN, [{"name": "Wash", "amount": 1}])
    await stage.clock.sleep(timedelta(days=1).total_seconds())
    started = stage.clock.now()
    assert await poll(stage, "invoices") == started + MINUTE
    await stage.clock.sleep(60)
    started = stage.clock.now()
    assert await poll(stage, "invoices") == started + stage.house.pace.invoices


async def test_trouble_is_tried_again_soon_and_then_more_rarely(stage: Stage) -> None:
    crm_fault(stage, "transactions.list", action="status", status=500, times=8)
    now = stage.clock.now()
    waits = [((await poll(stage, "payments")) or now) - now for _ in range(8)]
    assert waits[0] < timedelta(minutes=1)
    assert waits == sorted(waits)
    assert waits[-1] == stage.house.pace.payments
    assert "poll.failed.payments" in stage.counted


async def test_one_success_ends_the_trouble(stage: Stage) -> None:
    crm_fault(stage, "transactions.list", action="status", status=500, times=3)
    for _ in range(4):
        await poll(stage, "payments")
    crm_fault(stage, "transactions.list", action="status", status=500)
    again = await poll(stage, "payments")
    assert again is not None
    assert again - stage.clock.now() < timedelta(minutes=1)


async def test_a_throttled_poll_waits_as_long_as_it_was_told(stage: Stage) -> None:
    books_fault(stage, "cdc", action="status", status=429)
    again = await poll(stage, "changes", REALM)
    assert again is not None
    assert again - stage.clock.now() >= timedelta(seconds=60)


async def test_a_bug_of_ours_waits_at_least_ten_minutes(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: cursors.put(db, PLACE, "payments", "no instant", now))
    assert await poll(stage, "payments") == now + 10 * MINUTE
    assert "poll.failed.payments" in stage.counted


async def test_a_dead_company_stops_all_its_locations(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    stage.books.play.revoke(REALM)
    stage.books.play.expire_tokens(REALM)
    await poll(stage, "changes", REALM)
    for place in (PLACE, OTHER_PLACE):
        record = await stage.record(place)
        assert record.status is Status.BROKEN
        assert f"avantto-qbo connect {place}" in record.reason


async def test_a_dead_location_stops_only_itself(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    stage.crm.play.revoke(PLACE)
    await poll(stage, "payments")
    assert (await stage.record(PLACE)).status is Status.BROKEN
    assert (await stage.record(OTHER_PLACE)).status is Status.CONNECTED


async def test_a_broken_location_is_not_polled_and_a_paused_one_is(stage: Stage) -> None:
    form(stage)
    now = stage.clock.now()
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.BROKEN, "", now))
    assert await poll(stage, "payments") is not None
    assert await told(stage, Topic.TRANSACTION) == 0
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.PAUSED, "", now))
    await poll(stage, "payments")
    assert await told(stage, Topic.TRANSACTION) == 1


async def test_what_is_not_connected_is_not_polled_any_more(stage: Stage) -> None:
    await stage.connecting.disconnect(PLACE, "test")
    assert await poll(stage, "payments") is None
    assert await poll(stage, "changes", REALM) is None
    assert await poll(stage, "payments", "nobody") is None


async def test_housekeeping_forgets_old_deliveries(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: inbox.deliver(db, "avantto", "old", now - timedelta(days=50)))
    await stage.journal.write(lambda db: inbox.deliver(db, "avantto", "new", now))
    await stage.journal.write(lambda db: pollers.daily_polls(db, now))
    await poll(stage, "housekeeping", "daemon")
    assert not await stage.journal.read(lambda db: inbox.delivered(db, "avantto", "old"))
    assert await stage.journal.read(lambda db: inbox.delivered(db, "avantto", "new"))


async def test_housekeeping_forgets_orders_nobody_paid_in_a_year(stage: Stage) -> None:
    now = stage.clock.now()

    def put(db: Connection) -> None:
        for days in (500, 100):
            evidence.put(db, PLACE, "order", f"of {days} days ago", "", b"{}", now - timedelta(days=days))

    await stage.journal.write(put)
    await poll(stage, "housekeeping", "daemon")
    assert list(await stage.journal.read(lambda db: evidence.of_kind(db, PLACE, "order"))) == ["of 100 days ago"]


async def test_a_throttled_feed_is_no_reason_to_reconnect(stage: Stage) -> None:
    books_fault(stage, "cdc", action="status", status=429)
    await poll(stage, "changes", REALM)
    assert (await stage.record()).status is Status.CONNECTED


async def test_a_row_that_makes_no_sense_does_not_hide_the_others(stage: Stage) -> None:
    good = form(stage)
    row = stage.crm.world.locations[PLACE].transactions[good]
    stage.crm.world.locations[PLACE].transactions["b" * 24] = {**row, "_id": "b" * 24, "amount": "much"}
    await poll(stage, "payments")
    assert await told(stage, Topic.TRANSACTION) == 2
    assert "poll.unreadable.payments" in stage.counted
    await stage.work_off()
    assert len(stage.in_books("SalesReceipt")) == 1
    assert await stage.held() == ["unreadable.unreadable"]


async def test_an_invoice_row_that_makes_no_sense_is_looked_at_itself(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    stage.crm.world.locations[PLACE].invoices[invoice]["updatedAt"] = "yesterday"
    await poll(stage, "invoices")
    assert await told(stage, Topic.INVOICE) == 1
    await stage.work_off()
    held = await stage.held()
    assert held == ["unreadable.unreadable"]
    await stage.clock.sleep(600)
    await poll(stage, "invoices")
    await stage.work_off()
    assert await stage.held() == held


async def test_a_payment_that_names_its_invoice_is_the_invoice_s_news(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice)
    await poll(stage, "payments")
    assert (await told(stage, Topic.INVOICE), await told(stage, Topic.TRANSACTION)) == (1, 0)
    await stage.work_off()
    assert len(stage.in_books("Payment")) == 1


async def test_a_payment_that_is_in_the_books_already_is_no_news(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    await poll(stage, "payments")
    await poll(stage, "invoices")
    assert not await stage.mail()


async def test_a_row_dated_in_the_future_blinds_nobody(stage: Stage) -> None:
    wrong = form(stage)
    stage.crm.world.locations[PLACE].transactions[wrong]["createdAt"] = "2027-11-20T15:00:00.000Z"
    await poll(stage, "payments")
    await stage.clock.sleep(300)
    form(stage)
    await stage.journal.write(lambda db: inbox.clear(db, PLACE))
    await poll(stage, "payments")
    assert await told(stage, Topic.TRANSACTION) == 1
