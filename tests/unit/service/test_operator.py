from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from avantto_qbo import __version__
from avantto_qbo.errors import AvanttoQboError, ConfigError, RefusedError
from avantto_qbo.journal import cursors, locations, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import Chain, LocationId, OperationId
from avantto_qbo.model.operation import Operation, Reason, State
from avantto_qbo.model.records import Status, Topic
from avantto_qbo.secrets import JournalKeys
from avantto_qbo.server import api
from avantto_qbo.server.ports import UnknownObjectError
from avantto_qbo.service import report
from avantto_qbo.service.browser import Browser
from avantto_qbo.service.keys import KeyDesk, nothing_to_scrub
from avantto_qbo.service.operator import Operator
from stage import KEY, PLACE, REALM, Stage
from unit.actors.scenes import bill, bob, books_fault, receive, sell, the_only

REFUSAL = '{"Fault":{"Error":[{"code":"6000","Message":"A business validation error"}],"type":"ValidationFault"}}'


class Desk:
    """An operator's desk: the service, and whether the scheduler was woken."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.looked = stage, 0
        browser = Browser(
            stage.house,
            stage.connecting,
            avantto=stage.avantto,
            quickbooks=stage.quickbooks,
            key=KEY,
            public_url="https://daemon.test",
        )
        keys = KeyDesk(stage.journal, stage.sealer, read=lambda: JournalKeys(KEY), scrub=nothing_to_scrub)
        self.service = Operator(
            stage.house, stage.directory, stage.connecting, browser, keys, look_again=self.look, monthly_reads=500_000
        )

    def look(self) -> None:
        self.looked += 1


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return Desk(stage)


async def held_invoice(stage: Stage) -> tuple[str, OperationId]:
    """An invoice QuickBooks refused."""
    books_fault(stage, "invoice.create", action="status", status=400, body=REFUSAL)
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    return invoice, (await the_only(stage, State.HELD)).id


async def unplannable(stage: Stage) -> str:
    """A sale nobody decided about yet."""
    transaction = await sell(stage, source_type="carrier_pigeon")
    await stage.work_off()
    assert await stage.held() == ["unknown_source"]
    return transaction


async def test_status_adds_up_the_whole_daemon(desk: Desk) -> None:
    await held_invoice(desk.stage)
    await desk.stage.clock.sleep(60)
    await desk.stage.poll_changes()
    answer = await desk.service.status()
    assert (answer.version, answer.ready, answer.attention) == (__version__, True, 1)
    assert answer.locations[Status.CONNECTED] == 1
    assert answer.operations[State.HELD] == 1
    assert answer.reads >= 1
    assert answer.month == "2026-11"
    assert answer.monthly_reads == 500_000


async def test_locations_are_listed_with_what_they_wait_for(desk: Desk) -> None:
    await held_invoice(desk.stage)
    [row] = (await desk.service.locations()).locations
    assert (row.id, row.realm, row.status, row.held, row.waiting, row.doubt) == (PLACE, REALM, "connected", 1, 0, 0)
    assert row.last_activity is not None
    assert row.backfill.state == "done"


async def test_one_location_is_shown_with_everything(desk: Desk) -> None:
    _, name = await held_invoice(desk.stage)
    shown = await desk.service.show(PLACE)
    assert (shown.company, shown.time_zone) == (f"Sandbox Company {REALM}", "America/New_York")
    assert [item.id for item in shown.attention] == [name]
    assert shown.posting
    assert shown.activity
    assert shown.mail == 1


@pytest.mark.parametrize("ask", ["show", "settings", "sync"])
async def test_an_unknown_location_is_named_as_such(desk: Desk, ask: str) -> None:
    with pytest.raises(UnknownObjectError, match="no location nowhere"):
        await getattr(desk.service, ask)(LocationId("nowhere"))


async def test_an_unknown_operation_is_named_as_such(desk: Desk) -> None:
    for decide in (desk.service.retry, desk.service.skip):
        with pytest.raises(UnknownObjectError, match="no operation op999"):
            await decide(OperationId("op999"), "test")


def setting(answer: api.SettingsAnswer, key: str) -> api.SettingRow:
    return next(row for row in answer.settings if row.key == key)


async def test_settings_say_where_they_come_from_and_what_auto_means(desk: Desk) -> None:
    before = await desk.service.settings(PLACE)
    assert not setting(before, "reviews").set_here
    assert setting(before, "deposit_account").resolved == "Undeposited Funds"
    after = await desk.service.set_settings(PLACE, {"reviews": "shadow", "sources.funnel": "off"}, "uid 1000")
    assert (setting(after, "reviews").value, setting(after, "reviews").set_here) == ("shadow", True)
    assert setting(after, "sources.funnel").value == "off"
    back = await desk.service.set_settings(PLACE, {"reviews": None}, "uid 1000")
    assert (setting(back, "reviews").value, setting(back, "reviews").set_here) == ("on", False)
    changed = [line for line in await desk.stage.activity() if line.event == "settings.changed"]
    assert [(line.subject, line.actor) for line in changed] == [
        ("reviews", "uid 1000"),
        ("sources.funnel", "uid 1000"),
        ("reviews", "uid 1000"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"reviews": "shadow", "review_hours": "whenever"},
        {"reviews": "shadow", "no_such_key": "1"},
        {"reviews": "shadow", "books_from": "2026-01-01"},
    ],
)
async def test_one_wrong_setting_changes_none(desk: Desk, changes: dict[str, str]) -> None:
    with pytest.raises(AvanttoQboError) as refusal:
        await desk.service.set_settings(PLACE, changes, "test")
    assert isinstance(refusal.value, RefusedError | ConfigError)
    assert not setting(await desk.service.settings(PLACE), "reviews").set_here


async def test_the_activity_tells_which_setting_changed_but_nobody_s_address_or_words(desk: Desk) -> None:
    changes: dict[str, str | None] = {
        "alert_email": "owner@example.com",
        "review_message.sms": "Rosa asks: {link}",
        "receipts": "off",
        "invoices": None,
    }
    await desk.service.set_settings(PLACE, changes, "uid 1000")
    await desk.service.set_settings(PLACE, {"alert_email": None}, "uid 1000")
    told = {line.text for line in await desk.stage.activity() if line.event == "settings.changed"}
    assert told == {
        "alert_email changed",
        "review_message.sms changed",
        "receipts = off",
        "invoices back to its default",
        "alert_email back to its default",
    }


async def test_a_setting_frees_what_was_held_for_it(desk: Desk) -> None:
    stage = desk.stage
    await unplannable(stage)
    await desk.service.set_settings(PLACE, {"sources.carrier_pigeon": "on"}, "test")
    await stage.work_off()
    assert len(stage.in_books("SalesReceipt")) == 1
    assert not await stage.held()


async def test_a_setting_does_not_send_what_was_refused(desk: Desk) -> None:
    stage = desk.stage
    await held_invoice(stage)
    await desk.service.set_settings(PLACE, {"reviews": "off"}, "test")
    await stage.work_off()
    assert stage.asked("invoice.create") == 0
    assert await stage.held() == ["refused.6000"]


async def test_a_review_that_waits_for_its_link_is_freed_by_the_setting(desk: Desk) -> None:
    stage = desk.stage
    stage.crm.world.locations[PLACE].profile["social"] = {}
    await stage.clock.sleep(60)
    await stage.open()
    receive(stage, bill(stage, bob(stage)))
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.work_off(within=timedelta(minutes=10))
    [item] = (await desk.service.attention(PLACE)).items
    assert (item.code, "1 review" in item.text) == ("review_link", True)
    await desk.service.set_settings(PLACE, {"review_link": "https://example.com/r"}, "test")
    await stage.work_off(within=timedelta(minutes=10))
    assert len(stage.crm.play.messages(PLACE)) == 1
    assert not (await desk.service.attention(PLACE)).items


async def test_sync_makes_every_poll_due(desk: Desk) -> None:
    stage = desk.stage
    answer = await desk.service.sync(PLACE)
    due = await stage.journal.read(lambda db: cursors.due_polls(db, stage.clock.now()))
    assert set(answer.polls) == {name for _, name in due} == {"changes", "payments", "invoices"}
    assert desk.looked == 1


async def test_a_disconnected_location_cannot_be_synced(desk: Desk) -> None:
    await desk.service.disconnect(PLACE, "test")
    with pytest.raises(RefusedError, match="disconnected"):
        await desk.service.sync(PLACE)
    assert await desk.stage.journal.read(cursors.next_poll) is None


async def test_activity_comes_in_pages(desk: Desk) -> None:
    await desk.stage.mirror(desk.stage.sent_invoice())
    everything = (await desk.service.activity(PLACE, 100, None)).rows
    seen: list[int] = []
    before: int | None = None
    while True:
        page = await desk.service.activity(PLACE, 2, before)
        seen += [row.id for row in page.rows]
        before = page.before
        if before is None:
            break
    assert seen == [row.id for row in everything]
    assert seen == sorted(seen, reverse=True)


async def test_attention_names_the_one_command_that_mends(desk: Desk) -> None:
    _, name = await held_invoice(desk.stage)
    [item] = (await desk.service.attention(None)).items
    assert (item.id, item.code, item.mend) == (name, "refused.6000", f"avantto-qbo retry {name}")


@pytest.mark.parametrize(("status", "verb"), [(Status.PAUSED, "resume"), (Status.BROKEN, "connect")])
async def test_a_stopped_location_wants_attention(desk: Desk, status: Status, verb: str) -> None:
    now = desk.stage.clock.now()
    await desk.stage.journal.write(lambda db: locations.set_status(db, PLACE, status, "why", now))
    [item] = (await desk.service.attention(PLACE)).items
    assert (item.text, item.mend) == ("why", f"avantto-qbo {verb} {PLACE}")


async def test_retry_plans_a_held_document_anew(desk: Desk) -> None:
    stage = desk.stage
    invoice, name = await held_invoice(stage)
    answer = await desk.service.retry(name, "uid 1000")
    assert (answer.id, answer.state) == (name, State.SKIPPED)
    await stage.work_off()
    assert await stage.link("invoice", invoice) is not None
    assert desk.looked == 1


async def test_retry_looks_at_the_company_afresh(desk: Desk) -> None:
    stage = desk.stage
    stage.books.play.set(REALM, close_books="2026-12-31")
    stage.directory.realm(REALM).forget_company()
    await stage.mirror(stage.sent_invoice())
    assert await stage.held() == ["books_closed"]
    stage.books.play.set(REALM, close_books="2026-01-31")
    await desk.service.retry((await the_only(stage, State.HELD)).id, "test")
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 1


async def test_retry_of_an_unresolved_doubt_sends_the_same_bytes(desk: Desk) -> None:
    stage = desk.stage
    books_fault(stage, "invoice.create", action="reset_before")
    await stage.mirror(stage.sent_invoice())
    name = (await the_only(stage, State.HELD)).id
    assert (await desk.service.retry(name, "test")).state is State.PLANNED
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 1
    sent = [row for row in stage.transport.sent if row.method == "POST" and "/invoice?" in row.url]
    assert len({row.url for row in sent}) == 1


async def test_retry_ends_a_wait(desk: Desk) -> None:
    stage = desk.stage
    books_fault(stage, "invoice.create", action="status", status=429)
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    await stage.work()
    op = await the_only(stage, State.RETRY)
    assert (await desk.service.retry(op.id, "test")).state is State.RETRY
    assert (await stage.operation(op.id)).next_at == stage.clock.now()


async def test_what_is_over_can_neither_be_retried_nor_skipped(desk: Desk) -> None:
    stage = desk.stage
    await stage.mirror(stage.sent_invoice())
    done = (await stage.operations(State.DONE))[0].id
    with pytest.raises(RefusedError, match="only what waits or is held"):
        await desk.service.retry(done, "test")
    with pytest.raises(RefusedError, match="only what is held"):
        await desk.service.skip(done, "test")


async def test_skip_sticks_until_avantto_changes_the_document(desk: Desk) -> None:
    stage = desk.stage
    invoice, name = await held_invoice(stage)
    assert (await desk.service.skip(name, "uid 1000")).state is State.SKIPPED
    await stage.work_off(within=timedelta(days=3))
    assert not stage.in_books("Invoice")
    assert ("operation.skipped", "uid 1000") in {(line.event, line.actor) for line in await stage.activity()}
    stage.crm.play.edit_invoice(PLACE, invoice, due_date="2027-02-01")
    await stage.mirror(invoice)
    assert len(stage.in_books("Invoice")) == 1


async def test_skip_of_what_could_not_even_be_planned_sticks_too(desk: Desk) -> None:
    stage = desk.stage
    transaction = await unplannable(stage)
    await desk.service.skip((await the_only(stage, State.HELD)).id, "test")
    await stage.tell(Topic.TRANSACTION, transaction)
    await stage.work_off()
    assert not await stage.held()
    assert not stage.in_books("SalesReceipt")


async def test_pause_and_resume(desk: Desk) -> None:
    stage = desk.stage
    assert (await desk.service.pause(PLACE, "uid 1000")).status is Status.PAUSED
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    await stage.work()
    assert not stage.in_books("Invoice")
    assert (await desk.service.resume(PLACE, "uid 1000")).status is Status.CONNECTED
    await stage.work()
    assert len(stage.in_books("Invoice")) == 1
    events = [line.event for line in await stage.activity()]
    assert {"location.paused", "location.resumed"} <= set(events)


async def test_a_disconnected_location_cannot_be_resumed(desk: Desk) -> None:
    await desk.service.disconnect(PLACE, "test")
    with pytest.raises(RefusedError, match="is disconnected"):
        await desk.service.resume(PLACE, "test")


def request(stage: Stage, **changes: Any) -> api.ConnectRequest:
    plain = api.ConnectRequest(
        PLACE,
        REALM,
        msgspec.Raw(msgspec.json.encode(stage.crm.play.mint_tokens(PLACE))),
        msgspec.Raw(msgspec.json.encode(stage.books.play.mint_tokens(REALM))),
    )
    return msgspec.structs.replace(plain, **changes)


async def test_connecting_with_files_takes_the_cut_off_from_the_caller(unconnected: Stage) -> None:
    desk, since = Desk(unconnected), unconnected.clock.now() - timedelta(days=3)
    answer = await desk.service.connect(request(unconnected, since=since), "uid 1000")
    assert answer.books_from == since
    assert desk.looked == 1
    assert [line.actor for line in await unconnected.activity()] == ["uid 1000"]


async def test_a_cut_off_in_the_future_is_refused(unconnected: Stage) -> None:
    since = unconnected.clock.now() + timedelta(days=1)
    with pytest.raises(RefusedError, match="future"):
        await Desk(unconnected).service.connect(request(unconnected, since=since), "test")


async def test_a_file_that_is_no_token_answer_is_refused(unconnected: Stage) -> None:
    with pytest.raises(RefusedError, match="not a token answer"):
        await Desk(unconnected).service.connect(request(unconnected, avantto_token=msgspec.Raw(b"{}")), "test")


async def test_a_connect_link_is_made_for_a_location(desk: Desk) -> None:
    link = await desk.service.connect_link(PLACE, "uid 1000")
    assert link.url.startswith("https://daemon.test/connect/")
    assert link.expires_at == desk.stage.clock.now() + timedelta(hours=24)


async def test_disconnecting_answers_where_the_location_stands(desk: Desk) -> None:
    answer = await desk.service.disconnect(PLACE, "uid 1000")
    assert (answer.status, answer.reason) == (Status.DISCONNECTED, "disconnected by uid 1000")


async def test_a_backfill_under_way_is_shown_with_its_progress(unconnected: Stage) -> None:
    desk = Desk(unconnected)
    unconnected.books.play.create_many(REALM, "Customer", [{"DisplayName": f"C{n}"} for n in range(30)])
    await unconnected.open()
    assert (await desk.service.show(PLACE)).backfill.state == "waiting"
    actor = await unconnected.actor()
    await actor.drain(lambda: len(unconnected.contacts()) >= 10)
    shown = (await desk.service.show(PLACE)).backfill
    assert (shown.state, shown.total) == ("running", 30)
    assert 0 < shown.done < 30


async def test_a_location_without_its_company_s_facts_is_still_shown(desk: Desk) -> None:
    await desk.stage.journal.write(lambda db: locations.remove_realm(db, REALM))
    shown = await desk.service.show(PLACE)
    assert (shown.company, shown.posting) == ("", ())
    assert setting(await desk.service.settings(PLACE), "default_item").resolved == ""


async def test_what_the_polls_cannot_keep_is_said_aloud(desk: Desk) -> None:
    records = [await desk.stage.record()]
    assert report.warnings(records, timedelta(minutes=4), 500_000) == ()
    [slow] = report.warnings(records, timedelta(minutes=10), 500_000)
    [dear] = report.warnings(records, timedelta(minutes=4), 100)
    assert "5 minutes" in slow
    assert "metered reads" in dear


async def test_taking_all_contacts_later_copies_those_that_were_there(unconnected: Stage) -> None:
    desk = Desk(unconnected)
    bob(unconnected)
    await unconnected.clock.sleep(3600)
    await unconnected.open()
    await desk.service.set_settings(PLACE, {"contacts": "off"}, "test")
    await unconnected.work_off()
    assert not unconnected.contacts()
    await desk.service.set_settings(PLACE, {"contacts": "all"}, "test")
    await unconnected.work_off()
    assert len(unconnected.contacts()) == 1


async def test_a_doubtful_hold_without_a_request_is_planned_anew_and_never_sent_empty(desk: Desk) -> None:
    stage = desk.stage
    await unplannable(stage)
    held = await the_only(stage, State.HELD)
    for number, decide in enumerate((desk.service.retry, desk.service.skip)):
        name = OperationId(f"doubtful-{number}")
        doubtful = msgspec.structs.replace(
            held, id=name, request_id=name, chain=Chain(f"invoice:{number}"), reason=Reason("doubt_twice", "Two.")
        )
        await stage.journal.write(partial(insert, op=doubtful))
        assert (await decide(name, "test")).state is State.SKIPPED
    skipped = await stage.journal.read(lambda db: operations.get(db, OperationId("doubtful-1")))
    assert skipped is not None
    assert skipped.reason is not None
    assert skipped.reason.code == "skipped"


def insert(db: Connection, op: Operation) -> None:
    operations.insert(db, op)


async def test_only_a_resume_ends_a_pause_of_money(desk: Desk) -> None:
    stage = desk.stage
    transaction = await sell(stage)
    stage.crm.play.mark_qbo_synced(PLACE, transaction)
    await stage.work()
    now = stage.clock.now()
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.BROKEN, "quickbooks is dead", now))
    await stage.clock.sleep(30 * 86_400)
    await stage.open()
    assert (await stage.record()).status is Status.MONEY_PAUSED
    await desk.service.resume(PLACE, "test")
    await stage.open()
    assert (await stage.record()).status is Status.CONNECTED
