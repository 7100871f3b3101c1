"""What else happens in a day: quotas spent, tokens that end, connections taken away, clocks set wrong."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from avantto_qbo.errors import AvanttoQboError
from simulation.shops import Shop
from simulation.weather import MINUTE

if TYPE_CHECKING:
    from simulation.world import World

_EXPIRIES: Final = (0, 1, 3)  # how often a day somebody's access tokens end early


def plan(world: World) -> None:
    """Draw the day's accidents."""
    draw = world.draw
    for _ in range(draw.choice((0, 0, 1, 2))):
        world.later(draw.uniform(0, world.lasts), _step_clock, world)
    for _ in range(draw.choice(_EXPIRIES)):
        world.later(draw.uniform(0, world.lasts), _expire, world, draw.choice(world.shops))
    if draw.random() < 0.2:
        world.later(draw.uniform(0, world.lasts), _spend_quota, world, draw.choice(world.shops))
    if draw.random() < 0.15:
        world.later(draw.uniform(0, world.lasts), _disconnect, world, draw.choice(world.shops), draw.random() < 0.5)
    world.later(5 * MINUTE, reconnect_broken, world)


def _step_clock(world: World) -> None:
    if not world.weather.calmed:
        by = world.weather.step_of_clock()
        world.trace.note("clock", f"stepped by {by.total_seconds():.0f} s")
        world.clock.step(by)


def _expire(world: World, shop: Shop) -> None:
    """The access tokens end early."""
    world.weather.felt["tokens expired"] += 1
    world.books.play.expire_tokens(shop.realm)
    world.crm.play.expire_tokens(shop.place)


def _spend_quota(world: World, shop: Shop) -> None:
    """Reads are refused for a while, writes are not."""
    if world.weather.calmed:
        return
    world.weather.felt["read quota spent"] += 1
    world.trace.note("quota", "spent")
    spent = world.books.play.counters(shop.realm)["metered_reads"]
    world.books.play.set(shop.realm, read_quota=spent)
    world.later(random.Random(spent).uniform(2, 12) * MINUTE, lambda: world.books.play.set(shop.realm, read_quota=None))


def _disconnect(world: World, shop: Shop, at_books: bool) -> None:
    """An owner takes the connection away."""
    if world.weather.calmed:
        return
    world.weather.felt["connection taken away"] += 1
    world.trace.note("revoke", shop.realm if at_books else shop.place)
    if at_books:
        world.books.play.revoke(shop.realm)
    else:
        world.crm.play.revoke(shop.place)
        world.post.collect()


def reconnect_broken(world: World) -> None:
    """An owner who reads that a connection is dead makes it anew; looks every five minutes."""
    world.later(5 * MINUTE, reconnect_broken, world)
    run = world.process
    if run is None or not run.listens:
        return
    broken = {row["id"] for row in world.disk.look("select id from locations where status = 'broken'")}
    for shop in world.shops:
        if shop.place in broken:
            run.spawn(_reconnect(world, shop))


async def _reconnect(world: World, shop: Shop) -> None:
    run = world.process
    if run is None:
        return
    world.weather.felt["connection made anew"] += 1
    world.trace.note("connect", shop.place)
    order, reconnects = world.order(shop), world.watch.reconnects
    tried = order.avantto.access_token, order.quickbooks.access_token
    reconnects.tried(*tried)
    try:
        await run.connecting.connect(order)
        reconnects.kept(*tried)
    except AvanttoQboError as error:
        world.trace.note("refused", str(error))
        reconnects.refused(("quickbooks", shop.realm), ("avantto", shop.place))
