"""The month's metered reads are spent: polls stop, writes go on, doubts wait, and all comes back by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from avantto_qbo.journal import locations, settings
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import RealmRecord, Topic
from avantto_qbo.service import report
from avantto_qbo.service.answers import Answers
from stage import OTHER_PLACE, PLACE, REALM, Stage
from unit.actors.scenes import bob, books_fault, the_only

OTHER = RealmId("4620816365000000002")
TEN = timedelta(minutes=10).total_seconds()


async def two_companies() -> Stage:
    stage = Stage()
    await stage.open()
    await stage.open(OTHER_PLACE, OTHER)
    for place in (PLACE, OTHER_PLACE):
        await stage.mirror(stage.sent_invoice(place), place)
    return stage


def spend(stage: Stage) -> None:
    stage.books.workspace_read_quota = 0


async def poll_both(stage: Stage, times: int = 1) -> None:
    for _ in range(times):
        for realm in (REALM, OTHER):
            await stage.poll_changes(realm)
        await stage.clock.sleep(70)


async def pay(stage: Stage) -> None:
    """A write that needs no read: an invoice for a customer that is known."""
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    await stage.work()


def refused(stage: Stage) -> int:
    return sum(stage.books.traffic.of(realm).throttled for realm in (REALM, OTHER))


async def blocked(stage: Stage) -> bool:
    return await stage.journal.read(report.reads_blocked) is not None


async def spent_stage() -> Stage:
    stage = await two_companies()
    spend(stage)
    await poll_both(stage)
    await pay(stage)
    await poll_both(stage)
    return stage


async def test_several_companies_refused_while_writes_pass_is_the_quota() -> None:
    stage = await two_companies()
    spend(stage)
    await poll_both(stage)
    assert not await blocked(stage)
    await pay(stage)
    await poll_both(stage)
    assert await blocked(stage)


async def test_polling_stops_and_only_one_read_in_ten_minutes_tries() -> None:
    stage = await spent_stage()
    before, began = refused(stage), stage.clock.now()
    supervisor = stage.pollers
    while stage.clock.now() - began < timedelta(hours=1):
        again = [await supervisor.run(realm, "changes") for realm in (REALM, OTHER)]
        assert all(again)
        await stage.clock.sleep(60)
    assert 5 <= refused(stage) - before <= 7
    assert "poll.blocked.changes" in stage.counted


async def test_writes_go_on_at_full_speed() -> None:
    stage = await spent_stage()
    began = stage.clock.now()
    for _ in range(5):
        await pay(stage)
    assert len(stage.in_books("Invoice")) == 7
    assert (stage.clock.now() - began).total_seconds() < 5


async def test_a_doubt_waits_and_is_never_held_for_want_of_a_read() -> None:
    stage = await spent_stage()
    books_fault(stage, "invoice.create", action="lost_after")
    await pay(stage)
    for _ in range(30):
        await stage.clock.sleep(TEN)
        await stage.work()
        doubt = await the_only(stage, State.DOUBT)
        assert doubt.lookups == 0
    stage.books.workspace_read_quota = None
    await stage.work_off(within=timedelta(hours=12))
    assert len(stage.in_books("Invoice")) == 3
    assert not await stage.operations(State.DOUBT, State.HELD)


async def test_the_alarm_is_shown_to_everybody_and_goes_by_itself() -> None:
    stage = await spent_stage()
    answers = Answers(stage.house, monthly_reads=500_000)
    shown = await answers.attention(None)
    assert [(item.location, item.code) for item in shown.items] == [
        (PLACE, "reads_blocked"),
        (OTHER_PLACE, "reads_blocked"),
    ]
    assert "metered reads of this month are spent" in " ".join((await answers.status()).warnings)
    stage.books.workspace_read_quota = None
    await stage.clock.sleep(TEN)
    bob(stage)
    await stage.poll_changes()
    assert not (await answers.attention(None)).items
    assert (await stage.mail())[Topic.CUSTOMER] == 2  # Ann was made by our own invoice


async def test_an_alarm_of_the_run_before_goes_with_the_first_read() -> None:
    stage = await spent_stage()
    await stage.restart()
    assert await blocked(stage)
    stage.books.workspace_read_quota = None
    await stage.poll_changes()
    assert not await blocked(stage)


@pytest.mark.parametrize("times", [1, 3])
async def test_one_hasty_company_is_no_spent_quota(stage: Stage, times: int) -> None:
    books_fault(stage, "cdc", action="status", status=429, times=times)
    for _ in range(times):
        await stage.poll_changes()
        await stage.clock.sleep(70)
    assert not await blocked(stage)
    assert await stage.poll_changes()
    assert not await blocked(stage)


async def test_one_company_refused_for_long_is_the_quota_too(stage: Stage) -> None:
    spend(stage)
    for _ in range(9):
        await stage.poll_changes()
        await stage.clock.sleep(80)
    assert await blocked(stage)


async def test_where_writes_are_refused_as_well_it_is_haste() -> None:
    stage = await two_companies()
    spend(stage)
    books_fault(stage, "invoice.create", action="status", status=429, times=2)
    await poll_both(stage)
    await pay(stage)
    await poll_both(stage)
    assert not await blocked(stage)


@pytest.mark.parametrize("restarted", [False, True])
async def test_writes_go_on_when_the_facts_of_the_company_are_older_than_a_day(restarted: bool) -> None:
    stage = await spent_stage()
    await stage.clock.sleep(timedelta(hours=26).total_seconds())
    if restarted:
        await stage.restart()
    await pay(stage)
    await stage.work_off()  # a run that has just begun must first find out that it is the quota
    assert len(stage.in_books("Invoice")) == 3


async def test_writes_go_on_when_the_facts_of_the_company_should_be_read_again() -> None:
    stage = await spent_stage()
    stage.directory.realm(REALM).forget_company()
    await pay(stage)
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 3


async def test_a_company_that_nothing_is_known_of_waits() -> None:
    stage = await spent_stage()
    await stage.journal.write(lambda db: locations.put_realm(db, RealmRecord(REALM, b"", stage.clock.now())))
    await stage.restart()
    await stage.pollers.run(OTHER, "changes")
    await pay(stage)
    await stage.work_off(within=timedelta(minutes=30))
    assert len(stage.in_books("Invoice")) == 2
    stage.books.workspace_read_quota = None
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 3


async def test_a_clock_that_is_set_back_keeps_reads_from_nobody_for_longer() -> None:
    stage = await spent_stage()
    stage.books.workspace_read_quota = None
    stage.clock.advance(-6 * 3600)
    await stage.poll_changes()
    assert await blocked(stage)
    await stage.clock.sleep(TEN)
    await stage.poll_changes()
    assert not await blocked(stage)


@pytest.mark.parametrize("seconds", ["60", "86400"])
async def test_a_read_that_is_asked_to_wait_for_long_keeps_no_write_waiting_for_so_long(
    stage: Stage, seconds: str
) -> None:
    await stage.mirror(stage.sent_invoice())
    books_fault(stage, "cdc", action="status", status=429, headers={"Retry-After": seconds})
    next_poll = await stage.poll_changes()
    assert next_poll is not None
    assert next_poll >= stage.clock.now() + timedelta(seconds=int(seconds))
    began = stage.clock.now()
    await pay(stage)
    assert len(stage.in_books("Invoice")) == 2
    assert stage.clock.now() - began < timedelta(minutes=3)


async def test_a_name_that_is_taken_is_not_tried_over_and_over_while_the_list_cannot_be_read() -> None:
    stage = await spent_stage()
    await stage.journal.write(lambda db: settings.put(db, PLACE, "products", b'"create"', stage.clock.now(), "test"))
    stage.books.play.create(REALM, "Item", {"Name": "Wax", "Type": "Service", "IncomeAccountRef": {"value": "1"}})
    await stage.tell(Topic.INVOICE, stage.sent_invoice(items=[{"name": "Wax", "amount": 5, "productId": "prod1"}]))
    await stage.work_off()
    assert stage.asked("item.create") < 20
    stage.books.workspace_read_quota = None
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 3
