"""The writes to both vendors and where each of them stands; nothing moves but along the table in the model."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from avantto_qbo.errors import InternalError
from avantto_qbo.journal import activity
from avantto_qbo.journal.connection import Connection, Row
from avantto_qbo.journal.instants import to_text
from avantto_qbo.journal.operation_row import from_row, reason_columns, to_row
from avantto_qbo.model.ids import Chain, LocationId, OperationId
from avantto_qbo.model.operation import Operation, Reason, Source, State, check_transition
from avantto_qbo.model.records import Activity

_WAITING: Final = frozenset({State.PLANNED, State.RETRY, State.DOUBT, State.CORRECTING})

_INTERRUPTED: Final = Reason("interrupted", "The program stopped while this was being sent.")

_RESOLVED: Final = {
    State.PLANNED: ("operation.retried", "Will be sent again."),
    State.SKIPPED: ("operation.skipped", "Let go; it will not be sent."),
}


def insert(db: Connection, op: Operation) -> None:
    """Commit an intent. Raises InternalError when the id is taken."""
    db.run("operations.insert", **to_row(op))


def get(db: Connection, op_id: OperationId) -> Operation | None:
    """Return one operation."""
    rows = db.run("operations.get", id=op_id)
    return from_row(rows[0]) if rows else None


def move(
    db: Connection,
    op_id: OperationId,
    to: State,
    now: datetime,
    *,
    next_at: datetime | None = None,
    reason: Reason | None = None,
    lookups: int | None = None,
    object_id: str | None = None,
    sent_at: datetime | None = None,
    attempts: int | None = None,
    request_id: str | None = None,
) -> Operation:
    """Move an operation along the state table and return it as it now is.

    `next_at` and `reason` belong to the new state: left out, they are cleared. The others are kept unless given.
    Raises InternalError for a move the table does not hold and for an unknown id.
    """
    check_transition(_known(db, op_id).state, to)
    moved = db.run(
        "operations.move",
        id=op_id,
        state=to,
        now=to_text(now),
        next_at=to_text(next_at),
        **reason_columns(reason),
        lookups=lookups,
        object_id=object_id,
        sent_at=to_text(sent_at),
        attempts=attempts,
        request_id=request_id,
    )
    return from_row(moved[0])


def put_off(
    db: Connection, op_id: OperationId, next_at: datetime, now: datetime, *, lookups: int | None = None
) -> Operation:
    """Let a waiting operation stay where it is, with its reason, until `next_at` (a look-up found nothing yet).

    Raises InternalError for one that is being sent, held or over.
    """
    current = _known(db, op_id).state
    if current not in _WAITING:
        raise InternalError(f"an operation in {current} is not put off")
    put = db.run("operations.put_off", id=op_id, next_at=to_text(next_at), now=to_text(now), lookups=lookups)
    return from_row(put[0])


def open_in_chain(db: Connection, location: LocationId, chain: Chain) -> Operation | None:
    """Return the oldest operation of the chain that is not over."""
    rows = db.run("operations.open_in_chain", location=location, chain=chain)
    return from_row(rows[0]) if rows else None


def due(db: Connection, location: LocationId, now: datetime, *, money: bool = True) -> Operation | None:
    """Return the oldest operation to carry on with: planned, to retry, to look up or to correct, and its time is come.

    Without `money`, writes to the books are left alone. Only the oldest open operation of a chain is considered: one
    that waits, is being sent or is held parks the rest.
    """
    rows = db.run("operations.due", location=location, now=to_text(now), money=int(money))
    return from_row(rows[0]) if rows else None


def interrupted(db: Connection, now: datetime, next_at: datetime) -> int:
    """Put everything that was being sent when the program stopped in doubt until `next_at`; return how many."""
    times = {"now": to_text(now), "next_at": to_text(next_at)}
    return len(db.run("operations.interrupted", **times, **reason_columns(_INTERRUPTED)))


def last_for(db: Connection, location: LocationId, source: Source) -> Operation | None:
    """Return the newest operation for exactly this source and part, in any state."""
    rows = db.run("operations.last_for", location=location, kind=source.kind, id=source.id, part=source.part)
    return from_row(rows[0]) if rows else None


def by_state(
    db: Connection, states: Iterable[State], location: LocationId | None = None, limit: int = 200
) -> list[Operation]:
    """Return up to `limit` operations in any of `states`, oldest first, of one location or of all."""
    found = (_in_state(db, state, location, limit) for state in dict.fromkeys(states))
    oldest = heapq.merge(*found, key=lambda row: int(row["seq"]))
    return [from_row(row) for row, _ in zip(oldest, range(limit), strict=False)]


def counts(db: Connection, location: LocationId | None = None) -> dict[State, int]:
    """Count the operations in every state (0 where there are none), of one location or of all."""
    found = db.run("operations.counts_of", location=location) if location else db.run("operations.counts")
    return dict.fromkeys(State, 0) | {State(row["state"]): row["operations"] for row in found}


def of_chain(db: Connection, location: LocationId, chain: Chain) -> list[Operation]:
    """Return every operation of the chain in the order it was planned."""
    return [from_row(row) for row in db.run("operations.of_chain", location=location, chain=chain)]


def of_source(db: Connection, location: LocationId, source: Source) -> list[Operation]:
    """Return every operation for exactly this source and part in the order it was planned."""
    rows = db.run("operations.of_source", location=location, kind=source.kind, id=source.id, part=source.part)
    return [from_row(row) for row in rows]


def resolve_held(db: Connection, op_id: OperationId, to: State, now: datetime, actor: str) -> Operation:
    """Let a human send a held operation again (PLANNED) or let it go (SKIPPED); the decision goes into the activity.

    A retry starts its attempts and look-ups afresh, but what was sent stays sent; a skipped operation keeps the reason
    it was held for.
    Raises InternalError when it is not held or `to` is neither.
    """
    held = _known(db, op_id)
    if held.state is not State.HELD or to not in _RESOLVED:
        raise InternalError(f"a held operation is retried or skipped, not moved from {held.state} to {to}")
    event, text = _RESOLVED[to]
    activity.record(db, Activity(now, held.location, event, text, subject=op_id, actor=actor))
    if to is State.SKIPPED:
        return move(db, op_id, to, now, reason=held.reason)
    return move(db, op_id, to, now, attempts=min(held.attempts, 1), lookups=0)


def _known(db: Connection, op_id: OperationId) -> Operation:
    found = get(db, op_id)
    if found is None:
        raise InternalError(f"there is no operation {op_id}")
    return found


def _in_state(db: Connection, state: State, location: LocationId | None, limit: int) -> list[Row]:
    if location:
        return db.run("operations.by_state_of", location=location, state=state, limit=limit)
    return db.run("operations.by_state", state=state, limit=limit)
