"""A slice of the crash suite for every run: some kills of each kind, the disk, the power, and a burst.

`make crash` runs all of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crash import frozen, grid, trouble
from crash.burst import flood
from crash.cuts import power_cut
from crash.day import live
from crash.ground import Ground, ground
from crash.killing import Kill, Point, kill, reference
from crash.picture import picture
from crash.scenarios import SCENARIOS, Scenario
from crash.table import failures

_HOOKS = Path(__file__).with_name("hooks")
NAMED = {scenario.name: scenario for scenario in SCENARIOS}
# One of each kind: what was promised, what left, what was at the vendor, what was answered, what was recorded.
KILLS = {
    "customer create": "send quickbooks POST customer during",
    "invoice update": "send quickbooks POST invoice update after",
    "payment create": "write performer.Performer.perform.intend after",
    "sales receipt": "write performer.Performer.record.move before",
    "contact update and tag": "send avantto POST contacts/*/tags after",
    "review message": "send avantto POST conversations/messages before",
    "token refresh": "send avantto POST oauth/token after",
}


@pytest.fixture(scope="module")
def quiet_ground() -> Iterator[Ground]:
    with ground() as place:
        yield place


@pytest.fixture(scope="module")
def loose_ground() -> Iterator[Ground]:
    """A ground whose disk can refuse and forget; skipped where this interpreter's SQLite cannot be reached."""
    _shim_or_skip()
    with ground(disk=True) as place:
        yield place


def _shim_or_skip() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(_HOOKS), "AVANTTO_QBO_DISK": folder}
        tried = subprocess.run([sys.executable, "-c", ""], env=environment, capture_output=True)
    if tried.returncode != 0:
        reason = f"no shim under this SQLite: {tried.stderr.decode().strip()}"
        assert os.environ.get("REQUIRE_ALL") != "1", reason
        pytest.skip(reason)


def test_kills_leave_both_systems_as_if_nothing_had_happened_and_another_start_writes_nothing(
    quiet_ground: Ground,
) -> None:
    kills, pictures = [], []
    for name, point in KILLS.items():
        told, place = kill(quiet_ground, NAMED[name], Point(point), reference(quiet_ground, NAMED[name]))
        kills.append(told)
        pictures.append((place, picture(place)))
    assert [told.point.name for told in kills if not told.died] == []
    assert failures(kills) == ""
    assert grid.once_more(quiet_ground, "all of them", pictures) == []


def test_a_message_whose_answer_may_be_lost_is_never_sent_again(quiet_ground: Ground) -> None:
    scenario = NAMED["review message"]
    expected = reference(quiet_ground, scenario)
    told, place = kill(quiet_ground, scenario, Point("write performer.Performer.perform.intend after", 2), expected)
    assert told.died
    assert not told.violations
    assert len(place.messages()) <= 1


def test_a_process_that_stood_still_in_the_middle_of_a_send_does_it_once(quiet_ground: Ground) -> None:
    scenario = NAMED["invoice create"]
    known = {scenario.name: reference(quiet_ground, scenario)}
    told = frozen.stop(quiet_ground, scenario, "connection lost", frozen.LASTS, known)
    assert not told.violations


def test_a_day_with_kills_at_random_moments_ends_with_right_books(quiet_ground: Ground) -> None:
    day = live(quiet_ground, seed=1, kills=3)
    assert day.events
    assert not day.violations


@pytest.mark.parametrize("way", [trouble.for_a_while, trouble.while_sending])
def test_a_disk_that_refuses_costs_nothing_but_time(loose_ground: Ground, way: trouble.Way) -> None:
    assert not way(loose_ground, "full").violations


def test_nothing_that_was_sent_is_forgotten_in_a_power_cut(loose_ground: Ground) -> None:
    told = _cut(loose_ground, NAMED["payment create"], "send quickbooks POST payment during")
    assert told.died
    assert not told.violations


def test_the_power_cut_finds_a_journal_that_does_not_sync() -> None:
    _shim_or_skip()
    with ground(disk=True) as careless:
        careless.daemon.planted = {"AVANTTO_QBO_PLANTED": "synchronous=off"}
        careless.daemon.kill()
        careless.daemon.start()
        told = _cut(careless, NAMED["customer create"], "send quickbooks POST invoice during")
    assert told.died
    assert told.violations


def test_a_burst_is_all_there_after_a_kill_right_behind_the_last_answer() -> None:
    told = flood(400)
    assert told.deliveries == 400
    assert not told.violations


def _cut(place: Ground, scenario: Scenario, point: str) -> Kill:
    expected = reference(place, scenario)
    return kill(place, scenario, Point(point), expected, power_cut(seed=1))[0]
