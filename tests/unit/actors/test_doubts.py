from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote_plus

import pytest

from avantto_qbo.actors import fences
from avantto_qbo.actors.fences import Proof
from avantto_qbo.journal import operations
from avantto_qbo.model.operation import Kind, State
from avantto_qbo.model.records import Status, Topic
from stage import PLACE, REALM, Stage, writes
from unit.actors.scenes import bill, bob, books_fault, crm_fault, resend, sell, the_only

LOST = {"action": "lost_after"}
NEVER = {"action": "reset_before"}


async def doubtful_invoice(stage: Stage, **fault: Any) -> str:
    books_fault(stage, "invoice.create", **fault)
    invoice = stage.sent_invoice()
    await stage.tell(Topic.INVOICE, invoice)
    await stage.work()
    assert (await the_only(stage, State.DOUBT)).kind is Kind.INVOICE_CREATE
    return invoice


def lookups(stage: Stage, entity: str) -> list[str]:
    """The queries about an entity, in the order they were asked."""
    asked = [unquote_plus(request.url) for request in stage.transport.sent if "/query?" in request.url]
    return [statement for statement in asked if f"FROM {entity}" in statement or f"from {entity}" in statement]


async def test_nothing_is_asked_before_the_slowest_commit_must_be_over(stage: Stage) -> None:
    await doubtful_invoice(stage, **LOST)
    await stage.clock.sleep(179)
    await stage.work()
    assert not lookups(stage, "Invoice")
    await stage.clock.sleep(1)
    await stage.work()
    assert len(lookups(stage, "Invoice")) == 1
    assert not await stage.operations(State.DOUBT)


async def test_what_was_carried_out_is_adopted(stage: Stage) -> None:
    invoice = await doubtful_invoice(stage, **LOST)
    await stage.work_off()
    [there] = stage.in_books("Invoice")
    link = await stage.link("invoice", invoice)
    assert link is not None
    assert (link.object_id, link.sync_token, link.status) == (there["Id"], there["SyncToken"], "live")
    assert stage.asked("invoice.create") == 1
    assert not await stage.mail()


async def test_a_commit_later_than_the_first_look_is_found_by_the_next(stage: Stage) -> None:
    await doubtful_invoice(stage, action="late", seconds=300.0)
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 1
    assert not await stage.held()


async def test_three_empty_looks_without_a_fence_ask_a_person(stage: Stage) -> None:
    await doubtful_invoice(stage, **NEVER)
    start = stage.clock.now()
    await stage.work_off()
    assert await stage.held() == ["doubt_unresolved"]
    assert (stage.clock.now() - start).total_seconds() == 5 * 180
    assert stage.asked("invoice.create") == 0


async def test_the_person_s_retry_sends_it_once_more(stage: Stage) -> None:
    await doubtful_invoice(stage, **NEVER)
    await stage.work_off()
    await resend(stage, (await the_only(stage, State.HELD)).id)
    assert len(stage.in_books("Invoice")) == 1
    assert not await stage.held()


async def test_the_person_s_retry_sends_nothing_that_is_there_after_all(stage: Stage) -> None:
    await doubtful_invoice(stage, action="late", seconds=1500.0)
    await stage.work_off()
    await stage.clock.sleep(1000)
    await resend(stage, (await the_only(stage, State.HELD)).id)
    assert len(stage.in_books("Invoice")) == 1
    assert stage.asked("invoice.create") == 1
    assert not await stage.held()


async def test_behind_a_proven_fence_the_same_bytes_go_again(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: fences.learn(db, REALM, "Invoice", Proof.NUMBER, now))
    await doubtful_invoice(stage, **NEVER)
    await stage.work_off()
    sent = [request for request in writes(stage.transport.sent) if "/invoice?" in request.url]
    assert len(sent) == 2
    assert (sent[0].url, sent[0].body) == (sent[1].url, sent[1].body)
    assert len(stage.in_books("Invoice")) == 1


async def test_the_number_is_asked_for_before_the_time(stage: Stage) -> None:
    await doubtful_invoice(stage, **NEVER)
    await stage.work_off()
    asked = lookups(stage, "Invoice")
    assert len(asked) == 6
    assert ["DocNumber" in statement for statement in asked] == [True, False] * 3
    assert all("CreateTime" in statement for statement in asked[1::2])


