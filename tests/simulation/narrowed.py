"""Worlds in which a planted bug can show sooner: other people, other weather, nothing of the daemon's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from unittest.mock import patch

from avantto_qbo.actors.reconciling.night import Nights
from avantto_qbo.model.ids import RealmId
from simulation import loop, opening, weather
from simulation.people import Act, People
from simulation.weather import Fate, Weather

Patch = AbstractContextManager[object]


@contextmanager
def together(*patches: Patch) -> Iterator[None]:
    """Enter several patches as one."""
    with ExitStack() as stack:
        for one in patches:
            stack.enter_context(one)
        yield


def only(*acts: str) -> Patch:
    """People do nothing but these, each as often as it is named."""

    def menu(self: People) -> list[tuple[str, Act]]:
        return [(act, self.named(act)) for act in acts]

    return patch.object(People, "_menu", menu)


def stormy(strength: float = 0.3) -> Patch:
    """Until it calms, at least so many requests of a hundred meet trouble."""
    measured = Weather._strength

    def felt(self: Weather, side: str) -> float:
        return max(strength, measured(self, side))

    return patch.object(Weather, "_strength", felt)


def writes_meet(*fates: Fate) -> Patch:
    """No other trouble comes upon writes than this."""
    return patch.object(weather, "_WRITES", tuple((fate, 1) for fate in fates))


def companies(*kinds: str) -> Patch:
    """Only companies of these kinds."""
    return patch.object(opening, "_KINDS", kinds)


def no_nights() -> Patch:
    """Nobody compares both sides at night, which would find and mend much of what was missed by day."""

    async def never(self: Nights, realm: RealmId) -> None:
        return None

    return patch.object(Nights, "run", never)


def impatient() -> Patch:
    """A world that a bug keeps running in circles is given up sooner."""
    return patch.object(loop, "_MOST_STEPS", 150_000)


def meddling() -> Patch:
    """A bookkeeper deletes some of what we made, besides what goes on as always."""
    return only(*("send_invoice",) * 3, *("edit",) * 2, *("meddle_with_document",) * 2)
