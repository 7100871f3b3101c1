"""Planted bugs in what is recorded of an answer, and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from avantto_qbo.actors import performer, recording
from avantto_qbo.actors.performer import Performer
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.operation import Operation
from avantto_qbo.model.outcome import NotSent, Outcome, Written
from avantto_qbo.rules.settle import TO_A_PERSON, Verdict, judge
from simulation.narrowed import Patch, together


def link_stored_later() -> Patch:
    """What was made is done, says one transaction; to which document it belongs, says the next."""
    link, record = recording._link, Performer.record
    later: dict[str, Callable[[Connection], None]] = {}

    def put_off(db: Connection, op: Operation, *rest: Any, **more: Any) -> None:
        later[op.id] = lambda db: link(db, op, *rest, **more)

    async def recorded(self: Performer, op: Operation, *rest: Any) -> Operation:
        moved = await record(self, op, *rest)
        if put := later.pop(op.id, None):
            await self._house.journal.write(put)
        return moved

    return together(patch.object(recording, "_link", put_off), patch.object(Performer, "record", recorded))


def throttled_is_taken() -> Patch:
    """Status 429 says that they are busy with it: what was sent counts as done, its id will turn up some day."""

    def judged(op: Operation, outcome: Outcome, **rest: Any) -> Verdict:
        busy = isinstance(outcome, NotSent) and outcome.reason == "throttled"
        return judge(op, Written(op.target or op.id) if busy else outcome, **rest)

    return patch.object(performer, "judge", judged)


def unsent_is_asked() -> Patch:
    """A message that was refused for now counts as sent: better once too rarely than twice."""

    def judged(op: Operation, outcome: Outcome, **rest: Any) -> Verdict:
        unsent = isinstance(outcome, NotSent) and op.kind in TO_A_PERSON
        return judge(op, Written(op.id) if unsent else outcome, **rest)

    return patch.object(performer, "judge", judged)
