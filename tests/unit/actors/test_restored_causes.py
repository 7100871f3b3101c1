"""Several locations, dead connections, documents nobody knows: what else a restored journal may meet."""

from __future__ import annotations

import pytest

from avantto_qbo.actors.restored.relinking import Relinking
from avantto_qbo.journal import locations, operations, restored
from avantto_qbo.model.ids import OperationId, RealmId
from avantto_qbo.model.operation import Reason, State
from avantto_qbo.model.records import Status, Topic
from avantto_qbo.service import backups
from stage import OTHER_PLACE, PLACE, REALM, Stage
from unit.actors.backups import Beside, begin, copied, put_back, relink, restore, standing
from unit.actors.money_scenes import hear, news, paid, payments, sent
from unit.actors.scenes import books_fault, crm_fault, sell
from unit.actors.test_restored import DAY, books, opened, settle_down

OTHER_REALM = RealmId("4620816365000000002")


async def shared() -> Stage:
    """Two locations of one company; only documents of their own make contacts."""
    stage = await opened()
    await stage.open(OTHER_PLACE, share=True)
    await stage.work_off()
    return stage


async def test_of_two_locations_each_gets_its_own_documents_again() -> None:
    stage = await shared()
    copy = await copied(stage)
    mine, theirs = stage.sent_invoice(), stage.sent_invoice(OTHER_PLACE, items=[{"name": "Cut", "amount": 30}])
    stage.crm.play.pay_invoice(OTHER_PLACE, theirs)
    await settle_down(stage)
    before = books(stage)
    assert len(before["Invoice"]) == 2
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    assert books(stage) == before
    assert (await standing(stage)).linked == {PLACE: 1, OTHER_PLACE: 2}
    assert await stage.link("invoice", mine) is not None
    assert await stage.link("invoice", theirs, place=OTHER_PLACE) is not None
    assert await stage.link("invoice", theirs) is None


async def test_a_document_that_no_location_has_is_shown_to_a_person() -> None:
    stage = await shared()
    copy = await copied(stage)
    await sent(stage)
    [row] = stage.in_books("Invoice")
    note = f"Avantto invoice INV-9 · {'b' * 24}"
    stage.books.play.update(REALM, "Invoice", {"Id": row["Id"], "PrivateNote": note})
    await restore(stage, copy)
    await relink(stage)
    assert await stage.held() == ["restored_unclaimed"]


async def test_two_documents_for_one_are_shown_and_the_first_is_kept_linked() -> None:
    stage = await opened()
    copy = await copied(stage)
    invoice = await sent(stage)
    [row] = stage.in_books("Invoice")
    stage.books.play.create(
        REALM, "Invoice", {name: row[name] for name in ("CustomerRef", "Line", "PrivateNote")} | {"DocNumber": "9"}
    )
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    assert await stage.held() == ["restored_twice"]
    link = await stage.link("invoice", invoice)
    assert link is not None
    assert link.object_id == row["Id"]
    assert len(stage.in_books("Invoice")) == 2


async def test_a_payment_whose_note_was_overwritten_is_told_by_its_reference_and_its_invoice() -> None:
    stage = await opened()
    copy = await copied(stage)
    invoice, transaction = await paid(stage)
    [row] = stage.in_books("Payment")
    stage.books.play.update(REALM, "Payment", {"Id": row["Id"], "PrivateNote": "thanks!"})
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    assert await stage.link("payment", invoice, transaction) is not None
    assert len(stage.in_books("Payment")) == 1


async def test_a_payment_that_only_bears_our_reference_is_shown_to_a_person() -> None:
    stage = await opened()
    copy = await copied(stage)
    await paid(stage)
    [row] = stage.in_books("Payment")
    stage.books.play.update(REALM, "Payment", {"Id": row["Id"], "PrivateNote": "thanks!", "Line": []})
    await restore(stage, copy)
    await relink(stage)
    assert await stage.held() == ["restored_nameless"]


async def test_a_sale_that_a_person_voided_since_the_copy_is_not_posted_again() -> None:
    stage = await opened()
    copy = await copied(stage)
    sale = await sell(stage)
    await stage.work_off()
    [row] = stage.in_books("SalesReceipt")
    stage.books.play.void(REALM, "SalesReceipt", {"Id": row["Id"]})
    await restore(stage, copy)
    await relink(stage)
    await hear(stage, sale)
    assert [one["TotalAmt"] for one in stage.in_books("SalesReceipt")] == [0]
    link = await stage.link("transaction", sale)
    assert link is not None
    assert link.status == "voided"


