"""Notice at the start that an older journal came back, and stop writing to every company it knows.

The journal is older when it is marked as a copy, when it states an earlier generation than the file beside it, or when
that file is gone although the journal had begun one: it was brought to another place. A journal of a release that kept
no generation begins its first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Protocol

import anyio.to_thread
import msgspec
import structlog

from avantto_qbo.actors.ports import Clock, Journal
from avantto_qbo.actors.restored.standing import RELINK, first_position, poll_owner
from avantto_qbo.errors import ConfigError, TransientError
from avantto_qbo.journal import activity, cursors, locations, operations, restored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.ledger import BookEntity
from avantto_qbo.model.operation import Reason, State
from avantto_qbo.model.records import Activity, LocationRecord
from avantto_qbo.model.restored import Restored

log = structlog.get_logger(__name__)
_PERHAPS: Final = Reason("restored", "The journal was restored: this may have been carried out since.")
_BUSY_EVERY: Final = 10.0
# The books are read once, by queries: not only must the slowest commit be over by then, queries must show it, too. How
# far they are behind is UNVERIFIED; a doubt is looked up three times for that.
_PATIENCE: Final = 2
_ON_THE_WAY: Final = {State.PLANNED: (State.SENDING, State.DOUBT), State.RETRY: (State.SENDING, State.DOUBT)}


class Outside(Protocol):
    """The number beside the journal, see `journal.generation.GenerationFile`."""

    def read(self) -> int | None: ...
    def write(self, number: int) -> None: ...


async def begin_generation(journal: Journal, outside: Outside, clock: Clock, settle: timedelta) -> bool:
    """Begin the next generation; True when the journal was restored, and nothing is written until the books were read.

    The journal's own number is durable before the file's: whatever falls between the two is no restored journal. The
    first number is none: a file goes before it, or one that could not be written yet would look like one left behind.
    """
    beside, now = outside.read(), clock.now()
    if beside is None and await journal.read(_is_new) and not await _tell(outside, 0):
        return False

    def begin(db: Connection) -> tuple[int, bool]:
        inside, copied_at = restored.generation(db), restored.copied_at(db)
        older = copied_at is not None or _is_behind(inside, beside)
        since = min(now, copied_at or restored.last_moment(db) or now)  # a clock may have been ahead
        stopped = older and _stop_writing(db, since, now, settle)
        number = max(inside or 0, beside or 0) + 1
        restored.begin_generation(db, number)
        return number, stopped

    number, stopped = await journal.write(begin)
    await _tell(outside, number)
    if stopped:
        log.warning("journal.restored", generation=number)
    return stopped


async def keep_generation(journal: Journal, outside: Outside, clock: Clock) -> None:
    """Begin a generation whenever something was sent or ended in the last seconds, until cancelled.

    So a plain copy of the file is told from the journal too, not only one that was taken before this start.
    """
    seen = await journal.read(restored.works)
    while True:
        await clock.sleep(_BUSY_EVERY)
        try:
            seen = await _next_generation(journal, outside, seen)
        except TransientError as error:  # the disk, for now
            log.warning("generation.not_kept", reason=error.reason)


async def _next_generation(journal: Journal, outside: Outside, seen: tuple[int, int]) -> tuple[int, int]:
    works = await journal.read(restored.works)
    if works == seen:
        return seen

    def begin(db: Connection) -> int:
        number = (restored.generation(db) or 0) + 1
        restored.begin_generation(db, number)
        return number

    await _tell(outside, await journal.write(begin))
    return works


async def _tell(outside: Outside, number: int) -> bool:
    """A number that cannot be kept for now stops nobody: what the file says then is older than the journal."""
    try:
        await anyio.to_thread.run_sync(outside.write, number)
    except ConfigError as error:
        log.warning("generation.not_kept", reason=error.problem)
        return False
    return True


def _is_new(db: Connection) -> bool:
    return restored.generation(db) is None and restored.copied_at(db) is None


def _is_behind(inside: int | None, beside: int | None) -> bool:
    if beside is None:
        return inside is not None
    return (inside or 0) < beside


def _stop_writing(db: Connection, since: datetime, now: datetime, settle: timedelta) -> bool:
    """Stop for every company the journal knows; False when it knows none: then there is nothing to learn again."""
    restored.came_back(db, now)
    realms = dict.fromkeys(record.realm for record in locations.all(db))
    for realm in realms:
        begun = _begun_before(db, realm, since, now)
        _doubt(db, realm, now, now + settle)
        _stop(db, realm, begun, now, settle, f"The journal was restored; it ends at {begun:%Y-%m-%d %H:%M:%SZ}.")
    return bool(realms)


def _begun_before(db: Connection, realm: RealmId, since: datetime, now: datetime) -> datetime:
    """A reading that did not come to its end is given up, and begun again from where it began."""
    before = restored.get(db, realm)
    if before is None or before.done_at is not None:
        return since
    restored.put(db, msgspec.structs.replace(before, done_at=now))
    return min(since, before.since)


def _doubt(db: Connection, realm: RealmId, now: datetime, next_at: datetime) -> None:
    """What was to be sent, or being sent, may be in the books by now: it is looked up before anything is sent."""
    for name in restored.undecided(db, realm):
        op = operations.get(db, name)
        for state in _ON_THE_WAY.get(op.state, (State.DOUBT,)) if op is not None else ():
            operations.move(db, name, state, now, next_at=next_at, reason=_PERHAPS, lookups=0)


def stop_for_unknown(db: Connection, record: LocationRecord, now: datetime, settle: timedelta) -> None:
    """A company that is connected from a time on when the restored journal may have known it: its books are read too.

    Nothing happens where no journal ever came back, or the cut-off lies behind that.
    """
    back = restored.came_back_at(db)
    if back is None or record.books_from >= back or restored.get(db, record.realm) is not None:
        return
    _stop(db, record.realm, record.books_from, now, settle, "The journal was restored without this company.")


def _stop(db: Connection, realm: RealmId, since: datetime, now: datetime, settle: timedelta, why: str) -> None:
    first, begins_at = next(iter(BookEntity)), now + _PATIENCE * settle
    restored.put(db, Restored(realm, since, now, begins_at, first, first_position(since)))
    cursors.schedule(db, poll_owner(realm), RELINK, begins_at)
    text = f"{why} Nothing is written until the books were read again."
    for record in locations.of_realm(db, realm):
        activity.record(db, Activity(now, record.id, "journal.restored", text))