async def test_a_stranger_with_our_number_is_never_adopted(stage: Stage) -> None:
    invoice = await doubtful_invoice(stage, **NEVER)
    number = stage.crm.play.state(PLACE)["invoices"][invoice]["invoiceNumber"]
    stranger = bill(stage, bob(stage), DocNumber=str(number), PrivateNote="Avantto invoice · another one")
    await stage.work_off()
    assert await stage.held() == ["doubt_unresolved"]
    assert await stage.link("invoice", invoice) is None
    assert stage.in_books("Invoice") == [stage.books.play.state(REALM)["Invoice"][0]]
    assert stranger["Id"] == stage.in_books("Invoice")[0]["Id"]


async def test_two_that_carry_our_marker_are_a_person_s_to_sort_out(stage: Stage) -> None:
    await doubtful_invoice(stage, **LOST)
    [ours] = stage.in_books("Invoice")
    bill(stage, ours["CustomerRef"]["value"], PrivateNote=ours["PrivateNote"], DocNumber="COPY")
    stage.books.play.update(REALM, "Invoice", {"Id": ours["Id"], "DocNumber": "RENAMED"})
    await stage.work_off()
    assert await stage.held() == ["doubt_twice"]
    await resend(stage, (await the_only(stage, State.HELD)).id)
    assert await stage.held() == ["doubt_twice"]
    assert len(stage.in_books("Invoice")) == 2


