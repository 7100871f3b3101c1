"""The parts of the suite, each by its name: what it does on its grounds, and what it has to tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from crash import frozen, grid, starting, trouble
from crash.burst import flood
from crash.cuts import cut_jobs
from crash.day import live
from crash.ground import Ground
from crash.killing import Kill, Point, Reference
from crash.scenarios import Scenario


@dataclass(frozen=True, slots=True)
class Asked:
    """How much of everything; `kills` 0 is every point of the grid at its first hit."""

    kills: int = 0
    seed: int = 1
    jobs: int = 2
    point: Point | None = None
    twice: int = 16
    cuts: int = 5
    days: int = 4
    kills_a_day: int = 10
    webhooks: int = 2000
    troubles: Sequence[str] = trouble.TROUBLES
    stops: Sequence[float] = (frozen.LASTS, frozen.OVER_THE_TIMEOUT)


@dataclass(slots=True)
class Section:
    """What came of one part: kills for the table, lines to print, and violations that are no kill's."""

    kills: list[Kill] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    more_kills: int = 0


Known = Mapping[str, Reference]
Part = Callable[[Asked, Sequence[Scenario], Known], Section]
_AT_START: Final = ("start", "take_stock", "begin", "POST", "performer", "Performer")


def grid_of_kills(asked: Asked, scenarios: Sequence[Scenario], known: Known) -> Section:
    """Every scenario at every point."""
    work = grid.jobs(scenarios, known, asked.kills, asked.seed)
    if asked.point is not None:
        work = [grid.Job(one, known[one.name], (asked.point,)) for one in scenarios]
    return _told(grid.shared_out(work, grid.run, asked.jobs))


def kills_at_start(asked: Asked, scenarios: Sequence[Scenario], known: Known) -> Section:
    """A kill in the middle of a send, and another one during the start after it."""

    def all_of(ground: Ground, scenario: Scenario) -> list[Kill]:
        met = starting.points_of_a_start(ground, scenario, known[scenario.name])
        first = sorted(met, key=lambda name: not any(word in name for word in _AT_START))
        expected = known[scenario.name]
        return [starting.kill_again(ground, scenario, Point(name), expected) for name in first[: asked.twice]]

    work = [scenario for scenario in scenarios if scenario.name in starting.FIRST]
    return Section([kill for kills in grid.shared_out(work, all_of, asked.jobs) for kill in kills])


def stops(asked: Asked, scenarios: Sequence[Scenario], known: Known) -> Section:
    """SIGSTOP in the middle of a send."""
    work = [stop for lasts in asked.stops for stop in frozen.stops(lasts) if stop[0] in scenarios]
    return Section(grid.shared_out(work, lambda ground, stop: frozen.stop(ground, *stop, known), asked.jobs))


def power_cuts(asked: Asked, scenarios: Sequence[Scenario], known: Known) -> Section:
    """Kills after which the disk has forgotten what was not synced."""
    work = cut_jobs(scenarios, known, asked.cuts, asked.seed)
    section = _told(grid.shared_out(work, grid.run, asked.jobs, disk=True))
    for kill in section.kills:
        kill.scenario, kill.part = f"{kill.scenario}, power cut", "power"
    told = flood(asked.webhooks // 5, asked.seed, power_cut=True)
    section.lines.append(str(told))
    section.violations += told.violations
    section.more_kills += 1
    return section


def disk_troubles(asked: Asked, _scenarios: Sequence[Scenario], _known: Known) -> Section:
    """A disk that refuses."""
    ways = (trouble.for_a_while, trouble.while_sending, trouble.with_a_kill)
    work = [(way, name) for name in asked.troubles for way in ways]
    ends = grid.shared_out(work, lambda ground, one: one[0](ground, one[1]), asked.jobs, disk=True)
    found = [f"disk {end.name}: {line}" for end in ends for line in end.violations]
    return Section(lines=[str(end) for end in ends], violations=found, more_kills=len(asked.troubles))


def busy_days(asked: Asked, _scenarios: Sequence[Scenario], _known: Known) -> Section:
    """Kills at random moments."""
    seeds = range(asked.seed, asked.seed + asked.days)
    days = grid.shared_out(seeds, lambda ground, seed: live(ground, seed, asked.kills_a_day), asked.jobs)
    found = [f"day {day.seed}: {line}" for day in days for line in day.violations]
    return Section(lines=[str(day) for day in days], violations=found, more_kills=sum(day.kills for day in days))


def burst_of_webhooks(asked: Asked, _scenarios: Sequence[Scenario], _known: Known) -> Section:
    """A burst, and a kill right after its last 200."""
    told = flood(asked.webhooks, asked.seed)
    return Section(lines=[str(told)], violations=told.violations, more_kills=1)


PARTS: Final[Mapping[str, Part]] = {
    "grid": grid_of_kills,
    "start": kills_at_start,
    "stop": stops,
    "power": power_cuts,
    "disk": disk_troubles,
    "day": busy_days,
    "burst": burst_of_webhooks,
}
NEED_REFERENCES: Final = frozenset({"grid", "start", "stop", "power"})


def _told(workers: Sequence[grid.Told]) -> Section:
    kills = [kill for one in workers for kill in one.kills]
    return Section(kills, violations=[line for one in workers for line in one.violations])
