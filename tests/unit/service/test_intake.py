from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from avantto_qbo.actors.books.deletions import GONE, Gone
from avantto_qbo.actors.polls.payment_rows import WATCHED
from avantto_qbo.actors.polls.pollers import CHANGES, PAYMENTS_HINT
from avantto_qbo.actors.polls.sweeps import PAYMENTS
from avantto_qbo.journal import cursors, evidence, inbox, merges
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Order
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.records import Status, Topic
from avantto_qbo.server.ports import Verdict
from stage import ANN, PLACE, REALM, Stage
from unit.actors.scenes import bill, bob, receive
from unit.service.doors import Door, sign, signed_event


@pytest.fixture
async def door(stage: Stage) -> Door:
    later = stage.clock.now() + timedelta(minutes=30)

    def put_off(db: Connection) -> None:
        for owner, name in ((REALM, CHANGES), (PLACE, PAYMENTS)):
            cursors.schedule(db, owner, name, later)

    await stage.journal.write(put_off)
    return Door(stage)


async def test_an_invoice_s_event_becomes_mail_and_a_nudge(door: Door) -> None:
    invoice = door.stage.sent_invoice()
    verdicts = {await door.avantto(delivery) for delivery in door.crm()}
    assert verdicts <= {Verdict.TAKEN, Verdict.IGNORED}
    assert await door.stage.journal.read(lambda db: inbox.get(db, PLACE, Topic.INVOICE, invoice)) is not None
    assert PLACE in door.stage.nudged
    assert door.looked >= 1


async def test_a_repeated_delivery_changes_nothing(door: Door) -> None:
    door.stage.sent_invoice()
    deliveries = [delivery for delivery in door.crm() if b"Invoice" in delivery.body]
    first = [await door.avantto(delivery) for delivery in deliveries]
    before, nudged = await door.stage.mail(), len(door.stage.nudged)
    again = [await door.avantto(delivery) for delivery in deliveries]
    assert set(first) == {Verdict.TAKEN}
    assert set(again) == {Verdict.REPEATED}
    assert await door.stage.mail() == before
    assert len(door.stage.nudged) == nudged


async def test_an_unsigned_body_changes_nothing(door: Door) -> None:
    door.stage.sent_invoice()
    delivery = door.crm()[-1]
    assert (await door.intake.avantto(delivery.body, {})).verdict is Verdict.UNSIGNED
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    assert (await door.intake.avantto(delivery.body + b" ", headers)).verdict is Verdict.UNSIGNED
    assert (await door.intake.quickbooks(b"[]", {"intuit-signature": "AAAA"})).verdict is Verdict.UNSIGNED
    assert not await door.stage.mail()


async def test_a_signed_body_that_makes_no_sense_is_malformed(door: Door) -> None:
    body = b'"a text"'
    headers = {name.lower(): value for name, value in door.stage.crm.world.signer.headers(body, legacy=False).items()}
    assert (await door.intake.avantto(body, headers)).verdict is Verdict.MALFORMED
    signature = sign(b"{}")
    assert (await door.intake.quickbooks(b"{}", {"intuit-signature": signature})).verdict is Verdict.MALFORMED


@pytest.mark.parametrize(
    "event",
    [
        {"type": "InvoiceSent", "webhookId": "w1", "_id": "a" * 24, "altId": "UnknownLocation00001"},
        {"type": "ContactCreate", "webhookId": "w2", "id": "x", "locationId": PLACE},
        {"type": "LocationUpdate", "webhookId": "w3", "companyId": "c"},
    ],
)
async def test_events_nobody_needs_are_ignored(door: Door, event: dict[str, Any]) -> None:
    assert await signed_event(door, event) is Verdict.IGNORED
    assert not door.stage.nudged


async def test_a_disconnected_location_s_events_are_ignored(door: Door) -> None:
    door.stage.sent_invoice()
    await door.stage.connecting.disconnect(PLACE, "test")
    assert {await door.avantto(delivery) for delivery in door.crm()} == {Verdict.IGNORED}


