"""A journal that is older than the work done with it: nothing is written twice, everything is linked again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from avantto_qbo.errors import InternalError
from avantto_qbo.journal import operations, reviews
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import ReviewState, Topic
from stage import ALWAYS, OTHER_PLACE, PLACE, REALM, Killed, Stage, writes
from unit.actors.backups import Beside, begin, copied, put_back, relink, restore, standing
from unit.actors.money_scenes import hear, news, paid, sent
from unit.actors.scenes import bill, bob, books_fault, receive, sell
from unit.actors.test_crashes import Reaper

REFUNDING = msgspec.structs.replace(ALWAYS, refund_account="Checking")
DAY = timedelta(days=1)
ENTITIES = ("Customer", "Invoice", "Payment", "SalesReceipt", "RefundReceipt", "Item")


def books(stage: Stage) -> dict[str, list[Any]]:
    return {entity: [row["Id"] for row in stage.in_books(entity)] for entity in ENTITIES}


async def settle_down(stage: Stage) -> None:
    """Poll everything once, and work off what comes of it."""
    await stage.poll_changes()
    for record in (PLACE, OTHER_PLACE):
        if record in stage.crm.world.locations:
            for name in ("payments", "invoices"):
                await stage.pollers.run(record, name)
    await stage.work_off()


async def afternoon(stage: Stage, morning: str) -> tuple[str, str]:
    """What happens after the copy: an invoice is paid, another one made and paid, something sold and given back."""
    stage.crm.play.pay_invoice(PLACE, morning)
    await news(stage, morning)
    invoice, _ = await paid(stage)
    sale = await sell(stage)
    await stage.work_off()
    stage.crm.play.refund(PLACE, sale, 40)
    await hear(stage, sale)
    return invoice, sale


async def opened(**settings: Any) -> Stage:
    stage = Stage(settings=msgspec.structs.replace(REFUNDING, **settings))
    await stage.open()
    await stage.work_off()
    return stage


async def test_after_a_restored_copy_nothing_is_posted_twice() -> None:
    stage = await opened()
    morning = await sent(stage)
    copy = await copied(stage)
    invoice, sale = await afternoon(stage, morning)
    before = books(stage)
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    assert books(stage) == before
    assert await stage.held() == []
    for kind, source, part in (("invoice", invoice, ""), ("transaction", sale, ""), ("refund", sale, "4000")):
        assert await stage.link(kind, source, part), kind
    assert (await standing(stage)).linked == {PLACE: 5}
    assert "5 documents linked again" in " ".join(line.text for line in await stage.activity())


async def test_until_the_books_were_read_nothing_leaves_and_all_mail_is_kept() -> None:
    stage = await opened()
    copy = await copied(stage)
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await restore(stage, copy)
    sent_before = len(writes(stage.transport.sent))
    invoice = stage.sent_invoice()
    await settle_down(stage)
    assert len(writes(stage.transport.sent)) == sent_before
    assert await stage.mail() == {Topic.INVOICE: 1, Topic.CUSTOMER: 1, Topic.PAYMENT: 1}
    assert stage.in_books("Invoice")[1:] == []
    await relink(stage)
    await stage.work_off()
    assert await stage.link("invoice", invoice) is not None


async def test_writing_waits_until_the_slowest_commit_must_be_over() -> None:
    stage = await opened()
    copy = await copied(stage)
    await restore(stage, copy)
    at = await standing(stage)
    assert (
        await stage.pollers.run(f"restored:{REALM}", "relink") == at.begins_at == at.noticed_at + timedelta(minutes=6)
    )


async def test_no_operation_begins_to_be_sent_whoever_tries() -> None:
    stage = await opened()
    books_fault(stage, "invoice.create", action="status", status=429)
    invoice = stage.sent_invoice()
    await stage.tell(Topic.INVOICE, invoice)
    await stage.work()
    [op] = await stage.operations(State.RETRY)
    copy = await copied(stage)
    await restore(stage, copy)
    [doubtful] = await stage.operations(State.DOUBT)
    assert doubtful.id == op.id
    with pytest.raises(InternalError, match="the journal was restored"):
        await stage.journal.write(lambda db: operations.move(db, op.id, State.SENDING, stage.clock.now()))


async def test_what_was_open_in_the_copy_is_looked_up_and_never_sent_again() -> None:
    stage = await opened()
    books_fault(stage, "invoice.create", action="status", status=429)
    invoice = stage.sent_invoice()
    await stage.tell(Topic.INVOICE, invoice)
    await stage.work()
    copy = await copied(stage)
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 1
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    assert len(stage.in_books("Invoice")) == 1
    assert [op.state for op in await stage.operations() if op.kind == "invoice.create"] == [State.DONE]
    link = await stage.link("invoice", invoice)
    assert link is not None
    assert link.object_id == stage.in_books("Invoice")[0]["Id"]


async def test_an_edit_after_the_restart_goes_into_the_same_document() -> None:
    stage = await opened()
    morning = await sent(stage)
    copy = await copied(stage)
    stage.crm.play.edit_invoice(PLACE, morning, items=[{"name": "Wash", "amount": 110}])
    await news(stage, morning)
    noon = await sent(stage, items=[{"name": "Wax", "amount": 60}])
    before = books(stage)
    await restore(stage, copy)
    await relink(stage)
    for invoice, amount in ((morning, 130), (noon, 70)):
        stage.crm.play.edit_invoice(PLACE, invoice, items=[{"name": "Polish", "amount": amount}])
        await news(stage, invoice)
    assert books(stage) == before
    assert [row["TotalAmt"] for row in stage.in_books("Invoice")] == [130, 70]
    assert await stage.held() == []


async def test_what_avantto_does_not_change_is_not_sent_again() -> None:
    stage = await opened()
    morning = await sent(stage)
    copy = await copied(stage)
    stage.crm.play.edit_invoice(PLACE, morning, items=[{"name": "Wash", "amount": 110}])
    await news(stage, morning)
    noon, _ = await paid(stage)
    await restore(stage, copy)
    await relink(stage)
    sent_before = len(writes(stage.transport.sent))
    await news(stage, morning)
    await news(stage, noon)
    await settle_down(stage)
    assert len(writes(stage.transport.sent)) == sent_before


async def test_what_a_person_changed_in_the_books_since_the_copy_is_kept() -> None:
    stage = await opened()
    morning = await sent(stage)
    copy = await copied(stage)
    [row] = stage.in_books("Invoice")
    stage.books.play.update(REALM, "Invoice", {"Id": row["Id"], "DueDate": "2031-01-01"})
    await restore(stage, copy)
    await relink(stage)
    stage.crm.play.edit_invoice(PLACE, morning, items=[{"name": "Wash", "amount": 110}])
    await news(stage, morning)
    [row] = stage.in_books("Invoice")
    assert (row["DueDate"], row["TotalAmt"]) == ("2031-01-01", 110)
    assert await stage.held() == []


async def test_a_void_after_the_restart_reaches_a_document_of_the_time_between() -> None:
    stage = await opened()
    copy = await copied(stage)
    invoice = await sent(stage)
    await restore(stage, copy)
    stage.crm.play.void_invoice(PLACE, invoice)
    await relink(stage)
    await news(stage, invoice)
    [row] = stage.in_books("Invoice")
    assert row["TotalAmt"] == 0


async def test_a_refund_after_the_restart_takes_back_a_sale_of_the_time_between() -> None:
    stage = await opened()
    copy = await copied(stage)
    sale = await sell(stage)
    await stage.work_off()
    await restore(stage, copy)
    await relink(stage)
    stage.crm.play.refund(PLACE, sale, 40)
    await hear(stage, sale)
    [refund] = stage.in_books("RefundReceipt")
    assert refund["TotalAmt"] == 40
    assert len(stage.in_books("SalesReceipt")) == 1


async def test_nobody_is_asked_for_a_review_twice() -> None:
    stage = await opened()
    customer = bob(stage)
    await settle_down(stage)
    copy = await copied(stage)
    receive(stage, bill(stage, customer))
    await settle_down(stage)
    assert len(stage.crm.play.messages(PLACE)) == 1
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    receive(stage, bill(stage, customer))
    await settle_down(stage)
    assert len(stage.crm.play.messages(PLACE)) == 1


async def test_a_request_that_waited_in_the_copy_may_have_gone_out_since() -> None:
    stage = await opened(review_hours="Mon-Sun 03:00-03:30")
    customer = bob(stage)
    await settle_down(stage)
    receive(stage, bill(stage, customer))
    await settle_down(stage)
    assert stage.crm.play.messages(PLACE) == []
    copy = await copied(stage)
    await stage.work_off(within=DAY)
    assert len(stage.crm.play.messages(PLACE)) == 1
    await restore(stage, copy)
    await relink(stage)
    await stage.work_off(within=DAY)
    assert len(stage.crm.play.messages(PLACE)) == 1
    [review] = await stage.journal.read(lambda db: reviews.of_location(db, PLACE, 10))
    assert (review.state, review.code) == (ReviewState.DECLINED, "restored")


@pytest.mark.parametrize("taken_back", ["void", "delete"])
async def test_who_was_asked_in_between_is_not_asked_again_though_that_payment_was_taken_back(taken_back: str) -> None:
    stage = await opened()
    customer = bob(stage)
    await settle_down(stage)
    copy = await copied(stage)
    invoice = bill(stage, customer)
    wrong = receive(stage, invoice)
    await settle_down(stage)
    assert len(stage.crm.play.messages(PLACE)) == 1
    getattr(stage.books.play, taken_back)(REALM, "Payment", {"Id": wrong["Id"]})
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    receive(stage, invoice)
    await settle_down(stage)
    assert len(stage.crm.play.messages(PLACE)) == 1
    [review] = await stage.journal.read(lambda db: reviews.of_location(db, PLACE, 10))
    assert (review.state, review.code) == (ReviewState.DECLINED, "restored")


async def test_what_queries_show_minutes_later_is_linked_again_too() -> None:
    stage = await opened()
    await sell(stage)
    await stage.work_off()
    copy = await copied(stage)
    stage.books.play.set(REALM, query_lag=240.0)
    await sell(stage)
    await stage.work()
    before = books(stage)
    assert len(before["SalesReceipt"]) == 2
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    assert books(stage) == before


async def test_a_first_payment_after_the_restart_is_asked_about() -> None:
    stage = await opened()
    customer = bob(stage)
    await settle_down(stage)
    copy = await copied(stage)
    await restore(stage, copy)
    await relink(stage)
    await stage.clock.sleep(60)
    receive(stage, bill(stage, customer))
    await settle_down(stage)
    assert len(stage.crm.play.messages(PLACE)) == 1


async def test_a_contact_that_only_its_name_tells_is_found_again() -> None:
    stage = await opened()
    copy = await copied(stage)
    stage.books.play.create(REALM, "Customer", {"DisplayName": "Walk In"})
    bob(stage)
    await settle_down(stage)
    assert len(stage.contacts()) == 2
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    assert len(stage.contacts()) == 2


async def test_a_crash_anywhere_while_the_books_are_read_again_changes_nothing() -> None:
    for at in range(1, 60):
        stage = await opened()
        morning = await sent(stage)
        copy = await copied(stage)
        await afternoon(stage, morning)
        before = books(stage)
        reaper = Reaper(at)
        put_back(stage, copy)
        stage.start()
        done = await survived(stage, reaper)
        await settle_down(stage)
        assert books(stage) == before, at
        assert (await standing(stage)).linked == {PLACE: 5}, at
        assert await stage.held() == [], at
        if done:
            break
    else:
        raise AssertionError("there is no end to it")


async def survived(stage: Stage, reaper: Reaper) -> bool:
    """Start on a copy and read the books again, dying where the reaper says; True when it never did."""
    beside = Beside()
    reaper.watch(stage)
    try:
        await begin(stage, beside)
        await relink(stage)
    except Killed:
        await stage.restart()
        await begin(stage, beside)
        await relink(stage)
        return False
    stage.journal.before = stage.journal.after = lambda: None
    stage.transport.on_send = lambda _: None
    return True


async def test_a_persons_change_of_a_document_of_the_time_between_is_kept_too() -> None:
    stage = await opened()
    copy = await copied(stage)
    invoice = await sent(stage)
    await stage.clock.sleep(3600)
    [row] = stage.in_books("Invoice")
    stage.books.play.update(REALM, "Invoice", {"Id": row["Id"], "DueDate": "2031-01-01"})
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    stage.crm.play.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": 110}])
    await news(stage, invoice)
    [row] = stage.in_books("Invoice")
    assert (row["DueDate"], row["TotalAmt"]) == ("2031-01-01", 110)
    assert await stage.held() == []


async def test_a_change_in_avantto_while_nobody_was_there_is_not_lost() -> None:
    stage = await opened()
    morning = await sent(stage)
    copy = await copied(stage)
    noon = await sent(stage, items=[{"name": "Wax", "amount": 60}])
    for invoice in (morning, noon):
        stage.crm.play.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": 110}])
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    assert [row["TotalAmt"] for row in stage.in_books("Invoice")] == [110, 110]
    assert await stage.held() == []


@pytest.mark.parametrize("known", [True, False])
async def test_a_persons_touch_does_not_pass_for_a_change_in_avantto_that_never_came(known: bool) -> None:
    stage = await opened()
    copy = await copied(stage)
    invoice = await sent(stage)
    copy = await copied(stage) if known else copy
    await stage.clock.sleep(3600)
    stage.crm.play.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": 110}])
    await stage.clock.sleep(3600)
    [row] = stage.in_books("Invoice")
    stage.books.play.update(REALM, "Invoice", {"Id": row["Id"], "DueDate": "2031-01-01"})
    await restore(stage, copy)
    await relink(stage)
    await news(stage, invoice)
    [row] = stage.in_books("Invoice")
    assert (row["TotalAmt"], row["DueDate"], await stage.held()) == (110, "2031-01-01", [])
