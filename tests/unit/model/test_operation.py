from __future__ import annotations

import itertools

import msgspec
import pytest

from avantto_qbo.errors import InternalError
from avantto_qbo.model.operation import OPEN, TRANSITIONS, WAITING, Call, Kind, State, check_transition
from unit.rules.cases import operation

# DESIGN's table, written once more by hand: planned → sending → done; sending → retry → sending; sending → correcting →
# done | held; sending → doubt → done | sending | held; any waiting one → held → planned | skipped.
ALLOWED = {
    ("planned", "sending"),
    ("planned", "held"),
    ("sending", "done"),
    ("sending", "retry"),
    ("sending", "doubt"),
    ("sending", "correcting"),
    ("sending", "held"),
    ("retry", "sending"),
    ("retry", "held"),
    ("doubt", "done"),
    ("doubt", "sending"),
    ("doubt", "held"),
    ("correcting", "done"),
    ("correcting", "held"),
    ("held", "planned"),
    ("held", "skipped"),
}


def test_the_table_holds_exactly_the_designed_moves() -> None:
    assert {(str(before), str(after)) for before in State for after in TRANSITIONS[before]} == ALLOWED


@pytest.mark.parametrize(("before", "after"), [*itertools.product(State, State)])
def test_a_move_is_refused_unless_the_table_holds_it(before: State, after: State) -> None:
    if (str(before), str(after)) in ALLOWED:
        check_transition(before, after)
    else:
        with pytest.raises(InternalError, match=f"from {before} to {after}"):
            check_transition(before, after)


def test_what_is_over_has_no_way_on() -> None:
    assert {state for state in State if not TRANSITIONS[state]} == {State.DONE, State.SKIPPED} == set(State) - OPEN


def test_every_open_operation_can_still_be_ended() -> None:
    for state in OPEN:
        reachable, edge = {state}, {state}
        while edge := {after for before in edge for after in TRANSITIONS[before]} - reachable:
            reachable |= edge
        assert State.DONE in reachable
        assert State.HELD in reachable


def test_only_waiting_states_carry_a_wake_up_time() -> None:
    assert sorted(WAITING) == ["correcting", "doubt", "planned", "retry"]


@pytest.mark.parametrize("kind", Kind)
def test_contacts_and_messages_go_to_the_crm_and_all_else_to_the_books(kind: Kind) -> None:
    assert (kind.side == "crm") == kind.startswith(("contact.", "message.", "workflow."))
    assert kind.side in {"crm", "books"}


def test_a_document_without_a_request_is_not_sendable() -> None:
    op = operation()
    assert op.sendable
    assert not msgspec.structs.replace(op, call=Call("", "")).sendable
