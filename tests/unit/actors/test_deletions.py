from __future__ import annotations

from datetime import timedelta

import pytest

from avantto_qbo.actors.books.deletions import Believed, Deletions, Judgement, Left, announce
from avantto_qbo.actors.desk import Desk, Later
from avantto_qbo.actors.performer import Performer
from avantto_qbo.actors.polls.payment_rows import INVOICE_ROW
from avantto_qbo.actors.recording import record, with_status
from avantto_qbo.errors import TransientError
from avantto_qbo.journal import evidence, links, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.operation import Operation, Reason, State
from avantto_qbo.model.records import Link
from avantto_qbo.rules.settle import Verdict
from stage import PLACE, REALM, Stage
from unit.actors.scenes import crm_fault, the_only

MINUTES = timedelta(minutes=1)


async def linked(stage: Stage, *names: str) -> None:
    """Invoices that stand in the books."""
    now = stage.clock.now()

    def put(db: Connection) -> None:
        for name in names:
            links.put(db, Link(PLACE, REALM, "invoice", name, "", "Invoice", name, created_at=now, updated_at=now))

    await stage.journal.write(put)


async def paid(stage: Stage, *names: str) -> None:
    """Invoices that the list showed as paid."""
    now = stage.clock.now()

    def put(db: Connection) -> None:
        for name in names:
            evidence.put(db, PLACE, INVOICE_ROW, name, "", b"paid@now", now)

    await stage.journal.write(put)


def many(count: int) -> list[str]:
    return [f"inv{number:03d}" for number in range(count)]


async def deletions(stage: Stage) -> Deletions:
    actor = await stage.actor()
    performer = Performer(stage.house, actor.realm, actor.crm)
    return Deletions(Desk(stage.house, PLACE, realm=actor.realm, crm=actor.crm, performer=performer))


async def judge(stage: Stage, name: str, after: timedelta = timedelta(0)) -> Judgement:
    await stage.clock.sleep(after.total_seconds())
    return await (await deletions(stage)).judge(name)


async def announced(stage: Stage, *names: str) -> None:
    now = stage.clock.now()

    def say(db: Connection) -> None:
        for name in names:
            announce(db, PLACE, name, now)

    await stage.journal.write(say)


async def decide(stage: Stage, op: Operation, code: str) -> None:
    """What a person's command does to the question."""
    verdict, now = Verdict((State.SKIPPED,), Reason(code, "by test")), stage.clock.now()
    await stage.journal.write(lambda db: record(db, op, verdict, now, fingerprints=stage.house.fingerprints))


async def voided(stage: Stage, name: str) -> None:
    link = await stage.link("invoice", name)
    assert link is not None
    gone = with_status(link, "voided", stage.clock.now())
    await stage.journal.write(lambda db: links.put(db, gone))


async def test_one_miss_proves_nothing(stage: Stage) -> None:
    await linked(stage, "inv")
    first = await judge(stage, "inv")
    assert first == Later(stage.clock.now() + 5 * MINUTES, reason="deleted")
    again = await judge(stage, "inv", MINUTES)
    assert again == first


async def test_two_misses_minutes_apart_are_believed_and_stay_so(stage: Stage) -> None:
    await linked(stage, "inv")
    await judge(stage, "inv")
    assert await judge(stage, "inv", 5 * MINUTES) == Believed()
    before = stage.crm.traffic.of(PLACE).operations["invoices.list"]
    assert await judge(stage, "inv") == Believed()
    assert stage.crm.traffic.of(PLACE).operations["invoices.list"] == before == 1


async def test_two_misses_hours_apart_say_nothing_together(stage: Stage) -> None:
    await linked(stage, "inv")
    await judge(stage, "inv")
    assert isinstance(await judge(stage, "inv", 7 * 60 * MINUTES), Later)
    assert await judge(stage, "inv", 5 * MINUTES) == Believed()


async def test_nothing_is_concluded_while_other_reads_fail(stage: Stage) -> None:
    await linked(stage, "inv")
    await judge(stage, "inv")
    crm_fault(stage, "invoices.list", action="status", status=500)
    with pytest.raises(TransientError):
        await judge(stage, "inv", 5 * MINUTES)
    assert await judge(stage, "inv") == Believed()


