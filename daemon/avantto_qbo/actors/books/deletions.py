"""Was an invoice really deleted in Avantto? A single 404 proves nothing, and many deletions at once may be a mishap.

Believed is what Avantto announced by its webhook, or what two reads minutes apart did not find while other reads of
the location went well (I5). Many at once are one question to a person. What is known of each stays in the journal.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from avantto_qbo.actors.desk import Desk, Later
from avantto_qbo.actors.polls.payment_rows import INVOICE_ROW
from avantto_qbo.avantto import reads
from avantto_qbo.journal import evidence, links, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.drafts import InvoiceDraft
from avantto_qbo.model.ids import Chain, LocationId, OperationId
from avantto_qbo.model.operation import OPEN, Kind, Operation, Reason, Source
from avantto_qbo.model.records import Link
from avantto_qbo.rules.reasons import RETRY, SKIP

T = TypeVar("T")
GONE: Final = "invoice_gone"
MANY: Final = "many_deleted"
QUESTION: Final = Chain("deletions")
_MANY: Final = 5
_AT_ONCE: Final = timedelta(minutes=10)
_A_DAY: Final = timedelta(days=1)
# A burst of webhooks shows itself within seconds: the first of many must not be carried out before the last is there.
_BURST: Final = timedelta(seconds=30)
_APART: Final = timedelta(minutes=5)
_STALE: Final = timedelta(hours=6)  # two signs further apart than this say nothing together
_NAMED: Final = 5
# How a held operation ends by a person's command, and whether that carries the deletions out.
_ANSWERS: Final = {"retried": True, "skipped": False}


class Believed(msgspec.Struct, frozen=True):
    """The invoice is deleted in Avantto: the books follow."""


class Left(msgspec.Struct, frozen=True):
    """A person said that the invoice stays in the books, although Avantto has it no more."""


Judgement = Believed | Left | Later


class Gone(msgspec.Struct, frozen=True):
    """What is known of a missing invoice: `since` its first sign, `announced` by Avantto itself.

    `question` is the operation that asked about it together with others. `believed` and `left` are the end of it.
    """

    since: datetime
    announced: bool = False
    question: str = ""
    believed: bool = False
    left: bool = False


class Deletions:
    """The missing invoices of one location."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def judge(self, invoice: str, *, flagged: bool = False) -> Judgement:
        """Say what to do about a linked invoice that Avantto answers 404 for, or shows as deleted (`flagged`).

        Costs two reads of Avantto before a deletion that nobody announced is believed. Raises as reads do: then
        nothing is concluded. Once believed or left to stand, it stays so.
        """
        gone = await self._remembered(invoice, flagged)
        if gone.believed or gone.left:
            return Believed() if gone.believed else Left()
        if gone.question:
            return await self._answer(invoice, gone)
        due = gone.since + (_BURST if gone.announced else _APART)
        if self._desk.now() < due:
            return Later(due, reason="deleted")
        return await (self._conclude(invoice, gone) if gone.announced else self._check(invoice, gone))

    async def _remembered(self, invoice: str, flagged: bool) -> Gone:
        place, now = self._desk.location, self._desk.now()

        def recall(db: Connection) -> Gone:
            gone = _recall(db, place, invoice)
            if gone is None or _stale(gone, now):
                gone = Gone(now)
            gone = msgspec.structs.replace(gone, announced=gone.announced or flagged)
            _remember(db, place, invoice, gone, now)
            return gone

        return await self._write(recall)

    async def _check(self, invoice: str, gone: Gone) -> Judgement:
        """Believe a second miss only when other reads say the same."""
        place = self._desk.location
        anything = await self._desk.crm.read(reads.invoices_page(place, 0, 1))
        if not anything.size:  # all of them at once, or a list that is wrong
            standing = await self._desk.house.journal.read(lambda db: [link.source_id for link in _live(db, place)])
            return await (self._ask(invoice, gone, standing) if len(standing) > 1 else self._conclude(invoice, gone))
        found = await self._desk.crm.read(reads.invoices_page(place, 0, search=invoice))
        if invoice not in {*(row.id for row in found.rows), *found.unreadable}:
            return await self._conclude(invoice, gone)
        await self._write(lambda db: evidence.remove(db, place, GONE, invoice))
        return self._desk.later(_APART.total_seconds(), "deleted")

    async def _conclude(self, invoice: str, gone: Gone) -> Judgement:
        """Believe a deletion by itself; one of many joins the question about them."""
        place, now = self._desk.location, self._desk.now()

        def decide(db: Connection) -> list[str]:
            many = _together(db, place, gone)
            if not many:
                _remember(db, place, invoice, msgspec.structs.replace(gone, believed=True), now)
            return many

        many = await self._write(decide)
        return await self._ask(invoice, gone, many) if many else Believed()

    async def _ask(self, invoice: str, gone: Gone, many: list[str]) -> Later:
        """Join the question about `many`."""
        question, now = await self._question(many), self._desk.now()
        asked = msgspec.structs.replace(gone, question=question.waiting_for)
        await self._write(lambda db: _remember(db, self._desk.location, invoice, asked, now))
        return question

    async def _question(self, many: list[str]) -> Later:
        """Wait for the question that is open, or ask one."""
        place = self._desk.location

        def look(db: Connection) -> tuple[Operation | None, list[str]]:
            numbers = [_number(links.get(db, place, "invoice", name)) for name in many]
            return operations.open_in_chain(db, place, QUESTION), [number for number in numbers if number]

        op, numbers = await self._desk.house.journal.read(look)
        if op is not None:
            return self._desk.waiting(op.id, MANY)
        shown = ", ".join(numbers[:_NAMED]) + (", …" if len(numbers) > _NAMED else "")
        text = f"{len(many)} invoices were deleted in Avantto at once ({shown}). They stand in QuickBooks still."
        reason = Reason(MANY, text, f"{RETRY} (void them all in QuickBooks) or {SKIP} (leave them all there)")
        source, version = Source("invoice", many[0], "deletions"), self._desk.now().isoformat()
        turn = await self._desk.hold(Kind.INVOICE_VOID, QUESTION, source, version, reason)
        return turn if isinstance(turn, Later) else self._desk.later(_APART.total_seconds(), MANY)

    async def _answer(self, invoice: str, gone: Gone) -> Judgement:
        """What a person said to the question: `retry` carries all its deletions out, `skip` leaves its invoices."""
        place, now = self._desk.location, self._desk.now()
        op = await self._desk.house.journal.read(lambda db: operations.get(db, OperationId(gone.question)))
        if op is not None and op.state in OPEN:
            return self._desk.waiting(op.id, MANY)
        code = op.reason.code if op is not None and op.reason is not None else ""
        if code not in _ANSWERS:  # it was dropped for another cause: ask again
            return await self._conclude(invoice, gone)
        answered = msgspec.structs.replace(gone, believed=_ANSWERS[code], left=not _ANSWERS[code])
        await self._write(lambda db: _remember(db, place, invoice, answered, now))
        return Believed() if answered.believed else Left()

    async def _write(self, unit: Callable[[Connection], T]) -> T:
        return await self._desk.house.journal.write(unit)


