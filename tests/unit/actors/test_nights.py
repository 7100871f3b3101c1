"""Every night the books are compared for a few metered reads, and what nothing explains mends itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from avantto_qbo.actors.polls.pollers import daily_polls, first_polls
from avantto_qbo.actors.reconciling.night import RECONCILE
from avantto_qbo.journal import cursors, inbox, locations, reconciliations, restored
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.ledger import BookEntity
from avantto_qbo.model.operation import State
from avantto_qbo.model.reconciliation import Reconciled
from avantto_qbo.model.records import Status
from avantto_qbo.model.restored import Restored
from avantto_qbo.sandbox.http import Reply, Request
from avantto_qbo.server.api import AttentionItem
from avantto_qbo.service import report
from stage import OTHER_PLACE, PLACE, REALM, Stage
from unit.actors.compared import QUERIES, compared, mirrored, paid, sale
from unit.actors.scenes import Tampered, books_fault
from unit.actors.test_review_history import own_clock

NEW_YORK = ZoneInfo("America/New_York")


async def night(stage: Stage) -> datetime:
    """A day passes, then the company's night runs."""
    await stage.clock.sleep(86_400)
    at = await stage.pollers.run(REALM, RECONCILE)
    assert at is not None
    return at


async def kept(stage: Stage, place: LocationId = PLACE) -> Reconciled:
    found = await stage.journal.read(lambda db: reconciliations.get(db, place))
    assert found is not None
    return found


async def worries(stage: Stage) -> list[AttentionItem]:
    """What is shown to a person."""
    record, now = await stage.record(), stage.clock.now()
    return await stage.journal.read(lambda db: report.attention(db, [record], now))


def reads(stage: Stage) -> int:
    return sum(stage.asked(name) for name in (*QUERIES, "cdc"))


async def test_the_next_night_is_between_two_and_five_where_the_location_is(stage: Stage) -> None:
    at = (await night(stage)).astimezone(NEW_YORK)
    assert 2 <= at.hour < 5
    assert at > stage.clock.now() + timedelta(hours=1)


