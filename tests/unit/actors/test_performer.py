from __future__ import annotations

from typing import Any

import pytest

from avantto_qbo.actors.desk import Desk
from avantto_qbo.actors.performer import Performer
from avantto_qbo.errors import InternalError, TransientError
from avantto_qbo.journal import claims
from avantto_qbo.model.operation import Reason, State
from avantto_qbo.model.records import Status, Topic
from stage import PLACE, REALM, Stage, writes
from unit.actors.scenes import answering_total, bill, bob, books_fault, crm_fault, receive, sell, the_only


async def settle_again(stage: Stage) -> None:
    """What `retry` does for a document that is held for anything but a doubt."""
    actor = await stage.actor()
    performer = Performer(stage.house, actor.realm, actor.crm)
    desk = Desk(stage.house, PLACE, realm=actor.realm, crm=actor.crm, performer=performer)
    await desk.let_go(await the_only(stage, State.HELD), Reason("retried", "tried again"))
    await stage.work_off()


async def test_a_fresh_copy_with_another_total_is_voided_and_held(stage: Stage) -> None:
    answering_total(stage, "invoice.create", "100.01")
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    assert await stage.held() == ["total_differs"]
    assert [row["TotalAmt"] for row in stage.in_books("Invoice")] == [0]
    link = await stage.link("invoice", invoice)
    assert link is not None
    assert link.status == "undone"


async def test_once_voided_it_is_made_anew_when_a_person_says_so(stage: Stage) -> None:
    answering_total(stage, "invoice.create", "100.01")
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    stage.transport.hosts = {**stage.transport.hosts, "quickbooks.test": stage.books}
    await settle_again(stage)
    assert sorted(row["TotalAmt"] for row in stage.in_books("Invoice")) == [0, 100]
    assert not await stage.held()


@pytest.mark.parametrize("operation", ["salesreceipt.create", "payment.create"])
async def test_money_with_another_total_is_taken_back(stage: Stage, operation: str) -> None:
    answering_total(stage, operation, "1.23")
    if operation.startswith("sales"):
        await sell(stage)
    else:
        invoice = stage.sent_invoice()
        stage.crm.play.pay_invoice(PLACE, invoice)
        await stage.tell(Topic.INVOICE, invoice)
    await stage.work_off()
    assert await stage.held() == ["total_differs"]
    assert [row["TotalAmt"] for row in stage.in_books("SalesReceipt") + stage.in_books("Payment")] == [0]


async def test_a_copy_that_cannot_be_voided_is_held_and_never_made_twice(stage: Stage) -> None:
    answering_total(stage, "invoice.create", "100.01")
    refusal = '{"Fault":{"Error":[{"code":"6540","Message":"deposited"}],"type":"ValidationFault"}}'
    books_fault(stage, "invoice.void", action="status", status=400, body=refusal)
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    assert await stage.held() == ["total_differs"]
    reason = (await the_only(stage, State.HELD)).reason
    assert reason is not None
    assert "6540" in reason.text
    await settle_again(stage)
    assert len(stage.in_books("Invoice")) == 1


async def test_a_void_that_is_not_answered_is_sent_again(stage: Stage) -> None:
    answering_total(stage, "invoice.create", "100.01")
    books_fault(stage, "invoice.void", action="status", status=503)
    await stage.mirror(stage.sent_invoice())
    voids = [request for request in writes(stage.transport.sent) if "void" in request.url]
    assert len(voids) == 2
    assert len({request.url for request in voids}) == 1
    assert await stage.held() == ["total_differs"]
    assert [row["TotalAmt"] for row in stage.in_books("Invoice")] == [0]


async def test_a_change_with_another_total_is_held_and_stays_the_same_invoice(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    answering_total(stage, "invoice.update", "1.23")
    stage.crm.play.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": 120}])
    await stage.mirror(invoice)
    assert await stage.held() == ["total_differs"]
    stage.transport.hosts = {**stage.transport.hosts, "quickbooks.test": stage.books}
    await stage.clock.sleep(60)
    stage.crm.play.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": 130}])
    await stage.mirror(invoice)
    assert [row["TotalAmt"] for row in stage.in_books("Invoice")] == [130]
    assert stage.asked("invoice.create") == 1
    assert not await stage.held()


async def test_a_dead_connection_to_the_books_stops_the_location_without_haste(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    stage.books.play.revoke(REALM)
    stage.books.play.expire_tokens(REALM)
    invoice = stage.sent_invoice()
    await stage.tell(Topic.INVOICE, invoice)
    sent, commits = len(stage.transport.sent), stage.journal.inner.commits
    await stage.work()
    assert (await stage.record()).status is Status.BROKEN
    assert len(stage.transport.sent) - sent < 10
    assert stage.journal.inner.commits - commits < 10
    await stage.clock.sleep(60)
    await stage.open()
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 2


async def test_a_dead_connection_to_the_crm_stops_the_location(stage: Stage) -> None:
    await stage.work_off()
    bob(stage)
    await stage.poll_changes()
    stage.crm.play.revoke(PLACE)
    await stage.work()
    record = await stage.record()
    assert record.status is Status.BROKEN
    assert f"connect {PLACE}" in record.reason


async def test_only_what_waits_can_be_gone_on_with(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    actor = await stage.actor()
    performer = Performer(stage.house, actor.realm, actor.crm)
    for op in await stage.operations(State.DONE):
        with pytest.raises(InternalError, match="nothing to go on with"):
            await performer.go_on(op)


async def test_an_unexpected_failure_while_sending_is_a_doubt(stage: Stage) -> None:
    def fail(request: Any) -> None:
        if "/invoice?" in request.url:
            stage.transport.on_send = lambda _: None
            raise KeyError("a bug of ours")

    stage.transport.on_send = fail
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    await stage.work()
    op = await the_only(stage, State.DOUBT)
    assert op.reason is not None
    assert "turn.failed" in stage.counted
    await stage.work_off()
    assert await stage.held() == ["doubt_unresolved"]


async def test_every_end_is_counted_and_told(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    assert "operation.invoice.create.done" in stage.counted
    events = [line.event for line in await stage.activity()]
    assert {"customer.create.done", "invoice.create.done", "location.connected"} <= set(events)


async def test_activity_names_no_people(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    told = " ".join(f"{line.text} {line.subject}" for line in await stage.activity())
    assert "Ann" not in told
    assert "ann@" not in told


async def test_a_claim_is_given_back_when_the_customer_is_there(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    [op] = [op for op in await stage.operations() if op.claim]
    assert await stage.journal.read(lambda db: claims.holder(db, REALM, op.claim)) is None


async def test_a_throttled_message_is_sent_later(stage: Stage) -> None:
    await stage.work_off()
    crm_fault(stage, "conversations", action="status", status=429)
    receive(stage, bill(stage, bob(stage)))
    await stage.poll_changes()
    await stage.work_off()
    assert len(stage.crm.play.messages(PLACE)) == 1


async def test_an_answer_that_the_disk_refuses_to_keep_is_kept_when_it_takes_it_again(stage: Stage) -> None:
    """Nobody else knows it, and what looks as if it were being sent parks its chain until the next start."""
    refusals = 0

    def refuse_after_the_send() -> None:
        nonlocal refusals
        if stage.asked("invoice.create") and refusals < 3:
            refusals += 1
            raise TransientError("journal: the disk is full")

    stage.journal.before = refuse_after_the_send
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    assert refusals == 3
    assert {op.state for op in await stage.operations()} == {State.DONE}
    assert stage.asked("invoice.create") == 1
    assert not await stage.mail()