async def test_a_dead_connection_says_reconnect_and_the_books_are_read_once_it_lives() -> None:
    stage = await opened()
    copy = await copied(stage)
    invoice = await sent(stage)
    stage.books.play.expire_tokens(REALM, refresh=True)
    await restore(stage, copy)
    await stage.clock.sleep(360)
    await stage.pollers.run(f"restored:{REALM}", "relink")
    record = await stage.record()
    assert record.status is Status.BROKEN
    assert "avantto-qbo connect" in record.reason
    await stage.open()
    await news(stage, invoice)
    assert (await stage.record()).status is Status.CONNECTED
    assert (await standing(stage)).done_at is None
    assert len(stage.in_books("Invoice")) == 1
    await relink(stage)
    await settle_down(stage)
    assert len(stage.in_books("Invoice")) == 1
    assert await stage.link("invoice", invoice) is not None


async def test_a_location_that_cannot_be_asked_keeps_its_company_waiting_and_says_why() -> None:
    stage = await shared()
    copy = await copied(stage)
    await sent(stage)
    await restore(stage, copy)
    stage.crm.play.revoke(PLACE)
    await stage.clock.sleep(360)
    for _ in range(5):
        await stage.pollers.run(f"restored:{REALM}", "relink")
    assert (await standing(stage)).done_at is None
    [row] = await stage.journal.read(backups.restoring)
    assert f"location {PLACE} must be connected again first" in row.trouble
    await stage.connecting.connect(stage.order())
    await relink(stage)
    assert (await standing(stage)).linked == {PLACE: 1}


async def test_a_copy_restored_in_the_middle_of_a_reading_begins_where_that_began() -> None:
    stage = await opened()
    first = await copied(stage)
    await sent(stage)
    await restore(stage, first)
    began = (await standing(stage)).since
    await stage.clock.sleep(3600)
    again = await copied(stage)
    await restore(stage, again)
    assert (await standing(stage)).since == began
    await relink(stage)
    await settle_down(stage)
    assert len(stage.in_books("Invoice")) == 1


async def test_pages_follow_one_another_to_the_last() -> None:
    stage = await opened()
    copy = await copied(stage)
    for amount in (10, 20, 30, 40, 50):
        await sent(stage, items=[{"name": "Wash", "amount": amount}])
    before = books(stage)
    await restore(stage, copy)
    await stage.clock.sleep(360)
    assert await Relinking(stage.house, stage.directory, page=2).run(REALM) is None
    await settle_down(stage)
    assert books(stage) == before
    assert (await standing(stage)).linked == {PLACE: 5}


async def test_after_a_month_the_change_feed_gives_way_to_queries_and_all_is_linked() -> None:
    stage = await opened()
    copy = await copied(stage)
    invoice = await sent(stage)
    await stage.clock.sleep(40 * DAY.total_seconds())
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    assert len(stage.in_books("Invoice")) == 1
    assert await stage.link("invoice", invoice) is not None


async def test_a_journal_without_a_company_has_nothing_to_learn_again() -> None:
    stage = Stage()
    put_back(stage, await copied(stage))
    stage.start()
    assert not await begin(stage, Beside())
    assert await stage.journal.read(locations.all) == []
    assert await stage.operations(State.HELD) == []


async def test_what_a_person_wanted_sent_again_meanwhile_does_not_stop_the_next_start() -> None:
    stage = await opened()
    op = await held_in_doubt(stage)
    await restore(stage, await copied(stage))
    now = stage.clock.now()
    await stage.journal.write(lambda db: operations.resolve_held(db, op, State.PLANNED, now, "test"))
    await restore(stage, await copied(stage))
    assert [one.id for one in await stage.operations(State.DOUBT)] == [op]
    await relink(stage)
    await settle_down(stage)
    assert len(stage.in_books("SalesReceipt")) == 1


async def held_in_doubt(stage: Stage) -> OperationId:
    """A sale that reached the books, whose answer was lost, and that no look-up showed in time."""
    books_fault(stage, "salesreceipt.create", action="lost_after")
    await sell(stage)
    await stage.work()
    [op] = await stage.operations(State.DOUBT)
    reason = Reason("doubt_unresolved", "three look-ups found nothing")
    await stage.journal.write(lambda db: operations.move(db, op.id, State.HELD, stage.clock.now(), reason=reason))
    return op.id


async def test_a_company_connected_after_the_copy_is_read_again_when_it_is_connected_from_before() -> None:
    stage = await opened()
    copy = await copied(stage)
    began = stage.clock.now()
    await stage.open(OTHER_PLACE, OTHER_REALM)
    invoice = stage.sent_invoice(OTHER_PLACE)
    await stage.tell(Topic.INVOICE, invoice, OTHER_PLACE)
    await stage.work_off()
    assert len(stage.in_books("Invoice", OTHER_REALM)) == 1
    await restore(stage, copy)
    await relink(stage)
    await stage.open(OTHER_PLACE, OTHER_REALM, since=began)
    await stage.tell(Topic.INVOICE, invoice, OTHER_PLACE)
    await stage.work_off()
    assert await stage.link("invoice", invoice, place=OTHER_PLACE) is None
    await relink(stage, OTHER_REALM)
    await stage.work_off()
    assert await stage.link("invoice", invoice, place=OTHER_PLACE) is not None
    assert len(stage.in_books("Invoice", OTHER_REALM)) == 1


