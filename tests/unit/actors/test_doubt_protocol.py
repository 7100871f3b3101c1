"""The doubt protocol from end to end: when it looks, what lets bytes go again, and what a doubt stops."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import anyio
import msgspec
import pytest

from avantto_qbo.actors import fences
from avantto_qbo.actors.fences import Proof
from avantto_qbo.model.http import HttpRequest
from avantto_qbo.model.operation import Kind, State
from avantto_qbo.model.records import Topic
from avantto_qbo.sandbox.http import Reply, Request
from stage import ALWAYS, ANN, PLACE, REALM, Stage, writes
from unit.actors.money_scenes import paid
from unit.actors.money_scenes import sent as sent_invoice
from unit.actors.scenes import Tampered, bob, books_fault, receive, resend, sell, the_only

LOST = {"action": "lost_after"}
NEVER = {"action": "reset_before"}
SETTLE = 180
EMAIL = {"Address": "ann@example.com"}
COLLISION = '{"Fault":{"Error":[{"code":"6000","Message":"You can only add or edit one name at a time."}]}}'


async def learn(stage: Stage, entity: str, proof: Proof) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: fences.learn(db, REALM, entity, proof, now))


async def known(stage: Stage) -> set[tuple[str, Proof]]:
    found = await stage.journal.read(lambda db: fences.of(db, REALM))
    return {(fence.entity, fence.proof) for fence in found if not fence.lost}


async def doubtful(stage: Stage, **fault: Any) -> str:
    """An invoice for a known customer whose answer never came."""
    books_fault(stage, "invoice.create", **fault)
    invoice = stage.sent_invoice()
    await stage.tell(Topic.INVOICE, invoice)
    await stage.work()
    assert (await the_only(stage, State.DOUBT)).kind is Kind.INVOICE_CREATE
    return invoice


def queries(stage: Stage, entity: str) -> int:
    return len([one for one in stage.transport.sent if f"from {entity} " in unquote_plus(one.url)])


def sent_to(stage: Stage, path: str) -> list[HttpRequest]:
    return [one for one in writes(stage.transport.sent) if f"/{path}?" in one.url]


def request_id(request: HttpRequest) -> str:
    return parse_qs(urlsplit(request.url).query)["requestid"][0]


# -- when it looks -----------------------------------------------------------------------------------------------------


async def test_after_hours_of_outage_one_look_is_as_good_as_three(stage: Stage) -> None:
    await doubtful(stage, **NEVER)
    await stage.clock.sleep(5 * 3600)
    await stage.restart()
    await stage.work()
    assert queries(stage, "Invoice") == 2  # by number and by time, once
    assert await stage.held() == ["doubt_unresolved"]


async def test_a_look_that_is_late_by_one_leaves_the_last_for_its_time(stage: Stage) -> None:
    await doubtful(stage, **NEVER)
    start = stage.clock.now()
    await stage.clock.sleep(3 * SETTLE)
    await stage.work()
    assert queries(stage, "Invoice") == 2
    await stage.work_off()
    assert queries(stage, "Invoice") == 4
    assert stage.clock.now() - start == timedelta(seconds=5 * SETTLE)


async def test_what_was_being_sent_when_the_program_died_is_looked_up_once_after_a_long_outage(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.tell(Topic.INVOICE, invoice)

    def die(request: HttpRequest) -> None:
        if "/invoice?" in request.url:
            raise SystemExit

    stage.transport.on_send = die
    with pytest.raises(SystemExit):
        await stage.work()
    await stage.clock.sleep(5 * 3600)
    assert await stage.restart() == 1
    await stage.work()
    assert queries(stage, "Invoice") == 0  # the request may have left just before the start
    start = stage.clock.now()
    await stage.work_off()
    assert (await stage.held(), queries(stage, "Invoice")) == (["doubt_unresolved"], 2)
    assert stage.clock.now() - start == timedelta(seconds=SETTLE)


async def test_time_spent_waiting_for_a_pause_to_end_is_no_time_to_commit(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    actor = await stage.actor()
    actor.realm.access.limiter.pause(stage.clock.now() + timedelta(minutes=30))
    await doubtful(stage, action="late", seconds=2.5 * SETTLE)
    given_up = stage.clock.now()
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 2
    assert stage.clock.now() - given_up == timedelta(seconds=5 * SETTLE)
    assert not await stage.held()


async def test_killed_while_it_waits_for_a_pause_to_end_it_was_certainly_not_sent(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    actor = await stage.actor()
    actor.realm.access.limiter.pause(stage.clock.now() + timedelta(hours=3))
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stage.work)
        await stage.clock.sleep(600)
        tasks.cancel_scope.cancel()
    assert await stage.restart() == 0
    await stage.work()
    assert len(stage.in_books("Invoice")) == 2
    assert stage.asked("invoice.create") == 2
    assert not await stage.operations(State.DOUBT)


# -- what lets bytes go again ------------------------------------------------------------------------------------------


async def test_a_number_that_is_refused_for_invoices_says_nothing_about_receipts(stage: Stage) -> None:
    await learn(stage, "Invoice", Proof.NUMBER)
    books_fault(stage, "salesreceipt.create", **NEVER)
    await sell(stage)
    await stage.work_off()
    assert await stage.held() == ["doubt_unresolved"]


async def test_a_number_is_no_fence_once_the_company_numbers_itself(stage: Stage) -> None:
    await learn(stage, "Invoice", Proof.NUMBER)
    await doubtful(stage, **NEVER)
    stage.books.play.set(REALM, custom_txn_numbers=False)
    stage.directory.realm(REALM).forget_company()
    await stage.work_off()
    assert await stage.held() == ["doubt_unresolved"]


async def test_a_number_taken_by_what_no_query_shows_yet_is_not_evaded(stage: Stage) -> None:
    await learn(stage, "Invoice", Proof.NUMBER)
    stage.books.play.set(REALM, requestid="ignored")
    await doubtful(stage, **LOST)
    stage.books.play.set(REALM, query_lag=6 * SETTLE)
    await stage.work_off()
    assert [row["DocNumber"] for row in stage.in_books("Invoice")] == ["INV-000001"]
    assert not await stage.held()
    assert not await stage.mail()


async def test_a_number_taken_after_a_person_s_retry_is_not_evaded_either(stage: Stage) -> None:
    stage.books.play.set(REALM, requestid="ignored")
    await doubtful(stage, **LOST)
    stage.books.play.set(REALM, query_lag=8 * SETTLE)
    await stage.work_off()
    await resend(stage, (await the_only(stage, State.HELD)).id)
    assert [row["DocNumber"] for row in stage.in_books("Invoice")] == ["INV-000001"]
    assert not await stage.held()


@pytest.mark.parametrize("phone", ["", "+12125550123"])
async def test_a_name_taken_by_whom_no_query_shows_yet_makes_no_second_customer(stage: Stage, phone: str) -> None:
    stage.books.play.set(REALM, requestid="ignored", query_lag=300.0)
    books_fault(stage, "customer.create", action="late", seconds=5 * SETTLE - 20)
    await stage.mirror(stage.sent_invoice(contact={"name": "Ann Lee", "phone": phone}))
    assert [row["DisplayName"] for row in stage.in_books("Customer")] == ["Ann Lee"]
    assert len(stage.in_books("Invoice")) == 1


async def test_a_number_whose_holder_no_query_ever_shows_is_evaded_in_the_end(stage: Stage) -> None:
    await learn(stage, "Invoice", Proof.NUMBER)
    stage.books.play.set(REALM, query_lag=30 * SETTLE, requestid="ignored")
    books_fault(stage, "invoice.create", **NEVER)
    customer = bob(stage)
    line = {"DetailType": "SalesItemLineDetail", "Amount": 5, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    await stage.work()
    taken = {"CustomerRef": {"value": customer}, "DocNumber": "INV-000001", "Line": [line]}
    stage.books.play.create(REALM, "Invoice", taken)
    await stage.work_off()
    assert sorted(row["DocNumber"] for row in stage.in_books("Invoice")) == ["INV-000001", "INV-000001-2"]


async def test_an_invoice_without_a_number_is_found_though_our_clock_is_hours_ahead(stage: Stage) -> None:
    stage.books.play.set(REALM, custom_txn_numbers=False, requestid="ignored")
    company = stage.books.companies[REALM]
    company.now = lambda: stage.clock.now() - timedelta(hours=3)
    await doubtful(stage, **LOST)
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 1
    assert not await stage.held()


@pytest.mark.parametrize("leaves", ["inactive", "gone"])
async def test_an_invoice_without_a_number_is_found_though_its_customer_was_merged(stage: Stage, leaves: str) -> None:
    stage.books.play.set(REALM, custom_txn_numbers=False, requestid="ignored", merge_leaves=leaves)
    customer = stage.books.play.create(REALM, "Customer", {"DisplayName": "Ann", "PrimaryEmailAddr": EMAIL})
    await doubtful(stage, **LOST)
    stage.books.play.merge_customers(REALM, bob(stage), customer["Id"])
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 1
    assert not await stage.held()


@pytest.mark.parametrize("told", [True, False])
async def test_a_payment_found_under_a_merged_customer_is_not_taken_for_deleted(stage: Stage, told: bool) -> None:
    ann = stage.books.play.create(REALM, "Customer", {"DisplayName": "Ann", "PrimaryEmailAddr": EMAIL})
    invoice = await sent_invoice(stage)
    books_fault(stage, "payment.create", **LOST)
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.tell(Topic.INVOICE, invoice)
    await stage.work()
    stage.books.play.merge_customers(REALM, bob(stage), ann["Id"])
    if told:
        await stage.poll_changes()
    await stage.work_off()
    stage.crm.play.void_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    [payment] = stage.in_books("Payment")
    if told:
        assert payment["UnappliedAmt"] == 100
        assert not await stage.held()
    else:  # nothing says yet that it was a merge
        assert await stage.held() == ["refused.610"]


async def test_a_request_id_is_no_fence_after_half_a_day(stage: Stage) -> None:
    await learn(stage, "Invoice", Proof.REQUEST_ID)
    await doubtful(stage, **NEVER)
    await stage.clock.sleep(13 * 3600)
    await stage.work_off()
    assert await stage.held() == ["doubt_unresolved"]
    assert len(sent_to(stage, "invoice")) == 1


async def test_bytes_that_never_get_an_answer_go_eight_times_and_then_ask_a_person(stage: Stage) -> None:
    await learn(stage, "Invoice", Proof.REQUEST_ID)
    await doubtful(stage, action="status", status=500, times=0)
    await stage.work_off()
    assert await stage.held() == ["doubt_unresolved"]
    sends = sent_to(stage, "invoice")
    assert len(sends) == 8
    assert len({(one.url, one.body) for one in sends}) == 1


async def test_a_re_send_that_made_a_second_object_is_held_and_ends_the_fence(stage: Stage) -> None:
    """The company forgot the request id, and the first commit came later than anything should."""
    stage.books.play.set(REALM, requestid="ignored", warn_duplicates=False)
    await learn(stage, "Invoice", Proof.REQUEST_ID)
    await doubtful(stage, action="late", seconds=5 * SETTLE - 1)
    stage.books.play.set(REALM, query_lag=60.0)
    await stage.work()
    for _ in range(3):
        await stage.clock.sleep(SETTLE)
        await stage.work()
    await stage.clock.sleep(2 * SETTLE - 1)
    stage.books.play.set(REALM, query_lag=3600.0)
    await stage.clock.sleep(1)

    def show_all_once_sent(request: HttpRequest) -> None:
        if request.method == "POST" and "/invoice?" in request.url:
            stage.books.play.set(REALM, query_lag=0.0)

    stage.transport.on_send = show_all_once_sent
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 2
    assert await stage.held() == ["doubt_twice"]
    assert ("Invoice", Proof.REQUEST_ID) not in await known(stage)
    assert [line.event for line in await stage.activity()].count("fence.lost") == 1


async def test_an_object_that_stands_twice_ends_every_fence_of_its_kind_and_no_other(stage: Stage) -> None:
    for entity, proof in (("Invoice", Proof.REQUEST_ID), ("Invoice", Proof.NUMBER), ("Payment", Proof.REQUEST_ID)):
        await learn(stage, entity, proof)
    await doubtful(stage, **LOST)
    [ours] = stage.in_books("Invoice")
    line = {"DetailType": "SalesItemLineDetail", "Amount": 100, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    copy = {"CustomerRef": ours["CustomerRef"], "Line": [line], "PrivateNote": ours["PrivateNote"], "DocNumber": "C"}
    stage.books.play.create(REALM, "Invoice", copy)
    stage.books.play.update(REALM, "Invoice", {"Id": ours["Id"], "DocNumber": "R"})
    await stage.work_off()
    assert await stage.held() == ["doubt_twice"]
    assert await known(stage) == {("Payment", Proof.REQUEST_ID)}


# -- request ids -------------------------------------------------------------------------------------------------------


async def test_the_same_bytes_go_under_another_id_after_a_refusal(stage: Stage) -> None:
    books_fault(stage, "invoice.create", action="status", status=400, body=COLLISION, times=2)
    await stage.mirror(stage.sent_invoice())
    sends = sent_to(stage, "invoice")
    assert len({one.body for one in sends}) == 1
    first = request_id(sends[0])
    assert [request_id(one) for one in sends] == [first, f"{first}.2", f"{first}.3"]
    assert len(stage.in_books("Invoice")) == 1


async def test_a_correction_that_was_refused_goes_under_another_id(stage: Stage) -> None:
    stage = Stage(ALWAYS)
    await stage.open(kind="us_recompute")
    stage.books.play.set(REALM, tax_drift="0.01")
    books_fault(stage, "invoice.update", action="status", status=400, body=COLLISION)
    invoice = stage.sent_invoice(items=[{"name": "Wash", "amount": 100, "taxes": [{"name": "Tax", "rate": "8.25"}]}])
    await stage.mirror(invoice)
    updates = [one for one in sent_to(stage, "invoice") if b'"SyncToken"' in one.body]
    by_body = defaultdict(list)
    for one in updates:
        by_body[one.body].append(request_id(one))
    repeated = [ids for ids in by_body.values() if len(ids) > 1]
    assert repeated
    assert all(len(set(ids)) == len(ids) for ids in repeated)


async def test_a_request_id_never_stands_for_two_different_requests(stage: Stage) -> None:
    """Edits, refusals, doubts, a deletion in the books, a person's retry: never the same id with other bytes."""
    await learn(stage, "Invoice", Proof.NUMBER)
    books_fault(stage, "invoice.create", **NEVER)
    books_fault(stage, "payment.create", action="status", status=400, body=COLLISION)
    books_fault(stage, "payment.create", **LOST)
    books_fault(stage, "invoice.update", **LOST)
    books_fault(stage, "invoice.update", action="status", status=429, skip=1)
    first, _ = await paid(stage)
    for amount in (120, 130, 140):
        stage.crm.play.edit_invoice(PLACE, first, items=[{"name": "Wash", "amount": amount}])
        await stage.mirror(first)
        await stage.clock.sleep(60)
    second = await sent_invoice(stage)
    link = await stage.link("invoice", second)
    assert link is not None
    stage.books.play.delete(REALM, "Invoice", {"Id": link.object_id})
    stage.crm.play.edit_invoice(PLACE, second, items=[{"name": "Wax", "amount": 70}])
    await stage.mirror(second)
    books_fault(stage, "salesreceipt.create", **NEVER)
    await sell(stage)
    await stage.work_off()
    for op in await stage.operations(State.HELD):
        await resend(stage, op.id)
    seen = defaultdict(set)
    for request in writes(stage.transport.sent):
        if "quickbooks.test" in request.url and "requestid" in request.url:
            seen[request_id(request)].add((re.sub("requestid=[^&]*", "", request.url), request.body))
    assert len(seen) > 10
    assert {name: len(requests) for name, requests in seen.items() if len(requests) > 1} == {}


