"""A person deletes, voids or re-creates our documents in QuickBooks: respected, followed, or asked about."""

from __future__ import annotations

from typing import Any

import pytest

from avantto_qbo.journal import customers
from avantto_qbo.model.operation import Kind, State
from avantto_qbo.model.records import Link
from stage import ANN, PLACE, REALM, Stage
from unit.actors.scenes import books_fault, sell, the_only
from unit.actors.test_conflicts import DEARER, answer, by_hand, edited, posted

BEN = {"name": "Ben Low", "email": "ben@example.com", "phone": "+12125550199"}


def only(stage: Stage, entity: str = "Invoice") -> dict[str, Any]:
    [row] = stage.in_books(entity)
    return dict(row)


def deleted(stage: Stage, entity: str = "Invoice") -> dict[str, Any]:
    gone = only(stage, entity)
    stage.books.play.delete(REALM, entity, {"Id": gone["Id"]})
    return gone


def again(stage: Stage, gone: dict[str, Any], **changes: Any) -> str:
    """What a person makes anew from a copy of what is gone."""
    kept = ("CustomerRef", "DocNumber", "PrivateNote", "TxnDate", "DueDate", "BillEmail")
    lines = [line for line in gone["Line"] if line["DetailType"] != "SubTotalLineDetail"]
    body = {name: gone[name] for name in kept if name in gone} | {"Line": lines} | changes
    return str(stage.books.play.create(REALM, "Invoice", body)["Id"])


async def linked(stage: Stage, invoice: str) -> Link:
    link = await stage.link("invoice", invoice)
    assert link is not None
    return link


async def told(stage: Stage, event: str) -> int:
    return [line.event for line in await stage.activity()].count(event)


async def test_a_deletion_is_respected_and_said_once(stage: Stage) -> None:
    invoice = await posted(stage)
    deleted(stage)
    for due in ("2027-02-01", "2027-03-01"):
        await edited(stage, invoice, due_date=due)
    assert (await linked(stage, invoice)).status == "deleted"
    assert not stage.in_books("Invoice")
    assert not await stage.held()
    assert await told(stage, "invoice.gone_in_books") == 1
    assert stage.asked("invoice.create") == 1


async def test_a_void_is_respected_and_said_once(stage: Stage) -> None:
    invoice = await posted(stage)
    await stage.clock.sleep(60)
    stage.books.play.void(REALM, "Invoice", {"Id": only(stage)["Id"]})
    for due in ("2027-02-01", "2027-03-01"):
        await edited(stage, invoice, due_date=due)
    assert (await linked(stage, invoice)).status == "voided"
    assert only(stage)["TotalAmt"] == 0
    assert await told(stage, "invoice.gone_in_books") == 1


async def test_what_was_made_anew_with_our_marker_is_followed(stage: Stage) -> None:
    invoice = await posted(stage)
    copy = again(stage, deleted(stage))
    await edited(stage, invoice, items=DEARER)
    assert (await linked(stage, invoice)).object_id == copy
    assert only(stage)["TotalAmt"] == 105
    assert await told(stage, "invoice.relinked") == 1
    assert not await stage.held()


async def test_a_voided_one_made_anew_is_followed_too(stage: Stage) -> None:
    stage.books.play.set(REALM, warn_duplicates=False)
    invoice = await posted(stage)
    gone = only(stage)
    await stage.clock.sleep(60)
    stage.books.play.void(REALM, "Invoice", {"Id": gone["Id"]})
    copy = again(stage, gone)
    await edited(stage, invoice, items=DEARER)
    assert (await linked(stage, invoice)).object_id == copy
    assert sorted(row["TotalAmt"] for row in stage.in_books("Invoice")) == [0, 105]


async def test_what_was_changed_in_the_copy_is_compared_as_any_edit(stage: Stage) -> None:
    invoice = await posted(stage)
    again(stage, deleted(stage), DueDate="2027-05-05")
    await edited(stage, invoice, due_date="2027-02-01")
    assert await stage.held() == ["invoice.conflict"]
    await answer(stage, "retried")
    assert only(stage)["DueDate"] == "2027-02-01"


async def test_something_else_under_the_number_is_not_ours(stage: Stage) -> None:
    invoice = await posted(stage)
    again(stage, deleted(stage), PrivateNote="by hand")
    await edited(stage, invoice, items=DEARER)
    assert (await linked(stage, invoice)).status == "deleted"
    assert only(stage)["TotalAmt"] == 100


