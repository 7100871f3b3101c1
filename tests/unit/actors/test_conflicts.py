"""A bookkeeper's own edits in QuickBooks: kept where Avantto did not change the same, else held with both versions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from avantto_qbo.actors.desk import Desk
from avantto_qbo.actors.performer import Performer
from avantto_qbo.model.operation import Operation, Reason, State
from avantto_qbo.model.records import Topic
from stage import PLACE, REALM, Killed, Stage, writes
from unit.actors.scenes import the_only
from unit.actors.test_crashes import DAY, Reaper

MINUTE = 60.0
ITEMS = [{"name": "Wash", "amount": 60}, {"name": "Wax", "amount": 40}]
DEARER = [{"name": "Wash", "amount": 60}, {"name": "Wax", "amount": 45}]


def books(stage: Stage) -> dict[str, Any]:
    [invoice] = stage.in_books("Invoice")
    return dict(invoice)


def sales(stage: Stage) -> list[dict[str, Any]]:
    return [line for line in books(stage)["Line"] if line["DetailType"] == "SalesItemLineDetail"]


async def posted(stage: Stage, **changes: Any) -> str:
    invoice = stage.sent_invoice(items=ITEMS, due_date="2027-01-01", **changes)
    await stage.mirror(invoice)
    return invoice


async def edited(stage: Stage, invoice: str, **changes: Any) -> None:
    await stage.clock.sleep(MINUTE)
    stage.crm.play.edit_invoice(PLACE, invoice, **changes)
    await stage.mirror(invoice)


async def by_hand(stage: Stage, **changes: Any) -> None:
    await stage.clock.sleep(MINUTE)
    stage.books.play.update(REALM, "Invoice", {"Id": books(stage)["Id"], **changes})


async def lines_by_hand(stage: Stage, *lines: dict[str, Any]) -> None:
    await by_hand(stage, Line=[*lines])


async def answer(stage: Stage, code: str) -> Operation:
    """What a person's `retry` (retried) or `skip` (skipped) does to the one held operation."""
    actor = await stage.actor()
    performer = Performer(stage.house, actor.realm, actor.crm)
    desk = Desk(stage.house, PLACE, realm=actor.realm, crm=actor.crm, performer=performer)
    op = await the_only(stage, State.HELD)
    await desk.let_go(op, Reason(code, "a person's word"))
    await stage.work_off()
    return op


def other_item(stage: Stage) -> str:
    income = next(row["Id"] for row in stage.in_books("Account") if row["AccountType"] == "Income")
    made = {"Name": "Detailing", "Type": "Service", "IncomeAccountRef": {"value": income}}
    return str(stage.books.play.create(REALM, "Item", made)["Id"])


async def test_another_item_is_kept_when_avantto_changes_another_line(stage: Stage) -> None:
    invoice, item = await posted(stage), other_item(stage)
    wash, wax = sales(stage)
    detail = {**wash["SalesItemLineDetail"], "ItemRef": {"value": item}}
    await lines_by_hand(stage, {**wash, "SalesItemLineDetail": detail}, wax)
    await edited(stage, invoice, items=DEARER)
    assert books(stage)["TotalAmt"] == 105
    assert sales(stage)[0]["SalesItemLineDetail"]["ItemRef"]["value"] == item
    assert not await stage.held()


async def test_another_item_is_kept_on_the_line_that_avantto_changes(stage: Stage) -> None:
    invoice, item = await posted(stage), other_item(stage)
    wash, wax = sales(stage)
    detail = {**wax["SalesItemLineDetail"], "ItemRef": {"value": item}}
    await lines_by_hand(stage, wash, {**wax, "SalesItemLineDetail": detail})
    await edited(stage, invoice, items=DEARER)
    assert [line["Amount"] for line in sales(stage)] == [60, 45]
    assert sales(stage)[1]["SalesItemLineDetail"]["ItemRef"]["value"] == item


async def test_words_and_a_service_date_are_kept(stage: Stage) -> None:
    invoice = await posted(stage)
    wash, wax = sales(stage)
    dated = {**wash["SalesItemLineDetail"], "ServiceDate": "2026-10-01"}
    await lines_by_hand(stage, {**wash, "SalesItemLineDetail": dated}, {**wax, "Description": "Wax, two coats"})
    await edited(stage, invoice, items=DEARER)
    first, second = sales(stage)
    assert first["SalesItemLineDetail"]["ServiceDate"] == "2026-10-01"
    assert (second["Description"], second["Amount"]) == ("Wax, two coats", 45)
    assert books(stage)["TotalAmt"] == 105


async def test_a_split_line_is_kept_when_avantto_changes_another(stage: Stage) -> None:
    invoice = await posted(stage)
    wash, wax = sales(stage)
    bare = {"SalesItemLineDetail": {"ItemRef": wash["SalesItemLineDetail"]["ItemRef"]}}
    halves = [{"DetailType": wash["DetailType"], "Amount": amount, **bare} for amount in (25, 35)]
    await lines_by_hand(stage, *halves, wax)
    await edited(stage, invoice, items=DEARER)
    assert [line["Amount"] for line in sales(stage)] == [25, 35, 45]
    assert books(stage)["TotalAmt"] == 105
    assert not await stage.held()