# -- what the invoice says about a payment -----------------------------------------------------------------------------


async def doubtful_payment(stage: Stage, **fault: Any) -> str:
    invoice = await sent_invoice(stage)
    stage.crm.play.pay_invoice(PLACE, invoice)
    books_fault(stage, "payment.create", **fault)
    await stage.tell(Topic.INVOICE, invoice)
    await stage.work()
    assert (await the_only(stage, State.DOUBT)).kind is Kind.PAYMENT_CREATE
    return invoice


async def test_an_unchanged_balance_lets_a_payment_go_again_where_no_more_than_is_open_is_taken(stage: Stage) -> None:
    await learn(stage, "Payment", Proof.BEYOND)
    await doubtful_payment(stage, **NEVER)
    await stage.work_off()
    assert [row["TotalAmt"] for row in stage.in_books("Payment")] == [100]
    assert not await stage.held()
    assert not await stage.mail()


async def test_without_any_fence_an_unchanged_balance_is_told_to_a_person(stage: Stage) -> None:
    await doubtful_payment(stage, **NEVER)
    reads = stage.asked("invoice.read")
    await stage.work_off()
    reason = (await the_only(stage, State.HELD)).reason
    assert reason is not None
    assert (reason.code, "100.00 of its invoice is open" in reason.text) == ("doubt_unresolved", True)
    assert stage.asked("invoice.read") == reads + 1


