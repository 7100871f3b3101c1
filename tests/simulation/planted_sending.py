"""Planted bugs in how a write is intended, sent, doubted and recorded."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import msgspec

from avantto_qbo.actors import doubts, performer, recording, supervisor
from avantto_qbo.actors.desk import Desk, Later
from avantto_qbo.actors.doubts import Doubts
from avantto_qbo.actors.performer import Performer
from avantto_qbo.config import Doubt
from avantto_qbo.errors import TransientError
from avantto_qbo.journal import operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import Chain, LocationId
from avantto_qbo.model.operation import Call, Operation, State
from avantto_qbo.model.outcome import InDoubt, NotSent, Outcome, Written
from avantto_qbo.model.quickbooks import Found
from avantto_qbo.quickbooks import client
from avantto_qbo.rules.books.doubts import doubt, payment_doubt
from avantto_qbo.rules.settle import TO_A_PERSON, Verdict, judge
from simulation import opening
from simulation.narrowed import Patch, together


def blind_retry() -> Patch:
    """No answer came, so the same bytes simply go again."""

    def judged(op: Operation, outcome: Outcome, **rest: Any) -> Verdict:
        lost = isinstance(outcome, InDoubt) and op.kind not in TO_A_PERSON
        return judge(op, NotSent("no answer") if lost else outcome, **rest)

    return patch.object(performer, "judge", judged)


def instant_look() -> Patch:
    """The books are asked at once, and what is not there yet was not carried out and goes again."""

    async def fenced(self: Doubts, op: Operation) -> bool:
        return True

    return together(
        patch.object(opening, "Doubt", lambda: Doubt(settle=timedelta(seconds=1))),
        patch.object(doubt, "LOOKS", (1,)),
        patch.object(payment_doubt, "LOOKS", (1,)),
        patch.object(Doubts, "_fenced", fenced),
    )


def failed_look_is_empty() -> Patch:
    """A look-up that fails finds nothing, and after the third nothing the bytes go again without asking for a fence."""
    look = Doubts._look

    async def looked(self: Doubts, op: Operation) -> tuple[Found, ...]:
        try:
            return await look(self, op)
        except TransientError:
            return ()

    async def fenced(self: Doubts, op: Operation) -> bool:
        return True

    return together(patch.object(Doubts, "_look", looked), patch.object(Doubts, "_fenced", fenced))


def any_hit_is_ours() -> Patch:
    """What a look-up finds is adopted, whoever made it: same customer, same hour, that must be it."""

    def ours(op: Operation, found: tuple[Found, ...]) -> tuple[Found, ...]:
        return found[:1]

    places = (doubt, payment_doubt, doubts)
    return together(*(patch.object(place, "ours_among", ours) for place in places))


def unreadable_is_done() -> Patch:
    """Status 200 means that a sale is booked, whatever the body says."""
    written = client._written

    def read(call: Call, answer: Any) -> Written | None:
        sale = not call.path.startswith(("customer", "item"))
        return written(call, answer) or (Written("") if sale else None)

    return patch.object(client, "_written", read)


def nothing_recovered() -> Patch:
    """At the start nobody looks for what the last run was sending when it died."""
    return patch.object(operations, "interrupted", lambda *_: 0)


def recovered_by_sending() -> Patch:
    """What the last run was sending when it died goes again at the start."""

    def interrupted(db: Connection, now: datetime, next_at: datetime) -> int:
        stuck = operations.by_state(db, [State.SENDING])
        for op in stuck:
            operations.move(db, op.id, State.RETRY, now, next_at=now)
        return len(stuck)

    return patch.object(operations, "interrupted", interrupted)


def intent_after_send() -> Patch:
    """The operation is written down once the answer is there: one commit less."""
    perform = Performer.perform

    async def performed(self: Performer, op: Operation, *, extra: recording.Extra | None = None) -> Any:
        if op.kind in TO_A_PERSON:
            return await perform(self, op, extra=extra)
        return await _sent_first(self, op, extra)

    return patch.object(Performer, "perform", performed)


def message_before_intent() -> Patch:
    """A message is sent, and then it is written down that it was."""
    perform = Performer.perform

    async def performed(self: Performer, op: Operation, *, extra: recording.Extra | None = None) -> Any:
        if op.kind not in TO_A_PERSON:
            return await perform(self, op, extra=extra)
        return await _sent_first(self, op, extra)

    return patch.object(Performer, "perform", performed)


async def _sent_first(self: Performer, op: Operation, extra: recording.Extra | None) -> tuple[Operation, Verdict]:
    outcome = await self._write(op, op.call, op.request_id)

    def intend(db: Connection) -> Operation:
        operations.insert(db, op)
        if extra is not None:
            extra(db)
        return self._begin(db, op)

    house = self._house
    begun = await house.journal.write(intend)
    verdict = judge(begun, outcome, now=house.clock.now(), settle=house.pace.settle, jitter=house.rng.random())
    return await self.record(begun, verdict), verdict


def message_again() -> Patch:
    """A message whose answer was lost is sent again: better twice than never."""

    def judged(op: Operation, outcome: Outcome, **rest: Any) -> Verdict:
        lost = isinstance(outcome, InDoubt) and op.kind in TO_A_PERSON
        return judge(op, NotSent("no answer") if lost else outcome, **rest)

    return patch.object(performer, "judge", judged)


def made_anew() -> Patch:
    """Every attempt writes its JSON anew, and the spaces fall differently."""
    write = Performer._write

    async def written(self: Performer, op: Operation, call: Call, request_id: str) -> Outcome:
        if op.attempts > 1 and call.body:
            again = json.dumps(json.loads(call.body, parse_float=Decimal), default=float).encode()
            call = msgspec.structs.replace(call, body=again)
        return await write(self, op, call, request_id)

    return patch.object(Performer, "_write", written)


def new_request_id() -> Patch:
    """Every attempt is a request of its own, and gets an id of its own."""

    def named(op: Operation) -> str:
        return f"{op.id}.{op.attempts + 1}" if op.attempts else op.request_id

    return patch.object(performer, "request_id_after", named)


def two_workers() -> Patch:
    """Every nudge starts a worker, also where one is at work."""

    def nudge(self: supervisor.Supervisor, location: LocationId) -> None:
        if not self._stopping and self._tasks is not None:
            self._tasks.start_soon(self._act, location)

    return patch.object(supervisor.Supervisor, "nudge", nudge)


def doubt_parks_nothing() -> Patch:
    """A document goes on while nobody knows what became of its last write."""
    busy = Desk.chain_busy

    async def chain_busy(self: Desk, chain: Chain, version: str) -> Later | None:
        op = await self.house.journal.read(lambda db: operations.open_in_chain(db, self.location, chain))
        if op is not None and op.state is State.DOUBT:
            return None
        return await busy(self, chain, version)

    return patch.object(Desk, "chain_busy", chain_busy)
