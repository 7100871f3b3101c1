"""SIGSTOP and SIGCONT: the process stands still in the middle of a send, for longer than a commit takes to settle.

The vendor goes on meanwhile: it answers into a socket that nobody reads, or commits and closes the connection.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Final

from crash.ground import Ground
from crash.killing import Kill, Point, Reference, judge
from crash.resting import at_rest, until
from crash.scenarios import SCENARIOS, Scenario
from integration.waiting import NeverHappenedError

# Which write of a scenario is under way when the process stops; those after the colon are Avantto's.
_WRITES: Final = {
    "customer create": "books:customer.create",
    "invoice create": "books:invoice.create",
    "invoice update": "books:invoice.update",
    "payment create": "books:payment.create",
    "sales receipt": "books:salesreceipt.create",
    "contact create": "crm:contacts.create",
    "review message": "crm:conversations.send",
}
_ENDS: Final = {"answered": "delay_after", "connection lost": "lost_after"}
_VENDOR_TAKES: Final = 0.3
LASTS: Final = 0.9  # longer than the third look-up of a doubtful write
OVER_THE_TIMEOUT: Final = 3.4  # longer than a whole call may take


def stops(lasts: float = LASTS) -> Iterator[tuple[Scenario, str, float]]:
    """Every write that is stopped, in both ways the vendor goes on."""
    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    for name in _WRITES:
        for end in _ENDS:
            yield by_name[name], end, lasts


def stop(ground: Ground, scenario: Scenario, end: str, lasts: float, known: Mapping[str, Reference]) -> Kill:
    """Stop the process while the write of `scenario` is under way, and let it go on."""
    began = time.monotonic()
    told = Kill(scenario.name, Point(f"frozen {lasts:g} s, {end}"), died=True, part="stop")
    place = scenario.open(ground)
    side, operation = _WRITES[scenario.name].split(":")
    plan = place.books_fault if side == "books" else place.crm_fault
    plan(operation, _ENDS[end], seconds=_VENDOR_TAKES)
    try:
        scenario.play(place)
        until(place.fired, "the write is under way", place)
        ground.daemon.freeze()
        time.sleep(lasts)
        ground.daemon.thaw()
        rest = at_rest(ground, place, known[scenario.name].picture)
        judge(told, scenario, place, rest, known[scenario.name])
    except NeverHappenedError as never:
        told.violations.append(str(never))
    finally:
        ground.daemon.thaw()
    ground.dismiss(place)
    told.seconds = time.monotonic() - began
    return told
