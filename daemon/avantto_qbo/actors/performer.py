"""Carry out one operation: commit the intent, send the bytes, record what became of it.

Kill this process between any two lines and the journal still says what may have happened: before the first commit
nothing was sent; after it the operation is found in SENDING at the next start and is in doubt.
"""

from __future__ import annotations

import structlog

from avantto_qbo.actors import recording
from avantto_qbo.actors.access import Access
from avantto_qbo.actors.doubts import Doubts
from avantto_qbo.actors.house import House
from avantto_qbo.actors.realm import RealmActor
from avantto_qbo.errors import InternalError
from avantto_qbo.journal import operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.operation import Call, Kind, Operation, State
from avantto_qbo.model.outcome import Outcome
from avantto_qbo.rules.settle import TO_A_PERSON, Verdict, judge

log = structlog.get_logger(__name__)
_NAMES = frozenset({Kind.CUSTOMER_CREATE, Kind.ITEM_CREATE})


class Performer:
    """The one who sends for a location; its operations never overlap because its actor is one task."""

    def __init__(self, house: House, realm: RealmActor, crm: Access) -> None:
        self._house, self._realm, self._crm = house, realm, crm
        self._doubts = Doubts(house, realm, crm)

    async def perform(self, op: Operation, *, extra: recording.Extra | None = None) -> tuple[Operation, Verdict]:
        """Commit `op` (with `extra` in the same transaction) and send it."""

        def intend(db: Connection) -> Operation:
            operations.insert(db, op)
            if extra is not None:
                extra(db)
            return self._begin(db, op)

        return await self._send(await self._house.journal.write(intend))

    async def go_on(self, op: Operation) -> tuple[Operation, Verdict]:
        """Take up an operation that is due: send it again or look it up. One in CORRECTING is put right elsewhere."""
        match op.state:
            case State.PLANNED if op.sent_at is not None and op.kind not in TO_A_PERSON:
                return await self._send_unless_there(op)
            case State.PLANNED | State.RETRY:
                return await self._send(await self._house.journal.write(lambda db: self._begin(db, op)))
            case State.DOUBT:
                return await self._resolve(op)
            case _:
                raise InternalError(f"operation {op.id} in {op.state} has nothing to go on with")

    def _begin(self, db: Connection, op: Operation) -> Operation:
        now = self._house.clock.now()
        return operations.move(db, op.id, State.SENDING, now, sent_at=now, attempts=op.attempts + 1)

    async def _send(self, op: Operation) -> tuple[Operation, Verdict]:
        outcome = await self._write(op, op.call, op.request_id)
        verdict = judge(
            op,
            outcome,
            now=self._house.clock.now(),
            settle=self._house.pace.settle,
            jitter=self._house.rng.random(),
        )
        return await self.record(op, verdict), verdict

    async def _write(self, op: Operation, call: Call, request_id: str) -> Outcome:
        if op.kind.side == "crm":
            return await self._crm.write(call, request_id)
        if op.kind in _NAMES:  # QuickBooks adds one name at a time (6000 otherwise)
            async with self._realm.one_name:
                return await self._realm.access.write(call, request_id, key=op.location)
        return await self._realm.access.write(call, request_id, key=op.location)

    async def record(self, op: Operation, verdict: Verdict, extra: recording.Extra | None = None) -> Operation:
        """Move `op` along `verdict`, with `extra` afterwards in the same transaction, and say so."""
        house = self._house
        now = house.clock.now()

        def move(db: Connection) -> Operation:
            moved = recording.record(db, op, verdict, now, fingerprints=house.fingerprints)
            if extra is not None:
                extra(db)
            return moved

        moved = await house.journal.write(move)
        log.info(
            "operation.finished" if moved.state in recording.ENDED else "operation.parked",
            operation=op.id,
            location=op.location,
            kind=op.kind,
            state=moved.state,
            reason=verdict.reason.code if verdict.reason else "",
            attempts=op.attempts,
        )
        house.count(f"operation.{op.kind}.{moved.state}")
        return moved

    async def _send_unless_there(self, op: Operation) -> tuple[Operation, Verdict]:
        verdict = await self._doubts.before_resend(op)
        if verdict is None:
            return await self._send(await self._house.journal.write(lambda db: self._begin(db, op)))
        return await self.record(op, verdict), verdict

    async def _resolve(self, op: Operation) -> tuple[Operation, Verdict]:
        resolution = await self._doubts.resolve(op)
        if resolution.resend:
            return await self._send(await self._house.journal.write(lambda db: self._begin(db, op)))
        if resolution.verdict is None:
            now = self._house.clock.now()
            again = await self._house.journal.write(
                lambda db: operations.put_off(db, op.id, resolution.next_at or now, now, lookups=resolution.lookups)
            )
            return again, Verdict((State.DOUBT,), op.reason, again.next_at)
        return await self.record(op, resolution.verdict), resolution.verdict
