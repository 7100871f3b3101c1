"""Operations: committed whole, moved only along the table, carried on in the order of their chain."""

from __future__ import annotations

import pytest

from avantto_qbo.errors import InternalError
from avantto_qbo.journal import activity, operations
from avantto_qbo.model.ids import Chain, OperationId
from avantto_qbo.model.operation import OPEN, TRANSITIONS, Operation, Reason, Source, State
from avantto_qbo.model.records import Activity
from conformance.conftest import Do
from conformance.journal_values import HERE, THERE, at, full_operation, operation

ONE = OperationId("op-1")
ALLOWED = [(current, to) for current, targets in TRANSITIONS.items() for to in sorted(targets)]
FORBIDDEN = [(current, to) for current in State for to in State if to not in TRANSITIONS[current]]
REASON = Reason("closed", "The books are closed.", "avantto-qbo retry op-1")


async def known(do: Do, op_id: str = ONE) -> Operation:
    found = await do(operations.get, OperationId(op_id))
    assert found is not None
    return found


async def test_an_operation_comes_back_exactly_as_it_was_committed(do: Do) -> None:
    await do(operations.insert, full_operation())
    assert await known(do) == full_operation()
    assert await do(operations.get, OperationId("other")) is None


async def test_an_operation_id_is_used_once(do: Do) -> None:
    await do(operations.insert, operation())
    with pytest.raises(InternalError):
        await do(operations.insert, operation(intent=b"another"))
    assert await known(do) == operation()


@pytest.mark.parametrize(("current", "to"), ALLOWED)
async def test_every_move_of_the_table_is_possible(do: Do, current: State, to: State) -> None:
    await do(operations.insert, operation(state=current))
    assert (await do(operations.move, ONE, to, at(1))).state is to
    assert (await known(do)).updated_at == at(1)


@pytest.mark.parametrize(("current", "to"), FORBIDDEN)
async def test_a_move_the_table_does_not_hold_is_refused(do: Do, current: State, to: State) -> None:
    await do(operations.insert, operation(state=current))
    with pytest.raises(InternalError):
        await do(operations.move, ONE, to, at(1))
    assert await known(do) == operation(state=current)


async def test_moving_an_unknown_operation_is_refused(do: Do) -> None:
    with pytest.raises(InternalError):
        await do(operations.move, ONE, State.SENDING, at(1))


async def test_a_move_stores_what_is_given_and_returns_it(do: Do) -> None:
    await do(operations.insert, operation(state=State.SENDING))
    moved = await do(
        operations.move,
        ONE,
        State.DOUBT,
        at(1),
        next_at=at(4),
        reason=REASON,
        lookups=1,
        object_id="9",
        sent_at=at(0.5),
        attempts=2,
    )
    assert moved == await known(do)
    assert (moved.next_at, moved.reason, moved.lookups, moved.object_id) == (at(4), REASON, 1, "9")
    assert (moved.sent_at, moved.attempts) == (at(0.5), 2)


async def test_a_move_clears_time_and_reason_of_the_state_before_and_keeps_the_rest(do: Do) -> None:
    await do(operations.insert, before := full_operation())
    await do(operations.move, ONE, State.SENDING, at(3))
    moved = await known(do)
    assert (moved.next_at, moved.reason) == (None, None)
    assert (moved.lookups, moved.object_id, moved.sent_at, moved.attempts) == (1, "78", at(1), 2)
    assert moved.call == before.call


@pytest.mark.parametrize("state", [State.PLANNED, State.RETRY, State.DOUBT, State.CORRECTING])
async def test_a_waiting_operation_can_be_put_off_where_it_is(do: Do, state: State) -> None:
    await do(operations.insert, operation(state=state, reason=REASON, lookups=1))
    again = await do(operations.put_off, ONE, at(9), at(1), lookups=2)
    assert again == await known(do)
    assert (again.state, again.next_at, again.reason, again.lookups) == (state, at(9), REASON, 2)
    assert (await do(operations.put_off, ONE, at(10), at(2))).lookups == 2


@pytest.mark.parametrize("state", [State.SENDING, State.HELD, State.DONE, State.SKIPPED])
async def test_an_operation_that_does_not_wait_is_not_put_off(do: Do, state: State) -> None:
    await do(operations.insert, operation(state=state))
    with pytest.raises(InternalError):
        await do(operations.put_off, ONE, at(9), at(1))


@pytest.mark.parametrize("state", sorted(State))
async def test_a_chain_is_open_while_an_operation_of_it_is_not_over(do: Do, state: State) -> None:
    op = operation(state=state)
    await do(operations.insert, op)
    assert (await do(operations.open_in_chain, HERE, op.chain) is not None) == (state in OPEN)


async def test_open_in_chain_is_the_oldest_one_planned_even_at_the_same_instant(do: Do) -> None:
    chain = Chain("invoice:1")
    await do(operations.insert, operation("z-over", chain=chain, state=State.DONE))
    await do(operations.insert, operation("y-first", chain=chain))
    await do(operations.insert, operation("a-second", chain=chain))
    found = await do(operations.open_in_chain, HERE, chain)
    assert found is not None
    assert found.id == "y-first"
    assert await do(operations.open_in_chain, THERE, chain) is None
    assert [op.id for op in await do(operations.of_chain, HERE, chain)] == ["z-over", "y-first", "a-second"]


@pytest.mark.parametrize("state", [State.PLANNED, State.RETRY, State.DOUBT, State.CORRECTING])
async def test_a_waiting_operation_is_due_at_its_time(do: Do, state: State) -> None:
    await do(operations.insert, operation(state=state, next_at=at(5)))
    assert await do(operations.due, HERE, at(4)) is None
    assert await do(operations.due, THERE, at(5)) is None
    assert (await do(operations.due, HERE, at(5))) == await known(do)


