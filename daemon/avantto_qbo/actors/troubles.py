"""Where a turn ends, its errors end too: passing ones wait, a dead connection stops its location, ours are logged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from avantto_qbo.actors.house import House
from avantto_qbo.actors.stopping import stop_one
from avantto_qbo.errors import AuthError, RejectedError, TransientError
from avantto_qbo.journal import inbox, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.operation import WAITING, Operation, Reason, State
from avantto_qbo.model.records import Envelope
from avantto_qbo.rules.books.doubts.retry import retry_at

log = structlog.get_logger(__name__)
_REFUSED: Final = timedelta(minutes=10)
_OURS: Final = timedelta(minutes=1)
PutOff = Callable[[Connection, datetime, timedelta | None, str], None]


class Troubles:
    """The errors of one location's turns."""

    def __init__(self, house: House, location: LocationId) -> None:
        self._house, self._location = house, location

    async def with_mail(self, envelope: Envelope, work: Awaitable[None]) -> None:
        """Await `work`; if it fails, this mail waits and the next turn is somebody else's."""

        def later(db: Connection, now: datetime, asked: timedelta | None, reason: str) -> None:
            next_at = retry_at(envelope.attempts + 1, asked, now, self._house.rng.random())
            inbox.postpone(db, envelope, next_at, reason=reason)

        await self._guarded(f"{envelope.topic} {envelope.object_id}", work, later)

    async def with_operation(self, op: Operation, work: Awaitable[None]) -> None:
        """Await `work`; if it fails, this operation waits."""

        def later(db: Connection, now: datetime, asked: timedelta | None, _: str) -> None:
            current = operations.get(db, op.id)
            if current is not None and current.state in WAITING:
                next_at = retry_at(current.attempts, asked, now, self._house.rng.random())
                if current.state is not State.RETRY:  # each try costs a look-up: no quicker than commits settle
                    next_at = max(next_at, now + self._house.pace.settle)
                operations.put_off(db, op.id, next_at, now)

        await self._guarded(op.id, work, later)

    async def _guarded(self, subject: str, work: Awaitable[None], put_off: PutOff) -> None:
        began = self._house.clock.now()
        try:
            await work
        except AuthError as error:
            await self._broken(error, began)
        except TransientError as error:
            await self._later(put_off, error.retry_after, error.reason)
        except RejectedError as error:
            await self._later(put_off, _REFUSED, f"{error.code}: {error.message}")
        except Exception:
            log.exception("turn.failed", location=self._location, subject=subject)
            self._house.count("turn.failed")
            await self._later(put_off, _OURS, "an error of ours; see the log")

    async def _later(self, put_off: PutOff, asked: timedelta | None, reason: str) -> None:
        now = self._house.clock.now()

        def delay(db: Connection) -> None:
            self._unsettled(db, now)
            put_off(db, now, asked, reason)

        await self._house.journal.write(delay)

    def _unsettled(self, db: Connection, now: datetime) -> None:
        """What was being sent when the turn failed, and was not recorded, is in doubt (no other turn is running)."""
        for op in operations.by_state(db, [State.SENDING], self._location):
            reason = Reason("doubt", "The outcome could not be recorded.")
            operations.move(db, op.id, State.DOUBT, now, next_at=now + self._house.pace.settle, reason=reason)

    async def _broken(self, error: AuthError, began: datetime) -> None:
        """Only this location stops, and it says how to go on; work begun before a reconnect is begun anew instead."""
        now = self._house.clock.now()

        def stop(db: Connection) -> bool:
            self._unsettled(db, now)
            return stop_one(db, self._location, error, began, now)

        if await self._house.journal.write(stop):
            log.warning("location.broken", location=self._location, provider=error.provider)
