from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from avantto_qbo.actors.desk import MONEY_PAUSED
from avantto_qbo.actors.polls.payment_rows import INVOICE_PAYMENT, TRANSACTION, WATCHED, PaymentRows
from avantto_qbo.actors.polls.sweeps import ALL_INVOICES, OLD_PAYMENTS, PAYMENTS
from avantto_qbo.journal import cursors, evidence, inbox, locations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.ids import ContactId
from avantto_qbo.model.records import Lane, Status, Topic
from stage import ANN, PLACE, Stage
from unit.actors.scenes import crm_fault

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def poll(stage: Stage, name: str = "payments") -> None:
    await stage.pollers.run(PLACE, name)


def form(stage: Stage, **changes: Any) -> str:
    sold = stage.crm.play.sell_order_form(PLACE, ANN, [{"name": "Kit", "amount": 99}], **changes)
    return str(sold["transaction"]["_id"])


async def seen(stage: Stage, *names: str) -> None:
    """Poll these lists and drop the mail they brought."""
    for name in names:
        await poll(stage, name)
    await stage.journal.write(lambda db: inbox.clear(db, PLACE))


async def told(stage: Stage, topic: Topic = Topic.TRANSACTION) -> int:
    return (await stage.mail()).get(topic, 0)


async def wait(stage: Stage, time: timedelta) -> None:
    await stage.clock.sleep(time.total_seconds())


def asked(stage: Stage, operation: str) -> int:
    return int(stage.crm.traffic.of(PLACE).operations[operation])


# -- payments that change late -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "pause"), [(2 * DAY, HOUR), (30 * DAY, DAY), (189 * DAY, DAY)])
async def test_a_refund_of_an_old_payment_is_seen(stage: Stage, age: timedelta, pause: timedelta) -> None:
    sold = form(stage)
    await seen(stage, "payments")
    await wait(stage, age)
    form(stage)
    await seen(stage, "payments")
    stage.crm.play.refund(PLACE, sold, 10)
    await wait(stage, pause)
    await poll(stage)
    assert await told(stage) == 1
    await seen(stage, "payments")
    assert await told(stage) == 0


async def test_what_is_older_than_the_cards_allow_is_let_be(stage: Stage) -> None:
    sold = form(stage)
    await seen(stage, "payments")
    await wait(stage, 191 * DAY)
    form(stage)
    await seen(stage, "payments")
    stage.crm.play.refund(PLACE, sold)
    await poll(stage)
    assert await told(stage) == 0


async def test_passes_never_reach_behind_the_cut_off() -> None:
    stage = Stage()
    stage.furnish()
    sold = form(stage)
    await wait(stage, HOUR)
    await stage.open()
    await poll(stage)
    stage.crm.play.refund(PLACE, sold)
    await wait(stage, DAY)
    await poll(stage)
    assert await told(stage) == 0
    assert await stage.journal.read(lambda db: evidence.get(db, PLACE, TRANSACTION, sold)) is None


async def test_a_pass_goes_on_where_it_was_cut_short(stage: Stage) -> None:
    await poll(stage)
    for _ in range(2150):
        form(stage)
    await seen(stage, "payments")
    await wait(stage, 4 * DAY)
    form(stage)
    await seen(stage, "payments")
    await poll(stage)
    await wait(stage, DAY)
    before = asked(stage, "transactions.list")
    await poll(stage)  # the newest, the recent, and a slice of twenty pages
    assert asked(stage, "transactions.list") - before == 22
    await stage.restart()
    crm_fault(stage, "transactions.list", action="status", status=500, skip=1)
    await poll(stage)  # the newest; then it fails
    await poll(stage)  # the newest and the two pages that are left
    assert asked(stage, "transactions.list") - before == 22 + 1 + 3


async def test_the_first_look_is_not_taken_twice(stage: Stage) -> None:
    form(stage)
    await poll(stage)
    standing = await stage.journal.read(lambda db: cursors.get(db, PLACE, OLD_PAYMENTS))
    assert standing is not None
    assert asked(stage, "transactions.list") == 4  # one at connect, two looks before the cut-off, the newest


async def test_the_cursor_waits_for_the_last_page(stage: Stage) -> None:
    await poll(stage)
    await wait(stage, HOUR)
    before = await stage.journal.read(lambda db: cursors.get(db, PLACE, PAYMENTS))
    for _ in range(150):
        form(stage)
    crm_fault(stage, "transactions.list", action="status", status=500, skip=1)
    await poll(stage)
    assert await told(stage) == 100
    assert await stage.journal.read(lambda db: cursors.get(db, PLACE, PAYMENTS)) == before
    await poll(stage)
    assert await told(stage) == 150
    assert await stage.journal.read(lambda db: cursors.get(db, PLACE, PAYMENTS)) != before


