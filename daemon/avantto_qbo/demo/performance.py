"""One company on stage: its day is played, and its proof can be asked for at any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import anyio

from avantto_qbo.demo.claims import Held, Row, case_of
from avantto_qbo.demo.company import Company, Marks, Scene, Setting
from avantto_qbo.demo.staging import Opened, Stage
from avantto_qbo.demo.timing import Calls, traffic
from avantto_qbo.demo.waiting import until

PATIENCE: Final = 60.0  # seconds for the documents to catch up
HELD_SECONDS: Final = 15.0
LOOK: Final = 1.0
DOCUMENTS: Final = ("S", "I")  # how the rules about documents begin; contacts may still be under way
Say = Callable[[str, str, str], None]


class Performance:
    """A company, how it stood at its connection, and where its story is told."""

    def __init__(self, company: Company, stage: Stage, start: Opened, say: Say, seed: int) -> None:
        self.company, self.marks = company, Marks()
        self._stage, self._start, self._say, self._seed = stage, start, say, seed

    @property
    def name(self) -> str:
        return self.company.business.name

    async def play(self, interlude: Scene | None = None) -> None:
        """Play the day, scene by scene."""
        for scene in self.company.story(self._setting(interlude)):
            self._say(scene.text, scene.clock, self.name)
            await scene.act()
            await anyio.sleep(scene.breath)

    async def rows(self) -> tuple[Row, ...]:
        """The proof as it stands now."""
        now = await self._stage.sides(self.company)
        return tuple(self.company.proof(case_of(now, self._start.before, self._start.cut_off)))

    async def calls(self) -> Calls:
        """What was called since the connection."""
        now, counters = await self._stage.sides(self.company), await self._stage.counters(self.company)
        return traffic(counters, self._start.counters, now, self._start.before)

    def _setting(self, interlude: Scene | None) -> Setting:
        return Setting(
            desk=self._stage.desk(self.company),
            customers=self._start.customers,
            cut_off=self._start.cut_off,
            seed=self._seed,
            caught_up=self._caught_up,
            held=self._held,
            command=self._command,
            say=lambda text: self._say(text, "", self.name),
            marks=self.marks,
            interlude=interlude,
        )

    async def _caught_up(self) -> None:
        """Wait until every document is in the books; contacts may still be under way."""

        async def documents_equal() -> bool:
            return equal(row for row in await self.rows() if row.rule.startswith(DOCUMENTS))

        await until(documents_equal, seconds=PATIENCE, pause=LOOK)

    async def _held(self, code: str) -> Sequence[Held]:
        """Wait until something is held for `code` and return all of it; nothing when that never came."""
        found: list[Held] = []

        async def something() -> bool:
            said = await self._stage.status.said(self.company.business.location)
            found[:] = [one for one in said.held if one.code == code]
            return bool(found)

        await until(something, seconds=HELD_SECONDS, pause=LOOK / 2)
        return found

    async def _command(self, arguments: Sequence[str]) -> None:
        await self._stage.command(arguments)


def equal(rows: Iterable[Row]) -> bool:
    """Whether all rows are equal."""
    return all(row.equal for row in rows)