async def test_a_split_line_that_avantto_changes_is_held(stage: Stage) -> None:
    invoice = await posted(stage)
    wash, _ = sales(stage)
    bare = {"SalesItemLineDetail": {"ItemRef": wash["SalesItemLineDetail"]["ItemRef"]}}
    halves = [{"DetailType": wash["DetailType"], "Amount": amount, **bare} for amount in (25, 15)]
    await lines_by_hand(stage, wash, *halves)
    await edited(stage, invoice, items=DEARER)
    assert await stage.held() == ["invoice.conflict"]
    assert books(stage)["TotalAmt"] == 100


async def test_words_in_the_memo_stay_behind_ours(stage: Stage) -> None:
    stage.books.play.set(REALM, custom_txn_numbers=False)
    stage.directory.realm(REALM).forget_company()
    invoice = await posted(stage, number="INV-7")
    await by_hand(stage, CustomerMemo={"value": f"{books(stage)['CustomerMemo']['value']} Thank you!"})
    await edited(stage, invoice, number="INV-8")
    memo = books(stage)["CustomerMemo"]["value"]
    assert memo.startswith("Invoice INV-8")
    assert "Thank you!" in memo
    assert not await stage.held()


async def test_terms_are_never_touched(stage: Stage) -> None:
    invoice = await posted(stage)
    term = stage.books.play.create(REALM, "Term", {"Name": "Net 45", "DueDays": 45})["Id"]
    await by_hand(stage, SalesTermRef={"value": term})
    await edited(stage, invoice, items=DEARER)
    assert books(stage)["SalesTermRef"]["value"] == term


async def test_a_total_that_only_a_person_changed_is_theirs(stage: Stage) -> None:
    invoice = await posted(stage)
    wash, wax = sales(stage)
    detail = {name: value for name, value in wax["SalesItemLineDetail"].items() if name not in {"Qty", "UnitPrice"}}
    await lines_by_hand(stage, wash, {**wax, "Amount": 30, "SalesItemLineDetail": detail})
    await edited(stage, invoice, due_date="2027-02-01")
    assert (books(stage)["TotalAmt"], books(stage)["DueDate"]) == (90, "2027-02-01")
    assert not await stage.held()


async def test_a_conflict_names_both_versions_and_both_commands(stage: Stage) -> None:
    invoice = await posted(stage)
    await by_hand(stage, DueDate="2027-05-05")
    await edited(stage, invoice, due_date="2027-02-01")
    op = await the_only(stage, State.HELD)
    assert op.reason is not None
    assert "2027-02-01 in Avantto" in op.reason.text
    assert "2027-05-05 in QuickBooks" in op.reason.text
    assert f"retry {op.id}" in op.reason.mend
    assert f"skip {op.id}" in op.reason.mend


async def test_retry_puts_avantto_s_version_in(stage: Stage) -> None:
    invoice = await posted(stage)
    await by_hand(stage, DueDate="2027-05-05")
    await edited(stage, invoice, due_date="2027-02-01")
    await answer(stage, "retried")
    assert books(stage)["DueDate"] == "2027-02-01"
    assert not await stage.held()
    assert stage.asked("invoice.read") == 1


async def test_retry_is_asked_again_when_the_person_changed_it_once_more(stage: Stage) -> None:
    invoice = await posted(stage)
    await by_hand(stage, DueDate="2027-05-05")
    await edited(stage, invoice, due_date="2027-02-01")
    await by_hand(stage, DueDate="2027-06-06")
    await answer(stage, "retried")
    op = await the_only(stage, State.HELD)
    assert op.reason is not None
    assert "2027-06-06" in op.reason.text


async def test_skip_keeps_theirs_and_the_rest_of_the_change_goes_in(stage: Stage) -> None:
    invoice = await posted(stage)
    await by_hand(stage, DueDate="2027-05-05")
    await edited(stage, invoice, due_date="2027-02-01", items=DEARER)
    await answer(stage, "skipped")
    assert (books(stage)["DueDate"], books(stage)["TotalAmt"]) == ("2027-05-05", 105)
    assert not await stage.held()
    await edited(stage, invoice, items=ITEMS)
    assert (books(stage)["DueDate"], books(stage)["TotalAmt"]) == ("2027-05-05", 100)


async def test_after_skip_avantto_s_next_change_of_the_field_goes_in(stage: Stage) -> None:
    invoice = await posted(stage)
    await by_hand(stage, DueDate="2027-05-05")
    await edited(stage, invoice, due_date="2027-02-01")
    await answer(stage, "skipped")
    await edited(stage, invoice, due_date="2027-03-03")
    assert books(stage)["DueDate"] == "2027-03-03"
    assert not await stage.held()


async def test_a_newer_version_in_avantto_is_a_new_question(stage: Stage) -> None:
    invoice = await posted(stage)
    await by_hand(stage, DueDate="2027-05-05")
    await edited(stage, invoice, due_date="2027-02-01")
    await edited(stage, invoice, due_date="2027-03-03")
    op = await the_only(stage, State.HELD)
    assert op.reason is not None
    assert "2027-03-03" in op.reason.text
    assert stage.asked("invoice.read") == 1


