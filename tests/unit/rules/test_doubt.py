from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.operation import Call, Kind, Operation, Reason
from avantto_qbo.model.quickbooks import Found
from avantto_qbo.rules.books.doubts.doubt import (
    LOOKS,
    Adopt,
    GiveUp,
    HoldIt,
    LookAgain,
    Replan,
    Resend,
    as_sent,
    decide,
    marker_of,
    next_look,
)
from avantto_qbo.rules.settle import INTERRUPTED
from unit.rules.cases import NOW, drafted, invoice_case, operation

SETTLE = timedelta(minutes=3)
DRAFT = drafted(invoice_case())
CREATE = operation(intent=msgspec.json.encode(DRAFT))
SENT = NOW - timedelta(minutes=10)


def hit(number: str = "145", text: str = DRAFT.note, **changes: Any) -> Found:
    return msgspec.structs.replace(Found("Invoice", number, "0", text, Decimal(100)), **changes)


def verdict(op: Operation, *found: Found, fence: bool = False, now: datetime = NOW) -> Any:
    return decide(op, found, now=now, settle=SETTLE, fence=fence)


def test_a_single_hit_with_our_marker_is_adopted() -> None:
    assert verdict(CREATE, hit()) == Adopt(hit())


def test_the_same_object_found_by_two_questions_is_one_hit() -> None:
    assert verdict(CREATE, hit(), hit()) == Adopt(hit())


def test_a_persons_own_invoice_of_that_number_is_not_ours() -> None:
    stranger = hit("7", "paid by cheque")
    assert verdict(CREATE, stranger, hit()) == Adopt(hit())
    assert isinstance(verdict(CREATE, stranger), LookAgain)


def test_two_hits_with_our_marker_are_held() -> None:
    held = verdict(CREATE, hit("145"), hit("146"))
    assert isinstance(held, HoldIt)
    assert "145, 146" in held.reason.text


def test_looks_are_taken_at_one_two_and_five_settle_times() -> None:
    assert next_look(CREATE, SETTLE) == SENT + SETTLE
    assert verdict(CREATE, now=SENT + SETTLE) == LookAgain(SENT + 2 * SETTLE, 1)
    once = msgspec.structs.replace(CREATE, lookups=1)
    assert next_look(once, SETTLE) == SENT + 2 * SETTLE
    assert verdict(once, now=SENT + 2 * SETTLE) == LookAgain(SENT + 5 * SETTLE, 2)


@pytest.mark.parametrize(("late", "looks"), [(1, 1), (1.9, 1), (2, 2), (4.9, 2), (5, 3), (500, 3)])
def test_a_late_look_stands_for_all_those_whose_time_has_passed(late: float, looks: int) -> None:
    told = verdict(CREATE, now=SENT + late * SETTLE)
    if looks == 3:
        assert isinstance(told, HoldIt)
    else:
        assert told == LookAgain(SENT + LOOKS[looks] * SETTLE, looks)


def test_looks_are_counted_from_when_the_answer_was_given_up() -> None:
    """A write may wait for its turn, and its answer may take its time: neither is time to commit."""
    given_up = SENT + timedelta(minutes=60)
    op = msgspec.structs.replace(CREATE, next_at=given_up + SETTLE)
    assert next_look(op, SETTLE) == given_up + SETTLE
    assert verdict(op, now=given_up + SETTLE) == LookAgain(given_up + 2 * SETTLE, 1)
    seen = msgspec.structs.replace(op, next_at=given_up + 5 * SETTLE, lookups=2)
    assert isinstance(verdict(seen, now=given_up + 5 * SETTLE), HoldIt)


def test_a_look_asked_for_too_early_is_put_off_to_its_time() -> None:
    op = msgspec.structs.replace(CREATE, next_at=SENT, lookups=1)
    assert verdict(op, now=SENT + SETTLE) == LookAgain(SENT + 2 * SETTLE, 1)


def test_what_a_dead_program_was_sending_is_counted_from_when_it_was_sent() -> None:
    restarted = SENT + timedelta(hours=5)
    op = msgspec.structs.replace(CREATE, next_at=restarted + SETTLE, reason=Reason(INTERRUPTED, "stopped"))
    assert isinstance(verdict(op, now=restarted + SETTLE), HoldIt)


@pytest.mark.parametrize(("fence", "outcome"), [(True, Resend(3)), (False, HoldIt)])
def test_after_the_last_empty_look_only_a_fence_allows_the_same_bytes_again(fence: bool, outcome: Any) -> None:
    told = verdict(msgspec.structs.replace(CREATE, lookups=2), fence=fence, now=SENT + 5 * SETTLE)
    assert told == outcome if fence else isinstance(told, outcome)