@pytest.mark.parametrize("proof", list(Proof))
async def test_a_stranger_s_payment_of_the_same_amount_is_never_paid_over(stage: Stage, proof: Proof) -> None:
    if proof is not Proof.NUMBER:
        await learn(stage, "Payment", proof)
    await doubtful_payment(stage, **NEVER)
    theirs = receive(stage, stage.in_books("Invoice")[0], 100)
    start = stage.clock.now()
    await stage.work_off()
    assert await stage.held() == ["doubt_balance"]
    reason = (await the_only(stage, State.HELD)).reason
    assert reason is not None
    assert f"payment {theirs['Id']} does not carry our marker" in reason.text
    assert len(stage.in_books("Payment")) == 1
    assert stage.clock.now() - start == timedelta(seconds=10 * SETTLE)


async def test_our_payment_that_no_query_shows_yet_is_found_on_its_invoice(stage: Stage) -> None:
    invoice = await doubtful_payment(stage, **LOST)
    stage.books.play.set(REALM, query_lag=86_400.0)
    await stage.work_off()
    [there] = stage.in_books("Payment")
    [link] = [one for one in [await stage.link("payment", invoice, part) for part in await parts(stage)] if one]
    assert link.object_id == there["Id"]
    assert stage.asked("payment.create") == 1
    assert not await stage.held()


