"""Copies of the stage's journal, and the day an older one comes back."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from avantto_qbo.actors.restored.noticing import begin_generation
from avantto_qbo.actors.restored.standing import RELINK, poll_owner
from avantto_qbo.journal import meta, restored
from avantto_qbo.journal.copied import MARK, accept
from avantto_qbo.journal.inline import InlineJournal
from avantto_qbo.journal.instants import to_text
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.restored import Restored
from stage import REALM, Stage


@dataclass
class Beside:
    """The number beside the journal, in memory."""

    number: int | None = None

    def read(self) -> int | None:
        return self.number

    def write(self, number: int) -> None:
        self.number = number


async def begin(stage: Stage, beside: Beside) -> bool:
    """What the daemon does first at its start; True when it finds a restored journal."""
    return await begin_generation(stage.journal, beside, stage.clock, stage.house.pace.settle)


async def copied(stage: Stage) -> bytes:
    """A copy of the journal as it is, marked as `backup` marks it."""
    twin = InlineJournal()
    twin._raw.deserialize(stage.journal.inner._raw.serialize())
    now = stage.clock.now()
    await twin.write(lambda db: meta.put(db, MARK, to_text(now)))
    return twin._raw.serialize()


def plainly_copied(stage: Stage) -> bytes:
    """A copy that nobody marked."""
    return stage.journal.inner._raw.serialize()


def put_back(stage: Stage, copy: bytes) -> None:
    """The daemon is dead, and the copy takes the journal's place."""
    stage.journal.inner = InlineJournal()
    raw: sqlite3.Connection = stage.journal.inner._raw
    raw.deserialize(copy)
    accept(raw)


async def restore(stage: Stage, copy: bytes, beside: Beside | None = None) -> None:
    """Put a copy back and start the daemon on it."""
    put_back(stage, copy)
    stage.start()
    assert await begin(stage, beside or Beside())
    await stage.restart()


async def relink(stage: Stage, realm: RealmId = REALM) -> None:
    """Let the slowest commit be over and queries show it, then read the books again."""
    at = await stage.journal.read(lambda db: restored.get(db, realm))
    assert at is not None
    await stage.clock.sleep(max(0.0, (at.begins_at - stage.clock.now()).total_seconds()))
    assert await stage.pollers.run(poll_owner(realm), RELINK) is None


async def standing(stage: Stage) -> Restored:
    """Where the company stands."""
    at = await stage.journal.read(lambda db: restored.get(db, REALM))
    assert at is not None
    return at
