"""Carry out what an operator decides: poll now, try again, let go, pause, resume, connect, disconnect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from avantto_qbo.actors.books.invoice_case import allow
from avantto_qbo.actors.desk import MONEY_PAUSED, SKIPPED_IN_DOUBT, maybe_in_books
from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.actors.polls.pollers import CHANGES
from avantto_qbo.actors.polls.sweeps import INVOICES, PAYMENTS
from avantto_qbo.actors.reconciling.findings import tell_again
from avantto_qbo.errors import RefusedError
from avantto_qbo.journal import activity, cursors, locations, operations, reconciliations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import LocationId, OperationId
from avantto_qbo.model.operation import Operation, Reason, State
from avantto_qbo.model.records import Activity, Status
from avantto_qbo.server import api
from avantto_qbo.service.connecting import Connecting, Order
from avantto_qbo.service.known import location_of, operation_of
from avantto_qbo.service.reconsidering import let_go
from avantto_qbo.service.tokens import tokens_of


class Decisions:
    """Decisions about operations and locations. `look_again` wakes the scheduler."""

    def __init__(
        self, house: House, directory: Directory, connecting: Connecting, *, look_again: Callable[[], None]
    ) -> None:
        self._house, self._directory, self._connecting = house, directory, connecting
        self._look_again = look_again

    async def sync(self, location: LocationId) -> api.SyncAnswer:
        """Run every poll of the location now."""

        def due(db: Connection) -> tuple[str, ...]:
            record = location_of(db, location)
            if record.status is Status.DISCONNECTED:
                mend = f"avantto-qbo connect {location}"
                raise RefusedError(f"location {location} is disconnected", mend)
            now = self._house.clock.now()
            cursors.schedule(db, record.realm, CHANGES, now, sooner_only=True)
            cursors.schedule(db, location, PAYMENTS, now, sooner_only=True)
            cursors.schedule(db, location, INVOICES, now, sooner_only=True)
            if (found := reconciliations.get(db, location)) is not None:
                tell_again(db, record, found, now)
            return (CHANGES, PAYMENTS, INVOICES)

        polls = await self._house.journal.write(due)
        self._look_again()
        return api.SyncAnswer(location, polls)

    async def retry(self, operation: OperationId, actor: str) -> api.OperationAnswer:
        """Try again: a held document is planned anew; one that waits does not wait any longer."""

        def again(db: Connection) -> Operation:
            op = operation_of(db, operation)
            if op.state in {State.RETRY, State.DOUBT, State.CORRECTING}:
                return self._sooner(db, op)
            if op.state is not State.HELD:
                raise RefusedError(f"operation {op.id} is {op.state}; only what waits or is held can be tried again")
            if maybe_in_books(op):
                return operations.resolve_held(db, op.id, State.PLANNED, self._house.clock.now(), actor)
            # What was mended may be a fact of the company: a closed period, a currency, an account.
            self._directory.realm(op.realm).forget_company()
            allow(db, op, self._house.clock.now())
            return let_go(self._house, db, op, Reason("retried", f"tried again by {actor}"))

        return await self._decided(again)

    def _sooner(self, db: Connection, op: Operation) -> Operation:
        """Now; a doubt no sooner than commits settle, because looks that come too early prove nothing."""
        now = self._house.clock.now()
        soonest = now + self._house.pace.settle if op.state is State.DOUBT else now
        return operations.put_off(db, op.id, min(op.next_at or soonest, soonest), now)

    async def skip(self, operation: OperationId, actor: str) -> api.OperationAnswer:
        """Let a held document go until Avantto changes it."""

        def drop(db: Connection) -> Operation:
            op = operation_of(db, operation)
            if op.state is not State.HELD:
                raise RefusedError(f"operation {op.id} is {op.state}; only what is held can be skipped")
            now = self._house.clock.now()
            activity.record(
                db, Activity(now, op.location, "operation.skipped", f"{op.kind} skipped", op.source.id, actor)
            )
            code = SKIPPED_IN_DOUBT if maybe_in_books(op) else "skipped"
            return let_go(self._house, db, op, Reason(code, f"skipped by {actor}"))

        return await self._decided(drop)

    async def _decided(self, unit: Callable[[Connection], Operation]) -> api.OperationAnswer:
        op = await self._house.journal.write(unit)
        self._house.nudge(op.location)
        self._look_again()
        return api.OperationAnswer(op.id, op.location, op.kind, op.state)

    async def pause(self, location: LocationId, actor: str) -> api.LocationAnswer:
        """Stop working for a location; mail goes on being kept."""
        return await self._set_status(location, Status.PAUSED, f"paused by {actor}", actor)

    async def resume(self, location: LocationId, actor: str) -> api.LocationAnswer:
        """Work for a paused location again."""
        return await self._set_status(location, Status.CONNECTED, "", actor)

    async def _set_status(self, location: LocationId, status: Status, reason: str, actor: str) -> api.LocationAnswer:
        def change(db: Connection) -> None:
            record = location_of(db, location)
            if record.status not in {Status.CONNECTED, Status.PAUSED, Status.MONEY_PAUSED}:
                mend = f"avantto-qbo connect {location}"
                raise RefusedError(f"location {location} is {record.status}", mend)
            now = self._house.clock.now()
            locations.set_status(db, location, status, reason, now)
            if status is Status.CONNECTED:
                cursors.put(db, location, MONEY_PAUSED, "", now)
            event = "location.paused" if status is Status.PAUSED else "location.resumed"
            activity.record(db, Activity(now, location, event, str(status), actor=actor))

        await self._house.journal.write(change)
        self._house.nudge(location)
        return api.LocationAnswer(location, status, reason)

    async def connect(self, request: api.ConnectRequest, actor: str) -> api.ConnectAnswer:
        """Connect with token files."""
        now = self._house.clock.now()
        order = Order(
            location=request.location,
            realm=request.realm,
            avantto=tokens_of(bytes(request.avantto_token), "avantto_token", now),
            quickbooks=tokens_of(bytes(request.quickbooks_token), "quickbooks_token", now),
            since=_past(request.since, now),
            share=request.share,
            actor=actor,
        )
        answer = await self._connecting.connect(order)
        self._look_again()
        return answer

    async def disconnect(self, location: LocationId, actor: str) -> api.LocationAnswer:
        """End a connection; nothing is deleted in either place but what a test of ours made."""
        left = await self._connecting.disconnect(location, actor)
        return api.LocationAnswer(location, Status.DISCONNECTED, f"disconnected by {actor}", left)


def _past(since: datetime | None, now: datetime) -> datetime | None:
    if since is not None and since > now + timedelta(minutes=5):
        raise RefusedError("the cut-off lies in the future", "an instant that has passed", field="since")
    return since
