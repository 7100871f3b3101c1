from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from avantto_qbo.journal import cursors
from avantto_qbo.journal import settings as stored
from avantto_qbo.model.operation import Kind, State
from avantto_qbo.model.records import Status, Topic
from avantto_qbo.model.settings import LateChanges, OnOff, Products, Settings
from avantto_qbo.service.decisions import Decisions
from stage import PLACE, REALM, Stage, writes
from unit.actors.scenes import REFUSAL, bill, bob, books_fault, crm_fault, receive, skip, the_only

MINUTE = 60.0


def books(stage: Stage, number: int = 0) -> dict[str, Any]:
    return stage.in_books("Invoice")[number]


async def edited(stage: Stage, invoice: str, **changes: Any) -> None:
    await stage.clock.sleep(MINUTE)
    stage.crm.play.edit_invoice(PLACE, invoice, **changes)
    await stage.mirror(invoice)


async def by_hand(stage: Stage, **changes: Any) -> None:
    await stage.clock.sleep(MINUTE)
    stage.books.play.update(REALM, "Invoice", {"Id": books(stage)["Id"], **changes})


async def test_an_invoice_and_its_payment_are_mirrored(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    assert (books(stage)["TotalAmt"], books(stage)["Balance"]) == (100, 100)
    await stage.clock.sleep(MINUTE)
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert books(stage)["Balance"] == 0
    [payment] = stage.in_books("Payment")
    assert payment["TotalAmt"] == 100


async def test_mail_about_nothing_new_writes_nothing(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    sent = len(writes(stage.transport.sent))
    for _ in range(3):
        await stage.clock.sleep(MINUTE)
        await stage.mirror(invoice)
    assert len(writes(stage.transport.sent)) == sent


async def test_a_new_version_that_changes_nothing_for_the_books_is_remembered(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    before = await stage.link("invoice", invoice)
    await stage.clock.sleep(MINUTE)
    stage.crm.play.send_invoice(PLACE, invoice)
    stage.crm.world.locations[PLACE].invoices[invoice]["updatedAt"] = "2026-11-20T16:00:00.000Z"
    await stage.mirror(invoice)
    after = await stage.link("invoice", invoice)
    assert before is not None
    assert after is not None
    assert after.version != before.version
    assert stage.asked("invoice.update") == 0


async def test_only_what_changed_is_sent(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    await edited(stage, invoice, due_date="2027-02-01")
    [update] = [row for row in writes(stage.transport.sent) if b'"SyncToken"' in row.body]
    assert b"DueDate" in update.body
    assert b"SalesItemLineDetail" not in update.body
    assert books(stage)["DueDate"] == "2027-02-01"


async def test_what_a_person_changed_and_avantto_did_not_is_kept(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    await by_hand(stage, CustomerMemo={"value": "thank you"})
    await edited(stage, invoice, items=[{"name": "Wash", "amount": 120}])
    assert (books(stage)["TotalAmt"], books(stage)["CustomerMemo"]["value"]) == (120, "thank you")
    assert stage.asked("invoice.read") == 1
    assert not await stage.held()


async def test_what_both_changed_is_held_with_both_named(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    await by_hand(stage, DueDate="2027-05-05")
    await edited(stage, invoice, due_date="2027-02-01")
    assert await stage.held() == ["invoice.conflict"]
    assert books(stage)["DueDate"] == "2027-05-05"
    op = await the_only(stage, State.HELD)
    assert op.reason is not None
    assert op.id in op.reason.mend


async def test_a_void_in_quickbooks_is_respected(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    await stage.clock.sleep(MINUTE)
    stage.books.play.void(REALM, "Invoice", {"Id": books(stage)["Id"]})
    await edited(stage, invoice, items=[{"name": "Wash", "amount": 120}])
    link = await stage.link("invoice", invoice)
    assert link is not None
    assert link.status == "voided"
    assert books(stage)["TotalAmt"] == 0
    assert not await stage.held()


async def test_an_unpaid_void_is_mirrored(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    await stage.clock.sleep(MINUTE)
    stage.crm.play.void_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert books(stage)["TotalAmt"] == 0
    link = await stage.link("invoice", invoice)
    assert link is not None
    assert link.status == "withdrawn"
    assert link.agreed


async def test_an_invoice_sent_again_after_its_void_is_posted_anew(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    await stage.clock.sleep(MINUTE)
    stage.crm.play.void_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    await stage.clock.sleep(MINUTE)
    stage.crm.world.locations[PLACE].invoices[invoice] |= {"status": "sent", "updatedAt": "2026-11-20T16:00:00.000Z"}
    await stage.mirror(invoice)
    assert sorted(row["TotalAmt"] for row in stage.in_books("Invoice")) == [0, 100]
    assert not await stage.held()


async def test_a_void_meets_a_copy_a_person_touched(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    await by_hand(stage, CustomerMemo={"value": "thank you"})
    stage.crm.play.void_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert books(stage)["TotalAmt"] == 0
    assert not await stage.held()


async def test_a_void_never_unlinks_a_payment_a_person_entered(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    receive(stage, books(stage), 100)
    await by_hand(stage, CustomerMemo={"value": "paid at the counter"})
    stage.crm.play.void_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert await stage.held() == ["void_paid"]
    assert books(stage)["TotalAmt"] == 100


async def test_a_void_leaves_the_money_as_the_customer_s_credit(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    await stage.clock.sleep(MINUTE)
    stage.crm.play.void_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    [payment] = stage.in_books("Payment")
    assert (books(stage)["TotalAmt"], payment["TotalAmt"], payment["UnappliedAmt"]) == (0, 100, 100)
    assert not await stage.held()


@pytest.mark.parametrize("paid", [False, True])
async def test_a_deletion_in_avantto_is_followed_once_it_is_sure(stage: Stage, *, paid: bool) -> None:
    invoice = stage.sent_invoice()
    if paid:
        stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    stage.crm.play.delete_invoice(PLACE, invoice)
    await stage.tell(Topic.INVOICE, invoice)
    await stage.work()
    assert books(stage)["TotalAmt"] == 100
    await stage.work_off()
    assert books(stage)["TotalAmt"] == 0
    assert not await stage.held()
    assert not await stage.mail()


async def test_a_deleted_invoice_that_was_never_posted_is_forgotten(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    stage.crm.play.delete_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert not await stage.operations()
    assert not await stage.mail()


async def test_cash_is_recorded_after_a_while_and_adopted_by_a_late_transaction(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice, mode="cash")
    start = stage.clock.now()
    await stage.mirror(invoice)
    [payment] = stage.in_books("Payment")
    assert "recorded in Avantto" in payment["PrivateNote"]
    assert stage.clock.now() - start >= timedelta(seconds=20)
    assert await stage.link("payment", invoice, "recorded:1") is not None
    charged = stage.crm.play.add_late_transaction(PLACE, invoice)
    await stage.clock.sleep(MINUTE)
    await stage.mirror(invoice)
    assert await stage.link("payment", invoice, charged["_id"]) is not None
    assert await stage.link("payment", invoice, "recorded:1") is None
    assert len(stage.in_books("Payment")) == 1


async def test_a_pending_debit_is_waited_for(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    pending = stage.crm.play.start_processing(PLACE, invoice)["transaction"]["_id"]
    await stage.mirror(invoice)
    assert not stage.in_books("Payment")
    await stage.clock.sleep(MINUTE)
    stage.crm.play.settle_transaction(PLACE, pending)
    await stage.mirror(invoice)
    assert len(stage.in_books("Payment")) == 1


@pytest.mark.parametrize("link", ["entity", "source", "order"])
async def test_a_payment_finds_its_invoice_by_whichever_field_names_it(stage: Stage, link: str) -> None:
    stage.crm.play.set(PLACE, invoice_link=link)
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    await stage.clock.sleep(MINUTE)
    paid = stage.crm.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    await stage.tell(Topic.TRANSACTION, paid)
    await stage.work_off()
    [payment] = stage.in_books("Payment")
    assert paid in payment["PrivateNote"]
    assert not stage.in_books("SalesReceipt")


async def test_a_taken_number_gets_a_visible_variant(stage: Stage) -> None:
    bill(stage, bob(stage), DocNumber="INV-7")
    await stage.mirror(stage.sent_invoice(number="INV-7"))
    numbers = {row["DocNumber"] for row in stage.in_books("Invoice")}
    assert len(numbers) == 2
    assert await stage.journal.read(lambda db: cursors.get(db, REALM, "fence.number.Invoice"))


async def test_a_number_taken_by_our_own_late_commit_is_adopted(stage: Stage) -> None:
    """The create was refused as not sent, committed all the same, and goes out under another id."""
    stage.books.play.set(REALM, requestid="ignored")
    books_fault(stage, "invoice.create", action="status_after", status=429)
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    [there] = stage.in_books("Invoice")
    link = await stage.link("invoice", invoice)
    assert link is not None
    assert link.object_id == there["Id"]
    assert not await stage.held()


async def test_where_quickbooks_numbers_the_number_is_in_the_memo(stage: Stage) -> None:
    stage.books.play.set(REALM, custom_txn_numbers=False)
    stage.directory.realm(REALM).forget_company()
    await stage.mirror(stage.sent_invoice(number="INV-7"))
    assert "INV-7" in books(stage)["CustomerMemo"]["value"]


async def late(stage: Stage) -> str:
    """An invoice whose month is over."""
    await stage.open()
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    await stage.clock.sleep(40 * 24 * 60 * MINUTE)
    return invoice


async def test_late_changes_can_be_held() -> None:
    stage = Stage(settings=Settings(late_changes=LateChanges.HOLD))
    invoice = await late(stage)
    await edited(stage, invoice, items=[{"name": "Wash", "amount": 120}])
    assert await stage.held() == ["late_change"]


async def test_one_late_change_is_let_through_by_retry() -> None:
    stage = Stage(settings=Settings(late_changes=LateChanges.HOLD))
    invoice = await late(stage)
    await edited(stage, invoice, items=[{"name": "Wash", "amount": 120}])
    decisions = Decisions(stage.house, stage.directory, stage.connecting, look_again=lambda: None)
    await decisions.retry((await the_only(stage, State.HELD)).id, "uid 1000")
    await stage.work_off()
    assert (books(stage)["TotalAmt"], await stage.held()) == (120, [])
    await edited(stage, invoice, items=[{"name": "Wash", "amount": 130}])
    assert await stage.held() == ["late_change"]


async def test_late_changes_are_flagged(stage: Stage) -> None:
    invoice = await late(stage)
    await edited(stage, invoice, items=[{"name": "Wash", "amount": 120}])
    assert books(stage)["TotalAmt"] == 120
    assert "flag.late_change" in [line.event for line in await stage.activity()]


async def test_a_held_document_makes_way_for_its_next_version() -> None:
    stage = Stage(settings=Settings(late_changes=LateChanges.HOLD))
    invoice = await late(stage)
    await edited(stage, invoice, items=[{"name": "Wash", "amount": 120}])
    await edited(stage, invoice, items=[{"name": "Wash", "amount": 100}])
    assert not await stage.held()
    assert len(await stage.operations(State.SKIPPED)) == 1


async def test_an_unknown_default_item_is_made_once(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    await stage.mirror(stage.sent_invoice(items=[{"name": "Wax", "amount": 5}]))
    assert [op.kind for op in await stage.operations()].count(Kind.ITEM_CREATE) == 1


async def test_a_default_item_somebody_else_made_meanwhile_is_found(stage: Stage) -> None:
    realm = stage.directory.realm(REALM)
    await realm.company()
    income = next(row["Id"] for row in stage.in_books("Account") if row["AccountType"] == "Income")
    item = {"Name": "Avantto sales", "Type": "Service", "IncomeAccountRef": {"value": income}}
    stage.books.play.create(REALM, "Item", item)
    await stage.mirror(stage.sent_invoice())
    assert len(stage.in_books("Invoice")) == 1
    assert not await stage.held()


async def test_the_built_in_integration_pauses_money_and_nothing_else(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    paid = stage.crm.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    stage.crm.play.mark_qbo_synced(PLACE, paid)
    await stage.tell(Topic.TRANSACTION, paid)
    await stage.work()
    record = await stage.record()
    assert record.status is Status.MONEY_PAUSED
    assert "Turn off QuickBooks in Avantto" in record.reason
    await stage.tell(Topic.INVOICE, invoice)
    customer = bob(stage)
    await stage.poll_changes()
    await stage.work()
    assert not stage.in_books("Invoice")
    assert await stage.link("contact", customer) is not None


async def test_a_closed_period_waits_for_a_person(stage: Stage) -> None:
    stage.books.play.set(REALM, close_books="2026-12-31")
    stage.directory.realm(REALM).forget_company()
    await stage.mirror(stage.sent_invoice())
    assert await stage.held() == ["books_closed"]
    assert not stage.in_books("Invoice")


async def test_an_invoice_that_cannot_be_read_is_shown_and_is_not_its_deletion(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    crm_fault(stage, "invoices.read", action="status", status=403, body='{"message":"odd"}', times=0)
    await stage.mirror(invoice)
    assert await stage.held() == ["unreadable.denied"]
    assert books(stage)["TotalAmt"] == 100


async def test_a_refused_payment_parks_its_own_invoice_only(stage: Stage) -> None:
    books_fault(stage, "payment.create", action="status", status=400, body=REFUSAL)
    first, second = stage.sent_invoice(), stage.sent_invoice()
    for invoice in (first, second):
        stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(first)
    await stage.mirror(second)
    assert len(await stage.held()) == 1
    assert len(stage.in_books("Payment")) == 1
    await edited(stage, second, due_date="2027-02-01")
    assert len(await stage.operations(State.HELD)) == 1


async def test_settings_decide_at_the_time_of_planning(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: stored.put(db, PLACE, "invoices", b'"off"', now, "test"))
    await stage.mirror(stage.sent_invoice())
    assert not stage.in_books("Invoice")
    assert Settings().invoices is OnOff.ON
    assert Settings().products is Products.MATCH


async def test_a_skip_survives_a_document_that_could_not_be_read_for_a_while(stage: Stage) -> None:
    books_fault(stage, "invoice.create", action="status", status=400, body=REFUSAL)
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    await skip(stage)
    crm_fault(stage, "invoices.read", action="status", status=400, body='{"message":"odd"}')
    await stage.mirror(invoice)
    await stage.mirror(invoice)
    assert not stage.in_books("Invoice")


async def test_two_invoices_alike_are_no_copy_of_each_other(stage: Stage) -> None:
    stranger = bob(stage)
    bill(stage, stranger, DocNumber="INV-000002")
    first, second = stage.sent_invoice(), stage.sent_invoice()
    await stage.mirror(first)
    await stage.mirror(second)
    assert not await stage.held()
    assert len([row for row in stage.in_books("Invoice") if row["CustomerRef"]["value"] != stranger]) == 2


async def test_an_invoice_somebody_else_copied_is_shown_before_a_second_one_is_made(stage: Stage) -> None:
    first = stage.sent_invoice()
    await stage.mirror(first)
    ours = books(stage)
    copy = {"CustomerRef": ours["CustomerRef"], "DocNumber": "INV-000002", "Line": ours["Line"][:1]}
    stage.books.play.create(REALM, "Invoice", copy)
    await stage.mirror(stage.sent_invoice())
    assert await stage.held() == ["built_in_copy"]
    assert len(stage.in_books("Invoice")) == 2
