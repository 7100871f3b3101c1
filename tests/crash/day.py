"""A busy day of three businesses, with kill -9 at seeded moments: often several in a row, also while it starts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from crash.ground import Ground
from crash.ledger import discrepancies
from crash.resting import at_rest
from integration.business import Business
from integration.processes import Json
from integration.waiting import NeverHappenedError

_BUSINESSES: Final = 3
_PAUSE: Final = (0.0, 0.12)  # seconds between two things that people do
_LIFE: Final = (0.05, 1.6)  # seconds a daemon lives, from its start
_SETTINGS: Final = {"reviews": "on", "refund_account": "Checking"}
Act = Callable[[random.Random, Business], object]


@dataclass(slots=True)
class Day:
    """How a day went."""

    seed: int
    kills: int = 0
    events: int = 0
    asked: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        told = f"{self.events} events, {self.kills} kills, {len(self.asked)} questions to a person"
        return f"day {self.seed}: {told}, {self.seconds:.0f} s: {self.violations or 'ok'}"


def live(ground: Ground, seed: int, kills: int) -> Day:
    """Let the day go on until the daemon was killed `kills` times, then prove every document."""
    began, rng, day = time.monotonic(), random.Random(seed), Day(seed)
    ground.fair_weather()
    places = [_open(ground) for _ in range(_BUSINESSES)]
    while day.kills < kills:
        _live_until(rng, places, day, time.monotonic() + rng.uniform(*_LIFE))
        ground.daemon.kill()
        day.kills += 1
        ground.daemon.begin()
    ground.daemon.wait_until_up()
    _settle(ground, places, day)
    _once_more(ground, places, day)
    day.seconds = time.monotonic() - began
    return day


def _open(ground: Ground) -> Business:
    place = ground.enlist(name="Shop")
    place.crm("set", search_lag=0)
    ground.connect(place, **_SETTINGS)
    return place


def _live_until(rng: random.Random, places: list[Business], day: Day, end: float) -> None:
    while time.monotonic() < end:
        act = rng.choice(_ACTS)
        try:
            act(rng, rng.choice(places))
            day.events += 1
        except (AssertionError, IndexError):  # nothing there to do this to, or the vendor itself says no
            continue
        time.sleep(rng.uniform(*_PAUSE))


def _settle(ground: Ground, places: list[Business], day: Day) -> None:
    for place in places:
        try:
            day.asked += at_rest(ground, place).asked
        except NeverHappenedError as never:
            day.violations.append(str(never))
    day.violations += [line for place in places for line in discrepancies(place)]


def _once_more(ground: Ground, places: list[Business], day: Day) -> None:
    """Another start, and nothing is written any more."""
    before = [_writes(place) for place in places]
    ground.daemon.kill()
    ground.daemon.start()
    for place in places:
        at_rest(ground, place)
    if [_writes(place) for place in places] != before:
        day.violations.append("another start wrote again")
    for place in places:
        ground.dismiss(place)


def _writes(place: Business) -> int:
    return int(place.books("counters")["writes"]) + int(place.crm("counters")["writes"])


# -- what people do ----------------------------------------------------------------------------------------------------


def _person(rng: random.Random) -> Mapping[str, str]:
    number = rng.randrange(12)
    return {"name": f"Person {number}", "email": f"p{number}@example.com"}


def _bill(rng: random.Random, place: Business) -> None:
    place.sent_invoice(rng.randrange(10, 200), contact=_person(rng))


def _sell(rng: random.Random, place: Business) -> None:
    place.sale(rng.randrange(10, 90), contact=_person(rng))


def _pay(rng: random.Random, place: Business, *, part: bool = False) -> None:
    invoice = _one(rng, place, "invoices", "sent", "partially_paid")
    amount = {"amount": 5} if part else {}
    place.crm("pay_invoice", invoice=invoice["_id"], **amount)


def _edit(rng: random.Random, place: Business) -> None:
    invoice = _one(rng, place, "invoices", "sent")
    place.crm("edit_invoice", invoice=invoice["_id"], items=[{"name": "Wax", "amount": rng.randrange(10, 200)}])


def _void(rng: random.Random, place: Business) -> None:
    place.crm("void_invoice", invoice=_one(rng, place, "invoices", "sent")["_id"])


def _refund(rng: random.Random, place: Business) -> None:
    sales = [row for row in _all(place, "transactions", "succeeded") if not row.get("paysInvoice")]
    place.crm("refund", transaction=rng.choice(sales)["_id"], amount=3)


def _meet(rng: random.Random, place: Business) -> None:
    number = rng.randrange(1_000_000)
    place.new_customer(f"Walk In {number}", f"w{number}@example.com")


def _one(rng: random.Random, place: Business, kind: str, *statuses: str) -> Json:
    return rng.choice(_all(place, kind, *statuses))


def _all(place: Business, kind: str, *statuses: str) -> list[Json]:
    return [one for one in place.crm("state")[kind].values() if one["status"] in statuses]


_ACTS: Final[tuple[Act, ...]] = (_bill, _bill, _bill, _sell, _sell, _pay, _pay, partial(_pay, part=True), _edit, _void)
_ACTS += (_refund, _meet)
