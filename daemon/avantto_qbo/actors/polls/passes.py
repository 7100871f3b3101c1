"""A pass: one walk through a whole list, some pages at a time, that goes on where it stopped, also after a restart.

The lists of Avantto know no filter by change, so what changed late is found by reading the pages again. How far a pass
has come is a cursor, moved in the transaction that takes the page in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

import msgspec

from avantto_qbo.actors.access import Access
from avantto_qbo.actors.house import House
from avantto_qbo.journal import cursors
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.page import Page

T = TypeVar("T")
SLICE: Final = 20  # pages a pass may read in one go: 20 a minute are a sixth of what a location may ask in a day


class Pass(msgspec.Struct, frozen=True):
    """How far one walk has come: `part` counts the lists that are behind it, `offset` the rows of the present one."""

    begun: datetime
    part: int = 0
    offset: int = 0
    done: bool = False

    @property
    def name(self) -> str:
        """What tells this walk from the one before."""
        return self.begun.isoformat()

    def after(self, page: Page[T]) -> Pass:
        """Return where the walk stands once `page` is taken in."""
        offset = self.offset + page.size
        if page.size and offset < page.total:
            return msgspec.structs.replace(self, offset=offset)
        return msgspec.structs.replace(self, part=self.part + 1, offset=0)


class Route(msgspec.Struct, Generic[T], frozen=True):
    """Where a pass goes: the lists it reads one after the other, how often, and who takes in what they say.

    `parts` are asked with the pass they belong to, so that a list by time is the same one from slice to slice. `finish`
    is told when the last page was taken in.
    """

    name: str
    every: timedelta
    parts: Sequence[Callable[[Pass, int], Read[Page[T]]]]
    take: Callable[[Connection, Page[T]], object]
    finish: Callable[[Connection, Pass], None] = lambda _db, _pass: None


class Walker:
    """Walks the passes of one location."""

    def __init__(self, house: House, location: LocationId, crm: Access) -> None:
        self._house, self._location, self._crm = house, location, crm

    async def go_on(self, route: Route[T]) -> bool:
        """Read one slice of the pass that is under way or due; True when it has more to read."""
        now = self._house.clock.now()
        at = await self._house.journal.read(lambda db: standing(db, self._location, route.name))
        if at is None or (at.done and now - at.begun >= route.every):
            at = Pass(now)
        for _ in range(SLICE):
            if at.done:
                break
            at = await self._step(route, at)
        return not at.done

    async def _step(self, route: Route[T], at: Pass) -> Pass:
        page = await self._crm.read(route.parts[at.part](at, at.offset))
        following = at.after(page)
        if following.part == len(route.parts):
            following = msgspec.structs.replace(following, done=True)

        def take(db: Connection) -> None:
            put(db, self._location, route.name, following, self._house.clock.now())
            route.take(db, page)
            if following.done:
                route.finish(db, following)

        await self._house.journal.write(take)
        return following


def standing(db: Connection, location: LocationId, name: str) -> Pass | None:
    """The pass of this name that is under way or was the last, None before the first."""
    kept = cursors.get(db, location, name)
    return msgspec.json.decode(kept, type=Pass) if kept else None


def put(db: Connection, location: LocationId, name: str, at: Pass, now: datetime) -> None:
    """Note how far a pass has come."""
    cursors.put(db, location, name, msgspec.json.encode(at).decode(), now)