async def test_two_copies_are_a_person_s_to_sort_out(stage: Stage) -> None:
    stage.books.play.set(REALM, warn_duplicates=False)
    invoice = await posted(stage)
    gone = deleted(stage)
    first, second = again(stage, gone), again(stage, gone)
    await edited(stage, invoice, items=DEARER)
    op = await the_only(stage, State.HELD)
    assert op.reason is not None
    assert op.reason.code == "relink_several"
    assert first in op.reason.text
    stage.books.play.delete(REALM, "Invoice", {"Id": second})
    await answer(stage, "retried")
    assert (await linked(stage, invoice)).object_id == first
    assert only(stage)["TotalAmt"] == 105


async def test_without_numbers_of_ours_the_copy_is_found_by_its_customer(stage: Stage) -> None:
    stage.books.play.set(REALM, custom_txn_numbers=False)
    stage.directory.realm(REALM).forget_company()
    invoice = await posted(stage)
    gone = deleted(stage)
    copy = again(stage, {name: value for name, value in gone.items() if name != "DocNumber"})
    await edited(stage, invoice, items=DEARER)
    assert (await linked(stage, invoice)).object_id == copy


async def test_a_void_in_avantto_of_what_is_deleted_already_asks_nobody(stage: Stage) -> None:
    invoice = await posted(stage)
    deleted(stage)
    await stage.clock.sleep(60)
    stage.crm.play.void_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert (await linked(stage, invoice)).status == "deleted"
    assert not await stage.held()


async def test_money_for_a_deleted_invoice_is_not_posted(stage: Stage) -> None:
    invoice = await posted(stage)
    deleted(stage)
    await stage.clock.sleep(60)
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert (await linked(stage, invoice)).status == "deleted"
    assert not stage.in_books("Payment")
    assert not await stage.held()


async def test_money_for_an_invoice_made_anew_goes_to_the_new_one(stage: Stage) -> None:
    invoice = await posted(stage)
    again(stage, deleted(stage))
    await stage.clock.sleep(60)
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert only(stage)["Balance"] == 0
    assert not await stage.held()


async def paid(stage: Stage) -> str:
    invoice = await posted(stage)
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert only(stage)["Balance"] == 0
    return invoice


async def renamed(stage: Stage, invoice: str) -> None:
    """Another customer on the invoice: our payment has to move, and is missed."""
    await edited(stage, invoice, contact=BEN)


async def test_a_deleted_payment_is_asked_about_and_never_posted_unasked(stage: Stage) -> None:
    invoice = await paid(stage)
    gone = deleted(stage, "Payment")
    await renamed(stage, invoice)
    op = await the_only(stage, State.HELD)
    assert op.reason is not None
    assert op.reason.code == "payment_gone"
    assert gone["Id"] in op.reason.text
    assert not stage.in_books("Payment")


async def test_a_deleted_payment_is_posted_again_on_retry(stage: Stage) -> None:
    invoice = await paid(stage)
    deleted(stage, "Payment")
    await renamed(stage, invoice)
    await answer(stage, "retried")
    assert only(stage, "Payment")["TotalAmt"] == 100
    assert only(stage)["Balance"] == 0
    assert not await stage.held()


async def test_a_deleted_payment_stays_away_on_skip_and_the_change_goes_in(stage: Stage) -> None:
    invoice = await paid(stage)
    deleted(stage, "Payment")
    await renamed(stage, invoice)
    await answer(stage, "skipped")
    assert not stage.in_books("Payment")
    assert only(stage)["Balance"] == 100
    assert only(stage)["BillEmail"]["Address"] == BEN["email"]
    await edited(stage, invoice, due_date="2027-02-01")
    assert not stage.in_books("Payment")
    assert not await stage.held()


async def test_a_void_in_avantto_does_without_a_deleted_payment(stage: Stage) -> None:
    invoice = await paid(stage)
    deleted(stage, "Payment")
    await stage.clock.sleep(60)
    stage.crm.play.void_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert only(stage)["TotalAmt"] == 0
    assert not await stage.held()


async def test_a_customer_made_inactive_is_looked_for_anew(stage: Stage) -> None:
    await posted(stage)
    stage.books.play.update(REALM, "Customer", {"Id": only(stage, "Customer")["Id"], "Active": False})
    await stage.mirror(stage.sent_invoice(contact=ANN, items=DEARER))
    assert len(stage.in_books("Invoice")) == 2
    assert not await stage.held()