def announce(db: Connection, location: LocationId, invoice: str, now: datetime) -> None:
    """Note that Avantto's webhook said an invoice is deleted; before its mail is told."""
    gone = _recall(db, location, invoice)
    if gone is None or _stale(gone, now):
        gone = Gone(now)
    _remember(db, location, invoice, msgspec.structs.replace(gone, announced=True), now)


def _stale(gone: Gone, now: datetime) -> bool:
    """Tell whether a sign is too old to add to: a webhook that is replayed for a living invoice must not outlast it."""
    return not (gone.question or gone.believed or gone.left) and now - gone.since > _STALE


def _recall(db: Connection, location: LocationId, invoice: str) -> Gone | None:
    body = evidence.get(db, location, GONE, invoice)
    return msgspec.json.decode(body, type=Gone) if body else None


def _remember(db: Connection, location: LocationId, invoice: str, gone: Gone, now: datetime) -> None:
    evidence.put(db, location, GONE, invoice, gone.question, msgspec.json.encode(gone), now)


def _together(db: Connection, place: LocationId, gone: Gone) -> list[str]:
    """The invoices that went missing together with this one, when they are many: else none."""
    known = {name: msgspec.json.decode(body, type=Gone) for name, body in evidence.of_kind(db, place, GONE).items()}
    counted = {
        name: abs(other.since - gone.since)
        for name, other in known.items()
        if not other.left and (_stands(db, place, name) if not other.believed else not other.question)
    }
    near = [name for name, apart in counted.items() if apart <= _AT_ONCE]
    if len(near) > _MANY:
        return near
    day = [name for name, apart in counted.items() if apart <= _A_DAY]
    return day if len(day) > _MANY and len(day) * 10 > _open(db, place) else []


def _stands(db: Connection, place: LocationId, invoice: str) -> bool:
    link = links.get(db, place, "invoice", invoice)
    return link is not None and link.status == "live"


def _live(db: Connection, place: LocationId) -> list[Link]:
    """Every invoice of the location that stands in the books."""
    found, after = list[Link](), ""
    while page := links.all_of(db, place, "invoice", 500, after):
        found += [link for link in page if link.status == "live"]
        after = page[-1].source_id
    return found


def _open(db: Connection, place: LocationId) -> int:
    """How many of them are not known to be paid."""
    rows = (evidence.get(db, place, INVOICE_ROW, link.source_id) or b"" for link in _live(db, place))
    return sum(not row.startswith(b"paid@") for row in rows)


def _number(link: Link | None) -> str:
    return msgspec.json.decode(link.agreed, type=InvoiceDraft).number if link is not None and link.agreed else ""
