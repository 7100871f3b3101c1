"""A second kill: the daemon died in the middle of a send, and dies again at any point of the start after it."""

from __future__ import annotations

import time
from typing import Final

from avantto_qbo.cli.status_client import ApiError, UnreachableError
from avantto_qbo.server.api import SyncAnswer
from crash.ground import Ground
from crash.killing import Kill, Point, Reference, judge, play_until_dead
from crash.resting import at_rest
from crash.scenarios import Scenario
from integration.business import Business
from integration.waiting import NeverHappenedError

FIRST: Final = {
    "customer create": Point("send quickbooks POST customer during"),
    "payment create": Point("send quickbooks POST payment during"),
    "sales receipt": Point("write performer.Performer.perform.intend after", 2),
    "contact create": Point("send avantto POST contacts after"),
    "review message": Point("send avantto POST conversations/messages before"),
}
_QUESTIONS: Final = 10


def points_of_a_start(ground: Ground, scenario: Scenario, expected: Reference) -> dict[str, int]:
    """Which points a start meets that has a write in doubt to deal with."""
    place = scenario.open(ground)
    play_until_dead(ground, scenario, place, FIRST[scenario.name])
    watch = ground.daemon.record()
    ground.fair_weather()
    ground.daemon.start()
    at_rest(ground, place, expected.picture)
    ground.daemon.disarm()
    ground.dismiss(place)
    return dict(ground.daemon.met(watch))


def kill_again(ground: Ground, scenario: Scenario, point: Point, expected: Reference) -> Kill:
    """Die in the middle of a send, die at `point` of the next start, and prove the rest after the third."""
    began = time.monotonic()
    told = Kill(f"{scenario.name}, twice", point, part="start")
    place = scenario.open(ground)
    try:
        play_until_dead(ground, scenario, place, FIRST[scenario.name])
        ground.fair_weather()
        told.died = _start_until_dead(ground, place, point)
        ground.daemon.disarm()
        if told.died:
            ground.daemon.start()
        rest = at_rest(ground, place, expected.picture)
        judge(told, scenario, place, rest, expected)
    except NeverHappenedError as never:
        told.violations.append(str(never))
    ground.dismiss(place)
    told.seconds = time.monotonic() - began
    return told


def _start_until_dead(ground: Ground, place: Business, point: Point) -> bool:
    watch = ground.daemon.arm(point.name, point.hit)
    ground.daemon.begin()
    asked = 0
    while not ground.daemon.reap(0.2) and asked < _QUESTIONS:
        try:
            ground.daemon.client.post(f"/locations/{place.location}/sync", SyncAnswer)
            asked += 1
        except (UnreachableError, ApiError):  # not up yet, or dead by now
            continue
    return ground.daemon.died(watch)