async def test_an_order_s_event_is_evidence_and_makes_payments_be_looked_for(door: Door) -> None:
    stage = door.stage
    items = [{"name": "Kit", "amount": 99, "taxes": [{"name": "T", "rate": 10}]}]
    sold = stage.crm.play.sell_order_form(PLACE, ANN, items)
    for delivery in door.crm():
        await door.avantto(delivery)
    kept = await stage.journal.read(lambda db: evidence.get(db, PLACE, "order", sold["order"]["_id"]))
    assert kept is not None
    order = msgspec.json.decode(kept, type=Order)
    assert order.tax is not None
    assert (order.person.email, order.person.name) == ("", "")
    assert await stage.journal.read(lambda db: cursors.get(db, PLACE, PAYMENTS_HINT)) is not None
    assert await door.due(PLACE, PAYMENTS) == stage.clock.now() + timedelta(seconds=1)
    assert Topic.ORDER not in await stage.mail()


async def test_an_order_s_event_makes_its_older_payments_be_looked_at_again(door: Door) -> None:
    """A bank debit of last week has come: the list of new payments would not show it."""
    stage = door.stage
    sold = stage.crm.play.sell_order_form(PLACE, ANN, [{"name": "Kit", "amount": 99}], status="pending")
    for delivery in door.crm():
        await door.avantto(delivery)
    await stage.pollers.run(PLACE, PAYMENTS)
    await stage.work_off(within=timedelta(0))
    await stage.clock.sleep(timedelta(days=5).total_seconds())
    stage.crm.play.settle_transaction(PLACE, sold["transaction"]["_id"])
    for delivery in door.crm():
        await door.avantto(delivery)
    await stage.pollers.run(PLACE, PAYMENTS)
    await stage.work()
    assert [row["TotalAmt"] for row in stage.in_books("SalesReceipt")] == [99]


@pytest.mark.parametrize("status", ["succeeded", "pending"])
async def test_an_order_s_first_event_is_a_hint_only(door: Door, status: str) -> None:
    door.stage.crm.play.sell_order_form(PLACE, ANN, [{"name": "Kit", "amount": 99}], status=status)
    for delivery in door.crm():
        await door.avantto(delivery)
    assert not await door.stage.journal.read(lambda db: evidence.of_kind(db, PLACE, WATCHED))


async def test_a_deletion_s_event_is_evidence_beside_its_mail(door: Door) -> None:
    invoice = door.stage.sent_invoice()
    for delivery in door.crm():
        await door.avantto(delivery)
    assert not await door.stage.journal.read(lambda db: evidence.of_kind(db, PLACE, GONE))
    door.stage.crm.play.delete_invoice(PLACE, invoice)
    assert Verdict.TAKEN in {await door.avantto(delivery) for delivery in door.crm()}
    kept = await door.stage.journal.read(lambda db: evidence.get(db, PLACE, GONE, invoice))
    assert kept is not None
    assert msgspec.json.decode(kept, type=Gone).announced
    assert await door.stage.journal.read(lambda db: inbox.get(db, PLACE, Topic.INVOICE, invoice)) is not None


@pytest.mark.parametrize(
    "members",
    [
        {"type": "InvoiceDelete"},
        {"type": "InvoiceUpdate", "status": "delete"},
        {"invoiceNumber": "7", "status": "deleted"},
    ],
)
async def test_a_deletion_is_told_by_type_or_status(door: Door, members: dict[str, Any]) -> None:
    event = {"webhookId": "w8", "_id": "c" * 24, "altId": PLACE, **members}
    assert await signed_event(door, event) is Verdict.TAKEN
    assert list(await door.stage.journal.read(lambda db: evidence.of_kind(db, PLACE, GONE))) == ["c" * 24]


async def test_an_order_s_event_that_cannot_be_read_is_still_a_hint(door: Door) -> None:
    event = {"type": "OrderCreate", "webhookId": "w9", "_id": "b" * 24, "altId": PLACE, "items": "none"}
    assert await signed_event(door, event) is Verdict.TAKEN
    assert await door.stage.journal.read(lambda db: evidence.get(db, PLACE, "order", "b" * 24)) is None
    assert await door.due(PLACE, PAYMENTS) is not None


async def test_removing_the_app_breaks_the_connection_once(door: Door) -> None:
    door.stage.crm.play.revoke(PLACE)
    [delivery] = door.crm()
    assert await door.avantto(delivery) is Verdict.TAKEN
    record = await door.stage.record()
    assert (record.status, f"connect {PLACE}" in record.reason) == (Status.BROKEN, True)
    await door.stage.clock.sleep(60)
    await door.stage.open()
    assert await door.avantto(delivery) is Verdict.REPEATED
    assert (await door.stage.record()).status is Status.CONNECTED