async def test_an_invoice_that_the_list_still_shows_is_not_deleted(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await linked(stage, invoice)
    await judge(stage, invoice)
    assert isinstance(await judge(stage, invoice, 5 * MINUTES), Later)
    assert isinstance(await judge(stage, invoice, 5 * MINUTES), Later)


async def test_a_list_that_is_suddenly_empty_is_a_question(stage: Stage) -> None:
    await linked(stage, "one", "two")
    await judge(stage, "one")
    assert isinstance(await judge(stage, "one", 5 * MINUTES), Later)
    question = await the_only(stage, State.HELD)
    assert question.reason is not None
    assert (question.reason.code, "2 invoices" in question.reason.text) == ("many_deleted", True)
    await decide(stage, question, "retried")
    assert await judge(stage, "one") == Believed()


async def test_the_webhook_is_believed_once_a_burst_would_have_shown_itself(stage: Stage) -> None:
    await linked(stage, "inv")
    await announced(stage, "inv")
    waits = await judge(stage, "inv")
    assert isinstance(waits, Later)
    assert waits.next_at - stage.clock.now() <= MINUTES
    assert await judge(stage, "inv", MINUTES) == Believed()
    assert "invoices.list" not in stage.crm.traffic.of(PLACE).operations


async def test_what_avantto_shows_as_deleted_is_announced(stage: Stage) -> None:
    await linked(stage, "inv")
    judging = await deletions(stage)
    await judging.judge("inv", flagged=True)
    await stage.clock.sleep(60)
    assert await judging.judge("inv", flagged=True) == Believed()


async def test_five_at_once_are_carried_out_and_six_are_one_question(stage: Stage) -> None:
    names = many(5)
    await linked(stage, *names)
    await announced(stage, *names)
    assert [await judge(stage, name, MINUTES) for name in names] == [Believed()] * 5
    await linked(stage, "sixth")
    await announced(stage, "sixth")
    assert isinstance(await judge(stage, "sixth", MINUTES), Later)
    assert await stage.held() == ["many_deleted"]


async def test_many_deletions_are_one_question_with_a_command_that_confirms(stage: Stage) -> None:
    names = many(12)
    await linked(stage, *names)
    await announced(stage, *names)
    await stage.clock.sleep(60)
    turns = {await judge(stage, name) for name in names}
    question = await the_only(stage, State.HELD)
    assert {turn.waiting_for for turn in turns if isinstance(turn, Later)} == {question.id}
    assert question.reason is not None
    assert "12 invoices" in question.reason.text
    assert f"avantto-qbo retry {question.id}" in question.reason.mend
    await decide(stage, question, "retried")
    assert {await judge(stage, name) for name in names} == {Believed()}
    assert not await stage.held()


async def test_confirmed_deletions_do_not_make_the_next_one_suspect(stage: Stage) -> None:
    names = many(6)
    await linked(stage, *names, "next")
    await announced(stage, *names)
    await stage.clock.sleep(60)
    for name in names:
        await judge(stage, name)
    await decide(stage, await the_only(stage, State.HELD), "retried")
    for name in names:
        await judge(stage, name)
        await voided(stage, name)
    await announced(stage, "next")
    assert await judge(stage, "next", MINUTES) == Believed()


async def test_invoices_a_person_leaves_stay_in_the_books(stage: Stage) -> None:
    names = many(6)
    await linked(stage, *names)
    await announced(stage, *names)
    await stage.clock.sleep(60)
    for name in names:
        await judge(stage, name)
    await decide(stage, await the_only(stage, State.HELD), "skipped")
    assert {await judge(stage, name) for name in names} == {Left()}
    assert {await judge(stage, name, MINUTES) for name in names} == {Left()}


async def test_a_question_dropped_for_another_cause_is_asked_again(stage: Stage) -> None:
    names = many(6)
    await linked(stage, *names)
    await announced(stage, *names)
    await stage.clock.sleep(60)
    for name in names:
        await judge(stage, name)
    assert isinstance(await judge(stage, names[0]), Later)
    first = await the_only(stage, State.HELD)
    await decide(stage, first, "superseded")
    for name in names:
        assert isinstance(await judge(stage, name), Later)
    assert (await the_only(stage, State.HELD)).id != first.id


async def test_misses_of_a_whole_location_are_a_question_too(stage: Stage) -> None:
    stage.sent_invoice()
    names = many(8)
    await linked(stage, *names)
    for name in names:
        await judge(stage, name)
    await stage.clock.sleep(300)
    for name in names:
        assert isinstance(await judge(stage, name), Later)
    assert await stage.held() == ["many_deleted"]
    held = await stage.journal.read(lambda db: operations.by_state(db, [State.HELD], PLACE))
    assert "8 invoices" in held[0].reason.text if held[0].reason else ""


@pytest.mark.parametrize(("others", "question"), [(40, True), (80, False)])
async def test_a_tenth_of_the_open_invoices_in_a_day_is_a_question(stage: Stage, others: int, question: bool) -> None:
    names, settled = many(6), [f"paid{number}" for number in range(60)]
    await linked(stage, *names, *settled, *(f"open{number}" for number in range(others)))
    await paid(stage, *settled)
    judged = []
    for name in names:
        await announced(stage, name)
        judged.append(await judge(stage, name, MINUTES))
        if judged[-1] == Believed():
            await voided(stage, name)
        await stage.clock.sleep(20 * 60)
    assert judged[:5] == [Believed()] * 5
    assert (judged[5] != Believed()) is question


async def test_drafts_and_strangers_that_are_deleted_do_not_count(stage: Stage) -> None:
    await linked(stage, "inv")
    await announced(stage, "inv", *(f"draft{number}" for number in range(20)))
    assert await judge(stage, "inv", MINUTES) == Believed()


async def test_an_announcement_that_was_replayed_for_a_living_invoice_does_not_outlast_it(stage: Stage) -> None:
    await linked(stage, "inv1")
    now = stage.clock.now()
    await stage.journal.write(lambda db: announce(db, PLACE, "inv1", now))
    first = await judge(stage, "inv1", timedelta(days=3))  # one read that did not find it
    assert isinstance(first, Later)
    again = stage.clock.now()
    await stage.journal.write(lambda db: announce(db, PLACE, "inv1", again))
    assert isinstance(await judge(stage, "inv1", MINUTES), Believed)