async def test_ours_with_another_total_is_shown_to_a_person(stage: Stage) -> None:
    await doubtful_invoice(stage, **LOST)
    [ours] = stage.in_books("Invoice")
    line = {**ours["Line"][0], "Amount": 55, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    stage.books.play.update(REALM, "Invoice", {"Id": ours["Id"], "Line": [line]})
    await stage.work_off()
    assert await stage.held() == ["doubt_total"]
    await resend(stage, (await the_only(stage, State.HELD)).id)
    assert await stage.held() == ["doubt_total"]
    assert len(stage.in_books("Invoice")) == 1


async def paid(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.tell(Topic.INVOICE, invoice)


async def sold(stage: Stage) -> None:
    await sell(stage)


async def known_customer(stage: Stage) -> None:
    bob(stage)
    await stage.poll_changes()


@pytest.mark.parametrize(
    ("operation", "begin", "entity"),
    [
        ("customer.create", paid, "Customer"),
        ("item.create", paid, "Item"),
        ("payment.create", paid, "Payment"),
        ("salesreceipt.create", sold, "SalesReceipt"),
    ],
)
async def test_a_lost_answer_of_any_create_ends_in_one_object(
    stage: Stage, operation: str, begin: Callable[[Stage], Awaitable[None]], entity: str
) -> None:
    before = len(stage.in_books(entity))
    books_fault(stage, operation, **LOST)
    await begin(stage)
    await stage.work_off()
    assert stage.books.play.faults()["fired"]
    assert len(stage.in_books(entity)) == before + 1
    assert stage.asked(operation) == 1
    assert not await stage.held()
    assert not await stage.mail()


@pytest.mark.parametrize("fault", [LOST, NEVER])
async def test_a_contact_s_lost_answer_ends_in_one_contact(stage: Stage, fault: dict[str, Any]) -> None:
    crm_fault(stage, "contacts.create", **fault)
    await known_customer(stage)
    await stage.work_off()
    assert stage.crm.play.faults()["fired"]
    assert [contact["email"] for contact in stage.contacts()] == ["bob@example.com"]
    assert not await stage.held()


async def test_a_nameless_contact_in_doubt_asks_a_person(stage: Stage) -> None:
    crm_fault(stage, "contacts.create", **NEVER)
    stage.books.play.create(REALM, "Customer", {"DisplayName": "No Address"})
    await stage.poll_changes()
    await stage.work_off()
    assert await stage.held() == ["doubt_unresolved"]


@pytest.mark.parametrize("operation", ["contacts.update", "contacts.tags"])
@pytest.mark.parametrize("fault", [LOST, NEVER])
async def test_what_may_be_repeated_is_repeated_soon(stage: Stage, operation: str, fault: dict[str, Any]) -> None:
    stage.crm.play.create_contact(PLACE, name="Bob Ray", email="bob@example.com")
    crm_fault(stage, operation, **fault)
    bob(stage, PrimaryPhone={"FreeFormNumber": "(212) 555-0188"})
    await stage.poll_changes()
    start = stage.clock.now()
    await stage.work_off()
    [contact] = stage.contacts()
    assert stage.crm.play.faults()["fired"]
    assert (contact["tags"], contact["phone"]) == (["quickbooks"], "+12125550188")
    assert (stage.clock.now() - start).total_seconds() < 60


@pytest.mark.parametrize("fault", [LOST, NEVER])
async def test_a_change_in_doubt_is_judged_by_the_object_itself(stage: Stage, fault: dict[str, Any]) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    books_fault(stage, "invoice.update", **fault)
    stage.crm.play.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": 120}])
    await stage.mirror(invoice)
    [there] = stage.in_books("Invoice")
    assert stage.books.play.faults()["fired"]
    assert there["TotalAmt"] == 120
    assert not await stage.held()
    assert not await stage.mail()


@pytest.mark.parametrize("fault", [LOST, NEVER])
async def test_a_void_in_doubt_is_judged_by_the_object_itself(stage: Stage, fault: dict[str, Any]) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    books_fault(stage, "invoice.void", **fault)
    stage.crm.play.void_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert stage.books.play.faults()["fired"]
    assert [row["TotalAmt"] for row in stage.in_books("Invoice")] == [0]
    assert not await stage.held()


async def test_a_lost_change_that_a_person_overtook_is_compared_and_sent(stage: Stage) -> None:
    """The invoice carries our marker whether or not the change was carried out: that proves nothing."""
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    books_fault(stage, "invoice.update", **NEVER)
    stage.crm.play.edit_invoice(PLACE, invoice, due_date="2027-03-01")
    await stage.tell(Topic.INVOICE, invoice)
    await stage.work()
    [there] = stage.in_books("Invoice")
    stage.books.play.update(REALM, "Invoice", {"Id": there["Id"], "CustomerMemo": {"value": "by hand"}})
    await stage.work_off()
    [there] = stage.in_books("Invoice")
    assert (there["DueDate"], there["CustomerMemo"]["value"]) == ("2027-03-01", "by hand")
    assert not await stage.held()


async def test_a_look_up_that_fails_leaves_the_doubt_as_it_was(stage: Stage) -> None:
    await doubtful_invoice(stage, **LOST)
    books_fault(stage, "invoice.query", action="status", status=500, times=3)
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 1
    assert not await stage.held()


async def test_a_look_up_that_is_refused_is_not_an_empty_one(stage: Stage) -> None:
    await doubtful_invoice(stage, **LOST)
    books_fault(stage, "invoice.query", action="status", status=400, body='{"Fault":{"Error":[{"code":"4000"}]}}')
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 1


async def test_a_connection_that_dies_in_doubt_keeps_the_doubt(stage: Stage) -> None:
    await doubtful_invoice(stage, **LOST)
    stage.books.play.revoke(REALM)
    stage.books.play.expire_tokens(REALM)
    await stage.clock.sleep(200)
    await stage.work()
    assert (await stage.record()).status is Status.BROKEN
    assert (await the_only(stage, State.DOUBT)).lookups == 0
    await stage.open()
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 1
    assert not await stage.held()


async def test_retry_of_a_doubt_before_its_time_only_waits(stage: Stage) -> None:
    await doubtful_invoice(stage, **LOST)
    op, now = await the_only(stage, State.DOUBT), stage.clock.now()
    await stage.journal.write(lambda db: operations.put_off(db, op.id, now, now))
    await stage.work()
    assert not lookups(stage, "Invoice")
    assert (await the_only(stage, State.DOUBT)).lookups == 0


async def test_a_look_up_that_stays_refused_ends_in_a_hold_that_a_person_sees(stage: Stage) -> None:
    await doubtful_invoice(stage, action="reset_before")
    body = '{"Fault":{"Error":[{"code":"4000"}]}}'
    books_fault(stage, "invoice.query", action="status", status=400, body=body, times=0)
    for _ in range(25):
        await stage.clock.sleep(3600)
        await stage.work()
    assert await stage.held() == ["doubt_unresolved"]
    held = await the_only(stage, State.HELD)
    assert held.reason is not None
    assert "refuses to look it up (4000)" in held.reason.text
    await resend(stage, held.id)
    assert await stage.held() == ["doubt_unresolved"]
    assert not stage.in_books("Invoice")
    stage.books.faults.clear()
    await resend(stage, held.id)
    assert len(stage.in_books("Invoice")) == 1
    assert not await stage.held()


async def test_a_look_up_proves_what_was_so_when_it_was_asked_for(stage: Stage) -> None:
    """Two questions that are answered when the second look is due are not that look, too."""
    await doubtful_invoice(stage, action="reset_before")
    await stage.clock.sleep(180)
    stage.transport.latency = lambda: 100.0
    await stage.work()
    assert len(lookups(stage, "Invoice")) == 2 * 2
    assert (await the_only(stage, State.DOUBT)).lookups == 2
