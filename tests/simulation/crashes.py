"""Kill -9, several times a seed, at any await: before and after commits, with requests under way, between any steps."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from simulation.loop import Life
from simulation.network import Exchange

if TYPE_CHECKING:
    from simulation.world import World

_WAYS: Final = ("step", "step", "before commit", "after commit", "after commit", "arrived", "arrived", "recorded")
_FUSES: Final = {"step": 4000, "arrived": 12, "recorded": 4}
_LIVES: Final = (0, 1, 2, 3, 5, 8)  # how many a day costs
_PAUSES: Final = (0.5, 2.0, 2.0, 20.0, 90.0, 400.0, 1800.0)


class Crashes:
    """Counts down to the next kill; none before `arm`, none after `disarm`."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world, self._rng = world, rng
        self._left = rng.choice(_LIVES)
        self._way, self._fuse = "", 0
        self._answered = ""  # whose write has an answer that is not recorded yet
        self.count = 0

    def arm(self) -> None:
        """Draw when and how the process dies next."""
        if self._left <= 0:
            self.disarm()
            return
        self._left -= 1
        self._way, self._answered = self._rng.choice(_WAYS), ""
        most = _FUSES.get(self._way, 40)
        self._fuse = int(most ** self._rng.random())

    def disarm(self) -> None:
        """No more."""
        self._left, self._way = 0, ""

    def step(self, _: Life) -> None:
        """Something of the process is about to run."""
        if self._way == "step":
            self._burn("between two steps")

    def before_commit(self, _: Life) -> None:
        """A unit of work is about to be committed."""
        if self._way == "before commit":
            self._burn("before a commit")

    def after_commit(self, _: Life) -> None:
        """It is committed; nobody knows yet."""
        if self._way == "after commit":
            self._burn("after a commit")
        elif self._way == "recorded" and self._answered and not self._sending(self._answered):
            self._answered = ""
            self._burn("after an answer was recorded")

    def heard(self, exchange: Exchange) -> None:
        """A process has the answer to a write; what it records of it next may be all it ever does."""
        if self._way == "recorded" and exchange.kind == "write" and exchange.life.alive:
            self._answered = exchange.location

    def _sending(self, location: str) -> bool:
        asked = "select 1 from operations where state = 'sending' and location = ?"
        return bool(self._world.disk.look(asked, location))

    def arrived(self, exchange: Exchange) -> None:
        """A vendor has carried out a write; its answer is on its way."""
        if self._way == "arrived" and exchange.kind != "read" and exchange.life.alive:
            self._burn("before an answer")

    def _burn(self, where: str) -> None:
        self._fuse -= 1
        if self._fuse > 0 or self._world.process is None:
            return
        self.count += 1
        self._world.weather.felt[f"crash {where}"] += 1
        self._world.kill()
        self._way = ""
        self._world.later(self._rng.choice(_PAUSES), self._again)

    def _again(self) -> None:
        if self._world.process is None:
            self._world.boot()
        self.arm()
