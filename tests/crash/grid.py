"""The grid: every scenario at every point it meets, one kill each, and a restart in the end that may write nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

from crash.ground import Ground, ground
from crash.killing import Kill, Meanwhile, Point, Reference, kill, nothing_happens, reference
from crash.picture import Picture, differences, picture
from crash.resting import at_rest
from crash.scenarios import Scenario
from integration.business import Business
from integration.waiting import NeverHappenedError

T = TypeVar("T")
R = TypeVar("R")
_GROUP: Final = 20  # businesses one daemon keeps connected while it is killed again and again
# What carries a document over comes first where there is no time for everything.
_FIRST: Final = ("during", "POST", "PUT", "DELETE", "performer", "recording")


@dataclass(frozen=True, slots=True)
class Job:
    """Some points of one scenario for one ground, one after the other; `meanwhile` is done to each dead daemon."""

    scenario: Scenario
    expected: Reference
    points: tuple[Point, ...]
    meanwhile: Meanwhile = nothing_happens


@dataclass(slots=True)
class Told:
    """What a worker has to tell."""

    kills: list[Kill] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)


def references(scenarios: Sequence[Scenario], workers: int) -> dict[str, Reference]:
    """Play every scenario undisturbed."""

    def play(place: Ground, scenario: Scenario) -> tuple[str, Reference]:
        return scenario.name, reference(place, scenario)

    return dict(shared_out(scenarios, play, workers))


def jobs(scenarios: Sequence[Scenario], known: Mapping[str, Reference], kills: int, seed: int) -> list[Job]:
    """Choose `kills` points, evenly over the scenarios; 0 takes every point at its first hit."""
    rng = random.Random(seed)
    lists = [[(scenario, point) for point in _ordered(known[scenario.name], rng)] for scenario in scenarios]
    taken = [one for one in chain.from_iterable(zip_longest(*lists)) if one is not None]
    wanted = [one for one in taken if one[1].hit == 1] if kills == 0 else taken[:kills]
    return [
        Job(scenario, known[scenario.name], group)
        for scenario in scenarios
        for group in _groups([point for chosen, point in wanted if chosen is scenario])
    ]


def run(place: Ground, job: Job) -> Told:
    """Kill at each point, then prove that one more start changes nothing for any of the businesses."""
    told, pictures = Told(), list[tuple[Business, Picture]]()
    before = len(place.daemon.starts)
    for point in job.points:
        try:
            done, business = kill(place, job.scenario, point, job.expected, job.meanwhile)
            pictures.append((business, picture(business)))
        except Exception as error:  # noqa: BLE001 - one broken kill must not hide the others
            done = Kill(job.scenario.name, point, violations=[f"{type(error).__name__}: {error}"])
            _mend(place)
        told.kills.append(done)
    told.violations += once_more(place, job.scenario.name, pictures)
    told.starts = place.daemon.starts[before:]
    return told


def shared_out(work: Sequence[T], do: Callable[[Ground, T], R], workers: int, *, disk: bool = False) -> list[R]:
    """Let `workers` grounds do the work, each taking the next piece when it is done with one."""
    queue: SimpleQueue[T] = SimpleQueue()
    for piece in work:
        queue.put(piece)

    def labour(_: int) -> list[R]:
        with ground(disk=disk) as place:
            return [do(place, piece) for piece in _until_empty(queue)]

    with ThreadPoolExecutor(workers) as pool:
        return list(chain.from_iterable(pool.map(labour, range(workers))))


def once_more(place: Ground, name: str, pictures: Sequence[tuple[Business, Picture]]) -> list[str]:
    """Start again: nothing may be written to either side, and nothing may look different."""
    found = []
    place.daemon.kill()
    for vendor in (place.books, place.crm):
        vendor("journal", clear=True)
    place.daemon.start()
    for business, seen in pictures:
        try:
            at_rest(place, business)
            written = business.books("counters")["writes"] + business.crm("counters")["writes"]
            changed = differences(seen, picture(business))
        except NeverHappenedError as never:
            written, changed = 0, [str(never)]
        if written or changed:
            found.append(f"{name}: a second start wrote {written} times: {changed}")
        place.dismiss(business)
    return found


def _mend(place: Ground) -> None:
    """Have a running daemon for the next kill, whatever this one left behind."""
    place.daemon.disarm()
    place.fair_weather()
    if place.daemon.gone:
        place.daemon.start()


def _ordered(known: Reference, rng: random.Random) -> list[Point]:
    points = list(known.kills())
    rng.shuffle(points)
    return sorted(points, key=lambda point: (point.hit, not any(word in point.name for word in _FIRST)))


def _groups(points: Sequence[Point]) -> Iterator[tuple[Point, ...]]:
    yield from (tuple(points[start : start + _GROUP]) for start in range(0, len(points), _GROUP))


def _until_empty(queue: SimpleQueue[T]) -> Iterator[T]:
    while True:
        try:
            yield queue.get_nowait()
        except Empty:
            return