@pytest.mark.parametrize(("seconds", "status"), [(-1, Status.CONNECTED), (1, Status.BROKEN)])
async def test_a_removal_ends_only_the_connection_it_was_about(door: Door, seconds: int, status: Status) -> None:
    """Its webhook may come late, when the location is connected again."""
    connected = (await door.stage.record()).connected_at
    await door.stage.clock.sleep(3600)
    await door.stage.open()
    again = (await door.stage.record()).connected_at
    assert again > connected
    at = (again + timedelta(seconds=seconds)).isoformat()
    event = {"type": "UNINSTALL", "webhookId": "w1", "locationId": PLACE, "companyId": "c", "timestamp": at}
    taken = Verdict.TAKEN if status is Status.BROKEN else Verdict.IGNORED
    assert await signed_event(door, event) is taken
    assert (await door.stage.record()).status is status
    assert await signed_event(door, event) is Verdict.REPEATED


async def test_a_removal_that_names_no_time_is_believed(door: Door) -> None:
    event = {"type": "UNINSTALL", "webhookId": "w1", "locationId": PLACE, "companyId": "c"}
    assert await signed_event(door, event) is Verdict.TAKEN
    assert (await door.stage.record()).status is Status.BROKEN


@pytest.mark.parametrize("legacy", [False, True])
async def test_a_change_in_quickbooks_makes_the_feed_due_soon(door: Door, legacy: bool) -> None:
    door.stage.books.play.webhooks(legacy=legacy)
    bob(door.stage)
    [delivery] = door.books()
    assert await door.quickbooks(delivery) is Verdict.TAKEN
    assert await door.due(REALM, CHANGES) == door.stage.clock.now() + timedelta(seconds=1)
    assert await door.quickbooks(delivery) is Verdict.REPEATED
    assert door.looked == 2


async def test_a_merge_is_followed_at_once(door: Door) -> None:
    stage = door.stage
    loser, survivor = bob(stage), bob(stage, DisplayName="Bobby", PrimaryEmailAddr={"Address": ""})
    stage.books.play.merge_customers(REALM, survivor, loser)
    for delivery in door.books():
        await door.quickbooks(delivery)
    found = await stage.journal.read(lambda db: merges.survivor(db, REALM, CustomerId(loser)))
    assert found == survivor


async def test_our_own_customer_does_not_nudge(door: Door) -> None:
    await door.stage.mirror(door.stage.sent_invoice())
    due = await door.due(REALM, CHANGES)
    customers = [delivery for delivery in door.books() if b"customer" in delivery.body]
    assert {await door.quickbooks(delivery) for delivery in customers} == {Verdict.TAKEN}
    assert await door.due(REALM, CHANGES) == due
    assert due is not None


async def test_a_payment_nudges_even_when_it_is_ours(door: Door) -> None:
    """Our own mirrored payment may be somebody's first (R1)."""
    stage = door.stage
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    for delivery in door.books():
        await door.quickbooks(delivery)
    assert await door.due(REALM, CHANGES) == stage.clock.now() + timedelta(seconds=1)


async def test_other_entities_and_other_companies_are_ignored(door: Door) -> None:
    stage = door.stage
    stage.books.play.add_company("9130000000000000001")
    stage.books.play.create("9130000000000000001", "Customer", {"DisplayName": "Zoe"})
    income = next(row["Id"] for row in stage.in_books("Account") if row["AccountType"] == "Income")
    item = {"Name": "Soap", "Type": "Service", "IncomeAccountRef": {"value": income}}
    stage.books.play.create(REALM, "Item", item)
    assert {await door.quickbooks(delivery) for delivery in door.books()} == {Verdict.IGNORED}


async def test_one_delivery_may_mix_companies(door: Door) -> None:
    stage = door.stage
    receive(stage, bill(stage, bob(stage)))
    bodies = [json.loads(delivery.body) for delivery in door.books()]
    mixed = json.dumps([event for body in bodies for event in body]).encode()
    assert (await door.intake.quickbooks(mixed, {"intuit-signature": sign(mixed)})).verdict is Verdict.TAKEN


async def test_a_commit_that_fails_is_no_acknowledgement(door: Door) -> None:
    door.stage.sent_invoice()
    delivery = next(delivery for delivery in door.crm() if b"Invoice" in delivery.body)

    def fail() -> None:
        raise OSError("disk full")

    door.stage.journal.before = fail
    with pytest.raises(OSError, match="disk full"):
        await door.avantto(delivery)
    door.stage.journal.before = lambda: None
    assert await door.avantto(delivery) is Verdict.TAKEN
