"""A company of the demonstration as a value: who it is, what it has before the day, its day, and the proof of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from avantto_qbo.demo.business import Business, Desk
from avantto_qbo.demo.claims import Case, Held, Row

BREATH: Final = 0.9

Act: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that happens: the story's own time, the sentence that tells it, the act, and seconds to breathe."""

    clock: str
    text: str
    act: Act
    breath: float = BREATH


@dataclass(frozen=True, slots=True)
class Marks:
    """When things happened that are measured afterwards: invoice or customer ids with the vendor's own instant."""

    paid: dict[str, datetime] = field(default_factory=dict)
    on_the_clock: dict[str, datetime] = field(default_factory=dict)
    customers: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a day is played in.

    `customers` are the QuickBooks ids of the customers the company had, by position. `caught_up` waits until every
    document is in the books, `held` until something waits for a person, and returns it; `command` runs a command of
    ours as the owner would; `say` tells a sentence; `interlude` is played when most is under way.
    """

    desk: Desk
    customers: Sequence[str]
    cut_off: datetime
    seed: int
    caught_up: Act
    held: Callable[[str], Awaitable[Sequence[Held]]]
    command: Callable[[Sequence[str]], Awaitable[None]]
    say: Callable[[str], None]
    marks: Marks
    interlude: Scene | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """One company. `events` are the activities of the daemon that its proof counts."""

    business: Business
    cast: Callable[[Desk], Awaitable[Sequence[str]]]
    story: Callable[[Setting], Sequence[Scene]]
    proof: Callable[[Case], Iterable[Row]]
    events: tuple[str, ...] = ()