async def test_avantto_taking_its_change_back_ends_the_conflict(stage: Stage) -> None:
    invoice = await posted(stage)
    await by_hand(stage, DueDate="2027-05-05")
    await edited(stage, invoice, due_date="2027-02-01")
    await edited(stage, invoice, due_date="2027-01-01")
    assert not await stage.held()
    assert books(stage)["DueDate"] == "2027-05-05"


async def test_both_coming_to_the_same_is_no_conflict(stage: Stage) -> None:
    invoice = await posted(stage)
    await by_hand(stage, DueDate="2027-02-01")
    await edited(stage, invoice, due_date="2027-02-01")
    assert not await stage.held()
    assert books(stage)["SyncToken"] == "1"


async def test_a_difference_that_was_seen_is_still_known_without_a_further_look(stage: Stage) -> None:
    """The token is fresh after the first change, and still the person's own due date is not overwritten."""
    invoice = await posted(stage)
    await by_hand(stage, DueDate="2027-05-05")
    await edited(stage, invoice, items=DEARER)
    assert books(stage)["DueDate"] == "2027-05-05"
    await edited(stage, invoice, due_date="2027-02-01")
    assert await stage.held() == ["invoice.conflict"]


async def test_our_own_payment_makes_no_conflict(stage: Stage) -> None:
    invoice = await posted(stage)
    stage.crm.play.pay_invoice(PLACE, invoice, amount=40)
    await stage.mirror(invoice)
    await edited(stage, invoice, items=DEARER, due_date="2027-02-01")
    assert (books(stage)["TotalAmt"], books(stage)["DueDate"]) == (105, "2027-02-01")
    assert not await stage.held()


async def test_an_e_mail_in_a_conflict_is_not_spelled_out(stage: Stage) -> None:
    invoice = await posted(stage)
    await by_hand(stage, BillEmail={"Address": "books@example.com"})
    contact = {"name": "Ann Lee", "email": "new@example.com", "phone": "+12125550123"}
    await edited(stage, invoice, contact=contact)
    assert await stage.held() == ["invoice.conflict"]
    told = " ".join(line.text for line in await stage.activity())
    assert "books@" not in told
    assert "new@" not in told


@pytest.mark.parametrize("code", ["retried", "skipped"])
async def test_an_answer_writes_nothing_twice(stage: Stage, code: str) -> None:
    invoice = await posted(stage)
    await by_hand(stage, DueDate="2027-05-05")
    await edited(stage, invoice, due_date="2027-02-01")
    await answer(stage, code)
    sent = len(writes(stage.transport.sent))
    await stage.tell(Topic.INVOICE, invoice)
    await stage.work_off()
    assert len(writes(stage.transport.sent)) == sent


async def edit_beside_hers(stage: Stage) -> None:
    invoice = await posted(stage)
    await by_hand(stage, DueDate="2027-05-05", CustomerMemo={"value": "thanks"})
    await stage.clock.sleep(MINUTE)
    stage.crm.play.edit_invoice(PLACE, invoice, items=DEARER)
    await stage.tell(Topic.INVOICE, invoice)


async def edit_of_what_was_made_anew(stage: Stage) -> None:
    invoice = await posted(stage)
    gone = books(stage)
    stage.books.play.delete(REALM, "Invoice", {"Id": gone["Id"]})
    kept = {name: gone[name] for name in ("CustomerRef", "DocNumber", "PrivateNote", "TxnDate")}
    lines = [line for line in gone["Line"] if line["DetailType"] != "SubTotalLineDetail"]
    hers = {"DueDate": "2027-05-05", "CustomerMemo": {"value": "thanks"}}
    stage.books.play.create(REALM, "Invoice", {**kept, **hers, "Line": lines})
    await stage.clock.sleep(MINUTE)
    stage.crm.play.edit_invoice(PLACE, invoice, items=DEARER)
    await stage.tell(Topic.INVOICE, invoice)


async def survived(scene: Callable[[Stage], Awaitable[None]], at: int) -> tuple[Stage, int]:
    stage, reaper = Stage(), Reaper(at)
    await stage.open()
    await scene(stage)
    reaper.watch(stage)
    try:
        await stage.work_off(within=DAY / 2)
    except Killed:
        await stage.restart()
        await stage.work_off(within=DAY / 2)
    return stage, reaper.seen


@pytest.mark.parametrize("scene", [edit_beside_hers, edit_of_what_was_made_anew])
async def test_a_crash_at_any_point_loses_neither_side(scene: Callable[[Stage], Awaitable[None]]) -> None:
    _, points = await survived(scene, 0)
    for at in range(1, points + 1):
        stage, _ = await survived(scene, at)
        assert not await stage.held(), at
        found = books(stage)
        assert (found["TotalAmt"], found["DueDate"], found["CustomerMemo"]["value"]) == (105, "2027-05-05", "thanks"), (
            at
        )
