"""The story of a seed: connect, a day's work in bad weather, calm, a long weekend, and looks whether all is well."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from avantto_qbo.model.ids import LocationId
from simulation import errands
from simulation.asked import forgotten, unsent
from simulation.reckon import reckon
from simulation.run import Run
from simulation.watch import ViolationError
from simulation.weather import MINUTE

if TYPE_CHECKING:
    from simulation.world import World

_HOUR: Final = 60 * MINUTE
_DAY: Final = 24 * _HOUR
_PROVEN: Final = 0.3  # how often somebody lets the daemon try which request ids count


class Story:
    """What happens in a world, from beginning to end."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def told(self) -> None:
        """Tell all of it. Raises ViolationError."""
        world = self._world
        await self._open()
        await self._days_work()
        ahead = max(0.0, (world.clock.now() - world.true.now()).total_seconds())  # what was put off by a wrong clock
        self._calm()
        await world.rest.reached("after the last fault", within=3 * _HOUR + ahead)
        await self._long_weekend()
        await world.rest.reached("after a long stop", within=3 * _HOUR)
        await self._look_everywhere()
        await world.rest.reached("after a last look", within=_HOUR)
        world.reckoning = reckon(world.people, world.crm.world.locations, world.books.companies, world.disk)
        world.rest.customers()
        unasked = forgotten(world.people.bookkeepers, world.disk)
        if complaint := unasked or unsent(world.crm.world.locations, world.disk):
            raise ViolationError(complaint)
        await world.rest.restarts_write_nothing()

    async def _open(self) -> None:
        """Connect every shop, in fair weather."""
        world = self._world
        world.weather.calmed = True
        for shop in world.shops:
            world.people.sellers.before_connecting(shop)
        world.crm.outbox.take()
        await asyncio.sleep(60)
        world.boot()
        run = await world.alive()
        for shop in world.shops:
            await run.spawn(run.connecting.connect(world.order(shop)))
        if world.options.requestid or world.draw.random() < _PROVEN:
            await self._prove(run)
        await asyncio.sleep(2)
        world.weather.calmed, world.weather.origin = False, world.loop.time()

    async def _prove(self, run: Run) -> None:
        """Somebody lets the daemon try what each company refuses to take twice, and waits until it knows."""
        world = self._world
        for shop in world.shops:
            if not shop.shared:
                await run.spawn(run.operator.canary(LocationId(shop.place), "simulation", yes=True))
        await world.rest.reached("after the canary", within=_HOUR)

    async def _days_work(self) -> None:
        """People act, the weather rages, processes die."""
        world = self._world
        world.crashes.arm()
        errands.plan(world)
        begun = world.loop.time()
        for at in sorted(world.draw.uniform(0, world.lasts) for _ in range(world.draw.randrange(14, 34))):
            await asyncio.sleep(max(0.0, begun + at - world.loop.time()))
            done = world.people.act()
            if done:
                world.trace.note("people", done)
                world.post.collect()
        await asyncio.sleep(max(0.0, begun + world.lasts - world.loop.time()))

    def _calm(self) -> None:
        """From here on nothing goes wrong by itself."""
        world = self._world
        world.trace.note("calm")
        world.weather.calm()
        world.crashes.disarm()
        world.post.honest = True
        world.clock.put_right()
        for realm in world.books.companies:
            world.books.play.set(realm, read_quota=None)
        world.people.sellers.settle_all()
        world.post.collect()

    async def _long_weekend(self) -> None:
        """Nobody is there for some days; then what was held up for days comes."""
        world = self._world
        world.kill()
        await asyncio.sleep(world.draw.uniform(25 * _HOUR, 4 * _DAY))
        world.boot()
        world.post.deliver_stragglers()

    async def _look_everywhere(self) -> None:
        """Somebody asks for every poll at once: what the last writes have caused is seen now."""
        world = self._world
        run = await world.alive()
        for shop in world.shops:
            await run.spawn(run.operator.sync(LocationId(shop.place)))