async def test_a_company_connected_from_now_on_begins_at_once() -> None:
    stage = await opened()
    await restore(stage, await copied(stage))
    await stage.clock.sleep(60)
    await stage.open(OTHER_PLACE, OTHER_REALM)
    assert await stage.journal.read(lambda db: restored.get(db, OTHER_REALM)) is None


@pytest.mark.parametrize("known", [False, True])
async def test_a_payment_that_a_person_gave_another_amount_is_neither_made_up_for_nor_overwritten(known: bool) -> None:
    stage = await opened()
    invoice = await sent(stage)
    copy = await copied(stage)
    stage.crm.play.pay_invoice(PLACE, invoice)
    await news(stage, invoice)
    copy = await copied(stage) if known else copy
    lower(stage, 80)
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    await stage.clock.sleep(3600)
    await news(stage, invoice)
    assert payments(stage) == [(80, 0)]
    stage.crm.play.void_invoice(PLACE, invoice)
    await news(stage, invoice)
    assert (payments(stage), await stage.held()) == ([(80, 0)], ["payment_edited"])


def lower(stage: Stage, amount: int, onto: int = 0) -> None:
    """A person changes the one payment, and which of the invoices it settles."""
    [payment], invoice = stage.in_books("Payment"), stage.in_books("Invoice")[onto]
    line = [{"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}]
    body = {"Id": payment["Id"], "CustomerRef": payment["CustomerRef"], "TotalAmt": amount, "Line": line}
    stage.books.play.update(REALM, "Payment", body)


@pytest.mark.parametrize("known", [False, True])
async def test_a_payment_that_a_person_put_on_another_invoice_stays_there(known: bool) -> None:
    stage = await opened()
    copy = await copied(stage)
    invoice, transaction = await paid(stage)
    copy = await copied(stage) if known else copy
    other = await sent(stage)
    lower(stage, 100, onto=1)
    await restore(stage, copy)
    await relink(stage)
    await news(stage, invoice)
    await news(stage, other)
    assert [row["Balance"] for row in stage.in_books("Invoice")] == [100, 0]
    assert await stage.link("payment", invoice, transaction) is not None


async def test_words_like_a_refund_of_ours_do_not_stop_the_reading() -> None:
    stage = await opened()
    copy = await copied(stage)
    sale = await sell(stage)
    await stage.work_off()
    stage.crm.play.refund(PLACE, sale, 40)
    await hear(stage, sale)
    [row] = stage.in_books("RefundReceipt")
    note = f"Avantto refund {sale} · {'9' * 40}.99 USD"
    stage.books.play.update(REALM, "RefundReceipt", {"Id": row["Id"], "PrivateNote": note})
    await restore(stage, copy)
    await relink(stage)
    assert (await standing(stage)).done_at is not None


async def test_a_document_that_makes_no_sense_in_avantto_is_its_locations_all_the_same() -> None:
    stage = await shared()
    copy = await copied(stage)
    invoice = await sent(stage)
    await restore(stage, copy)
    crm_fault(stage, "invoices.read", action="status", status=200, body='{"_id":7}', times=1)
    await relink(stage)
    assert await stage.link("invoice", invoice) is not None


@pytest.mark.parametrize("cash", [False, True])
async def test_a_payment_that_a_person_voided_since_the_copy_is_not_posted_again(cash: bool) -> None:
    stage = await opened()
    stage.crm.play.set(PLACE, cash_transactions=False)
    copy = await copied(stage)
    invoice = await sent(stage)
    stage.crm.play.pay_invoice(PLACE, invoice, mode="cash" if cash else "card")
    await news(stage, invoice)
    await news(stage, invoice)
    [row] = stage.in_books("Payment")
    stage.books.play.void(REALM, "Payment", {"Id": row["Id"]})
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    await stage.clock.sleep(60)
    await news(stage, invoice)
    assert payments(stage) == [(0, 0)]
    assert [row["Balance"] for row in stage.in_books("Invoice")] == [100]


async def test_a_voided_payment_that_kept_our_words_counts_as_all_it_was() -> None:
    stage = await opened()
    copy = await copied(stage)
    invoice, _ = await paid(stage)
    [row] = stage.in_books("Payment")
    stage.books.play.void(REALM, "Payment", {"Id": row["Id"]})
    stage.books.play.update(REALM, "Payment", {"Id": row["Id"], "PrivateNote": f"Voided {row['PrivateNote']}"})
    await restore(stage, copy)
    await relink(stage)
    await news(stage, invoice)
    await stage.clock.sleep(60)
    await news(stage, invoice)
    assert (payments(stage), await stage.held()) == ([(0, 0)], [])