def test_what_was_sent_again_is_looked_up_three_times_again() -> None:
    again = msgspec.structs.replace(CREATE, lookups=3)
    assert verdict(again, now=SENT + SETTLE, fence=True) == LookAgain(SENT + 2 * SETTLE, 4)
    last = msgspec.structs.replace(CREATE, lookups=5)
    assert verdict(last, now=SENT + 5 * SETTLE, fence=True) == Resend(6)


def test_no_answer_however_often_it_is_sent_is_a_person_s_to_know() -> None:
    often = msgspec.structs.replace(CREATE, lookups=23)
    told = verdict(often, now=SENT + 5 * SETTLE, fence=True)
    assert isinstance(told, HoldIt)
    assert (told.reason.code, "8 times" in told.reason.text) == ("doubt_unresolved", True)


def test_a_change_without_an_answer_is_not_sent_for_ever() -> None:
    op = msgspec.structs.replace(change(DueDate="2026-12-24"), lookups=3 * 39)
    assert isinstance(verdict(op, now_holds("3", DueDate="2026-12-02")), HoldIt)


def test_a_look_before_the_slowest_commit_is_over_decides_nothing() -> None:
    assert verdict(CREATE, now=SENT + SETTLE / 2, fence=True) == LookAgain(SENT + SETTLE, 0)


def test_an_operation_that_crashed_before_it_noted_the_time_counts_from_its_last_change() -> None:
    assert next_look(msgspec.structs.replace(CREATE, sent_at=None), SETTLE) == SENT + SETTLE


@pytest.mark.parametrize("kind", [Kind.ITEM_CREATE, Kind.CONTACT_CREATE])
def test_what_has_no_marker_is_found_by_its_unique_name_or_address(kind: Kind) -> None:
    op = operation(kind, intent=b"null")
    assert verdict(op, hit(text="")) == Adopt(hit(text=""))
    assert isinstance(verdict(op, hit("1"), hit("2")), HoldIt)


def test_a_customers_marker_is_in_its_notes() -> None:
    op = operation(Kind.CUSTOMER_CREATE, intent=b'{"notes": "Avantto contact c1"}')
    assert marker_of(op) == "Avantto contact c1"
    assert isinstance(verdict(op, hit(text="Avantto contact c1")), Adopt)
    assert isinstance(verdict(op, hit(text="Avantto contact c2")), LookAgain)


def test_a_message_is_never_sent_twice() -> None:
    assert isinstance(verdict(operation(Kind.MESSAGE_SEND), fence=True), GiveUp)


@pytest.mark.parametrize("kind", [Kind.CONTACT_UPDATE, Kind.CONTACT_TAG])
def test_what_may_be_repeated_is_repeated(kind: Kind) -> None:
    assert verdict(operation(kind)) == Resend()


def change(kind: Kind = Kind.INVOICE_UPDATE, expected: str = "100.00", **members: Any) -> Operation:
    body = {"Id": "145", "SyncToken": "3", "sparse": True, **members}
    call = Call("POST", "invoice", json.dumps(body).encode())
    return operation(kind, call=call, expected=expected)


def now_holds(sync_token: str = "4", text: str = "", amount: str = "100", **members: Any) -> Found:
    raw = json.dumps(members).encode()
    return Found("Invoice", "145", sync_token, text, Decimal(amount), raw)


def test_an_unchanged_sync_token_means_the_change_was_not_carried_out() -> None:
    assert verdict(change(DueDate="2026-12-24"), now_holds("3", DueDate="2026-12-02")) == Resend(3)


def test_a_change_that_the_books_hold_is_adopted() -> None:
    op = change(DueDate="2026-12-24", CustomerRef={"value": "20"}, Line=[{"Amount": 1}], PrivateNote="")
    there = now_holds(DueDate="2026-12-24", CustomerRef={"value": "20", "name": "Jane"}, Line=[])
    assert verdict(op, there) == Adopt(there)


@pytest.mark.parametrize(
    "there",
    [
        now_holds(DueDate="2026-12-02"),
        now_holds(DueDate="2026-12-24", amount="99"),
        now_holds(),
        now_holds(DueDate={"value": "2026-12-24"}),
    ],
)
def test_a_change_that_somebody_else_overtook_is_refused_by_its_token(there: Found) -> None:
    assert isinstance(verdict(change(DueDate="2026-12-24"), there), Resend)


def test_a_reference_that_became_plain_text_is_no_match() -> None:
    op = change(CustomerRef={"value": "20"})
    assert isinstance(verdict(op, now_holds(CustomerRef="20")), Resend)


def test_an_object_that_cannot_be_read_is_judged_by_its_total() -> None:
    op = change(expected="")
    assert isinstance(verdict(op, msgspec.structs.replace(now_holds(), raw=b"[]")), Adopt)


def test_an_invoice_that_is_gone_is_decided_about_anew() -> None:
    assert isinstance(verdict(change()), Replan)
    assert isinstance(verdict(change(Kind.INVOICE_VOID)), Replan)


