from __future__ import annotations

from datetime import timedelta

import anyio
import pytest

from avantto_qbo.journal import inbox, locations, operations
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Lane, Status, Topic
from stage import OTHER_PLACE, PLACE, REALM, Stage
from unit.actors.scenes import bob, books_fault, crm_fault

BROKEN_BODY = '{"_id": 7, "status": ["not", "an", "invoice"]}'


async def test_one_document_that_cannot_be_read_does_not_stop_the_others(stage: Stage) -> None:
    bad, good = stage.sent_invoice(), stage.sent_invoice()
    stage.crm.play.faults(add=[{"path": bad, "action": "status", "status": 200, "body": BROKEN_BODY, "times": 0}])
    for invoice in (bad, good):
        await stage.tell(Topic.INVOICE, invoice)
    await stage.work()
    assert len(stage.in_books("Invoice")) == 1
    assert await stage.link("invoice", good) is not None
    mail = await stage.journal.read(lambda db: inbox.get(db, PLACE, Topic.INVOICE, bad))
    assert mail is not None
    assert mail.reason
    assert mail.next_at > stage.clock.now()


async def test_a_bug_of_ours_puts_only_its_own_mail_off(stage: Stage) -> None:
    good = stage.sent_invoice()
    await stage.tell(Topic.CUSTOMER, "999", payload=b"no row at all")
    await stage.tell(Topic.INVOICE, good)
    await stage.work()
    assert len(stage.in_books("Invoice")) == 1
    assert "turn.failed" in stage.counted
    assert (await stage.mail())[Topic.CUSTOMER] == 1
    assert (await stage.record()).status is Status.CONNECTED


async def test_passing_trouble_is_tried_again_later_and_later(stage: Stage) -> None:
    crm_fault(stage, "invoices.read", action="status", status=500, times=3)
    invoice, start = stage.sent_invoice(), stage.clock.now()
    await stage.mirror(invoice)
    assert len(stage.in_books("Invoice")) == 1
    assert stage.clock.now() - start >= timedelta(seconds=3)


async def test_a_refused_read_besides_the_document_waits_longer(stage: Stage) -> None:
    refusal = '{"Fault":{"Error":[{"code":"4000","Message":"Error parsing query"}],"type":"ValidationFault"}}'
    books_fault(stage, "customer.query", action="status", status=400, body=refusal)
    invoice, start = stage.sent_invoice(), stage.clock.now()
    await stage.mirror(invoice)
    assert len(stage.in_books("Invoice")) == 1
    assert stage.clock.now() - start >= timedelta(minutes=10)


async def test_a_dead_connection_stops_its_location_only(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    for place, number in ((PLACE, "A-1"), (OTHER_PLACE, "B-1")):
        await stage.tell(Topic.INVOICE, stage.sent_invoice(place, number=number), place)
    stage.crm.play.revoke(PLACE)
    await stage.work(PLACE)
    await stage.work(OTHER_PLACE)
    broken, other = await stage.record(PLACE), await stage.record(OTHER_PLACE)
    assert (broken.status, other.status) == (Status.BROKEN, Status.CONNECTED)
    assert f"avantto-qbo connect {PLACE}" in broken.reason
    assert [row["DocNumber"] for row in stage.in_books("Invoice")] == ["B-1"]


async def test_nothing_is_done_for_a_paused_location_and_nothing_is_lost(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.PAUSED, "by test", now))
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    await stage.work()
    assert not stage.in_books("Invoice")
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.CONNECTED, "", now))
    await stage.work()
    assert len(stage.in_books("Invoice")) == 1


async def test_a_due_operation_goes_before_mail(stage: Stage) -> None:
    books_fault(stage, "invoice.create", action="status", status=429)
    first = stage.sent_invoice()
    await stage.tell(Topic.INVOICE, first)
    await stage.work()
    await stage.clock.sleep(120)
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    await stage.work()
    done = [op.source.id for op in await stage.operations(State.DONE) if op.source.kind == "invoice"]
    assert len(done) == 2
    assert stage.in_books("Invoice")[0]["PrivateNote"].endswith(first)


