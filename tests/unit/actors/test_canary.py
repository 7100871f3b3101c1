"""The canary: what a company refuses to take twice is proven on test documents, which are all taken back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from avantto_qbo.actors import fences, trials
from avantto_qbo.actors.fences import Proof
from avantto_qbo.actors.trials import Trial
from avantto_qbo.errors import RefusedError
from avantto_qbo.journal import cursors, locations
from avantto_qbo.model.http import HttpRequest
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Status, Topic
from avantto_qbo.model.settings import Settings
from avantto_qbo.service.canary import CanaryDesk
from avantto_qbo.service.decisions import Decisions
from stage import OTHER_PLACE, PLACE, REALM, Killed, Stage, writes
from unit.actors.scenes import books_fault, the_only

KINDS = ("Invoice", "Payment", "SalesReceipt", "RefundReceipt")
SETTLE = 180
HALF = timedelta(hours=12)


@pytest.fixture
async def stage() -> Stage:
    return await opened()


async def opened() -> Stage:
    made = Stage(Settings(review_hours="always", refund_account="Checking"))
    await made.open()
    return made


async def start(stage: Stage, *, yes: bool = True) -> Trial:
    desk = CanaryDesk(stage.house, stage.directory, look_again=lambda: None)
    await desk.start(PLACE, "uid 7", yes=yes)
    return await last(stage)


async def last(stage: Stage) -> Trial:
    trial = await stage.journal.read(lambda db: trials.last(db, REALM))
    assert trial is not None
    return trial


async def proofs(stage: Stage) -> set[tuple[str, Proof]]:
    known = await stage.journal.read(lambda db: fences.of(db, REALM))
    return {(fence.entity, fence.proof) for fence in known if not fence.lost}


def standing(stage: Stage) -> list[dict[str, Any]]:
    """What still counts in the books: documents that are worth something, customers that are active."""
    documents = [row for kind in KINDS for row in stage.in_books(kind) if row["TotalAmt"]]
    return [*documents, *(row for row in stage.in_books("Customer") if row["Active"] and "test" in row["DisplayName"])]


async def test_a_company_that_keeps_request_ids_and_numbers_is_proven_for_every_kind(stage: Stage) -> None:
    await start(stage)
    await stage.work_off()
    assert await proofs(stage) == {
        *((kind, Proof.REQUEST_ID) for kind in KINDS),
        *((kind, Proof.NUMBER) for kind in KINDS if kind != "Payment"),
        ("Payment", Proof.BEYOND),
    }
    assert (await last(stage)).stage is trials.Stage.OVER
    assert not standing(stage)
    assert not await stage.held()
    assert not await stage.mail()


async def test_a_repetition_comes_as_late_as_a_real_one(stage: Stage) -> None:
    began = stage.clock.now()
    stage.books.play.set(REALM, requestid_seconds=5 * SETTLE - 60)
    await start(stage)
    await stage.work_off()
    assert stage.clock.now() - began >= timedelta(seconds=5 * SETTLE)
    assert not {proof for proof in await proofs(stage) if proof[1] is Proof.REQUEST_ID}


@pytest.mark.parametrize("knob", ["ignored", "expired"])
async def test_a_company_that_carries_a_repetition_out_is_not_fenced_and_left_clean(stage: Stage, knob: str) -> None:
    stage.books.play.set(REALM, requestid=knob, warn_duplicates=False)
    await start(stage)
    await stage.work_off()
    assert await proofs(stage) == {("Payment", Proof.BEYOND)}
    assert (await last(stage)).results["requestid.SalesReceipt"] == "carried out a second time"
    assert not standing(stage)


async def test_a_company_that_refuses_a_repetition_is_fenced(stage: Stage) -> None:
    stage.books.play.set(REALM, requestid="refused")
    await start(stage)
    await stage.work_off()
    assert {(kind, Proof.REQUEST_ID) for kind in KINDS} <= await proofs(stage)
    assert not standing(stage)


@pytest.mark.parametrize("kind", ["uk", "ca", "au", "us_manual", "us_no_tax"])
async def test_any_country_s_company_can_be_tested(kind: str) -> None:
    stage = Stage(Settings(review_hours="always", refund_account="Checking"))
    await stage.open(kind=kind)
    await start(stage)
    await stage.work_off()
    assert {("Invoice", Proof.REQUEST_ID), ("SalesReceipt", Proof.NUMBER)} <= await proofs(stage)
    assert not standing(stage)


async def test_without_custom_numbers_no_number_is_proven(stage: Stage) -> None:
    stage.books.play.set(REALM, custom_txn_numbers=False)
    stage.directory.realm(REALM).forget_company()
    await start(stage)
    await stage.work_off()
    assert not {proof for proof in await proofs(stage) if proof[1] is Proof.NUMBER}
    assert "custom transaction numbers are off" in (await last(stage)).results["number.Invoice"]


async def test_what_is_proven_no_more_is_forgotten(stage: Stage) -> None:
    await start(stage)
    await stage.work_off()
    stage.books.play.set(REALM, requestid="ignored")
    await start(stage)
    await stage.work_off()
    # The number stops a second document before anything can be said about its request id; a payment is stopped by the
    # balance. Nothing is proven, and nothing that was proven stands twice.
    assert not standing(stage)
    stage.books.play.set(REALM, warn_duplicates=False)
    await start(stage)
    await stage.work_off()
    assert not {proof for proof in await proofs(stage) if proof[0] != "Payment"}


async def test_everything_is_marked_as_a_test_and_concerns_nobody(stage: Stage) -> None:
    await start(stage)
    await stage.work()
    [customer] = [row for row in stage.in_books("Customer") if "test" in row["DisplayName"]]
    assert "PrimaryEmailAddr" not in customer
    for kind in KINDS:
        [row] = stage.in_books(kind)
        assert "avantto-qbo test" in row["PrivateNote"]
        assert row["CustomerRef"]["value"] == customer["Id"]
        assert row["TotalAmt"] == 1
    await stage.poll_changes()
    await stage.work_off()
    await stage.clock.sleep(60)
    await stage.poll_changes()  # voided by now: QuickBooks put its own word in the place of ours
    assert not await stage.mail()
    assert not stage.contacts()
    assert not stage.crm.play.messages(PLACE)


async def test_every_write_of_a_test_is_an_operation_first(stage: Stage) -> None:
    await start(stage)
    await stage.work_off()
    sent = {request.body for request in writes(stage.transport.sent)}
    known = {op.call.body for op in await stage.operations()}
    assert sent
    assert sent <= known


def killing(at: int) -> Callable[[object], None]:
    seen = 0

    def kill(_: object = None) -> None:
        nonlocal seen
        seen += 1
        if seen == at:
            raise Killed

    return kill


async def survive(at: int, **knobs: Any) -> bool:
    """Kill at the `at`-th commit or request of a run, start again; False when the run was over before."""
    stage = await opened()
    stage.books.play.set(REALM, **knobs)
    await start(stage)
    kill = killing(at)

    def on_send(_: HttpRequest) -> None:
        kill(None)

    stage.journal.before = stage.journal.after = lambda: kill(None)
    stage.transport.on_send = on_send
    died = False
    try:
        await stage.work_off(within=HALF)
    except Killed:
        died = True
        await stage.restart()
        await stage.work_off(within=HALF)
    assert not standing(stage), at
    assert (await last(stage)).stage is trials.Stage.OVER, at
    assert not await stage.mail(), at
    assert not await stage.held(), at
    return died


async def test_a_crash_anywhere_leaves_nothing_behind() -> None:
    at = 1
    while await survive(at):
        at += 3  # every third point: commits have two sides and a request
    assert at > 60


async def test_what_no_query_shows_yet_is_not_left_behind_either() -> None:
    """The points from the first write to the last of the first round, where the answer is all there is."""
    for at in range(3, 31, 3):
        assert await survive(at, query_lag=60.0)


async def test_a_second_crash_shortens_no_wait() -> None:
    for again in range(1, 13):
        stage = await opened()
        stage.books.play.set(REALM, query_lag=60.0)
        await start(stage)
        for at in (6, again):
            stage.journal.before = stage.journal.after = partial(killing(at), None)
            with suppress(Killed):
                await stage.work_off(within=HALF)
            await stage.restart()
        await stage.work_off(within=HALF)
        assert not standing(stage), again


async def test_a_second_document_that_no_query_shows_yet_is_taken_back_too(stage: Stage) -> None:
    stage.books.play.set(REALM, requestid="ignored", warn_duplicates=False, query_lag=60.0)
    await start(stage)
    await stage.work_off()
    assert (await last(stage)).results["requestid.SalesReceipt"] == "carried out a second time"
    assert not standing(stage)
    assert not await stage.held()


@pytest.mark.parametrize(
    "operation", ["customer.create", "invoice.create", "payment.create", "salesreceipt.create", "refundreceipt.create"]
)
@pytest.mark.parametrize("fault", [{"action": "lost_after"}, {"action": "late", "seconds": 300.0}])
async def test_a_lost_answer_proves_nothing_and_leaves_nothing(
    stage: Stage, operation: str, fault: dict[str, Any]
) -> None:
    books_fault(stage, operation, **fault)
    await start(stage)
    await stage.work_off()
    await stage.clock.sleep(600)
    assert not standing(stage)
    assert not await stage.held()


@pytest.mark.parametrize("operation", ["invoice.void", "payment.void", "refundreceipt.delete", "customer.update"])
@pytest.mark.parametrize("action", ["lost_after", "reset_before", "status"])
async def test_taking_back_goes_on_until_all_is_gone(stage: Stage, operation: str, action: str) -> None:
    books_fault(stage, operation, action=action, status=503)
    await start(stage)
    await stage.work_off()
    assert stage.books.play.faults()["fired"]
    assert not standing(stage)
    assert not await stage.held()


async def test_what_quickbooks_does_not_let_go_is_a_person_s_to_remove(stage: Stage) -> None:
    refusal = '{"Fault":{"Error":[{"code":"6540","Message":"deposited"}],"type":"ValidationFault"}}'
    books_fault(stage, "salesreceipt.void", action="status", status=400, body=refusal, times=0)
    await start(stage)
    await stage.work_off()
    assert await stage.held() == ["canary_left"]
    reason = (await the_only(stage, State.HELD)).reason
    assert reason is not None
    [receipt] = standing(stage)[:1]
    assert f"SalesReceipt {receipt['Id']}" in reason.text
    decisions = Decisions(stage.house, stage.directory, stage.connecting, look_again=lambda: None)
    await decisions.skip((await the_only(stage, State.HELD)).id, "test")
    await stage.work_off()
    assert (await last(stage)).stage is trials.Stage.OVER
    assert not await stage.mail()


async def test_a_test_is_refused_unless_a_person_says_yes(stage: Stage) -> None:
    with pytest.raises(RefusedError, match="--yes"):
        await start(stage, yes=False)
    assert Topic.CANARY not in await stage.mail()


async def test_a_test_is_refused_while_the_books_are_closed(stage: Stage) -> None:
    stage.books.play.set(REALM, close_books="2026-12-31")
    stage.directory.realm(REALM).forget_company()
    with pytest.raises(RefusedError, match="closed"):
        await start(stage)


@pytest.mark.parametrize("status", [Status.BROKEN, Status.PAUSED, Status.MONEY_PAUSED, Status.DISCONNECTED])
async def test_a_test_is_refused_where_nothing_is_posted(stage: Stage, status: Status) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, status, "", now))
    with pytest.raises(RefusedError, match=status):
        await start(stage)


async def test_books_that_are_closed_before_the_first_write_end_the_run(stage: Stage) -> None:
    await start(stage)
    stage.books.play.set(REALM, close_books="2026-12-31")
    stage.directory.realm(REALM).forget_company()
    await stage.work_off()
    trial = await last(stage)
    assert trial.stage is trials.Stage.OVER
    assert "closed" in trial.results["not begun"]
    assert not [op for op in await stage.operations() if op.kind.startswith("canary")]


async def test_one_company_has_one_test_at_a_time(stage: Stage) -> None:
    await start(stage)
    with pytest.raises(RefusedError, match="under way"):
        await start(stage)


async def test_what_an_interrupted_test_left_is_taken_back_before_another_begins(stage: Stage) -> None:
    """Such as one that an older release left behind when its location was disconnected."""
    await stage.open(OTHER_PLACE, share=True)
    trial = await start(stage)
    await stage.work()
    assert standing(stage)
    now = stage.clock.now()
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.DISCONNECTED, "", now))
    desk = CanaryDesk(stage.house, stage.directory, look_again=lambda: None)
    with pytest.raises(RefusedError, match="taken back first"):
        await desk.start(OTHER_PLACE, "uid 7", yes=True)
    await stage.work_off()
    assert not standing(stage)
    ended = await last(stage)
    assert (ended.run, ended.stage) == (trial.run, trials.Stage.OVER)
    await desk.start(OTHER_PLACE, "uid 7", yes=True)
    await stage.work_off()
    assert not standing(stage)


async def test_a_company_without_an_item_is_told_what_to_add(stage: Stage) -> None:
    for item in stage.in_books("Item"):
        stage.books.play.update(REALM, "Item", {"Id": item["Id"], "Active": False})
    stage.directory.realm(REALM).forget_company()
    with pytest.raises(RefusedError, match="service item"):
        await start(stage)


async def test_a_proven_request_id_lets_a_lost_payment_go_again(stage: Stage) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: fences.learn(db, REALM, "Payment", Proof.REQUEST_ID, now))
    assert await stage.journal.read(lambda db: cursors.get(db, REALM, "fence.requestid.Payment"))
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice)
    books_fault(stage, "payment.create", action="reset_before")
    await stage.mirror(invoice)
    sent = [request for request in writes(stage.transport.sent) if "/payment?" in request.url]
    assert len(sent) == 2
    assert (sent[0].url, sent[0].body) == (sent[1].url, sent[1].body)
    assert len(stage.in_books("Payment")) == 1
    assert not await stage.held()
