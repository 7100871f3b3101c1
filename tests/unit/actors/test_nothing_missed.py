"""Without a single webhook, and killed at any point of a poll: nothing that changed is missed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from avantto_qbo.journal import inbox
from avantto_qbo.model.records import Topic
from stage import ANN, PLACE, REALM, Killed, Stage
from unit.actors.scenes import bill, bob, receive

MANY = 1100
Scene = Callable[[Stage], Awaitable[None]]


def crowd(stage: Stage, count: int) -> None:
    bodies = [{"DisplayName": f"C {n}", "PrimaryEmailAddr": {"Address": f"c{n}@example.com"}} for n in range(count)]
    stage.books.play.create_many(REALM, "Customer", bodies)


async def told(stage: Stage, topic: Topic) -> int:
    return (await stage.mail()).get(topic, 0)


async def test_a_deletion_is_kept_where_the_feed_overflows(stage: Stage) -> None:
    paid = receive(stage, bill(stage, bob(stage)))
    await stage.poll_changes()
    await stage.work_off()
    await stage.clock.sleep(600)
    stage.books.play.delete(REALM, "Payment", {"Id": paid["Id"]})
    crowd(stage, MANY)
    await stage.poll_changes()
    assert stage.asked("payment.query") == 1
    mail = await stage.journal.read(lambda db: inbox.get(db, PLACE, Topic.PAYMENT, paid["Id"]))
    assert mail is not None
    assert b'"deleted":true' in mail.payload


async def test_a_row_that_moves_between_two_pages_shifts_no_other(stage: Stage) -> None:
    crowd(stage, MANY)
    [first] = [row["Id"] for row in stage.in_books("Customer") if row["DisplayName"] == "C 0"]
    pages = 0

    def edit_after_the_first_page(request: object) -> None:
        nonlocal pages
        pages += "customer" in str(request).lower() and "query" in str(request)
        if pages == 2:
            stage.transport.on_send = lambda _: None
            stage.books.play.update(REALM, "Customer", {"Id": first, "CompanyName": "Moved"})

    stage.transport.on_send = edit_after_the_first_page
    await stage.poll_changes()
    assert await told(stage, Topic.CUSTOMER) == MANY


async def many_customers(stage: Stage) -> None:
    crowd(stage, MANY)


async def paid_forty_days_ago(stage: Stage) -> None:
    receive(stage, bill(stage, bob(stage)))
    await stage.clock.sleep(timedelta(days=40).total_seconds())
    await stage.directory.realm(REALM).learn()  # with new tokens: what becomes of those is told elsewhere


async def many_sales(stage: Stage) -> None:
    for _ in range(130):
        stage.crm.play.sell_order_form(PLACE, ANN, [{"name": "Kit", "amount": 9}])


async def many_invoices(stage: Stage) -> None:
    for _ in range(130):
        stage.sent_invoice()


async def prepared(begin: Scene) -> Stage:
    stage = Stage()
    await stage.open()
    await begin(stage)
    return stage


async def dies(stage: Stage, owner: str, poll: str, at: int) -> bool:
    """Run a poll and kill it at its `at`-th commit or request; False when it was over before."""
    seen = 0

    def kill(_: object = None) -> None:
        nonlocal seen
        seen += 1
        if seen == at:
            raise Killed

    stage.journal.before = stage.journal.after = kill
    stage.transport.on_send = kill
    try:
        await stage.pollers.run(owner, poll)
    except Killed:
        await stage.restart()
        return True
    return False


@pytest.mark.parametrize(
    ("begin", "owner", "poll", "mail"),
    [
        (many_customers, REALM, "changes", {Topic.CUSTOMER: MANY}),
        (paid_forty_days_ago, REALM, "changes", {Topic.CUSTOMER: 1, Topic.PAYMENT: 1}),
        (many_sales, PLACE, "payments", {Topic.TRANSACTION: 130}),
        (many_invoices, PLACE, "invoices", {Topic.INVOICE: 130}),
    ],
)
async def test_killed_at_any_commit_or_request_of_a_poll_the_next_one_tells_of_everything(
    begin: Scene, owner: str, poll: str, mail: dict[Topic, int]
) -> None:
    at = 1
    while await dies(stage := await prepared(begin), owner, poll, at):
        await stage.pollers.run(owner, poll)
        assert {topic: count for topic, count in (await stage.mail()).items() if topic in mail} == mail, at
        at += 1
    assert at > 3


async def test_an_edit_of_an_old_open_invoice_reaches_the_books_without_a_webhook(stage: Stage) -> None:
    old = stage.sent_invoice()
    for _ in range(110):
        stage.sent_invoice()
    await stage.pollers.run(PLACE, "invoices")
    await stage.work_off(within=timedelta(minutes=30))
    await stage.clock.sleep(3700)
    stage.crm.play.edit_invoice(PLACE, old, items=[{"name": "Wash", "amount": 120}])
    await stage.pollers.run(PLACE, "invoices")
    await stage.work_off(within=timedelta(minutes=30))
    link = await stage.link("invoice", old)
    assert link is not None
    [there] = [row for row in stage.in_books("Invoice") if row["Id"] == link.object_id]
    assert there["TotalAmt"] == 120