# -- pending payments --------------------------------------------------------------------------------------------------


async def test_a_bank_debit_that_succeeds_after_days_is_booked(stage: Stage) -> None:
    debit = form(stage, status="pending")
    await poll(stage)
    await stage.work_off(within=timedelta(0))
    await wait(stage, 5 * DAY)
    stage.crm.play.settle_transaction(PLACE, debit)
    await stage.journal.write(lambda db: inbox.clear(db, PLACE))  # nobody but the sweeps follows it
    await wait(stage, HOUR)
    await poll(stage)
    await stage.work_off()
    assert [row["TotalAmt"] for row in stage.in_books("SalesReceipt")] == [99]


async def test_a_pending_payment_is_watched_ever_more_rarely_until_it_ends(stage: Stage) -> None:
    debit = form(stage, status="pending")
    await seen(stage, "payments")
    looks = []
    for _ in range(300 * 4):
        await wait(stage, DAY / 4)
        if await stage.journal.read(lambda db: evidence.due(db, PLACE, WATCHED, stage.clock.now(), 1)):
            looks.append(stage.clock.now())
            await seen(stage, "payments")
    gaps = [later - earlier for earlier, later in pairwise(looks)]
    assert 20 < len(looks) < 60
    assert gaps[-1] > 20 * gaps[0]
    stage.crm.play.settle_transaction(PLACE, debit, "failed")
    await wait(stage, 40 * DAY)
    await poll(stage)
    assert await told(stage) == 1
    assert not await stage.journal.read(lambda db: evidence.of_kind(db, PLACE, WATCHED))


async def test_a_debit_begun_before_the_cut_off_and_paid_after_it_is_ours() -> None:
    stage = Stage()
    stage.furnish()
    debit = form(stage, status="pending")
    await wait(stage, DAY)
    await stage.open()
    await poll(stage)
    assert await told(stage) == 0
    await wait(stage, DAY)
    stage.crm.play.settle_transaction(PLACE, debit)
    await wait(stage, DAY)
    await poll(stage)
    await stage.work_off()
    assert len(stage.in_books("SalesReceipt")) == 1


