from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from avantto_qbo.model.operation import Kind, Operation, State, check_transition
from avantto_qbo.model.outcome import Fault, FaultClass, InDoubt, NoAccess, NotSent, Outcome, Refused, Written
from avantto_qbo.rules.settle import CANARY, RECONNECT, REPEATABLE, REPEATED, TO_A_PERSON, Verdict, judge
from unit.rules.cases import NOW, operation

SETTLE = timedelta(minutes=3)
CHANGES_MINDS = [FaultClass.STALE, FaultClass.NUMBER_TAKEN, FaultClass.NAME_TAKEN, FaultClass.DUPLICATE]
FOR_A_PERSON = [FaultClass.GONE, FaultClass.CLOSED, FaultClass.FINAL]
OUTCOMES: list[Outcome] = [
    Written("7", "3", Decimal(100)),
    NotSent("throttled", timedelta(seconds=60)),
    NotSent("no connection"),
    InDoubt("timeout"),
    NoAccess("quickbooks", "1", "invalid_grant"),
    *(Refused(Fault("1", "no", kind)) for kind in FaultClass),
]


def sending(kind: Kind = Kind.INVOICE_CREATE, **changes: object) -> Operation:
    plain: dict[str, object] = {"state": State.SENDING, "attempts": 1, "created_at": NOW, "expected": "100.00"}
    return operation(kind, **(plain | changes))


def verdict(outcome: Outcome, op: Operation | None = None) -> Verdict:
    return judge(op or sending(), outcome, now=NOW, settle=SETTLE, jitter=0.0)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("outcome", OUTCOMES, ids=repr)
@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=2)])
def test_every_verdict_follows_the_state_table(kind: Kind, outcome: Outcome, age: timedelta) -> None:
    state = State.SENDING
    for after in verdict(outcome, sending(kind, created_at=NOW - age)).path:
        check_transition(state, after)
        state = after


@pytest.mark.parametrize("kind", Kind)
def test_a_success_is_done_and_names_the_object(kind: Kind) -> None:
    found = verdict(Written("7", "3", Decimal("100.00")), sending(kind))
    assert (found.path, found.object_id, found.sync_token) == ((State.DONE,), "7", "3")


@pytest.mark.parametrize("answered", ["99.99", "100.01", "0"])
def test_another_total_is_put_right_and_never_done(answered: str) -> None:
    found = verdict(Written("7", "3", Decimal(answered)))
    assert (found.state, found.object_id, found.sync_token) == (State.CORRECTING, "7", "3")
    assert found.reason is not None
    assert answered in found.reason.text


def test_totals_are_compared_as_numbers() -> None:
    assert verdict(Written("7", total=Decimal(100))).state is State.DONE


@pytest.mark.parametrize("op", [sending(expected=""), sending()])
def test_without_two_totals_there_is_nothing_to_compare(op: Operation) -> None:
    answered = None if op.expected else Decimal(5)
    assert verdict(Written("7", total=answered), op).state is State.DONE


@pytest.mark.parametrize("kind", sorted(set(Kind) - TO_A_PERSON))
def test_what_was_not_sent_goes_again_after_what_the_vendor_asked(kind: Kind) -> None:
    found = verdict(NotSent("throttled", timedelta(seconds=60)), sending(kind))
    assert (found.path, found.next_at) == ((State.RETRY,), NOW + timedelta(seconds=60))


@pytest.mark.parametrize("outcome", [NotSent("throttled", timedelta(seconds=60)), NoAccess("avantto", "1", "gone")])
def test_a_message_that_was_not_sent_is_decided_about_again(outcome: Outcome) -> None:
    found = verdict(outcome, sending(Kind.MESSAGE_SEND))
    assert found.path == (State.RETRY, State.HELD, State.SKIPPED)
    assert found.next_at is not None
    assert found.next_at >= NOW + timedelta(seconds=60)


def test_what_could_not_be_sent_for_a_day_waits_for_a_person() -> None:
    old = NOW - timedelta(hours=24, seconds=1)
    found = verdict(NotSent("no connection"), sending(created_at=old, attempts=20))
    assert found.state is State.HELD
    assert found.reason is not None
    assert "retry" in found.reason.mend


def test_a_day_in_which_we_hardly_tried_is_no_reason_to_give_up() -> None:
    old = NOW - timedelta(days=3)
    assert verdict(NotSent("no connection"), sending(created_at=old, attempts=2)).state is State.RETRY


def test_a_dead_connection_waits_to_be_made_again() -> None:
    found = verdict(NoAccess("quickbooks", "1", "invalid_grant"), sending(created_at=NOW - timedelta(days=9)))
    assert found.state is State.RETRY
    assert found.reason is not None
    assert found.reason.code == RECONNECT


@pytest.mark.parametrize("kind", sorted(set(Kind) - REPEATABLE - TO_A_PERSON))
def test_a_lost_answer_is_a_doubt_until_the_slowest_commit_is_over(kind: Kind) -> None:
    found = verdict(InDoubt("timeout"), sending(kind))
    assert (found.path, found.next_at) == ((State.DOUBT,), NOW + SETTLE)


