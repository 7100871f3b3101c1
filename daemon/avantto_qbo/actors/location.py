"""The location actor: it exists while there is mail, takes one turn at a time, and goes away.

One location's operations never overlap because this is one task. One bad document never stops the others: its mail is
put off with the reason, and the next turn is somebody else's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from avantto_qbo.actors import mailbox, recording
from avantto_qbo.actors.access import Access
from avantto_qbo.actors.books.canary import Canary
from avantto_qbo.actors.books.corrections import Corrections
from avantto_qbo.actors.books.customers import Customers
from avantto_qbo.actors.books.invoices import Invoices
from avantto_qbo.actors.books.receipts import Receipts
from avantto_qbo.actors.crm.contacts import Contacts
from avantto_qbo.actors.crm.reviews import Reviews
from avantto_qbo.actors.desk import Desk, Done, Later, Turn
from avantto_qbo.actors.doubts import Doubts
from avantto_qbo.actors.house import House
from avantto_qbo.actors.limiter import Limiter, Window
from avantto_qbo.actors.performer import Performer
from avantto_qbo.actors.realm import RealmActor
from avantto_qbo.actors.troubles import Troubles
from avantto_qbo.journal import inbox, locations, operations, restored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import LocationId, OperationId
from avantto_qbo.model.operation import Operation, State
from avantto_qbo.model.records import Envelope, Lane, Status, Topic

log = structlog.get_logger(__name__)
Handler = Callable[[Envelope], Awaitable[Turn]]
# Half of the 80 per 10 s a location has at Avantto: backfill never starves the day's work (C1).
_BACKFILL: Final = Window(40, 10.0)
# The most calls one customer takes (find, fill, tag, read): a turn begun with less would keep all other mail waiting.
_TURN: Final = 4


class LocationActor:
    """One location's mailbox and the desk its mail is worked at."""

    def __init__(self, house: House, location: LocationId, realm: RealmActor, crm: Access) -> None:
        self.location, self.realm, self.crm = location, realm, crm
        self._house = house
        self._backfill = Limiter(house.clock, [_BACKFILL], in_flight=1)
        self._turn = 0
        self._mail_first = True
        self._money = True
        self._performer = Performer(house, realm, crm)
        desk = Desk(house, location, realm=realm, crm=crm, performer=self._performer)
        self._corrections = Corrections(desk)
        self._troubles = Troubles(house, location)
        self._handlers = self._desks(crm, bulk=False)
        self._slow_handlers = self._desks(crm.within(self._backfill), bulk=True)

    def _desks(self, crm: Access, *, bulk: bool) -> dict[Topic, Handler]:
        performer = Performer(self._house, self.realm, crm)
        desk = Desk(self._house, self.location, realm=self.realm, crm=crm, performer=performer)
        customers, doubts = Customers(desk), Doubts(self._house, self.realm, crm)
        return {
            Topic.INVOICE: Invoices(desk, customers, doubts).handle,
            Topic.TRANSACTION: Receipts(desk, customers, doubts).handle,
            Topic.CUSTOMER: Contacts(desk, bulk=bulk).handle,
            Topic.PAYMENT: Reviews(desk).handle,
            Topic.BACKFILL: self._backfill_pages,
            Topic.CANARY: Canary(desk).handle,
        }

    async def drain(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Take turns until nothing is due, the location is not to be worked for, or the daemon stops."""
        while not stopping() and await self._at_work():
            if not await self._take_turn() and not await self._only_backfill_waits():
                return

    async def _take_turn(self) -> bool:
        """Work on one operation or one piece of mail, in alternation: look-ups that hang leave room for the rest."""
        self._mail_first = not self._mail_first
        if self._mail_first:
            return await self._mail() or await self._operation()
        return await self._operation() or await self._mail()

    async def _operation(self) -> bool:
        op = await self._due_operation()
        if op is not None:
            await self._troubles.with_operation(op, self._go_on(op))
        return op is not None

    async def _mail(self) -> bool:
        envelope = await self._due_mail()
        if envelope is not None:
            await self._troubles.with_mail(envelope, self._open(envelope))
        return envelope is not None

    async def _at_work(self) -> bool:
        """Is the location to be worked for, and may money be posted?"""
        record, stopped = await self._house.journal.read(
            lambda db: (locations.get(db, self.location), restored.stopped(db, self.location))
        )
        status = record.status if record is not None and not stopped else Status.DISCONNECTED
        self._money = status is Status.CONNECTED
        return status in {Status.CONNECTED, Status.MONEY_PAUSED}

    async def _due_operation(self) -> Operation | None:
        now = self._house.clock.now()
        return await self._house.journal.read(lambda db: operations.due(db, self.location, now, money=self._money))

    async def _due_mail(self) -> Envelope | None:
        now = self._house.clock.now()
        allowed = self._backfill.wait_for(now, _TURN) == 0.0

        def take(db: Connection) -> Envelope | None:
            oldest = inbox.oldest(db, self.location, Lane.CONTACT)
            order = mailbox.order(self._turn, now, oldest, backfill_allowed=allowed)
            lanes = [lane for lane in order if self._money or lane is not Lane.MONEY]
            found = (inbox.take(db, self.location, lane, now) for lane in lanes)
            return next((envelope for envelope in found if envelope is not None), None)

        self._turn += 1
        return await self._house.journal.read(take)

    async def _only_backfill_waits(self) -> bool:
        """Backfill has used up its share for now: wait a little, still open to other mail."""
        now = self._house.clock.now()
        pending = await self._house.journal.read(lambda db: inbox.take(db, self.location, Lane.BACKFILL, now))
        if pending is None:
            return False
        await self._house.clock.sleep(min(0.25, self._backfill.wait_for(now, _TURN)))
        return True

    async def _go_on(self, op: Operation) -> None:
        if op.state is State.CORRECTING:
            await self._corrections.correct(op)
        else:
            await self._performer.go_on(op)

    async def _open(self, envelope: Envelope) -> None:
        handlers = self._slow_handlers if envelope.lane is Lane.BACKFILL else self._handlers
        handler = handlers.get(envelope.topic)
        turn = await handler(envelope) if handler is not None else Done()
        await self._close(envelope, turn)

    async def _close(self, envelope: Envelope, turn: Turn) -> None:
        def close(db: Connection) -> None:
            if isinstance(turn, Done):
                inbox.finish(db, envelope)
            elif turn.waiting_for and _over(db, turn.waiting_for):
                # It ended before this mail could be told to wait for it: nobody else would wake it.
                inbox.postpone(db, envelope, self._house.clock.now(), reason=turn.reason)
            else:
                inbox.postpone(db, envelope, turn.next_at, waiting_for=turn.waiting_for, reason=turn.reason)

        await self._house.journal.write(close)
        if isinstance(turn, Done) and envelope.lane is Lane.MONEY:
            self._house.observe((self._house.clock.now() - envelope.received_at).total_seconds())

    async def _backfill_pages(self, envelope: Envelope) -> Turn:
        """List one page a turn: other mail never waits for a large company, and the list goes before its customers."""
        more = await self.realm.backfill_page(self.location)
        return Later(envelope.next_at, reason="more pages") if more else Done()


def _over(db: Connection, waiting_for: str) -> bool:
    op = operations.get(db, OperationId(waiting_for))
    return op is not None and op.state in recording.ENDED