@pytest.mark.parametrize("state", [State.SENDING, State.HELD, State.DONE, State.SKIPPED])
async def test_what_is_being_sent_held_or_over_is_never_due(do: Do, state: State) -> None:
    await do(operations.insert, operation(state=state))
    assert await do(operations.due, HERE, at(99)) is None


async def test_without_a_time_an_operation_is_due_at_once_and_the_oldest_comes_first(do: Do) -> None:
    await do(operations.insert, operation("b"))
    await do(operations.insert, operation("a", next_at=at(-5)))
    found = await do(operations.due, HERE, at(0))
    assert found is not None
    assert found.id == "b"


@pytest.mark.parametrize("state", sorted(OPEN))
async def test_an_open_operation_parks_only_those_behind_it_in_its_chain(do: Do, state: State) -> None:
    await do(operations.insert, head := operation("head", state=state, next_at=at(60)))
    await do(operations.insert, operation("behind", chain=head.chain))
    assert await do(operations.due, HERE, at(1)) is None
    await do(operations.insert, operation("elsewhere"))
    found = await do(operations.due, HERE, at(1))
    assert found is not None
    assert found.id == "elsewhere"


async def test_a_chain_goes_on_when_its_head_is_over(do: Do) -> None:
    await do(operations.insert, head := operation("head", state=State.SENDING))
    await do(operations.insert, operation("behind", chain=head.chain))
    await do(operations.move, head.id, State.DONE, at(1))
    found = await do(operations.due, HERE, at(1))
    assert found is not None
    assert found.id == "behind"


async def test_what_was_being_sent_at_a_crash_is_in_doubt(do: Do) -> None:
    await do(operations.insert, operation("sent", state=State.SENDING, sent_at=at(0)))
    await do(operations.insert, operation("planned"))
    assert await do(operations.interrupted, at(1), at(4)) == 1
    sent = await known(do, "sent")
    assert (sent.state, sent.next_at, sent.sent_at) == (State.DOUBT, at(4), at(0))
    assert sent.reason is not None
    assert sent.reason.code == "interrupted"
    assert (await known(do, "planned")).state is State.PLANNED
    assert await do(operations.interrupted, at(2), at(5)) == 0


async def test_last_for_is_the_newest_operation_of_that_very_part(do: Do) -> None:
    source = Source("invoice", "inv-1", "txn-1")
    await do(operations.insert, operation("z", source=source, state=State.SKIPPED))
    await do(operations.insert, operation("b", source=source, state=State.DONE))
    await do(operations.insert, operation("c", source=Source("invoice", "inv-1")))
    found = await do(operations.last_for, HERE, source)
    assert found is not None
    assert found.id == "b"
    assert await do(operations.last_for, THERE, source) is None
    assert await do(operations.last_for, HERE, Source("invoice", "inv-1", "txn-2")) is None


async def test_by_state_mixes_states_in_the_order_of_planning(do: Do) -> None:
    for name, state in (("c", State.HELD), ("b", State.DOUBT), ("a", State.HELD), ("d", State.DONE)):
        await do(operations.insert, operation(name, state=state))
    await do(operations.insert, operation("there", location=THERE, state=State.HELD))
    parked = [State.HELD, State.DOUBT, State.HELD]
    assert [op.id for op in await do(operations.by_state, parked)] == ["c", "b", "a", "there"]
    assert [op.id for op in await do(operations.by_state, parked, HERE)] == ["c", "b", "a"]
    assert [op.id for op in await do(operations.by_state, parked, limit=2)] == ["c", "b"]


async def test_counts_name_every_state(do: Do) -> None:
    await do(operations.insert, operation("a", state=State.HELD))
    await do(operations.insert, operation("b", state=State.DONE, location=THERE))
    assert await do(operations.counts) == dict.fromkeys(State, 0) | {State.HELD: 1, State.DONE: 1}
    assert (await do(operations.counts, THERE))[State.HELD] == 0


async def test_a_retried_operation_starts_afresh_and_says_who_decided(do: Do) -> None:
    held = operation(state=State.HELD, attempts=5, lookups=3, next_at=at(9), reason=REASON)
    await do(operations.insert, held)
    resolved = await do(operations.resolve_held, ONE, State.PLANNED, at(2), "uid 1000")
    assert resolved == operation(updated_at=at(2), attempts=1)  # more than never: it may be in the books
    assert await do(activity.page, HERE) == [
        Activity(at(2), HERE, "operation.retried", "Will be sent again.", subject=ONE, actor="uid 1000", id=1)
    ]


async def test_a_skipped_operation_keeps_its_reason(do: Do) -> None:
    await do(operations.insert, operation(state=State.HELD, reason=REASON))
    resolved = await do(operations.resolve_held, ONE, State.SKIPPED, at(2), "owner")
    assert (resolved.state, resolved.reason) == (State.SKIPPED, REASON)
    assert [line.event for line in await do(activity.page, HERE)] == ["operation.skipped"]


@pytest.mark.parametrize(
    ("state", "to"), [(State.HELD, State.DONE), (State.DOUBT, State.PLANNED), (State.DONE, State.SKIPPED)]
)
async def test_only_a_held_operation_is_retried_or_skipped(do: Do, state: State, to: State) -> None:
    await do(operations.insert, operation(state=state))
    with pytest.raises(InternalError):
        await do(operations.resolve_held, ONE, to, at(2), "owner")
    assert await do(activity.page, HERE) == []