async def test_a_debit_of_an_invoice_that_fails_is_the_invoice_s_news(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    debit = stage.crm.play.start_processing(PLACE, invoice)["transaction"]["_id"]
    await seen(stage, "payments", "invoices")
    await wait(stage, 6 * DAY)
    stage.crm.play.settle_transaction(PLACE, debit, "failed")
    await poll(stage)
    assert (await told(stage, Topic.INVOICE), await told(stage)) == (1, 0)


async def test_what_a_bank_takes_back_after_weeks_is_seen(stage: Stage) -> None:
    debit = form(stage, status="pending")
    stage.crm.play.settle_transaction(PLACE, debit)
    await seen(stage, "payments")
    await wait(stage, 30 * DAY)
    form(stage)
    await seen(stage, "payments")
    stage.crm.play.settle_transaction(PLACE, debit, "failed")
    await wait(stage, DAY)
    await poll(stage)
    assert await told(stage) == 1


async def test_merging_contacts_makes_no_mail(stage: Stage) -> None:
    name = form(stage)
    await seen(stage, "payments")
    merged = (await kept(stage, name)).contact_id
    other = stage.crm.play.create_contact(PLACE, firstName="Anna", email="anna@example.com")["id"]
    stage.crm.play.merge_contacts(PLACE, other, merged)
    for _ in range(3):
        await wait(stage, HOUR)
        await poll(stage)
    assert await told(stage) == 0
    assert (await kept(stage, name)).merged_from == merged


# -- whose news it is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", ["entity", "source", "order"])
async def test_a_late_refund_of_an_invoice_s_payment_is_the_invoice_s_news(stage: Stage, link: str) -> None:
    stage.crm.play.set(PLACE, invoice_link=link)
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    paid = stage.crm.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    await poll(stage, "invoices")
    await poll(stage)
    await stage.work_off()
    await wait(stage, 20 * DAY)
    await seen(stage, "invoices", "payments")
    stage.crm.play.refund(PLACE, paid, 40)
    await wait(stage, DAY)
    await poll(stage)
    assert (await told(stage, Topic.INVOICE), await told(stage)) == (1, 0)
    copies = await stage.journal.read(
        lambda db: [
            body for kind in (TRANSACTION, INVOICE_PAYMENT) for body in evidence.about(db, PLACE, kind, invoice)
        ]
    )
    assert {msgspec.json.decode(body, type=Transaction).amount_refunded for body in copies} == {Decimal(40)}


async def take(stage: Stage, rows: Iterable[Transaction]) -> None:
    record, now = await stage.record(), stage.clock.now()
    await stage.journal.write(lambda db: PaymentRows(record, now).take(db, rows))


async def kept(stage: Stage, name: str, kind: str = TRANSACTION) -> Transaction:
    body = await stage.journal.read(lambda db: evidence.get(db, PLACE, kind, name))
    assert body is not None
    return msgspec.json.decode(body, type=Transaction)


async def test_a_merged_contact_is_no_news(stage: Stage) -> None:
    name = form(stage)
    await seen(stage, "payments")
    row = await kept(stage, name)
    later = row.updated_at + HOUR
    merged = msgspec.structs.replace(row, contact_id=ContactId("c2"), merged_from=row.contact_id, updated_at=later)
    for _ in range(3):
        await take(stage, [merged])
        await take(stage, [row])
    assert await told(stage) == 0
    refunded = msgspec.structs.replace(merged, amount_refunded=Decimal(5))
    await take(stage, [refunded])
    assert await told(stage) == 1


async def test_a_list_that_lags_behind_itself_is_no_news(stage: Stage) -> None:
    name = form(stage)
    await seen(stage, "payments")
    row = await kept(stage, name)
    await wait(stage, HOUR)
    refunded = msgspec.structs.replace(row, amount_refunded=Decimal(5), updated_at=stage.clock.now())
    await take(stage, [refunded])
    await stage.journal.write(lambda db: inbox.clear(db, PLACE))
    await take(stage, [row])
    assert await told(stage) == 0
    assert await kept(stage, name) == refunded


async def test_a_copy_kept_by_an_earlier_release_makes_no_mail(stage: Stage) -> None:
    name = form(stage)
    await seen(stage, "payments")
    row = await kept(stage, name)
    known = msgspec.json.decode(msgspec.json.encode(row), type=dict[str, Any])
    del known["merged_from"]
    body = msgspec.json.encode(known)
    await stage.journal.write(
        lambda db: evidence.put(db, PLACE, TRANSACTION, name, row.entity_id, body, row.updated_at)
    )
    await poll(stage)
    assert await told(stage) == 0


async def test_what_the_detail_said_of_the_built_in_integration_stays_known(stage: Stage) -> None:
    name = form(stage)
    await seen(stage, "payments")
    row = await kept(stage, name)
    attributed = msgspec.structs.replace(row, source_id="inv", qbo_synced=True)
    body = msgspec.json.encode(attributed)
    await stage.journal.write(lambda db: evidence.put(db, PLACE, INVOICE_PAYMENT, name, "inv", body, row.updated_at))
    await take(stage, [msgspec.structs.replace(row, amount_refunded=Decimal(1))])
    copy = await kept(stage, name, INVOICE_PAYMENT)
    assert (copy.qbo_synced, copy.source_id, copy.amount_refunded) == (True, "inv", Decimal(1))
    assert (await told(stage, Topic.INVOICE), await told(stage)) == (1, 0)


# -- the built-in integration ------------------------------------------------------------------------------------------


async def synced_before(stage: Stage, days: int) -> None:
    stage.furnish()
    sold = form(stage)
    stage.crm.play.mark_qbo_synced(PLACE, sold)
    cut_off = stage.clock.now() + DAY
    await wait(stage, days * DAY)
    await stage.open(since=cut_off)


async def test_payments_posted_by_the_built_in_integration_before_the_cut_off_pause_the_money() -> None:
    stage = Stage()
    await synced_before(stage, 20)  # too long ago for the look at connect
    assert (await stage.record()).status is Status.CONNECTED
    await poll(stage)
    record = await stage.record()
    assert record.status is Status.MONEY_PAUSED
    assert "Turn off QuickBooks in Avantto, then: avantto-qbo resume" in record.reason


async def test_who_resumes_knowing_that_is_not_paused_again() -> None:
    stage = Stage()
    await synced_before(stage, 20)
    await poll(stage)
    now = stage.clock.now()

    def resume(db: Connection) -> None:
        locations.set_status(db, PLACE, Status.CONNECTED, "", now)
        cursors.put(db, PLACE, MONEY_PAUSED, "", now)

    await stage.journal.write(resume)
    for _ in range(2):
        await stage.open()
        await poll(stage)
        assert (await stage.record()).status is Status.CONNECTED


async def test_the_look_at_the_integration_is_taken_once_a_connection(stage: Stage) -> None:
    await poll(stage)
    first = asked(stage, "transactions.list")
    await poll(stage)
    assert asked(stage, "transactions.list") - first == 1
    now = stage.clock.now()
    await stage.open()
    await poll(stage)
    assert asked(stage, "transactions.list") - first == 1 + 1 + 2 + 1
    assert stage.clock.now() > now


async def test_a_location_paused_by_a_person_is_not_looked_at(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.PAUSED, "", now))
    before = asked(stage, "transactions.list")
    await poll(stage)
    assert asked(stage, "transactions.list") - before == 1
    assert (await stage.record()).status is Status.PAUSED