async def parts(stage: Stage) -> list[str]:
    return [op.source.part for op in await stage.operations() if op.kind is Kind.PAYMENT_CREATE]


async def test_our_other_payments_of_the_invoice_are_no_news(stage: Stage) -> None:
    await learn(stage, "Payment", Proof.REQUEST_ID)
    invoice = await sent_invoice(stage)
    stage.crm.play.pay_invoice(PLACE, invoice, amount=40)
    await stage.mirror(invoice)
    await stage.clock.sleep(60)
    stage.crm.play.pay_invoice(PLACE, invoice, amount=60)
    books_fault(stage, "payment.create", **NEVER)
    await stage.mirror(invoice)
    assert sorted(row["TotalAmt"] for row in stage.in_books("Payment")) == [40, 60]
    assert not await stage.held()


async def test_a_payment_whose_invoice_a_person_deleted_waits_for_a_person(stage: Stage) -> None:
    await doubtful_payment(stage, **NEVER)
    stage.books.play.delete(REALM, "Invoice", {"Id": stage.in_books("Invoice")[0]["Id"]})
    await stage.work_off()
    assert await stage.held() == ["doubt_unresolved"]


async def test_a_balance_that_cannot_be_read_leaves_the_doubt_as_it_was(stage: Stage) -> None:
    await learn(stage, "Payment", Proof.BEYOND)
    await doubtful_payment(stage, **NEVER)
    books_fault(stage, "invoice.read", action="status", status=503, times=2)
    await stage.work_off()
    assert len(stage.in_books("Payment")) == 1
    assert not await stage.held()