async def test_a_night_costs_two_metered_reads_however_many_locations_share_the_company(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    sale(stage)
    sale(stage, place=OTHER_PLACE)
    await mirrored(stage, PLACE, OTHER_PLACE)
    await night(stage)  # the first reads the last weeks whole
    sale(stage)
    await mirrored(stage)
    before = reads(stage)
    await night(stage)
    assert reads(stage) - before == 2
    assert [(await kept(stage, place)).entries for place in (PLACE, OTHER_PLACE)] == [(), ()]
    assert stage.counted.count("reconcile.equal") == 4


async def test_a_document_that_nobody_told_of_is_told_of_and_mends_itself(stage: Stage) -> None:
    stage.sent_invoice()
    again = await night(stage)
    assert [entry.cause.code for entry in (await kept(stage)).entries if entry.cause] == ["unexplained"]
    assert PLACE in stage.nudged
    assert again - stage.clock.now() == timedelta(hours=1)  # soon, to see whether it helped
    assert await worries(stage) == []
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 1
    await night(stage)
    assert (await kept(stage)).entries == ()


async def test_what_does_not_mend_itself_is_shown_the_second_time(stage: Stage) -> None:
    stage.sent_invoice()
    await night(stage)
    await stage.journal.write(lambda db: inbox.clear(db, PLACE))
    await stage.pollers.run(REALM, RECONCILE)
    [item] = await worries(stage)
    assert (item.code, item.mend) == ("reconcile", f"avantto-qbo reconcile {PLACE}")


async def test_what_a_held_operation_asks_is_not_asked_twice(stage: Stage) -> None:
    stage.books.play.close_books(REALM, "2026-12-31")
    stage.sent_invoice()
    await mirrored(stage)
    await night(stage)
    assert len((await kept(stage)).needed) == 1
    assert [item.code for item in await worries(stage)] == ["books_closed"]


async def test_what_a_person_deleted_is_noticed_the_next_night(stage: Stage) -> None:
    stage.sent_invoice()
    sale(stage)
    await mirrored(stage)
    await night(stage)
    for entity in ("Invoice", "SalesReceipt"):
        stage.books.play.delete(REALM, entity, {"Id": stage.in_books(entity)[0]["Id"]})
    await night(stage)
    found = await kept(stage)
    assert [entry.cause.code for entry in found.entries if entry.cause] == ["deleted_in_books"] * 2
    assert found.needed == ()
    assert await stage.operations(State.HELD) == []


async def test_an_edit_of_an_old_document_is_noticed_the_next_night(stage: Stage) -> None:
    paid(stage)
    await mirrored(stage)
    await stage.clock.sleep(60 * 86_400)
    await night(stage)
    [there] = stage.in_books("Payment")
    stage.books.play.update(REALM, "Payment", {"Id": there["Id"], "TxnDate": "2026-12-24"})
    await night(stage)
    [entry] = (await kept(stage)).entries
    assert entry.cause is not None
    assert (entry.cause.code, entry.about.kind) == ("edited_in_books", "invoice")


async def test_what_was_found_stays_until_it_is_put_right(stage: Stage) -> None:
    stage.sent_invoice()
    await mirrored(stage)
    await night(stage)
    [there] = stage.in_books("Invoice")
    stage.books.play.edit_line(REALM, "Invoice", there["Id"], Amount=95)
    await night(stage)
    await night(stage)
    assert len((await kept(stage)).needed) == 1
    stage.books.play.edit_line(REALM, "Invoice", there["Id"], Amount=100)
    await night(stage)
    assert (await kept(stage)).entries == ()


async def test_what_differs_is_shown_to_a_person_with_its_command(stage: Stage) -> None:
    stage.sent_invoice()
    await mirrored(stage)
    [there] = stage.in_books("Invoice")
    stage.books.play.edit_line(REALM, "Invoice", there["Id"], Amount=95)
    await night(stage)
    [item] = await worries(stage)
    assert (item.code, item.mend) == ("reconcile", f"avantto-qbo reconcile {PLACE}")
    assert item.text.startswith("Avantto and QuickBooks differ: 1 different (compared ")
    assert (await stage.activity())[0].event == "reconcile.different"


async def test_a_location_shows_when_it_was_compared(stage: Stage) -> None:
    record = await stage.record()
    before = await stage.journal.read(lambda db: report.show(db, record, None, (), stage.clock.now()))
    assert (before.reconciled_at, before.differences) == (None, 0)
    stage.sent_invoice()
    await night(stage)
    shown = await stage.journal.read(lambda db: report.show(db, record, None, (), stage.clock.now()))
    assert (shown.reconciled_at, shown.differences) == (stage.clock.now(), 1)


async def test_a_feed_that_refuses_invoices_is_replaced_by_pages(stage: Stage) -> None:
    sale(stage)
    await mirrored(stage)
    await night(stage)
    [there] = stage.in_books("SalesReceipt")
    stage.books.play.void(REALM, "SalesReceipt", {"Id": there["Id"]})
    books_fault(stage, "cdc", action="status", status=400, times=1)
    await night(stage)
    assert [entry.cause.code for entry in (await kept(stage)).entries if entry.cause] == ["voided_in_books"]


async def test_deletions_are_noticed_though_the_feed_refuses(stage: Stage) -> None:
    stage.sent_invoice()
    sale(stage)
    await mirrored(stage)
    await night(stage)
    for entity in ("Invoice", "SalesReceipt"):
        stage.books.play.delete(REALM, entity, {"Id": stage.in_books(entity)[0]["Id"]})
    books_fault(stage, "cdc", action="status", status=400, times=2)
    await night(stage)
    codes = [entry.cause.code for entry in (await kept(stage)).entries if entry.cause]
    assert codes == ["deleted_in_books"] * 2


async def test_changes_are_noticed_though_our_clock_is_hours_ahead(stage: Stage) -> None:
    own_clock(stage).off = timedelta(hours=3)
    sale(stage)
    await mirrored(stage)
    for _ in range(2):  # the first reads days, the others what changed
        await night(stage)
        await stage.clock.sleep(3600)
        [there] = stage.in_books("SalesReceipt")
        stage.books.play.update(REALM, "SalesReceipt", {"Id": there["Id"], "TxnDate": "2026-11-19"})
        await night(stage)
        [entry] = (await kept(stage)).entries
        assert entry.cause is not None
        assert entry.cause.code == "edited_in_books"
        stage.books.play.update(REALM, "SalesReceipt", {"Id": there["Id"], "TxnDate": there["TxnDate"]})


async def test_a_first_night_while_our_clock_was_days_ahead_hides_nothing_from_the_next(stage: Stage) -> None:
    wall = own_clock(stage)
    sale(stage)
    await mirrored(stage)
    wall.off = timedelta(days=2)
    await night(stage)
    wall.off = timedelta()  # somebody sets it right
    [there] = stage.in_books("SalesReceipt")
    stage.books.play.delete(REALM, "SalesReceipt", {"Id": there["Id"]})
    await night(stage)
    assert [entry.cause.code for entry in (await kept(stage)).entries if entry.cause] == ["deleted_in_books"]


async def test_what_a_row_of_the_feed_fails_to_say_is_counted(stage: Stage) -> None:
    sale(stage)
    await mirrored(stage)
    await night(stage)
    [there] = stage.in_books("SalesReceipt")
    stage.books.play.update(REALM, "SalesReceipt", {"Id": there["Id"], "TxnDate": "2026-11-19"})

    def garbled(request: Request, reply: Reply) -> Reply:
        if stage.books.operation(request) != "cdc":
            return reply
        return replace(reply, body=reply.body.replace(b'"2026-11-19"', b'"a day"'))

    stage.transport.hosts = {**stage.transport.hosts, "quickbooks.test": Tampered(stage.books, garbled)}
    await night(stage)
    assert (await kept(stage)).unreadable == 1


async def test_an_invoice_dated_before_the_cut_off_is_compared_and_forgotten_when_put_right(stage: Stage) -> None:
    stage.sent_invoice(issue_date="2026-10-01")
    await night(stage)
    assert [entry.cause.code for entry in (await kept(stage)).entries if entry.cause] == ["unexplained"]
    await stage.work_off()
    [there] = stage.in_books("Invoice")
    stage.books.play.edit_line(REALM, "Invoice", there["Id"], Amount=95)
    await night(stage)
    assert len((await kept(stage)).needed) == 1
    stage.books.play.edit_line(REALM, "Invoice", there["Id"], Amount=100)
    await night(stage)
    assert (await kept(stage)).entries == ()


async def test_more_changes_than_the_feed_holds_are_read_by_pages(stage: Stage) -> None:
    sale(stage)
    await mirrored(stage)
    await night(stage)
    [there] = stage.in_books("SalesReceipt")
    stage.books.play.void(REALM, "SalesReceipt", {"Id": there["Id"]})
    line = {"DetailType": "SalesItemLineDetail", "Amount": 5, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    stage.books.play.create_many(REALM, "SalesReceipt", [{"CustomerRef": there["CustomerRef"], "Line": [line]}] * 1_001)
    before = stage.asked("salesreceipt.query")
    await night(stage)
    assert [entry.cause.code for entry in (await kept(stage)).entries if entry.cause] == ["voided_in_books"]
    assert stage.asked("salesreceipt.query") - before == 2


async def test_after_weeks_without_a_night_the_last_weeks_are_read_whole(stage: Stage) -> None:
    sale(stage)
    await mirrored(stage)
    await night(stage)
    await stage.clock.sleep(26 * 86_400)
    before = [stage.asked(name) for name in QUERIES]
    await night(stage)
    assert [stage.asked(name) - was for name, was in zip(QUERIES, before, strict=True)] == [1, 1, 1, 1]
    assert (await kept(stage)).entries == ()


async def test_a_restored_journal_is_not_compared_before_it_is_linked_again(stage: Stage) -> None:
    now = stage.clock.now()
    at = Restored(REALM, now, now, now, BookEntity.INVOICE, now)
    await stage.journal.write(lambda db: restored.put(db, at))
    before = reads(stage)
    assert await night(stage) == stage.clock.now() + timedelta(hours=1)
    assert reads(stage) == before


async def test_a_location_whose_connection_is_dead_is_left_out(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.BROKEN, "dead", now))
    before = reads(stage)
    await night(stage)
    assert reads(stage) == before


async def test_a_company_without_locations_has_no_nights(stage: Stage) -> None:
    await stage.connecting.disconnect(PLACE, "test")
    assert await stage.pollers.run(REALM, RECONCILE) is None


async def test_a_location_that_cannot_be_read_costs_only_itself(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    sale(stage, place=OTHER_PLACE)
    await mirrored(stage, OTHER_PLACE)
    stage.crm.play.revoke(PLACE)
    await night(stage)
    assert "reconcile.failed" in stage.counted
    assert (await kept(stage, OTHER_PLACE)).compared == 1
    assert await stage.journal.read(lambda db: cursors.get(db, PLACE, "reconciled")) is None


async def test_what_happened_while_a_location_was_left_out_is_compared_later(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    sale(stage)
    await mirrored(stage, PLACE, OTHER_PLACE)
    await night(stage)
    await standing_still(stage, Status.BROKEN)
    [receipt] = stage.in_books("SalesReceipt")
    stage.books.play.delete(REALM, "SalesReceipt", receipt)
    await night(stage)
    await standing_still(stage, Status.CONNECTED)
    await night(stage)
    [found] = (await kept(stage)).entries
    assert found.cause is not None
    assert found.cause.code == "deleted_in_books"


async def standing_still(stage: Stage, status: Status) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, status, "", now))


async def test_a_command_for_some_days_keeps_what_was_found_on_others(stage: Stage) -> None:
    stage.sent_invoice()
    await compared(stage)
    await stage.clock.sleep(3 * 86_400)
    today = stage.clock.now().date()
    answer = await compared(stage, since=today, until=today)
    assert (answer.compared, answer.differences) == (0, ())
    assert len((await kept(stage)).entries) == 1


async def test_a_company_connected_before_gets_its_night_at_the_start(stage: Stage) -> None:
    record, now = await stage.record(), stage.clock.now()

    def polls(db: object) -> list[tuple[str, str]]:
        return [poll for poll in cursors.due_polls(db, now + timedelta(days=2)) if poll[1] == RECONCILE]

    assert await stage.journal.read(polls) == [(REALM, RECONCILE)]
    await stage.journal.write(lambda db: cursors.unschedule(db, REALM))
    await stage.journal.write(lambda db: daily_polls(db, now))
    assert await stage.journal.read(polls) == [(REALM, RECONCILE)]
    await stage.journal.write(lambda db: first_polls(db, record, now, backfill=False))
    assert await stage.journal.read(polls) == [(REALM, RECONCILE)]
