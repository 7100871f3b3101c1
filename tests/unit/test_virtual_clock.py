from __future__ import annotations

import anyio

from virtual_clock import START, VirtualClock


async def test_sleepers_wake_in_the_order_of_their_moments() -> None:
    clock, woken = VirtualClock(), list[tuple[str, float]]()

    async def nap(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, (clock.now() - START).total_seconds()))

    async with anyio.create_task_group() as tasks:
        for name, seconds in (("late", 3600.0), ("first", 1.0), ("second", 1.0), ("now", 0.0)):
            tasks.start_soon(nap, name, seconds)
    assert woken == [("now", 0.0), ("first", 1.0), ("second", 1.0), ("late", 3600.0)]


async def test_time_stands_still_while_anybody_can_run() -> None:
    clock, seen = VirtualClock(), set[float]()

    async def busy() -> None:
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
            seen.add((clock.now() - START).total_seconds())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.sleep, 5.0)
        tasks.start_soon(busy)
    assert seen == {0.0}
    assert (clock.now() - START).total_seconds() == 5.0


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = VirtualClock()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.sleep, 3600.0)
        await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    await clock.sleep(1.0)
    assert (clock.now() - START).total_seconds() == 1.0


async def test_the_world_acts_at_its_own_moment() -> None:
    clock, acted = VirtualClock(), list[float]()
    clock.call_later(10.0, lambda: acted.append((clock.now() - START).total_seconds()))
    await clock.sleep(5.0)
    assert not acted
    await clock.sleep(20.0)
    assert acted == [10.0]


def test_a_clock_can_be_moved_by_hand() -> None:
    clock = VirtualClock()
    clock.advance(1.5)
    assert (clock.now() - START).total_seconds() == 1.5
