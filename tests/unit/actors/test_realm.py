from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from avantto_qbo.journal import cursors, customers, inbox, usage
from avantto_qbo.model.ids import CustomerId, LocationId
from avantto_qbo.model.records import Lane, Topic
from stage import OTHER_PLACE, PLACE, REALM, Killed, Stage
from unit.actors.scenes import bill, bob, books_fault, receive

MANY = 1200


async def cursor(stage: Stage) -> str | None:
    return await stage.journal.read(lambda db: cursors.get(db, REALM, "changes"))


def crowd(stage: Stage, count: int = MANY) -> None:
    bodies = [
        {"DisplayName": f"Customer {number}", "PrimaryEmailAddr": {"Address": f"c{number}@example.com"}}
        for number in range(count)
    ]
    stage.books.play.create_many(REALM, "Customer", bodies)


async def told(stage: Stage, place: Any = PLACE, topic: Topic = Topic.CUSTOMER) -> int:
    return (await stage.mail(place)).get(topic, 0)


async def test_a_poll_asks_for_customers_and_payments_in_one_request(stage: Stage) -> None:
    receive(stage, bill(stage, bob(stage)))
    await stage.poll_changes()
    assert stage.asked("cdc") == 1
    assert (await told(stage), await told(stage, topic=Topic.PAYMENT)) == (1, 1)


async def test_rows_seen_before_are_not_told_twice(stage: Stage) -> None:
    receive(stage, bill(stage, bob(stage)))
    realm = stage.directory.realm(REALM)
    assert await realm.poll() == 2
    await stage.work_off()
    for _ in range(3):
        await stage.clock.sleep(60)
        assert await realm.poll() == 0
    assert not await stage.mail()


async def test_a_newer_version_of_a_row_is_news(stage: Stage) -> None:
    customer = bob(stage)
    realm = stage.directory.realm(REALM)
    await realm.poll()
    await stage.clock.sleep(60)
    stage.books.play.update(REALM, "Customer", {"Id": customer, "CompanyName": "Ray Ltd"})
    assert await realm.poll() == 1


