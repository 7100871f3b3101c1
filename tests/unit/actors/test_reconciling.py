"""Avantto against the books: what is equal is said to the cent, what is not has its reason and its one command."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import msgspec
import pytest

from avantto_qbo.actors.reconciling.whole import prepared
from avantto_qbo.errors import RefusedError
from avantto_qbo.journal import links, restored
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.ledger import BookEntity
from avantto_qbo.model.operation import State
from avantto_qbo.model.reconciliation import Group, Progress, Standing
from avantto_qbo.model.records import Topic
from avantto_qbo.model.restored import Restored
from avantto_qbo.model.settings import OnOff
from avantto_qbo.server.api_reconciling import ReconcileAnswer
from avantto_qbo.server.ports import UnknownObjectError
from avantto_qbo.service.decisions import Decisions
from stage import ALWAYS, ANN, OTHER_PLACE, PLACE, REALM, Stage, writes
from unit.actors.backups import copied, relink, restore
from unit.actors.compared import QUERIES, compared, days, mirrored, only, paid, sale
from unit.actors.scenes import REFUSAL, bob, books_fault, crm_fault, skip
from virtual_clock import VirtualClock


@pytest.fixture
async def stage() -> Stage:
    """The company has two bank accounts, so refunds need to be told which one they leave from."""
    made = Stage(settings=msgspec.structs.replace(ALWAYS, refund_account="Checking"))
    await made.open()
    return made


def codes(answer: ReconcileAnswer) -> list[tuple[Standing, str, bool]]:
    return [(one.standing, one.code, one.needs_attention) for one in answer.differences]


# -- equal -------------------------------------------------------------------------------------------------------------


async def test_every_kind_is_counted_on_both_sides_to_the_cent(stage: Stage) -> None:
    stage.sent_invoice()
    paid(stage)
    paid(stage, mode="cash")
    stage.crm.play.refund(PLACE, sale(stage), 40)
    await mirrored(stage)
    answer = await compared(stage)
    assert answer.differences == ()
    assert days(answer) == {
        Group.INVOICES: (3, "300.00 USD", 3, "300.00 USD"),
        Group.PAYMENTS: (2, "200.00 USD", 2, "200.00 USD"),
        Group.RECEIPTS: (1, "99.00 USD", 1, "99.00 USD"),
        Group.REFUNDS: (1, "40.00 USD", 1, "40.00 USD"),
    }
    assert (answer.attention, answer.compared) == (0, 7)


async def test_reading_the_books_costs_one_metered_read_a_kind(stage: Stage) -> None:
    paid(stage)
    await mirrored(stage)
    before = [stage.asked(query) for query in QUERIES]
    await compared(stage)
    assert [stage.asked(query) - was for query, was in zip(QUERIES, before, strict=True)] == [1, 1, 1, 1]


async def test_more_documents_than_a_page_holds_are_all_read(stage: Stage) -> None:
    ours = [sale(stage) for _ in range(3)]
    await mirrored(stage)
    [receipt, *_] = stage.in_books("SalesReceipt")
    line = {"DetailType": "SalesItemLineDetail", "Amount": 5, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    theirs = {"CustomerRef": receipt["CustomerRef"], "Line": [line], "TxnDate": receipt["TxnDate"]}
    stage.books.play.create_many(REALM, "SalesReceipt", [theirs] * 1_001)
    ours.append(sale(stage))  # made last, so it stands on the second page
    await mirrored(stage)
    before = stage.asked("salesreceipt.query")
    answer = await compared(stage)
    assert days(answer) == {Group.RECEIPTS: (4, "396.00 USD", 4, "396.00 USD")}
    assert stage.asked("salesreceipt.query") - before == 2


async def test_a_sale_before_midnight_counts_on_the_day_of_the_location() -> None:
    stage = Stage(clock=VirtualClock(datetime(2026, 11, 21, 4, 30, tzinfo=UTC)))  # 23:30 in New York, the 20th
    await stage.open()
    sale(stage)
    stage.clock.advance(3600)
    sale(stage)
    await mirrored(stage)
    answer = await compared(stage)
    assert [(day.day, day.avantto_count, day.books_count) for day in answer.days] == [
        (date(2026, 11, 20), 1, 1),
        (date(2026, 11, 21), 1, 1),
    ]
    some = await compared(stage, since=date(2026, 11, 21), until=date(2026, 11, 21))
    assert (some.compared, some.differences) == (1, ())


async def test_a_tip_on_top_of_the_total_is_no_difference(stage: Stage) -> None:
    invoice = stage.sent_invoice(tips=[10, 15])
    stage.crm.play.pay_invoice(PLACE, invoice, tip=15)
    await mirrored(stage)
    answer = await compared(stage)
    assert answer.differences == ()
    assert days(answer)[Group.INVOICES] == (1, "115.00 USD", 1, "115.00 USD")


async def test_a_late_transaction_that_took_the_place_of_recorded_cash_is_counted_once(stage: Stage) -> None:
    invoice, _ = paid(stage, mode="cash")
    await mirrored(stage)
    stage.crm.play.add_late_transaction(PLACE, invoice)
    await mirrored(stage)
    answer = await compared(stage)
    assert (answer.differences, days(answer)[Group.PAYMENTS]) == ((), (1, "100.00 USD", 1, "100.00 USD"))


async def test_money_paid_once_too_often_and_given_back_at_once_is_not_missing(stage: Stage) -> None:
    invoice, _ = paid(stage)
    twice = stage.crm.play.add_late_transaction(PLACE, invoice, amount=100)
    stage.crm.play.refund(PLACE, twice["_id"])
    await mirrored(stage)
    answer = await compared(stage)
    assert (answer.differences, days(answer)[Group.PAYMENTS]) == ((), (1, "100.00 USD", 1, "100.00 USD"))


async def test_more_documents_than_a_page_of_avanttos_lists_are_all_read(stage: Stage) -> None:
    for _ in range(101):
        sale(stage, live=False)
    assert (await compared(stage)).left_out == {"test_mode": 101}


async def test_days_in_the_wrong_order_and_a_location_that_is_gone_are_refused(stage: Stage) -> None:
    with pytest.raises(RefusedError, match="must not be after until"):
        await compared(stage, since=date(2026, 11, 2), until=date(2026, 11, 1))
    await stage.connecting.disconnect(PLACE, "test")
    with pytest.raises(RefusedError, match="is disconnected"):
        await compared(stage)
    with pytest.raises(UnknownObjectError):
        await compared(stage, OTHER_PLACE)


async def test_an_invoice_dated_ahead_is_compared_unless_an_end_is_named(stage: Stage) -> None:
    stage.sent_invoice(issue_date="2027-02-01")
    await mirrored(stage)
    assert [(day.day, day.books_count) for day in (await compared(stage)).days] == [(date(2027, 2, 1), 1)]
    assert (await compared(stage, until=date(2027, 1, 31))).compared == 0


async def test_an_invoice_dated_before_the_cut_off_is_compared_unless_a_beginning_is_named(stage: Stage) -> None:
    stage.sent_invoice(issue_date="2026-10-01")
    found = only(await compared(stage))
    assert (found.standing, found.day, found.mend) == (
        Standing.MISSING,
        date(2026, 10, 1),
        f"avantto-qbo sync {PLACE}",
    )
    await mirrored(stage)
    assert [(day.day, day.books_count) for day in (await compared(stage)).days] == [(date(2026, 10, 1), 1)]
    assert (await compared(stage, since=date(2026, 10, 2))).compared == 0


async def test_an_unknown_copy_of_an_invoice_dated_before_the_cut_off_is_found_by_its_marker(stage: Stage) -> None:
    invoice = stage.sent_invoice(issue_date="2026-10-01")
    await mirrored(stage)
    await stage.journal.write(lambda db: links.remove(db, PLACE, "invoice", invoice))
    assert [one.code for one in (await compared(stage)).differences] == ["linked_again"]
    assert await stage.link("invoice", invoice) is not None


async def test_what_was_voided_in_avantto_stands_among_the_voids(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await mirrored(stage)
    stage.crm.play.void_invoice(PLACE, invoice)
    await mirrored(stage)
    assert days(await compared(stage)) == {Group.VOIDS: (1, "0.00 USD", 1, "0.00 USD")}


# -- not for the books -------------------------------------------------------------------------------------------------


async def test_what_is_not_ours_is_counted_by_its_reason(stage: Stage) -> None:
    old = stage.sent_invoice(created_at="2026-01-05T10:00:00.000Z")
    stage.crm.play.pay_invoice(PLACE, old)
    sale(stage, live=False)
    stage.crm.play.create_invoice(PLACE, ANN, [{"name": "Wash", "amount": 100}])
    await mirrored(stage)
    answer = await compared(stage)
    assert answer.left_out == {"before_cut_off": 2, "test_mode": 1, "draft": 1}
    assert (answer.days, answer.differences, answer.attention) == ((), (), 0)


async def test_a_source_that_is_switched_off_is_not_missing() -> None:
    stage = Stage(settings=msgspec.structs.replace(ALWAYS, sources={**ALWAYS.sources, "funnel": OnOff.OFF}))
    await stage.open()
    sale(stage)
    await mirrored(stage)
    answer = await compared(stage)
    assert (answer.left_out, answer.differences) == ({"source_off": 1}, ())


# -- missing -----------------------------------------------------------------------------------------------------------


async def test_a_held_sale_is_missing_with_the_reason_it_is_held_for(stage: Stage) -> None:
    stage.crm.play.sell(PLACE, ANN, [{"name": "Kit", "amount": 99}], source_type="lemonade_stand")
    await mirrored(stage)
    found = only(await compared(stage))
    assert (found.standing, found.code, found.needs_attention) == (Standing.MISSING, "unknown_source", True)
    assert found.mend == f"avantto-qbo settings {PLACE} sources.lemonade_stand=on (or off)"
    assert (found.avantto, found.books) == ("99.00 USD", "")


async def test_what_a_person_skipped_needs_nobody(stage: Stage) -> None:
    stage.crm.play.sell(PLACE, ANN, [{"name": "Kit", "amount": 99}], source_type="lemonade_stand")
    await mirrored(stage)
    await skip(stage)
    answer = await compared(stage)
    assert codes(answer) == [(Standing.MISSING, "skipped", False)]
    assert (answer.attention, only(answer).mend) == (0, "nothing to do: a person let it go until Avantto changes it")


async def test_a_lost_answer_is_being_looked_up(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    books_fault(stage, "invoice.create", action="lost_after")
    await stage.tell(Topic.INVOICE, invoice)
    await stage.work()
    [doubtful] = await stage.operations(State.DOUBT)
    assert doubtful.source.id == invoice
    answer = await compared(stage)
    assert (only(answer).code, answer.attention) == ("doubt", 0)
    assert only(answer).mend == "nothing to do: the answer is being looked up"


async def test_a_sale_that_waits_for_its_customer_tells_what_the_customer_waits_for(stage: Stage) -> None:
    sale(stage)
    books_fault(stage, "customer.create", action="status", status=400, body=REFUSAL)
    await mirrored(stage)
    [held] = await stage.operations(State.HELD)
    found = only(await compared(stage))
    assert (found.kind, found.code, found.mend) == (Group.RECEIPTS, "refused.6000", f"avantto-qbo retry {held.id}")


async def test_a_paused_location_says_how_it_goes_on(stage: Stage) -> None:
    stage.sent_invoice()
    await decisions(stage).pause(PLACE, "test")
    found = only(await compared(stage))
    assert (found.code, found.mend) == ("paused", f"avantto-qbo resume {PLACE}")


async def test_a_document_nobody_heard_of_is_missing_until_sync_tells_of_it(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    found = only(await compared(stage))
    assert (found.document, found.code, found.mend) == (invoice, "unexplained", f"avantto-qbo sync {PLACE}")
    await decisions(stage).sync(PLACE)
    await stage.work_off()
    assert (await compared(stage)).differences == ()


async def test_a_copy_that_a_person_deleted_is_respected(stage: Stage) -> None:
    stage.sent_invoice()
    await mirrored(stage)
    [there] = stage.in_books("Invoice")
    stage.books.play.delete(REALM, "Invoice", {"Id": there["Id"]})
    answer = await compared(stage)
    assert codes(answer) == [(Standing.MISSING, "deleted_in_books", False)]
    assert only(answer).mend.startswith("nothing to do: that is respected")
    assert days(answer)[Group.INVOICES] == (1, "100.00 USD", 0, "0.00 USD")


async def test_a_copy_that_a_person_voided_is_respected(stage: Stage) -> None:
    sale(stage)
    await mirrored(stage)
    [there] = stage.in_books("SalesReceipt")
    stage.books.play.void(REALM, "SalesReceipt", {"Id": there["Id"]})
    assert codes(await compared(stage)) == [(Standing.MISSING, "voided_in_books", False)]


async def test_a_copy_that_a_person_restored_is_found_under_its_new_id(stage: Stage) -> None:
    stage.sent_invoice()
    await mirrored(stage)
    [there] = stage.in_books("Invoice")
    stage.books.play.delete(REALM, "Invoice", {"Id": there["Id"]})
    stage.books.play.restore(REALM, "Invoice", there["Id"])
    assert (await compared(stage)).differences == ()


async def test_a_payment_whose_invoice_is_held_waits_with_it(stage: Stage) -> None:
    stage.books.play.close_books(REALM, "2026-12-31")
    paid(stage)
    await mirrored(stage)
    answer = await compared(stage)
    assert {one.code for one in answer.differences} == {"books_closed"}
    assert {one.kind for one in answer.differences} == {Group.INVOICES, Group.PAYMENTS}
    assert all("avantto-qbo retry op" in one.mend for one in answer.differences)


async def test_what_the_journal_forgot_is_linked_again_and_never_posted_twice(stage: Stage) -> None:
    invoice, transaction = paid(stage)
    sold = sale(stage)
    stage.crm.play.refund(PLACE, sold, 40)
    await mirrored(stage)
    for kind, name, part in (
        ("invoice", invoice, ""),
        ("payment", invoice, transaction),
        ("transaction", sold, ""),
        ("refund", sold, "4000"),
    ):
        link = await stage.link(kind, name, part)
        assert link is not None
        await stage.journal.write(partial(links.drop, link=link))
    answer = await compared(stage)
    assert codes(answer) == [(Standing.DIFFERENT, "linked_again", False)] * 4
    await stage.work_off()
    assert (await compared(stage)).differences == ()
    assert [len(stage.in_books(entity)) for entity in BookEntity] == [1, 1, 1, 1]


async def test_a_question_about_a_deleted_payment_is_asked_here_too(stage: Stage) -> None:
    invoice, _ = paid(stage)
    await mirrored(stage)
    [there] = stage.in_books("Payment")
    stage.books.play.delete(REALM, "Payment", {"Id": there["Id"]})
    assert codes(await compared(stage)) == [(Standing.MISSING, "deleted_in_books", False)]
    stage.crm.play.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": 90}])
    await mirrored(stage)
    assert {one.code for one in (await compared(stage)).differences} == {"payment_gone"}


async def test_while_a_restored_backup_is_linked_again_nothing_is_asked(stage: Stage) -> None:
    stage.sent_invoice()
    now = stage.clock.now()
    at = Restored(REALM, now, now, now, BookEntity.INVOICE, now)
    await stage.journal.write(lambda db: restored.put(db, at))
    answer = await compared(stage)
    assert (codes(answer), answer.attention) == ([(Standing.MISSING, "relinking", False)], 0)


async def test_a_sale_of_an_invoice_that_only_its_order_names_is_not_missing(stage: Stage) -> None:
    """The list row of such a payment names neither the invoice nor its kind: the planner reads the order."""
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice, source_type="text2Pay")
    await mirrored(stage)
    answer = await compared(stage)
    assert (answer.differences, days(answer)[Group.PAYMENTS]) == ((), (1, "100.00 USD", 1, "100.00 USD"))


async def test_more_differences_than_are_looked_into_are_told_without_their_reason(stage: Stage) -> None:
    stage.crm.play.sell(PLACE, ANN, [{"name": "Kit", "amount": 99}], source_type="lemonade_stand")
    stage.crm.play.sell(PLACE, ANN, [{"name": "Kit", "amount": 99}], source_type="lemonade_stand")
    place = await prepared(stage.house, await stage.actor(), quiet)
    result = await place.reconciler.whole(place.all_days, 1)
    found = [entry.cause.code for entry in result.found.entries if entry.cause]
    assert (sorted(found), result.found.cut_short) == (["unexplained", "unknown_source"], True)


async def test_a_document_that_avantto_does_not_show_in_full_says_so(stage: Stage) -> None:
    stage.sent_invoice()
    crm_fault(stage, "invoices.read", action="status", status=422)
    found = only(await compared(stage))
    assert (found.code, found.mend) == ("unreadable", f"avantto-qbo explain {PLACE} {found.document}")


async def test_a_restored_backup_is_equal_again_before_it_posts_anything(stage: Stage) -> None:
    stage.sent_invoice()
    await mirrored(stage)
    copy = await copied(stage)
    paid(stage)
    sale(stage)
    await mirrored(stage)
    await restore(stage, copy)
    written = len(writes(stage.transport.sent))
    assert {one.code for one in (await compared(stage)).differences} == {"relinking"}
    await relink(stage)
    assert (await compared(stage)).attention == 0
    assert len(writes(stage.transport.sent)) == written
    await stage.work_off()
    assert (await compared(stage)).differences == ()
    assert [len(stage.in_books(entity)) for entity in ("Invoice", "Payment", "SalesReceipt")] == [2, 1, 1]


# -- different ---------------------------------------------------------------------------------------------------------


async def test_an_amount_that_a_person_changed_is_shown_on_both_sides(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await mirrored(stage)
    [there] = stage.in_books("Invoice")
    stage.books.play.edit_line(REALM, "Invoice", there["Id"], Amount=Decimal(95))
    found = only(await compared(stage))
    assert (found.standing, found.code, found.avantto, found.books) == (
        Standing.DIFFERENT,
        "edited_in_books",
        "100.00 USD",
        "95.00 USD",
    )
    assert (found.mend, found.needs_attention) == (f"avantto-qbo explain {PLACE} {invoice}", True)


async def test_a_date_that_a_person_changed_is_kept(stage: Stage) -> None:
    stage.sent_invoice()
    await mirrored(stage)
    [there] = stage.in_books("Invoice")
    stage.books.play.update(REALM, "Invoice", {"Id": there["Id"], "TxnDate": "2026-11-02"})
    answer = await compared(stage)
    assert codes(answer) == [(Standing.DIFFERENT, "edited_in_books", False)]
    assert "its date is 2026-11-02 there instead of 2026-11-20" in only(answer).text


async def test_a_change_in_avantto_that_is_not_mirrored_yet_is_different(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await mirrored(stage)
    stage.crm.play.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": 120}])
    found = only(await compared(stage))
    assert (found.standing, found.code, found.avantto, found.books) == (
        Standing.DIFFERENT,
        "unexplained",
        "120.00 USD",
        "100.00 USD",
    )
    await mirrored(stage)
    assert (await compared(stage)).differences == ()


async def test_a_void_that_did_not_reach_the_books_is_told(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await mirrored(stage)
    stage.crm.play.void_invoice(PLACE, invoice)
    found = only(await compared(stage))
    assert (found.kind, found.standing, found.avantto, found.books) == (
        Group.VOIDS,
        Standing.DIFFERENT,
        "0.00 USD",
        "100.00 USD",
    )


async def test_a_further_refund_that_is_not_in_the_books_is_missing_by_its_difference(stage: Stage) -> None:
    transaction = sale(stage)
    stage.crm.play.refund(PLACE, transaction, 40)
    await mirrored(stage)
    stage.crm.play.refund(PLACE, transaction, 9)
    answer = await compared(stage)
    assert (only(answer).kind, only(answer).avantto, only(answer).books) == (Group.REFUNDS, "9.00 USD", "")
    assert days(answer)[Group.REFUNDS] == (2, "49.00 USD", 1, "40.00 USD")


# -- extra -------------------------------------------------------------------------------------------------------------


async def test_a_second_copy_with_our_marker_is_extra(stage: Stage) -> None:
    sale(stage)
    await mirrored(stage)
    [there] = stage.in_books("SalesReceipt")
    members = ("CustomerRef", "TxnDate", "PrivateNote")
    line = {"DetailType": "SalesItemLineDetail", "Amount": 99, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    copy = stage.books.play.create(REALM, "SalesReceipt", {**{name: there[name] for name in members}, "Line": [line]})
    found = only(await compared(stage))
    assert (found.standing, found.code, found.object, found.books) == (Standing.EXTRA, "twice", copy["Id"], "99.00 USD")
    assert f"(ids {there['Id']}, {copy['Id']})" in found.text
    assert found.mend == f"delete all but one in QuickBooks, then: avantto-qbo reconcile {PLACE}"


async def test_the_same_number_customer_and_total_without_our_marker_is_a_copy(stage: Stage) -> None:
    stage.sent_invoice()
    await mirrored(stage)
    [there] = stage.in_books("Invoice")
    stage.books.play.set(REALM, warn_duplicates=False)
    line = {"DetailType": "SalesItemLineDetail", "Amount": 100, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    members = ("CustomerRef", "DocNumber", "TxnDate")
    body = {**{name: there[name] for name in members}, "Line": [line]}
    stage.books.play.create(REALM, "Invoice", body)
    found = only(await compared(stage))
    assert (found.standing, found.code, found.needs_attention) == (Standing.EXTRA, "copied", True)


async def test_our_marker_of_a_document_that_avantto_does_not_list_is_extra(stage: Stage) -> None:
    sale(stage)
    await mirrored(stage)
    [there] = stage.in_books("SalesReceipt")
    line = {"DetailType": "SalesItemLineDetail", "Amount": 7, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    note = "Avantto payment 6b0060ad43fc05271585ffff · Checkout"
    body = {"CustomerRef": there["CustomerRef"], "TxnDate": there["TxnDate"], "PrivateNote": note, "Line": [line]}
    stage.books.play.create(REALM, "SalesReceipt", body)
    assert codes(await compared(stage)) == [(Standing.EXTRA, "unknown_document", True)]


@pytest.mark.parametrize("taken", ["void", "delete"])
async def test_a_sale_that_avantto_lost_is_extra_until_a_person_takes_it_out_of_the_books(
    stage: Stage, taken: str
) -> None:
    lost = sale(stage)
    await mirrored(stage)
    del stage.crm.world.locations[PLACE].transactions[lost]
    assert codes(await compared(stage)) == [(Standing.EXTRA, "sale_gone_in_avantto", True)]
    [there] = stage.in_books("SalesReceipt")
    getattr(stage.books.play, taken)(REALM, "SalesReceipt", {"Id": there["Id"]})
    assert codes(await compared(stage)) == []


async def test_very_many_documents_are_linked_again_by_short_requests(stage: Stage) -> None:
    ours = [sale(stage) for _ in range(101)]
    await mirrored(stage)
    await mirrored(stage)
    for name in ours:
        await stage.journal.write(partial(links.remove, location=PLACE, kind="transaction", id=name))
    before = stage.asked("salesreceipt.query")
    assert {one.code for one in (await compared(stage)).differences} == {"linked_again"}
    assert stage.asked("salesreceipt.query") - before == 1 + 2
    assert (await compared(stage)).differences == ()


async def test_a_merge_that_nobody_told_of_is_no_difference(stage: Stage) -> None:
    paid(stage)
    sale(stage)
    await mirrored(stage)
    [there] = stage.in_books("SalesReceipt")
    stage.books.play.merge_customers(REALM, bob(stage), there["CustomerRef"]["value"])
    await stage.poll_changes()
    assert codes(await compared(stage)) == []


async def test_what_carries_no_marker_is_not_ours(stage: Stage) -> None:
    sale(stage)
    await mirrored(stage)
    [there] = stage.in_books("SalesReceipt")
    line = {"DetailType": "SalesItemLineDetail", "Amount": 7, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    stage.books.play.create(REALM, "SalesReceipt", {"CustomerRef": there["CustomerRef"], "Line": [line]})
    answer = await compared(stage)
    assert (answer.differences, answer.compared) == ((), 1)


async def test_an_invoice_that_avantto_has_no_more_is_extra_until_the_books_follow(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await mirrored(stage)
    stage.crm.play.delete_invoice(PLACE, invoice)
    found = only(await compared(stage))
    assert (found.standing, found.code, found.books) == (Standing.EXTRA, "gone_in_avantto", "100.00 USD")


async def test_an_invoice_refunded_in_full_stays_when_avantto_deletes_it(stage: Stage) -> None:
    invoice, transaction = paid(stage)
    await mirrored(stage)
    stage.crm.play.refund(PLACE, transaction)
    await mirrored(stage)
    stage.crm.play.delete_invoice(PLACE, invoice)
    answer = await compared(stage)
    assert codes(answer) == [(Standing.EXTRA, "refunded_in_full", False)]


async def test_invoices_that_a_person_left_in_the_books_need_nobody(stage: Stage) -> None:
    many = [stage.sent_invoice() for _ in range(7)]
    await mirrored(stage)
    for invoice in many:
        stage.crm.play.delete_invoice(PLACE, invoice)
        await stage.tell(Topic.INVOICE, invoice)
    await stage.work_off()
    asked = await compared(stage)
    assert {(one.code, one.needs_attention) for one in asked.differences} == {("many_deleted", True)}
    [question] = await stage.operations(State.HELD)
    await decisions(stage).skip(question.id, "test")
    await stage.work_off()
    left = await compared(stage)
    assert {(one.code, one.needs_attention) for one in left.differences} == {("left_in_books", False)}


async def test_a_kind_that_quickbooks_does_not_list_costs_no_other(stage: Stage) -> None:
    stage.sent_invoice()
    sale(stage)
    await mirrored(stage)
    [there] = stage.in_books("SalesReceipt")
    stage.books.play.delete(REALM, "SalesReceipt", {"Id": there["Id"]})
    books_fault(stage, "invoice.query", action="status", status=400, times=2)
    answer = await compared(stage)
    assert (answer.refused, codes(answer)) == (("Invoice",), [(Standing.MISSING, "deleted_in_books", False)])


# -- two locations of one company --------------------------------------------------------------------------------------


async def test_locations_of_one_company_are_told_apart(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    sale(stage)
    sale(stage, 50, OTHER_PLACE)
    await mirrored(stage, PLACE, OTHER_PLACE)
    for place, total in ((PLACE, "99.00 USD"), (OTHER_PLACE, "50.00 USD")):
        answer = await compared(stage, LocationId(place))
        assert (answer.differences, days(answer)) == ((), {Group.RECEIPTS: (1, total, 1, total)})


async def test_what_a_person_entered_with_our_marker_is_never_equal_to_another_sum(stage: Stage) -> None:
    transaction = sale(stage)
    line = {"DetailType": "SalesItemLineDetail", "Amount": 7, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    note = f"Avantto payment {transaction} · x"
    entered = {"CustomerRef": {"value": bob(stage)}, "PrivateNote": note, "Line": [line]}
    stage.books.play.create(REALM, "SalesReceipt", entered)
    assert codes(await compared(stage)) == [(Standing.DIFFERENT, "linked_again", False)]
    await mirrored(stage)
    assert codes(await compared(stage)) == [(Standing.DIFFERENT, "other_total", True)]
    [receipt] = stage.in_books("SalesReceipt")
    stage.books.play.edit_line(REALM, "SalesReceipt", receipt["Id"], Amount=99)
    assert (await compared(stage)).attention == 0


async def test_what_another_location_waits_for_an_answer_about_is_its_own(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    books_fault(stage, "salesreceipt.create", action="lost_after")
    await stage.tell(Topic.TRANSACTION, sale(stage, 50, OTHER_PLACE), OTHER_PLACE)
    await stage.work(OTHER_PLACE)
    assert not (await compared(stage)).differences
    assert codes(await compared(stage, OTHER_PLACE)) == [(Standing.DIFFERENT, "doubt", False)]


async def test_a_sale_that_failed_while_its_answer_is_awaited_is_left_to_the_look_up(stage: Stage) -> None:
    books_fault(stage, "salesreceipt.create", action="lost_after")
    transaction = sale(stage)
    await stage.tell(Topic.TRANSACTION, transaction)
    await stage.work()
    stage.crm.play.settle_transaction(PLACE, transaction, "failed")
    assert codes(await compared(stage)) == [(Standing.EXTRA, "doubt", False)]
    await stage.work_off()
    assert not (await compared(stage)).differences


async def quiet(_: Progress) -> None:
    """Nobody watches."""


def decisions(stage: Stage) -> Decisions:
    return Decisions(stage.house, stage.directory, stage.connecting, look_again=lambda: None)
