"""Worlds in which a planted bug can show sooner: other people, other weather, nothing of the daemon's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from unittest.mock import patch

from avantto_qbo.actors.reconciling.night import Nights
from avantto_qbo.model.ids import RealmId
from avantto_qbo.sandbox.quickbooks import oauth
from simulation import crashes, errands, loop, opening, post, replica, story, weather
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


def refreshes_meet(*fates: Fate) -> Patch:
    """Tokens end early all day, and no other trouble comes upon their renewal than this."""
    return together(
        patch.object(weather, "_TOKENS", tuple((fate, 1) for fate in fates)),
        patch.object(errands, "_EXPIRIES", (12,)),
    )


def forgetful() -> Patch:
    """Tokens of QuickBooks last some minutes and are renewed ahead of time; some renewals it forgets again."""
    return together(
        patch.object(oauth, "ACCESS_SECONDS", 480),
        patch.object(weather, "_TOKENS", ((Fate.ROLLED_BACK, 1),)),
        patch.object(errands, "_EXPIRIES", (0,)),
    )


def lagging() -> Patch:
    """Many answers of the change feed are old ones, about customers who change all day."""
    return together(
        patch.object(replica, "_LAGGING", (0.5,)),
        only("new_customer", "meddle_with_customer", "meddle_with_customer"),
    )


def companies(*kinds: str) -> Patch:
    """Only companies of these kinds."""
    return patch.object(opening, "_KINDS", kinds)


def sharing() -> Patch:
    """Three shops keep their books in one company."""
    return together(patch.object(opening, "_SHOPS", (3,)), patch.object(opening, "_SHARED", 1.0))


def no_nights() -> Patch:
    """Nobody compares both sides at night, which would find and mend much of what was missed by day."""

    async def never(self: Nights, realm: RealmId) -> None:
        return None

    return patch.object(Nights, "run", never)


def impatient() -> Patch:
    """A world that a bug keeps running in circles is given up sooner."""
    return patch.object(loop, "_MOST_STEPS", 150_000)


def mortal(*ways: str) -> Patch:
    """The process dies many times a day, at these points and no others."""
    return together(
        patch.object(crashes, "_WAYS", ways),
        patch.object(crashes, "_LIVES", (40,)),
        patch.object(crashes, "_PAUSES", (0.5, 2.0, 20.0)),
    )


def repeated() -> Patch:
    """Every webhook comes, and comes again."""
    return together(patch.object(post, "_DROPPED", (0.0,)), patch.object(post, "_TWICE", (1.0,)))


def request_ids_proven() -> Patch:
    """Every company takes no request id twice, and the daemon knows."""
    return together(patch.object(opening, "_REQUEST_IDS", ("honoured",)), patch.object(story, "_PROVEN", 1.0))


def unnumbered() -> Patch:
    """Every company gives its documents numbers of its own, and so takes any of them twice."""
    return patch.object(opening, "_NUMBERED", (False,))


def very_late() -> Patch:
    """What is carried out late is carried out after the last look for it."""
    return patch.object(Weather, "lateness", lambda self: self.rng.uniform(1000.0, 3000.0))


def meddling() -> Patch:
    """A bookkeeper deletes some of what we made, besides what goes on as always."""
    return only(*("send_invoice",) * 3, *("edit",) * 2, *("meddle_with_document",) * 2)