def test_a_payment_that_is_gone_is_held() -> None:
    held = verdict(change(Kind.PAYMENT_UPDATE))
    assert isinstance(held, HoldIt)
    assert held.reason.code == "doubt_gone"


@pytest.mark.parametrize(
    ("there", "outcome"),
    [
        (now_holds("3", "Avantto invoice"), Resend),
        (now_holds("4", "Voided - Avantto invoice", "0"), Adopt),
        (now_holds("4", "Avantto invoice", "0"), Resend),
        (now_holds("4", "Voided", "100"), Resend),
    ],
)
@pytest.mark.parametrize("kind", [Kind.INVOICE_VOID, Kind.PAYMENT_VOID, Kind.RECEIPT_VOID])
def test_a_void_is_known_by_zero_and_the_word_and_else_its_token_refuses_it(
    kind: Kind, there: Found, outcome: type
) -> None:
    assert isinstance(verdict(change(kind), there), outcome)


def settling(*invoices: str) -> list[dict[str, Any]]:
    return [{"Amount": 100, "LinkedTxn": [{"TxnId": name, "TxnType": "Invoice"}]} for name in invoices]


@pytest.mark.parametrize(
    ("there", "outcome"),
    [
        (now_holds("3", Line=settling("7"), TotalAmt=100), Resend),
        (now_holds("4", Line=settling("7"), TotalAmt=100), Resend),
        (now_holds("4", TotalAmt=90, amount="90"), Resend),
        (now_holds("4", Line=[], TotalAmt=100), Adopt),
        (now_holds("4", TotalAmt=100), Adopt),
    ],
)
def test_a_payment_that_was_unlinked_is_known_by_what_it_settles(there: Found, outcome: type) -> None:
    op = change(Kind.PAYMENT_UPDATE, TotalAmt=100, Line=[])
    assert isinstance(verdict(op, there), outcome)


def test_a_payment_that_was_linked_is_known_by_its_invoice() -> None:
    op = change(Kind.PAYMENT_UPDATE, TotalAmt=100, Line=settling("7"))
    assert isinstance(verdict(op, now_holds("4", Line=settling("7"), TotalAmt=100)), Adopt)
    assert isinstance(verdict(op, now_holds("4", Line=settling("8"), TotalAmt=100)), Resend)


def test_a_total_that_the_books_computed_otherwise_is_a_change_that_was_carried_out() -> None:
    lines = [{"Amount": 100, "DetailType": "SalesItemLineDetail"}]
    there = now_holds("4", amount="108", Line=[*lines, {"Amount": 100, "DetailType": "SubTotalLineDetail"}])
    assert isinstance(verdict(change(Line=lines), there), Adopt)


def test_a_refund_is_known_by_its_transaction_and_all_that_was_refunded_by_then() -> None:
    op = operation(Kind.REFUND_CREATE, intent=b'{"note": "Avantto refund t1 \xc2\xb7 40.00 USD"}')
    first = hit("9", "Avantto refund t1 · 30.00 USD")
    ours = hit("10", "Refunded by hand? Avantto refund t1 · 40.00 USD.")
    assert verdict(op, first, ours) == Adopt(ours)
    assert isinstance(verdict(op, first), LookAgain)


SENT_LINES = [{"DetailType": "SalesItemLineDetail", "Amount": 100.5}, {"DetailType": "DescriptionOnly"}]
STORED_LINES = [*SENT_LINES, {"DetailType": "SubTotalLineDetail", "Amount": 100.5}]


def test_lines_as_they_were_sent_with_another_total_are_adopted_and_put_right() -> None:
    op = change(expected="108.00", Line=SENT_LINES)
    there = msgspec.structs.replace(now_holds("5", Line=STORED_LINES), total=Decimal("108.25"))
    assert verdict(op, there) == Adopt(there)
    assert as_sent(op, there)


def test_lines_a_person_changed_are_not_those_that_were_sent() -> None:
    op = change(expected="108.00", Line=SENT_LINES)
    other = [{"DetailType": "SalesItemLineDetail", "Amount": 90}]
    there = msgspec.structs.replace(now_holds("5", Line=other), total=Decimal("97.43"))
    assert verdict(op, there) == Resend(3)
    assert not as_sent(change(expected="108.00"), there)


def test_a_test_document_without_an_answer_is_not_looked_for_but_removed() -> None:
    assert isinstance(verdict(operation(Kind.CANARY_CREATE)), Replan)


@pytest.mark.parametrize(
    ("there", "outcome"),
    [((), Replan), ((now_holds("3"),), Resend), ((now_holds("4", "Voided", "0"),), Adopt), ((now_holds("4"),), Resend)],
)
def test_taking_back_a_test_document_is_judged_by_what_is_there(there: tuple[Found, ...], outcome: type) -> None:
    assert isinstance(verdict(change(Kind.CANARY_REMOVE, expected=""), *there), outcome)
