from __future__ import annotations

from datetime import timedelta

import anyio
import pytest

from avantto_qbo.actors.limiter import Limiter, Window
from virtual_clock import START, VirtualClock


class Crowd:
    """People who take turns and note when they began."""

    def __init__(self, *windows: Window, in_flight: int = 100) -> None:
        self.clock = VirtualClock()
        self.limiter = Limiter(self.clock, windows or (Window(1000, 1.0),), in_flight)
        self.began: list[tuple[str, float]] = []
        self.inside = self.most_inside = 0

    async def go(self, key: str = "", lasts: float = 0.0) -> None:
        async with self.limiter.turn(key):
            self.began.append((key, (self.clock.now() - START).total_seconds()))
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
            await self.clock.sleep(lasts)
            self.inside -= 1

    async def all_go(self, *keys: str, lasts: float = 0.0) -> None:
        async with anyio.create_task_group() as tasks:
            for key in keys:
                tasks.start_soon(self.go, key, lasts)

    @property
    def times(self) -> list[float]:
        return [at for _, at in self.began]

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.began]


@pytest.mark.parametrize("count", [1, 3, 8])
async def test_no_window_ever_holds_more_than_it_may(count: int) -> None:
    crowd = Crowd(Window(count, 1.0), Window(10, 60.0))
    await crowd.all_go(*["a"] * 25)
    for seconds, most in ((1.0, count), (60.0, 10)):
        for start in crowd.times:
            assert sum(start <= at < start + seconds for at in crowd.times) <= most
    assert max(crowd.times) < 180


async def test_turns_within_the_limits_do_not_wait() -> None:
    crowd = Crowd(Window(8, 1.0))
    await crowd.all_go(*["a"] * 8)
    assert crowd.times == [0.0] * 8


async def test_no_more_are_under_way_than_may_be() -> None:
    crowd = Crowd(in_flight=5)
    await crowd.all_go(*["a"] * 20, lasts=3.0)
    assert crowd.most_inside == 5
    assert len(crowd.began) == 20
    assert max(crowd.times) == 9.0


async def test_keys_take_turns_so_that_nobody_starves() -> None:
    crowd = Crowd(Window(1, 1.0))
    await crowd.all_go(*["busy"] * 20, *["quiet"] * 2)
    assert [index for index, key in enumerate(crowd.keys) if key == "quiet"][-1] <= 4
    assert crowd.keys.count("busy") == 20


async def test_a_pause_holds_everybody_and_is_never_shortened() -> None:
    crowd = Crowd()
    crowd.limiter.pause(START + timedelta(seconds=60))
    crowd.limiter.pause(START + timedelta(seconds=10))
    await crowd.all_go("a", "b")
    assert crowd.times == [60.0, 60.0]


async def test_a_pause_that_comes_while_waiting_counts_too() -> None:
    crowd = Crowd(Window(1, 10.0))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(crowd.go)
        tasks.start_soon(crowd.go)
        await crowd.clock.sleep(5.0)
        crowd.limiter.pause(START + timedelta(seconds=100))
    assert crowd.times == [0.0, 100.0]


@pytest.mark.parametrize("victim", [0, 1, 2, 3])
async def test_a_waiter_who_leaves_never_blocks_the_others(victim: int) -> None:
    crowd, scopes = Crowd(Window(1, 10.0)), [anyio.CancelScope() for _ in range(4)]

    async def in_scope(index: int) -> None:
        with scopes[index]:
            await crowd.go(f"key{index % 2}")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(crowd.go, "first")
        for index in range(4):
            tasks.start_soon(in_scope, index)
        await crowd.clock.sleep(1.0)
        scopes[victim].cancel()
    assert crowd.times == [0.0, 10.0, 20.0, 30.0]


async def test_the_failure_of_a_turn_gives_its_place_back() -> None:
    crowd = Crowd(in_flight=1)
    with pytest.raises(OSError, match="cut"):
        async with crowd.limiter.turn("a"):
            raise OSError("cut")
    await crowd.all_go("a")
    assert len(crowd.began) == 1


async def test_everybody_leaving_at_once_leaves_the_limiter_usable() -> None:
    crowd = Crowd(Window(1, 10.0))
    async with anyio.create_task_group() as tasks:
        for key in "aabbcc":
            tasks.start_soon(crowd.go, key)
        await crowd.clock.sleep(1.0)
        tasks.cancel_scope.cancel()
    await crowd.all_go("a", "d")
    assert crowd.times == [0.0, 10.0, 20.0]


def test_waiting_time_is_told_without_taking_a_turn() -> None:
    limiter = Limiter(VirtualClock(), [Window(1, 10.0)], 1)
    assert limiter.wait_for(START) == 0.0
    limiter.pause(START + timedelta(seconds=3))
    assert limiter.wait_for(START) == 3.0
    assert limiter.wait_for(START + timedelta(seconds=4)) == 0.0


async def test_a_clock_that_is_set_back_makes_nobody_wait_for_the_difference() -> None:
    crowd = Crowd(Window(2, 1.0))
    crowd.clock.advance(3600)
    await crowd.all_go("a", "a")
    crowd.limiter.pause(crowd.clock.now() + timedelta(seconds=60))
    crowd.clock.advance(-3600)
    assert crowd.limiter.wait_for(crowd.clock.now()) == 60.0


async def test_whoever_waits_for_a_pause_to_end_does_not_wait_for_a_clock_that_was_set_back() -> None:
    crowd = Crowd()
    crowd.limiter.pause(crowd.clock.now() + timedelta(seconds=60))
    crowd.clock.advance(-3600)
    began = crowd.clock.now()
    await crowd.limiter.pause_over()
    assert crowd.clock.now() - began == timedelta(seconds=60)


async def test_a_pause_asked_for_after_the_clock_was_set_back_lasts_as_long_as_it_was_asked_for() -> None:
    crowd = Crowd(Window(2, 1.0))
    crowd.clock.advance(3600)
    await crowd.all_go("a")
    crowd.clock.advance(-3600)
    crowd.limiter.pause(crowd.clock.now() + timedelta(seconds=60))
    assert crowd.limiter.wait_for(crowd.clock.now()) == 60.0
