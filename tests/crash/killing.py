"""One kill: play a scenario, die at a point, start again, and prove that both systems look as if nothing was wrong."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from avantto_qbo.cli.status_client import ApiError, UnreachableError
from avantto_qbo.model.records import ReviewState
from avantto_qbo.server.api import ReviewsAnswer, SyncAnswer
from crash.ground import Ground
from crash.picture import Picture, differences, picture
from crash.resting import UNRESOLVED, Rest, at_rest
from crash.scenarios import Scenario
from integration.business import Business
from integration.waiting import NeverHappenedError

# What a broken promise looks like: something never came true, a location or a table is gone, the file is no journal.
_VIOLATIONS: Final = (NeverHappenedError, AssertionError, ApiError, UnreachableError, sqlite3.Error)
_FOR_THE_HIT: Final = 1.5
_TO_A_PERSON: Final = ("missing messages", "missing enrolments")
_SLOW_COMMIT: Final = 0.25  # seconds: the vendor is still at it when the process dies


Meanwhile = Callable[[Ground, Business], list[str]]


def nothing_happens(_ground: Ground, _place: Business) -> list[str]:
    """Between death and new life nothing else goes wrong."""
    return []


@dataclass(frozen=True, slots=True)
class Point:
    """A crash point, and at which of its hits to die."""

    name: str
    hit: int = 1

    def __str__(self) -> str:
        return f"{self.name} #{self.hit}" if self.hit > 1 else self.name


@dataclass(slots=True)
class Kill:
    """What became of one kill. `died` is False where the point was not met this time."""

    scenario: str
    point: Point
    died: bool = False
    violations: list[str] = field(default_factory=list)
    started: datetime | None = None
    asked: list[str] = field(default_factory=list)
    first_work: float = 0.0
    seconds: float = 0.0
    lost_message: bool = False
    part: str = "grid"


@dataclass(frozen=True, slots=True)
class Reference:
    """How a scenario ends when nothing happens, and which points it meets how often."""

    picture: Picture
    points: dict[str, int]

    def kills(self) -> Iterator[Point]:
        """Every point at its first hit, then every one at its second, and so on."""
        for hit in range(1, max(self.points.values(), default=0) + 1):
            yield from (Point(name, hit) for name, hits in self.points.items() if hits >= hit)


def reference(ground: Ground, scenario: Scenario) -> Reference:
    """Play the scenario undisturbed."""
    place = scenario.open(ground)
    watch = ground.daemon.record()
    scenario.play(place)
    scenario.after(place)
    rest = at_rest(ground, place)
    ground.daemon.disarm()
    if rest.asked:
        raise NeverHappenedError(f"{scenario.name}: asks a person without any crash: {rest.asked}")
    return Reference(picture(place), dict(ground.daemon.met(watch)))


def kill(
    ground: Ground, scenario: Scenario, point: Point, expected: Reference, meanwhile: Meanwhile = nothing_happens
) -> tuple[Kill, Business]:
    """Die at `point` and prove the rest; `meanwhile` is done to the dead daemon and says what it finds wrong."""
    began = time.monotonic()
    told = Kill(scenario.name, point)
    place = scenario.open(ground)
    told.died = play_until_dead(ground, scenario, place, point)
    ground.daemon.disarm()
    ground.fair_weather()
    try:
        _live_on(ground, place, told, meanwhile)
        scenario.after(place)
        rest = at_rest(ground, place, expected.picture)
        judge(told, scenario, place, rest, expected)
    except _VIOLATIONS as error:
        told.violations.append(f"{type(error).__name__}: {error}")
    told.seconds = time.monotonic() - began
    return told, place


def _live_on(ground: Ground, place: Business, told: Kill, meanwhile: Meanwhile) -> None:
    """Start again, and note how long it took until the first request was at either vendor."""
    if not told.died:
        return
    told.violations += meanwhile(ground, place)
    at = datetime.now(UTC)
    ground.daemon.start()
    if not told.point.name.endswith(" during"):  # there the first request is the one the dead daemon sent
        told.started = at


def play_until_dead(ground: Ground, scenario: Scenario, place: Business, point: Point) -> bool:
    """Play until the process is gone; False when it never met the point."""
    if point.name.endswith(" during"):
        _slow_down(ground, place)
    watch = ground.daemon.arm(point.name, point.hit)
    try:
        scenario.play(place)
        scenario.after(place)
        deadline = time.monotonic() + _FOR_THE_HIT
        while not ground.daemon.reap(0.3) and time.monotonic() < deadline:
            with suppress(ApiError):  # not connected, or not any more
                ground.daemon.client.post(f"/locations/{place.location}/sync", SyncAnswer)
    except (UnreachableError, NeverHappenedError):
        ground.daemon.reap(5.0)
    died = ground.daemon.died(watch)
    if ground.daemon.gone and not died:
        raise NeverHappenedError(f"the daemon ended by itself\n{ground.daemon.log()}")
    return died


def _slow_down(ground: Ground, place: Business) -> None:
    """Both vendors take their time with every write, so that it is carried out when nobody waits any more."""
    slow = {"action": "delay", "seconds": _SLOW_COMMIT, "times": 0}
    writes = [{**slow, "method": method} for method in ("POST", "PUT", "DELETE")]
    for vendor in (ground.books, ground.crm):
        vendor("faults", add=writes)


def judge(told: Kill, scenario: Scenario, place: Business, rest: Rest, expected: Reference) -> None:
    """Hold what is there against what shall be there."""
    told.asked = rest.asked
    told.violations += [f"asked without need: {question}" for question in rest.needless]
    told.violations += [
        f"asked: {question}"
        for question in rest.asked
        if not question.startswith(UNRESOLVED) and question not in scenario.may_ask
    ]
    found = differences(expected.picture, picture(place))
    if scenario.at_most_once and found and all(line.startswith(_TO_A_PERSON) for line in found):
        told.lost_message = True
        counts = _reviews(place).counts
        found = [] if counts.get(ReviewState.UNKNOWN) == 1 else [*found, f"and the reviews say {counts}"]
    told.violations += found
    if told.started is not None:
        told.first_work = _first_work(place, told.started)


def _reviews(place: Business) -> ReviewsAnswer:
    return place.house.daemon.client.get(f"/locations/{place.location}/reviews", ReviewsAnswer)


def _first_work(place: Business, since: datetime) -> float:
    """Seconds from the start to the first request at either vendor."""
    moments = []
    for vendor in (place.house.books, place.house.crm):
        seen = (datetime.fromisoformat(one["time"]) for one in vendor("journal"))
        moments += [moment for moment in seen if moment >= since][:1]
    return (min(moments) - since).total_seconds() if moments else 0.0