# -- what a doubt stops ------------------------------------------------------------------------------------------------


async def test_a_doubtful_invoice_parks_its_own_chain_and_nothing_else(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    first = await doubtful(stage, **LOST)
    stage.crm.play.pay_invoice(PLACE, first)
    await stage.tell(Topic.INVOICE, first)
    same_customer = stage.sent_invoice()
    stranger = stage.sent_invoice(contact={"name": "Cy Dee", "email": "cy@example.com"})
    for other in (same_customer, stranger):
        await stage.tell(Topic.INVOICE, other)
    await sell(stage)
    bob(stage)
    await stage.poll_changes()
    await stage.work()
    assert (await the_only(stage, State.DOUBT)).source.id == first
    done = {one: await stage.link("invoice", one) for one in (first, same_customer, stranger)}
    assert [link is not None for link in done.values()] == [False, True, True]
    assert len(stage.in_books("SalesReceipt")) == 1
    assert [one["email"] for one in stage.contacts() if one["email"] == "bob@example.com"]
    assert not stage.in_books("Payment")  # of the doubtful one: it waits for its invoice
    await stage.work_off()
    assert len(stage.in_books("Payment")) == 1


async def test_a_doubtful_customer_parks_what_waits_for_that_customer_and_nothing_else(stage: Stage) -> None:
    books_fault(stage, "customer.create", **LOST)
    mine = [stage.sent_invoice(), stage.sent_invoice()]
    stranger = stage.sent_invoice(contact={"name": "Cy Dee", "email": "cy@example.com"})
    for invoice in (*mine, stranger):
        await stage.tell(Topic.INVOICE, invoice)
    await stage.work()
    assert (await the_only(stage, State.DOUBT)).kind is Kind.CUSTOMER_CREATE
    assert [await stage.link("invoice", one) is not None for one in (*mine, stranger)] == [False, False, True]
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 3
    assert len([row for row in stage.in_books("Customer") if row["DisplayName"] == ANN["name"]]) == 1


async def test_a_former_customer_of_the_same_contact_is_no_second_copy(stage: Stage) -> None:
    """Both bear the contact's marker: the one made before, which a bookkeeper put away, is not what was sent now."""
    await stage.mirror(stage.sent_invoice())
    [former] = stage.in_books("Customer")
    stage.books.play.update(REALM, "Customer", {"Id": former["Id"], "DisplayName": "Ann L.", "Active": False})
    await stage.poll_changes()
    books_fault(stage, "customer.create", **LOST)
    await stage.mirror(stage.sent_invoice())
    assert not await stage.held()
    [again] = [row for row in stage.in_books("Customer") if row["Id"] != former["Id"]]
    assert [row["CustomerRef"]["value"] for row in stage.in_books("Invoice")] == [former["Id"], again["Id"]]


# -- answers that say nothing ------------------------------------------------------------------------------------------


def garbled(stage: Stage, operation: str, body: bytes) -> None:
    """Carry out `operation`, and answer with bytes that make no sense."""

    def change(request: Request, reply: Reply) -> Reply:
        garbles = stage.books.operation(request) == operation and reply.status == 200
        return Reply(reply.status, reply.headers, body) if garbles else reply

    stage.transport.hosts = {**stage.transport.hosts, "quickbooks.test": Tampered(stage.books, change)}


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"Invoice":{}}', b'{"Fault":{}}', b'{"Payment":{"Id":"1"}}'])
async def test_an_answer_that_says_nothing_ends_in_one_invoice(stage: Stage, body: bytes) -> None:
    garbled(stage, "invoice.create", body)
    await stage.mirror(stage.sent_invoice())
    assert len(stage.in_books("Invoice")) == 1
    assert stage.asked("invoice.create") == 1
    assert not await stage.held()


async def test_an_application_error_may_have_been_carried_out(stage: Stage) -> None:
    fault = msgspec.json.encode({"Fault": {"Error": [{"code": "10000"}], "type": "SystemFault"}})
    books_fault(stage, "invoice.create", action="status_after", status=400, body=fault.decode())
    await stage.mirror(stage.sent_invoice())
    assert len(stage.in_books("Invoice")) == 1
    assert not await stage.held()
