from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from avantto_qbo.actors import recording
from avantto_qbo.actors.desk import SKIPPED_IN_DOUBT
from avantto_qbo.journal import operations
from avantto_qbo.model.operation import Reason, State
from avantto_qbo.model.records import Topic
from avantto_qbo.rules.settle import Verdict
from stage import PLACE, REALM, Stage
from unit.actors.money_scenes import news, payments, sent
from unit.actors.scenes import REFUSAL, bill, books_fault, receive, resend, sell, the_only

LOST = {"action": "lost_after"}
NEVER = {"action": "reset_before"}


async def posted(stage: Stage) -> str:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    await stage.clock.sleep(60)
    return invoice


async def skip(stage: Stage) -> None:
    """What `skip` does for a held doubt."""
    op, now = await the_only(stage, State.HELD), stage.clock.now()
    verdict = Verdict((State.SKIPPED,), Reason(SKIPPED_IN_DOUBT, "skipped by test"))
    await stage.journal.write(lambda db: recording.record(db, op, verdict, now, fingerprints=stage.house.fingerprints))


async def test_an_invoice_settled_by_somebody_else_is_a_question_of_paid_twice(stage: Stage) -> None:
    invoice = await posted(stage)
    receive(stage, stage.in_books("Invoice")[0], 100)
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert await stage.held() == ["paid_twice"]
    assert len(stage.in_books("Payment")) == 1


async def test_a_payment_refused_for_another_reason_keeps_its_reason(stage: Stage) -> None:
    invoice = await posted(stage)
    books_fault(stage, "payment.create", action="status", status=400, body=REFUSAL)
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert await stage.held() == ["refused.6000"]


async def test_two_part_payments_are_two_payments(stage: Stage) -> None:
    invoice = await posted(stage)
    for amount in (40, 60):
        stage.crm.play.pay_invoice(PLACE, invoice, amount=amount)
        await stage.mirror(invoice)
        await stage.clock.sleep(60)
    assert sorted(row["TotalAmt"] for row in stage.in_books("Payment")) == [40, 60]
    assert stage.in_books("Invoice")[0]["Balance"] == 0


async def test_a_payment_posted_by_the_built_in_integration_pauses_money(stage: Stage) -> None:
    invoice = await posted(stage)
    paid = stage.crm.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    stage.crm.play.mark_qbo_synced(PLACE, paid)
    await stage.mirror(invoice)
    assert (await stage.record()).status == "money_paused"
    assert not stage.in_books("Payment")


@pytest.mark.parametrize(("fault", "there"), [(LOST, 1), (NEVER, 0)])
async def test_a_skipped_doubt_is_looked_up_before_anything_is_made_again(
    stage: Stage, fault: dict[str, Any], there: int
) -> None:
    """`skip` of a doubt sticks; when Avantto changes the document, what is there is found, not doubled."""
    books_fault(stage, "invoice.create", **fault)
    books_fault(stage, "invoice.query", action="status", status=200, body='{"QueryResponse":{}}', times=6)
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    assert await stage.held() == ["doubt_unresolved"]
    await skip(stage)
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == there
    await stage.clock.sleep(60)
    stage.books.play.faults(clear=True)
    stage.crm.play.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": 130}])
    await stage.mirror(invoice)
    assert [row["TotalAmt"] for row in stage.in_books("Invoice")] == [130]
    assert not await stage.held()


