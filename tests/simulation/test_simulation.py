"""A slice of the simulation, and the tools it stands on: `make simulate` plays the rest."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from unittest.mock import patch

import anyio
import pytest
import structlog

from avantto_qbo.actors.performer import Performer
from avantto_qbo.model.operation import Operation
from simulation.keys import pem_file
from simulation.loop import Life, RunawayError, SeededLoop
from simulation.outcome import Options
from simulation.report import Report, first_failure, play, play_all

TESTS = Path(__file__).parents[1]
SLICE = range(1, 21)
TOLD_TWICE = (3, 5)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The simulation hears the log itself."""
    yield
    structlog.reset_defaults()


def raced(seed: int) -> list[str]:
    """Who of five came first, on a loop of this seed."""
    loop, came = SeededLoop(random.Random(seed)), list[str]()

    async def runner(name: str) -> None:
        await asyncio.sleep(0)
        came.append(name)

    async def race() -> None:
        await asyncio.gather(*(runner(name) for name in "abcde"))

    loop.run_until_complete(race())
    loop.bury()
    return came


# -- time and turns ----------------------------------------------------------------------------------------------------


def test_a_seed_decides_who_comes_first() -> None:
    assert raced(1) == raced(1)
    assert len({tuple(raced(seed)) for seed in range(20)}) > 10


def test_hours_pass_at_once_and_timeouts_go_by_the_loops_time() -> None:
    loop = SeededLoop(random.Random(0))

    async def waits() -> bool:
        with anyio.move_on_after(3600) as scope:
            await anyio.sleep(7200)
        return scope.cancelled_caught

    assert loop.run_until_complete(waits())
    assert loop.time() == 3600
    loop.bury()


def test_nothing_of_a_life_that_has_ended_runs_again() -> None:
    loop, life, steps = SeededLoop(random.Random(0)), Life(), list[str]()

    async def lives() -> None:
        try:
            steps.append("begun")
            await asyncio.sleep(1)
            steps.append("after the end")
        finally:
            steps.append("unwound")

    async def world() -> list[str]:
        loop.create_task(lives(), context=life.context())
        await asyncio.sleep(0.5)
        life.end()
        await asyncio.sleep(10)
        return [*steps]

    assert loop.run_until_complete(world()) == ["begun"]
    loop.bury()


def test_a_world_in_which_everybody_waits_for_ever_is_noticed() -> None:
    loop = SeededLoop(random.Random(0))
    with pytest.raises(RunawayError):
        loop.run_until_complete(loop.create_future())
    loop.bury()


# -- seeds -------------------------------------------------------------------------------------------------------------


def test_a_slice_of_seeds_holds() -> None:
    report = Report()
    for outcome in play_all(SLICE, Options(), 1, report):
        assert not outcome.violation, f"make simulate SEED={outcome.seed}: {outcome.violation}"
    assert report.crashes > len(SLICE)
    assert report.documents > 3 * len(SLICE)
    assert sum(count for kind, count in report.felt.items() if kind.startswith("write: ")) > len(SLICE)


def test_the_same_seed_tells_the_same_story_whatever_order_python_hashes_in() -> None:
    here = [play(seed, pem_file(), Options()).digest for seed in TOLD_TWICE]
    assert [told_elsewhere(seed, hashing) for seed, hashing in zip(TOLD_TWICE, ("1", "2"), strict=True)] == here


def told_elsewhere(seed: int, hashing: str) -> str:
    """The digest of a seed in a process that hashes differently."""
    path = os.pathsep.join((str(TESTS), str(TESTS.parent / "daemon")))
    environment = {**os.environ, "PYTHONHASHSEED": hashing, "PYTHONPATH": path}
    command = [sys.executable, "-m", "simulation", "--seed", str(seed), "--tail", "61"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    return next(
        line.partition("(story ")[2].rstrip(")") for line in told.stdout.splitlines() if line.startswith("seed ")
    )


def unintended() -> AbstractContextManager[object]:
    """Forget to commit the intent before the send."""

    async def perform(self: Performer, op: Operation, **_: object) -> object:
        await self._realm.access.write(op.call, op.request_id)
        raise AssertionError("never recorded")

    return patch.object(Performer, "perform", perform)


def test_a_bug_planted_on_purpose_is_named_in_one_sentence() -> None:
    found = first_failure(unintended, SLICE)
    assert found is not None
    assert "left without a committed intent" in found.violation
    assert found.tail
