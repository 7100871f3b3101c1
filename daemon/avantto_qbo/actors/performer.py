"""Carry out one operation: commit the intent, send the bytes, record what became of it.

Kill this process between any two lines and the journal still says what may have happened: before the first commit
nothing was sent; after it the operation is found in SENDING at the next start and is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from avantto_qbo.actors import recording
from avantto_qbo.actors.access import Access
from avantto_qbo.actors.doubts import Doubts
from avantto_qbo.actors.house import House
from avantto_qbo.actors.realm import RealmActor
from avantto_qbo.errors import InternalError, TransientError
from avantto_qbo.journal import operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.operation import Call, Kind, Operation, State
from avantto_qbo.model.outcome import Outcome
from avantto_qbo.rules.books.doubts.retry import request_id_after
from avantto_qbo.rules.settle import TO_A_PERSON, Verdict, judge

log = structlog.get_logger(__name__)
_NAMES = frozenset({Kind.CUSTOMER_CREATE, Kind.ITEM_CREATE})
_DISK_PAUSE: Final = 1.0


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

        await self._pause_over(op)
        return await self._send(await self._house.journal.write(intend))

    async def go_on(self, op: Operation) -> tuple[Operation, Verdict]:
        """Take up an operation that is due: send it again or look it up. One in CORRECTING is put right elsewhere."""
        match op.state:
            case State.PLANNED if op.sent_at is not None and op.kind not in TO_A_PERSON:
                return await self._send_unless_there(op)
            case State.PLANNED | State.RETRY:
                await self._pause_over(op)
                return await self._send(await self._house.journal.write(lambda db: self._begin(db, op)))
            case State.DOUBT:
                return await self._resolve(op)
            case _:
                raise InternalError(f"operation {op.id} in {op.state} has nothing to go on with")

    async def _pause_over(self, op: Operation) -> None:
        """Wait out what the other side asked for before the write is noted as sent: killed meanwhile, it was not."""
        side = self._crm if op.kind.side == "crm" else self._realm.access
        await side.limiter.pause_over()

    def _begin(self, db: Connection, op: Operation, lookups: int | None = None) -> Operation:
        now, attempts, name = self._house.clock.now(), op.attempts + 1, request_id_after(op)
        return operations.move(
            db, op.id, State.SENDING, now, sent_at=now, attempts=attempts, lookups=lookups, request_id=name
        )

    async def _send(self, op: Operation, *, again: bool = False) -> tuple[Operation, Verdict]:
        """Send and record; bytes that go `again` after a doubt are looked up once they were accepted."""
        outcome = await self._write(op, op.call, op.request_id)
        verdict = judge(
            op,
            outcome,
            now=self._house.clock.now(),
            settle=self._house.pace.settle,
            jitter=self._house.rng.random(),
        )
        if again:
            verdict = await self._doubts.after_resend(op, verdict)
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

        moved = await self._kept(move)
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

    async def _kept(self, move: Callable[[Connection], Operation]) -> Operation:
        """Record however long the disk refuses: nobody else knows the answer, and nothing else ends SENDING."""
        while True:
            try:
                return await self._house.journal.write(move)
            except TransientError:
                log.exception("operation.not_recorded")
                await self._house.clock.sleep(_DISK_PAUSE)

    async def _send_unless_there(self, op: Operation) -> tuple[Operation, Verdict]:
        await self._pause_over(op)
        verdict = await self._doubts.before_resend(op)
        if verdict is None:
            return await self._send(await self._house.journal.write(lambda db: self._begin(db, op)), again=True)
        return await self.record(op, verdict), verdict

    async def _resolve(self, op: Operation) -> tuple[Operation, Verdict]:
        resolution = await self._doubts.resolve(op)
        if resolution.resend:
            await self._pause_over(op)
            begun = await self._house.journal.write(lambda db: self._begin(db, op, resolution.lookups))
            return await self._send(begun, again=True)
        if resolution.verdict is None:
            now = self._house.clock.now()
            again = await self._house.journal.write(
                lambda db: operations.put_off(db, op.id, resolution.next_at or now, now, lookups=resolution.lookups)
            )
            return again, Verdict((State.DOUBT,), op.reason, again.next_at)
        return await self.record(op, resolution.verdict), resolution.verdict
