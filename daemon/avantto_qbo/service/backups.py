"""Copies of the journal while it is in use, and what is said about a journal that was restored from one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import anyio
import structlog

from avantto_qbo.actors.house import House
from avantto_qbo.actors.polls.pollers import failing
from avantto_qbo.actors.restored.standing import RELINK, in_words, poll_owner
from avantto_qbo.errors import RefusedError
from avantto_qbo.journal import cursors, restored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.records import LocationRecord
from avantto_qbo.server.api_backup import BackupAnswer, RestoringRow

log = structlog.get_logger(__name__)
Copy = Callable[[Path, datetime], Awaitable[int]]


async def no_copy(target: Path, now: datetime) -> int:
    """Refuse: a journal without a file has nothing to copy."""
    raise RefusedError(f"this journal cannot be copied to {target} (asked at {now:%H:%M:%SZ})")


class BackupDesk:
    """Makes one copy at a time. `copy` writes it and returns its bytes."""

    def __init__(self, house: House, copy: Copy) -> None:
        self._house, self._copy, self._one = house, copy, anyio.Lock()

    async def backup(self, file: str, actor: str) -> BackupAnswer:
        """Copy the journal into a new file. Raises ConfigError naming what is wrong with the path or the disk."""
        target = Path(file)
        if not target.is_absolute():
            raise RefusedError("is not an absolute path", "the daemon works in another directory", field="file")
        async with self._one:
            now = self._house.clock.now()
            size = await self._copy(target, now)
        log.info("journal.copied", uid=actor, size=size)
        return BackupAnswer(file, size, now)


def restoring(db: Connection) -> tuple[RestoringRow, ...]:
    """The companies nothing is written to, and how far each is."""
    return tuple(
        RestoringRow(
            at.realm,
            at.since,
            at.noticed_at,
            str(at.entity),
            at.documents,
            dict(at.linked),
            cursors.get(db, poll_owner(at.realm), failing(RELINK)) or "",
        )
        for at in restored.under_way(db)
    )


def reason_of(db: Connection, record: LocationRecord) -> str:
    """Why a location is not simply connected: that its journal was restored goes before all else but its own reason."""
    at = restored.get(db, record.realm)
    if at is None or at.done_at is not None:
        return record.reason
    trouble = cursors.get(db, poll_owner(record.realm), failing(RELINK))
    words = f"{in_words(at)}; it does not go on: {trouble}" if trouble else in_words(at)
    return f"{record.reason} ({words})" if record.reason else words