async def test_a_bookkeeper_s_edit_survives_a_void_of_ours(stage: Stage) -> None:
    invoice = await posted(stage)
    await by_hand(stage, CustomerMemo={"value": "thank you"})
    stage.crm.play.void_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert only(stage)["TotalAmt"] == 0


async def test_a_change_to_a_customer_made_inactive_looks_for_another(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice(contact=BEN))
    [ben] = stage.in_books("Customer")
    invoice = stage.sent_invoice(contact=ANN)
    await stage.mirror(invoice)
    stage.books.play.update(REALM, "Customer", {"Id": ben["Id"], "Active": False})
    await edited(stage, invoice, contact=BEN)
    mine = next(row for row in stage.in_books("Invoice") if row["CustomerRef"]["value"] != ben["Id"])
    assert mine["BillEmail"]["Address"] == BEN["email"]
    assert not await stage.held()


async def test_a_change_that_never_finds_what_it_names_is_held_after_two_looks(stage: Stage) -> None:
    invoice = await posted(stage)
    missing = '{"Fault":{"Error":[{"code":"610","Message":"Object Not Found"}],"type":"ValidationFault"}}'
    books_fault(stage, "invoice.update", action="status", status=400, body=missing, times=0)
    await edited(stage, invoice, items=DEARER)
    assert await stage.held() == ["refused.610"]
    assert stage.asked("invoice.read") == 2


async def test_a_refusal_that_names_something_else_forgets_no_customer(stage: Stage) -> None:
    fault = (
        '{"Fault":{"Error":[{"code":"2500","Message":"Invalid Reference","element":"ItemRef"}],"type":"Validation"}}'
    )
    books_fault(stage, "invoice.create", action="status", status=400, body=fault, times=0)
    await stage.mirror(stage.sent_invoice())
    assert await stage.held() == ["refused.2500"]
    [customer] = stage.in_books("Customer")
    known = await stage.journal.read(lambda db: customers.get(db, REALM, customer["Id"]))
    assert known is not None
    assert known.active


@pytest.mark.parametrize("document", ["invoice", "sale"])
async def test_an_item_made_inactive_since_is_replaced_by_itself(stage: Stage, document: str) -> None:
    await posted(stage)
    for item in stage.in_books("Item"):
        if item["Name"].startswith("Avantto"):
            stage.books.play.deactivate(REALM, "Item", item["Id"])
    await (stage.mirror(stage.sent_invoice()) if document == "invoice" else sell(stage))
    await stage.work_off()
    assert not await stage.held()
    assert len(stage.in_books("Invoice")) + len(stage.in_books("SalesReceipt")) == 2


async def test_money_for_a_customer_made_inactive_is_a_question_in_words(stage: Stage) -> None:
    invoice = await posted(stage)
    stage.books.play.deactivate(REALM, "Customer", only(stage, "Customer")["Id"])
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    [op] = await stage.operations(State.HELD)
    assert op.reason is not None
    assert "its customer, an item or an account on it was made inactive" in op.reason.text
    assert "make it active again in QuickBooks" in op.reason.mend
    stage.books.play.deactivate(REALM, "Customer", only(stage, "Customer")["Id"], active=True)
    await answer(stage, "retried")
    await stage.work_off()
    assert only(stage)["Balance"] == 0


async def test_a_voided_payment_is_asked_about_like_a_deleted_one(stage: Stage) -> None:
    invoice = await paid(stage)
    stage.books.play.void(REALM, "Payment", {"Id": only(stage, "Payment")["Id"]})
    await renamed(stage, invoice)
    assert await stage.held() == ["payment_gone"]
    stage.crm.play.void_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert only(stage)["TotalAmt"] == 0
    assert not await stage.held()


async def test_a_customer_refused_twice_is_held(stage: Stage) -> None:
    fault = '{"Fault":{"Error":[{"code":"2500","Message":"Invalid Reference"}],"type":"ValidationFault"}}'
    books_fault(stage, "invoice.create", action="status", status=400, body=fault, times=0)
    await stage.mirror(stage.sent_invoice())
    assert await stage.held() == ["refused.2500"]
    assert [op.kind for op in await stage.operations()].count(Kind.INVOICE_CREATE) == 2
