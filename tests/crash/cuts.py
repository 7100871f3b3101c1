"""Power cuts: every kind of point once more, and the daemon does not only die, its disk forgets what was not synced."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

from crash.grid import Job
from crash.ground import Ground
from crash.killing import Meanwhile, Point, Reference
from crash.power import remembered
from crash.scenarios import Scenario
from integration.business import Business

# Where a promise was just made or is about to be: committed but not told, at the vendor, answered but not recorded.
_SENT_TO_AVANTTO: Final = {
    "contacts.create": "contact.create",
    "contacts.update": "contact.update",
    "contacts.tags": "contact.tag",
    "conversations.send": "message.send",
}
_TELLING: Final = ("intend after", "during", "POST", "move after", "door avantto after")


def power_cut(seed: int = 0) -> Meanwhile:
    """Cut the power of the dead daemon's disk: every other time all that is loose is lost, else some of its sectors."""
    numbers = itertools.count(seed)

    def cut(ground: Ground, place: Business) -> list[str]:
        number = next(numbers)
        ground.power.cut(number if number % 2 else None)
        return forgotten(ground, place)

    return cut


def forgotten(ground: Ground, place: Business) -> list[str]:
    """What was sent, and the journal does not know of: it would be sent again."""
    known = remembered(ground.folder)
    crm = place.crm("counters")["operations"]
    lost = [
        f"{crm[name]} of {name} were sent, {known.attempts[place.location, kind]} are known"
        for name, kind in _SENT_TO_AVANTTO.items()
        if crm.get(name, 0) > known.attempts[place.location, kind]
    ]
    sent = (
        one["query"]["requestid"]
        for one in ground.books("journal")
        if one["account"] == place.realm and "requestid" in one["query"]
    )
    return lost + [f"a write was sent and is forgotten: {request}" for request in sent if not known.knows(request)]


def cut_jobs(scenarios: Sequence[Scenario], known: Mapping[str, Reference], each: int, seed: int) -> list[Job]:
    """At most `each` points of every scenario, the telling ones."""
    return [
        Job(scenario, known[scenario.name], points, power_cut(seed))
        for scenario in scenarios
        if (points := _telling(known[scenario.name])[:each])
    ]


def _telling(known: Reference) -> tuple[Point, ...]:
    firsts = (point for point in known.kills() if point.hit == 1)
    return tuple(point for point in firsts if any(word in point.name for word in _TELLING))
