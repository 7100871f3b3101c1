"""What was put off until a time, when the clock that time was reckoned by is set back: nothing waits longer for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from avantto_qbo.journal import cursors, restored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.instants import to_text

NOTEWORTHY: Final = timedelta(minutes=1)  # clocks are put right by less all the time
_AT_START: Final = timedelta(days=2)  # further back is a machine whose clock is not set yet
_FOLLOWED: Final = ("daemon", "clock_set_back")


def set_back(db: Connection, by: timedelta, now: datetime, since: datetime) -> None:
    """Put all waits and the times of open operations back `by` so much; `now` is what the clock shows since then.

    Operations that were written to between `since` and `now` may go by the new clock already. They keep their times:
    an answer in doubt must never be looked for too early.
    """
    times = {"back": f"-{by.total_seconds():.3f} seconds", "now": to_text(now)}
    for statement in ("waits.mail", "waits.polls", "waits.watched"):
        db.run(statement, **times)
    db.run("waits.operations", **times, since=to_text(since))
    cursors.put(db, *_FOLLOWED, to_text(restored.last_moment(db) or now), now)


def begin(db: Connection, now: datetime) -> timedelta:
    """Follow a clock that was set back while nobody ran, at least as far as the journal tells; return by how much."""
    last = restored.last_moment(db)
    if last is None or to_text(last) == cursors.get(db, *_FOLLOWED) or not NOTEWORTHY <= last - now <= _AT_START:
        return timedelta(0)
    set_back(db, last - now, now, now)
    return last - now