async def test_every_location_of_the_company_is_told(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    bob(stage)
    await stage.poll_changes()
    assert (await told(stage, PLACE), await told(stage, OTHER_PLACE)) == (1, 1)


async def test_rows_and_cursor_are_committed_together(stage: Stage) -> None:
    bob(stage)
    before = await cursor(stage)
    stage.journal.before = crash
    with pytest.raises(Killed):
        await stage.directory.realm(REALM).poll()
    assert await cursor(stage) == before
    assert await told(stage) == 0
    await stage.restart()
    await stage.directory.realm(REALM).poll()
    assert await cursor(stage) != before
    assert await told(stage) == 1


def crash() -> None:
    raise Killed


async def test_more_changes_than_the_feed_holds_are_read_page_by_page(stage: Stage) -> None:
    crowd(stage)
    await stage.poll_changes()
    assert await told(stage) == MANY
    assert await stage.journal.read(lambda db: customers.count(db, REALM)) == MANY
    await stage.clock.sleep(600)
    assert await stage.directory.realm(REALM).poll() == 0


async def test_changes_older_than_the_feed_reaches_are_queried_by_time(stage: Stage) -> None:
    receive(stage, bill(stage, bob(stage)))
    await stage.clock.sleep(timedelta(days=40).total_seconds())
    await stage.poll_changes()
    assert stage.asked("cdc") == 0
    assert (await told(stage), await told(stage, topic=Topic.PAYMENT)) == (1, 1)


async def test_after_a_long_outage_the_feed_is_used_again(stage: Stage) -> None:
    await stage.clock.sleep(timedelta(days=40).total_seconds())
    await stage.poll_changes()
    await stage.clock.sleep(240)
    await stage.poll_changes()
    assert stage.asked("cdc") == 1


async def test_what_changed_during_the_long_query_is_not_lost(stage: Stage) -> None:
    await stage.clock.sleep(timedelta(days=40).total_seconds())
    await stage.poll_changes()
    bob(stage)
    await stage.clock.sleep(240)
    await stage.poll_changes()
    assert await told(stage) == 1


async def test_a_failed_poll_moves_nothing(stage: Stage) -> None:
    before = await cursor(stage)
    books_fault(stage, "cdc", action="status", status=500)
    await stage.poll_changes()
    assert await cursor(stage) == before


async def test_metered_reads_are_counted_with_the_poll(stage: Stage) -> None:
    await stage.poll_changes()
    month = stage.clock.now().strftime("%Y-%m")
    counted = await stage.journal.read(lambda db: usage.reads(db, month))
    assert counted[REALM] == 1


async def test_facts_are_read_once_a_day_or_when_told(stage: Stage) -> None:
    realm = stage.directory.realm(REALM)
    assert (await realm.company()).name == "Sandbox Company " + REALM
    assert stage.asked("batch") == 1
    await realm.company()
    assert stage.asked("batch") == 1
    await stage.clock.sleep(86_400)
    await realm.company()
    assert stage.asked("batch") == 2
    realm.forget_company()
    await realm.company()
    assert stage.asked("batch") == 3


async def test_backfill_tells_of_every_customer_that_was_there(stage: Stage) -> None:
    stage = Stage()
    stage.furnish()
    crowd(stage)
    await stage.open()
    await stage.work_off()
    assert len(stage.contacts()) == MANY
    assert not await stage.mail()


async def test_backfill_resumes_after_a_crash_between_pages() -> None:
    stage = Stage()
    stage.furnish()
    crowd(stage)
    await stage.open()
    realm = stage.directory.realm(REALM)
    assert await realm.backfill_page(PLACE)
    assert await told(stage) == 1000
    stage.journal.before = crash
    with pytest.raises(Killed):
        await realm.backfill_page(PLACE)
    assert await told(stage) == 1000
    await stage.restart()
    realm = stage.directory.realm(REALM)
    assert not await realm.backfill_page(PLACE)
    assert await told(stage) == MANY
    assert not await realm.backfill_page(PLACE)
    assert stage.asked("customer.query") == 3


async def test_backfill_lets_other_mail_in_between_pages() -> None:
    stage = Stage()
    stage.furnish()
    crowd(stage)
    await stage.open()
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    actor = await stage.actor()
    pages = list[int]()

    def stopping() -> bool:
        pages.append(stage.asked("customer.query"))
        return bool(stage.in_books("Invoice"))

    await actor.drain(stopping)
    assert len(stage.in_books("Invoice")) == 1
    assert len(stage.contacts()) < 20


async def test_backfill_takes_half_of_what_the_location_may_ask() -> None:
    stage = Stage()
    stage.furnish()
    crowd(stage, 300)
    await stage.open()
    start = stage.clock.now()
    await stage.work_off()
    seconds = (stage.clock.now() - start).total_seconds()
    asked = stage.crm.traffic.of(PLACE).requests
    assert seconds >= (asked - 80) / 40 * 10
    assert stage.crm.traffic.of(PLACE).throttled == 0


async def test_a_customer_made_during_the_backfill_does_not_wait_for_it(stage: Stage) -> None:
    stage = Stage()
    stage.furnish()
    crowd(stage)
    await stage.open()
    bob(stage)
    actor = await stage.actor()
    await actor.realm.backfill_page(PLACE)
    await actor.realm.backfill_page(PLACE)
    await stage.poll_changes()
    newest = str(MANY + 1)
    mail = await stage.journal.read(lambda db: inbox.get(db, PLACE, Topic.CUSTOMER, newest))
    assert mail is not None
    assert mail.lane is Lane.CONTACT


async def test_a_location_that_backfills_takes_no_news_from_the_others(stage: Stage) -> None:
    await stage.work_off()
    await stage.clock.sleep(60)
    bob(stage)
    await stage.open(OTHER_PLACE, share=True)
    await stage.directory.realm(REALM).backfill_page(OTHER_PLACE)
    await stage.clock.sleep(60)
    await stage.poll_changes()
    assert await told(stage, PLACE) == 1


async def test_backfill_of_a_location_that_is_gone_does_nothing(stage: Stage) -> None:

    assert not await stage.directory.realm(REALM).backfill_page(LocationId("nobody"))
    found = await stage.journal.read(lambda db: customers.get(db, REALM, CustomerId("1")))
    assert found is None