# -- invoices ----------------------------------------------------------------------------------------------------------


async def many_invoices(stage: Stage, count: int) -> list[str]:
    ids = [stage.sent_invoice() for _ in range(count)]
    await seen(stage, "invoices")
    return sorted(ids)


async def test_an_idle_list_costs_one_page_a_poll(stage: Stage) -> None:
    await many_invoices(stage, 350)
    before = asked(stage, "invoices.list")
    await wait(stage, timedelta(minutes=10))
    await poll(stage, "invoices")
    assert asked(stage, "invoices.list") - before == 1


async def test_an_edit_far_down_the_list_is_found_within_the_hour(stage: Stage) -> None:
    oldest, *_ = await many_invoices(stage, 250)
    await wait(stage, HOUR)
    stage.crm.play.edit_invoice(PLACE, oldest, due_date="2027-01-31")
    await poll(stage, "invoices")
    assert await told(stage, Topic.INVOICE) == 1


async def test_an_edit_of_a_paid_one_is_found_within_a_day(stage: Stage) -> None:
    oldest, *_ = await many_invoices(stage, 250)
    stage.crm.play.pay_invoice(PLACE, oldest)
    await wait(stage, DAY)
    await seen(stage, "invoices")
    stage.crm.play.edit_invoice(PLACE, oldest, number="X-1")
    await wait(stage, HOUR)
    await poll(stage, "invoices")
    assert await told(stage, Topic.INVOICE) == 0
    await wait(stage, DAY)
    await poll(stage, "invoices")
    assert await told(stage, Topic.INVOICE) == 1


async def test_a_list_that_shows_an_older_state_is_no_news(stage: Stage) -> None:
    [invoice] = await many_invoices(stage, 1)
    shown = stage.crm.world.locations[PLACE].invoices
    before = dict(shown[invoice])
    await wait(stage, HOUR)
    stage.crm.play.edit_invoice(PLACE, invoice, due_date="2027-01-31")
    await seen(stage, "invoices")
    shown[invoice] = before
    await poll(stage, "invoices")
    assert await told(stage, Topic.INVOICE) == 0


async def test_an_invoice_that_no_page_shows_any_more_is_looked_at(stage: Stage) -> None:
    gone, stays = stage.sent_invoice(), stage.sent_invoice()
    for invoice in (gone, stays):
        await stage.mirror(invoice)
    await seen(stage, "invoices")
    del stage.crm.world.locations[PLACE].invoices[gone]
    await wait(stage, HOUR)
    await poll(stage, "invoices")
    assert await told(stage, Topic.INVOICE) == 0
    await wait(stage, DAY)
    await poll(stage, "invoices")

    def told_of(db: Connection) -> list[str]:
        return [name for name in (gone, stays) if inbox.get(db, PLACE, Topic.INVOICE, name)]

    assert await stage.journal.read(told_of) == [gone]


async def test_many_that_are_not_shown_are_looked_at_one_after_the_other(stage: Stage) -> None:
    ids = [stage.sent_invoice() for _ in range(5)]
    for invoice in ids:
        await stage.mirror(invoice)
    await seen(stage, "invoices")
    stage.crm.world.locations[PLACE].invoices.clear()
    await wait(stage, DAY)
    await poll(stage, "invoices")
    now = stage.clock.now()
    assert await told(stage, Topic.INVOICE) == 5
    assert await stage.journal.read(lambda db: inbox.take(db, PLACE, Lane.MONEY, now)) is not None
    latest = await stage.journal.read(
        lambda db: max(mail.next_at for name in ids if (mail := inbox.get(db, PLACE, Topic.INVOICE, name)))
    )
    assert latest - now == timedelta(seconds=8)


async def test_a_look_at_all_invoices_survives_a_restart(stage: Stage) -> None:
    await seen(stage, "invoices")
    for _ in range(2050):
        stage.crm.play.create_invoice(PLACE, ANN, [{"name": "Wash", "amount": 1}])
    await wait(stage, DAY)
    await seen(stage, "invoices")
    halfway = await stage.journal.read(lambda db: cursors.get(db, PLACE, ALL_INVOICES))
    assert halfway is not None
    assert '"offset":2000' in halfway
    await stage.restart()
    before = asked(stage, "invoices.list")
    await poll(stage, "invoices")
    assert asked(stage, "invoices.list") - before == 2
