"""A row that makes no sense costs itself only: the poll goes on, and a person hears of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog

from avantto_qbo.journal import cursors
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Topic
from avantto_qbo.sandbox.http import Reply, Request, encode_json
from stage import ANN, PLACE, REALM, Stage
from unit.actors.scenes import Tampered, bill, bob, receive


def damaged(found: Any, name: str, members: dict[str, Any]) -> Any:
    """Return an answer in which the object `name` has these members, wherever it stands."""
    if isinstance(found, list):
        return [damaged(one, name, members) for one in found]
    if not isinstance(found, dict):
        return found
    changed = {key: damaged(value, name, members) for key, value in found.items()}
    return changed | members if name in (found.get("_id"), found.get("Id")) else changed


def damage(stage: Stage, name: str, *, only: str = "", **members: Any) -> None:
    """Let the vendors' reads (or only those whose path ends with `only`) show object `name` with these members."""
    hosts = dict(stage.transport.hosts)

    def change(request: Request, reply: Reply) -> Reply:
        if request.method != "GET" or reply.status != 200 or not request.path.endswith(only):
            return reply
        return replace(reply, body=encode_json(damaged(reply.json(), name, members)))

    stage.transport.hosts = {host: Tampered(service, change) for host, service in hosts.items()}


def mend(stage: Stage) -> None:
    stage.transport.hosts = {"quickbooks.test": stage.books, "avantto.test": stage.crm}


def sale(stage: Stage, amount: int) -> str:
    sold = stage.crm.play.sell_order_form(PLACE, ANN, [{"name": "Kit", "amount": amount}])
    return str(sold["transaction"]["_id"])


async def reasons(stage: Stage) -> list[str]:
    return [op.reason.text for op in await stage.operations(State.HELD) if op.reason]


async def test_a_payment_that_makes_no_sense_is_held_and_the_others_are_posted(stage: Stage) -> None:
    bad, _ = sale(stage, 1), sale(stage, 99)
    damage(stage, bad, amount=None)
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off()
    assert [row["TotalAmt"] for row in stage.in_books("SalesReceipt")] == [99]
    [text] = await reasons(stage)
    assert bad in text
    assert "amount is not a number" in text
    assert "poll.unreadable.payments" in stage.counted


async def test_polls_after_that_do_not_look_at_it_again_until_it_can_be_read(stage: Stage) -> None:
    bad = sale(stage, 1)
    damage(stage, bad, currency=None)
    for _ in range(4):
        await stage.pollers.run(PLACE, "payments")
        await stage.work_off(within=timedelta(minutes=1))
        await stage.clock.sleep(60)
    assert stage.crm.traffic.of(PLACE).operations["transactions.read"] == 1
    mend(stage)
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off()
    assert [row["TotalAmt"] for row in stage.in_books("SalesReceipt")] == [1]
    assert not await stage.operations(State.HELD)


async def test_a_page_full_of_payments_that_make_no_sense_does_not_hide_the_next(stage: Stage) -> None:
    oldest = sale(stage, 99)
    await stage.clock.sleep(1)
    many = [sale(stage, 1) for _ in range(100)]
    for name in many:
        stage.crm.world.locations[PLACE].transactions[name]["amount"] = None
    await stage.pollers.run(PLACE, "payments")
    assert (await stage.mail())[Topic.TRANSACTION] == 101
    await stage.work()
    assert await stage.link("transaction", oldest) is not None


async def test_an_invoice_that_makes_no_sense_is_held_and_the_others_are_posted(stage: Stage) -> None:
    bad, good = stage.sent_invoice(), stage.sent_invoice()
    damage(stage, bad, createdAt=None)
    await stage.pollers.run(PLACE, "invoices")
    await stage.work_off()
    assert await stage.link("invoice", good) is not None
    assert len(stage.in_books("Invoice")) == 1
    [text] = await reasons(stage)
    assert "createdAt is missing" in text


async def test_a_row_whose_detail_makes_sense_is_posted(stage: Stage) -> None:
    """What only the list garbles is read from the document itself."""
    bad = stage.sent_invoice()
    damage(stage, bad, only="/invoices/", status=None)
    await stage.pollers.run(PLACE, "invoices")
    assert "poll.unreadable.invoices" in stage.counted
    await stage.work_off()
    assert await stage.link("invoice", bad) is not None


async def test_money_that_makes_no_sense_is_not_booked_as_cash(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    paid = stage.crm.play.pay_invoice(PLACE, invoice)
    damage(stage, paid["transaction"]["_id"], amount="a lot")
    await stage.mirror(invoice)
    assert not stage.in_books("Payment")
    [text] = await reasons(stage)
    assert "amount is not a number" in text
    mend(stage)
    await stage.mirror(invoice)
    assert [row["TotalAmt"] for row in stage.in_books("Payment")] == [100]


async def test_a_change_that_makes_no_sense_is_counted_and_the_feed_goes_on(stage: Stage) -> None:
    bad, good = bob(stage), bob(stage, DisplayName="Zoe", PrimaryEmailAddr={"Address": "zoe@example.com"})
    receive(stage, bill(stage, good))
    damage(stage, bad, DisplayName=7)
    before = await stage.journal.read(lambda db: cursors.get(db, REALM, "changes"))
    with structlog.testing.capture_logs() as logs:
        await stage.poll_changes()
    assert [line["count"] for line in logs if line["event"] == "feed.unreadable"] == [1]
    mail = await stage.mail()
    assert (mail[Topic.CUSTOMER], mail[Topic.PAYMENT]) == (1, 1)
    assert await stage.journal.read(lambda db: cursors.get(db, REALM, "changes")) != before


async def test_customers_that_make_no_sense_do_not_end_the_backfill_early(stage: Stage) -> None:
    stage = Stage()
    stage.furnish()
    bodies = [{"DisplayName": f"Customer {number}"} for number in range(1100)]
    ids = stage.books.play.create_many(REALM, "Customer", bodies)
    await stage.open()
    damage(stage, ids[5], DisplayName=7)
    realm = stage.directory.realm(REALM)
    assert await realm.backfill_page(PLACE)
    assert not await realm.backfill_page(PLACE)
    assert (await stage.mail())[Topic.CUSTOMER] == 1099
    assert "feed.unreadable" in stage.counted


async def test_changes_older_than_the_feed_reaches_are_counted_too(stage: Stage) -> None:
    bad = bob(stage)
    await stage.clock.sleep(timedelta(days=40).total_seconds())
    damage(stage, bad, DisplayName=7)
    with structlog.testing.capture_logs() as logs:
        await stage.poll_changes()
    assert [line["count"] for line in logs if line["event"] == "feed.unreadable"] == [1]