async def test_stopping_takes_no_further_turn(stage: Stage) -> None:
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    actor = await stage.actor()
    await actor.drain(lambda: True)
    assert not stage.in_books("Invoice")


async def test_mail_nobody_handles_is_closed(stage: Stage) -> None:
    await stage.tell(Topic.ORDER, "o" * 24)
    await stage.work()
    assert Topic.ORDER not in await stage.mail()


async def test_a_look_up_of_a_doubt_that_fails_does_not_stop_mail(stage: Stage) -> None:
    books_fault(stage, "invoice.create", action="lost_after")
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    await stage.work()
    await stage.clock.sleep(200)
    books_fault(stage, "invoice.query", action="status", status=500)
    await stage.tell(Topic.INVOICE, stage.sent_invoice(contact={"name": "Bea", "email": "bea@example.com"}))
    await stage.work()
    assert len(stage.in_books("Invoice")) == 2
    [op] = await stage.operations(State.DOUBT)
    assert op.next_at is not None
    assert op.next_at > stage.clock.now()


async def test_money_comes_before_a_crowd_of_old_contacts_only_in_its_turn(stage: Stage) -> None:
    """Contacts older than two minutes go first: five minutes are promised."""
    customer = bob(stage)
    await stage.poll_changes()
    await stage.clock.sleep(130)
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    actor = await stage.actor()
    await actor.drain(lambda: bool(stage.contacts()[1:]))
    link = await stage.link("contact", customer)
    assert link is not None


async def test_the_backfill_s_share_leaves_the_door_open_for_other_mail() -> None:
    stage = Stage()
    stage.furnish()
    bodies = [{"DisplayName": f"C{number}"} for number in range(60)]
    stage.books.play.create_many(REALM, "Customer", bodies)
    await stage.open()
    invoice = stage.sent_invoice()
    stage.clock.call_later(2.0, lambda: None)

    async def later() -> None:
        await stage.clock.sleep(2.0)
        await stage.tell(Topic.INVOICE, invoice)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(later)
        tasks.start_soon(stage.work)
    assert len(stage.in_books("Invoice")) == 1
    assert len(stage.contacts()) == 61


async def test_the_directory_knows_connected_locations_only(stage: Stage) -> None:
    assert await stage.directory.location(LocationId("nobody")) is None
    first = await stage.actor()
    assert await stage.actor() is first
    await stage.connecting.disconnect(PLACE, "test")
    assert await stage.directory.location(PLACE) is None


async def test_another_company_means_another_actor(stage: Stage) -> None:
    first = await stage.actor()
    await stage.connecting.disconnect(PLACE, "test")
    await stage.clock.sleep(60)
    await stage.open(realm=RealmId("9130000000000000009"))
    second = await stage.actor()
    assert second is not first
    assert second.realm.realm == "9130000000000000009"


@pytest.mark.parametrize("lane", [Lane.MONEY, Lane.CONTACT])
async def test_mail_waits_until_it_is_due(stage: Stage, lane: Lane) -> None:
    now, invoice = stage.clock.now(), stage.sent_invoice()
    due = now + timedelta(minutes=5)
    await stage.journal.write(lambda db: inbox.tell(db, PLACE, Topic.INVOICE, invoice, lane, now, due=due))
    await stage.work()
    assert not stage.in_books("Invoice")
    await stage.clock.sleep(300)
    await stage.work()
    assert len(stage.in_books("Invoice")) == 1


async def test_an_operation_that_ended_meanwhile_is_left_alone(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    op = (await stage.operations(State.DONE))[0]
    actor = await stage.actor()

    async def fail() -> None:
        raise OSError("late")

    await actor._troubles.with_operation(op, fail())
    found = await stage.journal.read(lambda db: operations.get(db, op.id))
    assert found is not None
    assert found.state is State.DONE