@pytest.mark.parametrize("kind", sorted(REPEATABLE))
def test_what_may_be_repeated_does_not_wait_that_long(kind: Kind) -> None:
    found = verdict(InDoubt("timeout"), sending(kind))
    assert found.path == (State.DOUBT,)
    assert found.next_at is not None
    assert found.next_at < NOW + SETTLE


@pytest.mark.parametrize("kind", sorted(TO_A_PERSON))
def test_a_message_whose_answer_was_lost_is_over(kind: Kind) -> None:
    found = verdict(InDoubt("timeout"), sending(kind))
    assert found.path == (State.DOUBT, State.DONE)
    assert found.reason is not None
    assert found.reason.code == "unknown"


@pytest.mark.parametrize("kind", CHANGES_MINDS)
def test_a_refusal_that_the_plan_can_answer_makes_way_for_it(kind: FaultClass) -> None:
    fault = Fault("1", "no", kind)
    found = verdict(Refused(fault))
    assert (found.path, found.fault) == ((State.HELD, State.SKIPPED), fault)
    assert found.reason is not None
    assert found.reason.code == f"superseded.{kind}"


@pytest.mark.parametrize("kind", FOR_A_PERSON)
def test_any_other_refusal_waits_for_a_person(kind: FaultClass) -> None:
    fault = Fault("6000", "no", kind)
    found = verdict(Refused(fault))
    assert (found.path, found.fault) == ((State.HELD,), fault)
    assert found.reason is not None
    assert found.reason.code == "refused.6000"
    assert found.reason.text.endswith("QuickBooks refused it: no")


def test_a_passing_refusal_goes_again() -> None:
    assert verdict(Refused(Fault("6000", "busy", FaultClass.PASSING))).path == (State.RETRY,)


def test_each_attempt_waits_longer() -> None:
    waits = [verdict(NotSent("no"), sending(attempts=attempts)).next_at for attempts in (1, 2, 3, 4)]
    assert waits == sorted(waits, key=lambda at: (at is None, at))
    assert len(set(waits)) == 4


def test_a_verdict_ends_where_its_path_ends() -> None:
    assert Verdict((State.HELD, State.SKIPPED)).state is State.SKIPPED
    assert msgspec.structs.replace(Verdict((State.DONE,)), path=(State.SENDING, State.DONE)).state is State.DONE


@pytest.mark.parametrize("kind", [Kind.INVOICE_UPDATE, Kind.INVOICE_VOID])
def test_an_invoice_that_is_gone_is_planned_anew(kind: Kind) -> None:
    gone = Refused(Fault("610", "Object Not Found", FaultClass.GONE))
    verdict = judge(operation(kind), gone, now=NOW, settle=SETTLE, jitter=0.0)
    assert verdict.path == (State.HELD, State.SKIPPED)
    assert verdict.reason is not None
    assert verdict.reason.code == "superseded.gone"


@pytest.mark.parametrize("code", ["610", "2500", "6250"])
def test_what_was_made_inactive_is_said_in_words_with_its_mend(code: str) -> None:
    found = verdict(Refused(Fault(code, "Invalid Reference Id", FaultClass.FINAL)))
    assert found.reason is not None
    assert "was made inactive or deleted there" in found.reason.text
    assert found.reason.mend.startswith("make it active again in QuickBooks")


@pytest.mark.parametrize("number", ["6200", "6210"])
def test_books_closed_since_the_facts_were_read_are_held_in_the_same_words(number: str) -> None:
    fault = Fault(number, "Account Period Closed", FaultClass.CLOSED, 400)
    verdict = judge(
        operation(Kind.INVOICE_CREATE, state=State.SENDING), Refused(fault), now=NOW, settle=SETTLE, jitter=0
    )
    assert verdict.reason is not None
    assert (verdict.state, verdict.reason.code) == (State.HELD, "books_closed")
    assert "reopen the period" in verdict.reason.mend


@pytest.mark.parametrize("kind", sorted(REPEATABLE))
def test_what_may_be_repeated_backs_off_and_after_a_day_asks_a_person(kind: Kind) -> None:
    often = verdict(InDoubt("timeout"), sending(kind, attempts=8))
    assert often.next_at is not None
    assert often.next_at >= NOW + timedelta(minutes=4)
    found = verdict(InDoubt("timeout"), sending(kind, attempts=10, created_at=NOW - timedelta(days=2)))
    assert found.path == (State.DOUBT, State.HELD)
    assert found.reason is not None
    assert "retry" in found.reason.mend


def test_a_request_id_that_was_used_before_is_a_doubt_of_its_own() -> None:
    found = verdict(InDoubt("HTTP 400", repeated=True))
    assert found.reason is not None
    assert (found.state, found.reason.code) == (State.DOUBT, REPEATED)


@pytest.mark.parametrize("kind", sorted(CANARY))
@pytest.mark.parametrize("code", ["6000", "6200", "6140"])
def test_a_test_document_that_is_refused_is_no_person_s_business(kind: Kind, code: str) -> None:
    found = verdict(Refused(Fault(code, "no", FaultClass.FINAL, 400)), sending(kind))
    assert found.path == (State.HELD, State.SKIPPED)
    assert found.fault is not None
