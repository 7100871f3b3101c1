"""Carry out one operation: commit the intent, send the bytes, record what became of it.

Kill this process between any two lines and the journal still says what may have happened: before the first commit
nothing was sent; after it the operation is found in SENDING at the next start and is in doubt.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from avantto_qbo.actors import recording
from avantto_qbo.actors.access import Access
from avantto_qbo.actors.doubts import Doubts
from avantto_qbo.actors.house import House
from avantto_qbo.actors.realm import RealmActor
from avantto_qbo.errors import InternalError
from avantto_qbo.journal import links, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.operation import Call, Kind, Operation, Reason, State
from avantto_qbo.model.outcome import FaultClass, Outcome, Refused, Written
from avantto_qbo.quickbooks import encode
from avantto_qbo.rules.reasons import RETRY
from avantto_qbo.rules.settle import Verdict, judge

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
        """Take up an operation that is due: send it again, look it up, or put it right."""
        match op.state:
            case State.PLANNED if op.sent_at is not None and op.kind is not Kind.MESSAGE_SEND:
                return await self._send_unless_there(op)
            case State.PLANNED | State.RETRY:
                return await self._send(await self._house.journal.write(lambda db: self._begin(db, op)))
            case State.DOUBT:
                return await self._resolve(op)
            case State.CORRECTING:
                return await self._correct(op)
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
        op = await self._record(op, verdict)
        if op.state is State.CORRECTING:
            return await self._correct(op)
        return op, verdict

    async def _write(self, op: Operation, call: Call, request_id: str) -> Outcome:
        if op.kind.side == "crm":
            return await self._crm.write(call, request_id)
        if op.kind in _NAMES:  # QuickBooks adds one name at a time (6000 otherwise)
            async with self._realm.one_name:
                return await self._realm.access.write(call, request_id, key=op.location)
        return await self._realm.access.write(call, request_id, key=op.location)

    async def _record(self, op: Operation, verdict: Verdict) -> Operation:
        house = self._house
        now = house.clock.now()
        moved = await house.journal.write(
            lambda db: recording.record(db, op, verdict, now, fingerprints=house.fingerprints)
        )
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
        return await self._record(op, verdict), verdict

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
        return await self._record(op, resolution.verdict), resolution.verdict

    async def _correct(self, op: Operation) -> tuple[Operation, Verdict]:
        """The books hold another total than Avantto: take a fresh copy back, and hold either way."""
        link = await self._house.journal.read(lambda db: recording.link_of(db, op))
        undo = _undo_call(op.kind, op.object_id, link.sync_token if link else "0")
        reason = op.reason or Reason("total_differs", "QuickBooks computed another total.")
        if undo is None:
            return await self._hold(op, reason, "live", "The change is in QuickBooks; compare the two and decide.")
        match await self._write(op, undo, f"{op.request_id}-undo"[:50]):
            case Written():
                return await self._hold(op, reason, "undone", "The copy in QuickBooks was voided.")
            case Refused(fault=fault) if fault.kind is not FaultClass.PASSING:
                text = f"The copy in QuickBooks could not be voided ({fault.code}); compare the two and decide."
                return await self._hold(op, reason, "live", text)
            case _:
                return await self._put_off_correction(op)

    async def _put_off_correction(self, op: Operation) -> tuple[Operation, Verdict]:
        now = self._house.clock.now()
        next_at = now + timedelta(seconds=30)
        again = await self._house.journal.write(lambda db: operations.put_off(db, op.id, next_at, now))
        return again, Verdict((State.CORRECTING,), op.reason, next_at)

    async def _hold(self, op: Operation, reason: Reason, status: str, text: str) -> tuple[Operation, Verdict]:
        """Hold, and note in the link whether the copy stands: only one that was voided may be made again."""

        def mark(db: Connection) -> None:
            if (link := recording.link_of(db, op)) is not None:
                links.put(db, recording.with_status(link, status, self._house.clock.now()))

        await self._house.journal.write(mark)
        verdict = Verdict((State.HELD,), Reason(reason.code, f"{reason.text} {text}", RETRY))
        return await self._record(op, verdict), verdict


def _undo_call(kind: Kind, object_id: str, sync_token: str) -> Call | None:
    match kind:
        case Kind.INVOICE_CREATE:
            return encode.invoice_void(object_id, sync_token)
        case Kind.RECEIPT_CREATE:
            return encode.receipt_void(object_id, sync_token)
        case Kind.PAYMENT_CREATE:
            return encode.payment_void(object_id, sync_token)
        case _:
            return None
