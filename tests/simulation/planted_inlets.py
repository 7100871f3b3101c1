"""Planted bugs at the door, in the polls and in the mailbox: how news comes in, and is lost."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import msgspec

from avantto_qbo.actors.crm import reviews
from avantto_qbo.actors.desk import Done
from avantto_qbo.actors.location import LocationActor
from avantto_qbo.actors.polls import sweeps
from avantto_qbo.actors.polls.passes import Walker
from avantto_qbo.actors.polls.payment_rows import TRANSACTION, PaymentRows
from avantto_qbo.actors.realm import RealmActor
from avantto_qbo.actors.troubles import Troubles
from avantto_qbo.avantto import webhooks as avantto
from avantto_qbo.journal import cursors, evidence, inbox
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.statements import all_statements, statement
from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.quickbooks import Changes
from avantto_qbo.model.records import Envelope, Lane, Topic
from avantto_qbo.quickbooks import webhooks as quickbooks
from avantto_qbo.server.ports import IntakeResult, Verdict
from avantto_qbo.service.intake import WebhookIntake
from simulation.narrowed import Patch, together

_TRIES = 3
_UNLESS_NEWER = re.compile(r"^where .*excluded.updated_at .*$", re.MULTILINE)


def unsigned() -> Patch:
    """The address is secret enough, nobody else knows it."""
    return together(
        patch.object(avantto, "verify", lambda *_: True),
        patch.object(quickbooks, "verify", lambda *_: True),
    )


def answered_first() -> Patch:
    """200 at once, the inbox a moment later: the vendor wants a quick answer."""
    tasks: set[asyncio.Task[Any]] = set()

    async def taken(self: WebhookIntake, raw: bytes, headers: Any) -> IntakeResult:
        if not avantto.verify(raw, headers, self._keys):
            return IntakeResult(Verdict.UNSIGNED)
        event = avantto.parse(raw)
        task = asyncio.ensure_future(self._house.journal.write(lambda db: self._take_avantto(db, event)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return IntakeResult(Verdict.TAKEN)

    return patch.object(WebhookIntake, "avantto", taken)


def event_stored_apart() -> Patch:
    """Which events were seen is noted first, so that a repeated one costs nothing; the mailbox is told next."""
    intake = WebhookIntake.avantto

    async def taken(self: WebhookIntake, raw: bytes, headers: Any) -> IntakeResult:
        if not avantto.verify(raw, headers, self._keys) or avantto.parse(raw).topic is not Topic.INVOICE:
            return await intake(self, raw, headers)
        event, now, journal = avantto.parse(raw), self._house.clock.now(), self._house.journal
        if not await journal.write(lambda db: inbox.deliver(db, "avantto", event.event_id, now)):
            return IntakeResult(Verdict.REPEATED)
        place, name = event.location, event.object_id
        await journal.write(lambda db: inbox.tell(db, place, Topic.INVOICE, name, Lane.MONEY, now))
        self._house.nudge(place)
        return IntakeResult(Verdict.TAKEN)

    return patch.object(WebhookIntake, "avantto", taken)


def webhooks_trusted() -> Patch:
    """Invoices are read when a webhook says so; to list them besides is a waste."""

    async def nothing(self: sweeps.Sweeps) -> bool:
        return False

    return patch.object(sweeps.Sweeps, "invoices", nothing)


def no_overlap() -> Patch:
    """Payments are listed from the newest one seen, and no row is read twice."""

    async def no_pass(self: Walker, route: Any) -> bool:
        return False

    return together(patch.object(sweeps, "_OVERLAP", timedelta(0)), patch.object(Walker, "go_on", no_pass))


def cursor_first() -> Patch:
    """The change feed's cursor moves when the answer is there; its rows are taken in next."""
    poll, put = RealmActor._take_in, cursors.put

    async def polled(self: RealmActor) -> int:
        changes = await self._changes(await self._cursor())
        now, journal = self._house.clock.now(), self._house.journal
        await journal.write(lambda db: put(db, self.realm, "changes", changes.as_of.isoformat(), now))
        return await journal.write(lambda db: poll(self, db, changes))

    return patch.object(RealmActor, "poll", polled)


def cursor_by_own_clock() -> Patch:
    """The change feed is read up to now, by the clock of this machine."""
    take_in = RealmActor._take_in

    def taken(self: RealmActor, db: Connection, changes: Changes) -> int:
        fresh = take_in(self, db, changes)
        now = self._house.clock.now()
        cursors.put(db, self.realm, "changes", now.isoformat(), now)
        return fresh

    return patch.object(RealmActor, "_take_in", taken)


def taken_out_first() -> Patch:
    """Mail leaves the inbox when somebody begins with it."""

    async def opened(self: LocationActor, envelope: Envelope) -> None:
        journal = self._house.journal
        await journal.write(lambda db: inbox.finish(db, envelope))
        handlers = self._handlers
        turn = await handlers[envelope.topic](envelope)
        if isinstance(turn, Done):
            return

        def again(db: Connection) -> None:
            inbox.tell(
                db,
                envelope.location,
                envelope.topic,
                envelope.object_id,
                envelope.lane,
                envelope.received_at,
                payload=envelope.payload,
            )
            known = inbox.get(db, envelope.location, envelope.topic, envelope.object_id)
            if known is not None:
                inbox.postpone(db, known, turn.next_at, waiting_for=turn.waiting_for, reason=turn.reason)

        await journal.write(again)

    return patch.object(LocationActor, "_open", opened)


def three_tries() -> Patch:
    """Mail that failed three times is thrown away, with a line in the log."""
    with_mail = Troubles.with_mail

    async def tried(self: Troubles, envelope: Envelope, work: Awaitable[None]) -> None:
        await with_mail(self, envelope, work)
        if envelope.attempts + 1 >= _TRIES:
            await self._house.journal.write(lambda db: _throw_away(db, envelope))

    return patch.object(Troubles, "with_mail", tried)


def _throw_away(db: Connection, envelope: Envelope) -> None:
    left = inbox.get(db, envelope.location, envelope.topic, envelope.object_id)
    if left is not None and left.attempts > envelope.attempts and not left.waiting_for:
        inbox.finish(db, left)


def keyed_by_order() -> Patch:
    """A payment is known by its order, and what is known is not taken in again."""
    take = PaymentRows._take

    def taken(self: PaymentRows, db: Connection, row: Transaction) -> None:
        about = evidence.about(db, self._record.id, TRANSACTION, row.entity_id) if row.entity_id else []
        if self.kept(db, TRANSACTION, row.id) is None and about:
            return
        take(self, db, row)

    return patch.object(PaymentRows, "_take", taken)


def older_row_wins() -> Patch:
    """The row that came last is the truth: who would send an old one?"""
    remember = statement("customers.remember")
    unguarded = msgspec.structs.replace(remember, sql=_UNLESS_NEWER.sub("", remember.sql))
    return patch.dict(all_statements(), {remember.name: unguarded})


def history_believed() -> Patch:
    """What a query does not show is not there: a customer without a paid invoice is not asked for a review."""
    return patch.object(reviews, "lags", lambda *_: False)