async def test_a_number_taken_by_the_same_sale_of_somebody_else_is_a_question(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    customer = stage.in_books("Customer")[0]["Id"]
    bill(stage, customer, 100, DocNumber="INV-77")
    await stage.mirror(stage.sent_invoice(number="INV-77"))
    assert await stage.held() == ["built_in_copy"]
    assert len(stage.in_books("Invoice")) == 2


async def test_two_copies_of_a_refused_number_are_a_person_s_to_sort_out(stage: Stage) -> None:
    books_fault(stage, "invoice.create", **LOST)
    books_fault(stage, "invoice.query", action="status", status=200, body='{"QueryResponse":{}}', times=6)
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    await skip(stage)
    [ours] = stage.in_books("Invoice")
    bill(stage, ours["CustomerRef"]["value"], 100, PrivateNote=ours["PrivateNote"], DocNumber="COPY")
    stage.books.play.update(REALM, "Invoice", {"Id": ours["Id"], "DocNumber": "OTHER"})
    await stage.clock.sleep(60)
    stage.crm.play.edit_invoice(PLACE, invoice, due_date="2027-02-01")
    await stage.mirror(invoice)
    assert await stage.held() == ["doubt_twice"]
    assert len(stage.in_books("Invoice")) == 2


async def test_a_receipt_of_ours_with_another_total_is_shown_to_a_person(stage: Stage) -> None:
    books_fault(stage, "salesreceipt.create", **LOST)
    transaction = await sell(stage)
    await stage.work()
    [ours] = stage.in_books("SalesReceipt")
    line = {**ours["Line"][0], "Amount": 55, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    stage.books.play.update(REALM, "SalesReceipt", {"Id": ours["Id"], "Line": [line]})
    await stage.work_off()
    assert await stage.held() == ["doubt_total"]
    await skip(stage)
    place = stage.crm.world.locations[PLACE]
    await stage.clock.sleep(60)
    place.transactions[transaction]["updatedAt"] = "2026-11-20T18:00:00.000Z"
    await stage.tell(Topic.TRANSACTION, transaction)
    await stage.work_off()
    assert await stage.held() == ["doubt_total"]
    assert len(stage.in_books("SalesReceipt")) == 1


async def test_a_payment_of_ours_skipped_in_doubt_is_found_again(stage: Stage) -> None:
    invoice = await posted(stage)
    books_fault(stage, "payment.create", **LOST)
    books_fault(stage, "payment.query", action="status", status=200, body='{"QueryResponse":{}}', times=8)
    unmarked = (
        '{"Payment":{"Id":"9","SyncToken":"0","TotalAmt":100,"MetaData":{"LastUpdatedTime":"2026-11-20T15:00:00Z"}}}'
    )
    books_fault(stage, "payment.read", action="status", status=200, body=unmarked, times=2)
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert await stage.held() == ["doubt_balance"]
    await skip(stage)
    await stage.clock.sleep(60)
    stage.books.play.faults(clear=True)
    stage.crm.play.edit_invoice(PLACE, invoice, due_date="2027-02-01")
    await stage.mirror(invoice)
    assert len(stage.in_books("Payment")) == 1
    assert not await stage.held()


async def test_a_retry_after_the_other_payment_is_gone_posts_ours(stage: Stage) -> None:
    invoice = await posted(stage)
    other = receive(stage, stage.in_books("Invoice")[0], 100)
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    stage.books.play.delete(REALM, "Payment", {"Id": other["Id"]})
    op, now = await the_only(stage, State.HELD), stage.clock.now()
    verdict = Verdict((State.SKIPPED,), Reason("retried", "by test"))
    await stage.journal.write(lambda db: recording.record(db, op, verdict, now, fingerprints=stage.house.fingerprints))
    await stage.work_off()
    assert [row["TotalAmt"] for row in stage.in_books("Payment")] == [100]
    assert not await stage.held()


async def test_a_row_of_the_list_that_makes_no_sense_is_read_in_full(stage: Stage) -> None:
    invoice = await posted(stage)
    paid = stage.crm.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    body = f'{{"data":[{{"_id":"{paid}","amount":"much"}}],"totalCount":1}}'
    stage.crm.play.faults(add=[{"operation": "transactions.list", "action": "status", "status": 200, "body": body}])
    await stage.mirror(invoice)
    assert [row["TotalAmt"] for row in stage.in_books("Payment")] == [100]


async def test_a_row_nobody_can_name_stops_the_invoice(stage: Stage) -> None:
    invoice = await posted(stage)
    stage.crm.play.pay_invoice(PLACE, invoice)
    body = '{"data":[{"amount":"much"}],"totalCount":1}'
    fault = {"operation": "transactions.list", "action": "status", "status": 200, "body": body, "times": 0}
    stage.crm.play.faults(add=[fault])
    await stage.mirror(invoice)
    assert await stage.held() == ["unreadable.unreadable"]
    assert not stage.in_books("Payment")


async def test_a_doubtful_payment_is_resent_by_a_person_only(stage: Stage) -> None:
    invoice = await posted(stage)
    books_fault(stage, "payment.create", **NEVER)
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert await stage.held() == ["doubt_unresolved"]
    await resend(stage, (await the_only(stage, State.HELD)).id)
    assert len(stage.in_books("Payment")) == 1
    found = await stage.journal.read(lambda db: operations.by_state(db, [State.HELD]))
    assert found == []


async def test_cash_paid_while_nobody_looked_waits_for_a_transaction_like_the_first(stage: Stage) -> None:
    invoice = await sent(stage)
    stage.crm.play.pay_invoice(PLACE, invoice, mode="cash", amount=40)
    await news(stage, invoice)
    stage.crm.play.pay_invoice(PLACE, invoice, mode="cash", amount=60)
    await stage.clock.sleep(3600)
    start = stage.clock.now()
    await stage.mirror(invoice)
    assert payments(stage) == [(40, 0), (60, 0)]
    assert stage.clock.now() - start >= timedelta(seconds=20)


async def test_a_payment_of_ours_that_a_person_replaced_does_not_hide_theirs_from_a_doubt(stage: Stage) -> None:
    invoice = await posted(stage)
    stage.crm.play.pay_invoice(PLACE, invoice, amount=40)
    await news(stage, invoice)
    stage.books.play.delete(REALM, "Payment", {"Id": stage.in_books("Payment")[0]["Id"]})
    receive(stage, stage.in_books("Invoice")[0], 40)
    books_fault(stage, "payment.create", **NEVER)
    stage.crm.play.pay_invoice(PLACE, invoice, amount=40)
    await stage.mirror(invoice)
    assert await stage.held() == ["doubt_balance"]
