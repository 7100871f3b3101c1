"""A disk that refuses: full, read-only, errors on write and on fsync; for a while, in the middle of a send, at start.

While it refuses, webhooks are told to come again, nothing leaves that was not recorded, and the daemon neither dies nor
spins. When the disk is back everything goes on, without duplicates.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from crash.deliveries import customer_event, deliver, invoice_event
from crash.ground import Ground
from crash.picture import Picture, differences, picture
from crash.resting import at_rest, idle, until
from integration.business import BOB, Business
from integration.waiting import NeverHappenedError

Way = Callable[[Ground, str], "Endured"]
TROUBLES: Final = ("full", "readonly", "write", "sync")
_LASTS: Final = 1.5
_IN_FLIGHT: Final = 0.5
# Of the time the disk refuses; a daemon that spins takes all of it.
_MOST_CPU: Final = 0.5


@dataclass(slots=True)
class Endured:
    """What became of one trouble."""

    name: str
    violations: list[str] = field(default_factory=list)
    statuses: tuple[int, ...] = ()
    cpu: float = 0.0
    recovered: float = 0.0

    def __str__(self) -> str:
        told = f"webhooks got {self.statuses}, CPU {self.cpu:.0%}, at rest {self.recovered:.1f} s after it ended"
        return f"disk {self.name}: {told}: {self.violations or 'ok'}"


@contextmanager
def refusing(ground: Ground, trouble: str) -> Iterator[None]:
    """The disk of the journal refuses until the block ends."""
    plan = ground.folder / "disk"
    fresh = plan.with_suffix(".new")
    fresh.write_text(json.dumps({"fail": trouble}))
    fresh.replace(plan)
    try:
        yield
    finally:
        plan.unlink()


def for_a_while(ground: Ground, trouble: str) -> Endured:
    """The disk refuses while the day goes on in both systems."""
    told, place = Endured(f"{trouble}, for a while"), _open(ground)
    wanted = _wanted(ground)
    with refusing(ground, trouble):
        told.statuses = _webhooks(ground, place)
        before, cpu, began = _writes(place), ground.daemon.cpu_seconds(), time.monotonic()
        _a_bit_of_a_day(place)
        time.sleep(_LASTS)
        told.cpu = (ground.daemon.cpu_seconds() - cpu) / (time.monotonic() - began)
        if _writes(place) != before:
            told.violations.append(f"{_writes(place) - before} writes left that were never recorded")
    return _recovered(ground, place, told, wanted)


def while_sending(ground: Ground, trouble: str) -> Endured:
    """The disk refuses from when a request has left until after its answer: what came of it cannot be recorded."""
    told, place = Endured(f"{trouble}, while a write is under way"), _open(ground)
    wanted = _wanted(ground)
    place.books_fault("salesreceipt.create", "delay_after", seconds=_IN_FLIGHT)
    _a_bit_of_a_day(place)
    until(lambda: ground.books("faults")["fired"], "the receipt is under way", place)
    with refusing(ground, trouble):
        cpu, began = ground.daemon.cpu_seconds(), time.monotonic()
        told.statuses = _webhooks(ground, place)
        time.sleep(_IN_FLIGHT + _LASTS)
        told.cpu = (ground.daemon.cpu_seconds() - cpu) / (time.monotonic() - began)
    return _recovered(ground, place, told, wanted)


def with_a_kill(ground: Ground, trouble: str) -> Endured:
    """The disk refuses, the daemon is killed, and starts while the disk still refuses: it may end, not misbehave."""
    told, place = Endured(f"{trouble}, and killed"), _open(ground)
    wanted = _wanted(ground)
    with refusing(ground, trouble):
        told.statuses = _webhooks(ground, place)
        _a_bit_of_a_day(place)
        ground.daemon.kill()
        before = _writes(place)
        ground.daemon.begin()
        time.sleep(_LASTS)
        if _writes(place) != before:
            told.violations.append("writes left while nothing could be recorded")
        if not ground.daemon.gone:
            ground.daemon.kill()
    ground.daemon.start()
    return _recovered(ground, place, told, wanted)


def _open(ground: Ground) -> Business:
    ground.fair_weather()
    place = ground.enlist(name="Shop")
    place.crm("set", search_lag=0)
    ground.connect(place)
    place.sent_invoice(100)
    place.until_in_books("Invoice")
    until(lambda: idle(place), "the ground is laid", place)
    return place


def _a_bit_of_a_day(place: Business) -> None:
    place.sent_invoice(20)
    place.sale(30, contact=BOB)
    place.new_customer("Walk In", "walk@example.com")


def _wanted(ground: Ground) -> Picture:
    """How both systems look when the same happens without any trouble."""
    place = _open(ground)
    _a_bit_of_a_day(place)
    at_rest(ground, place)
    seen = picture(place)
    ground.dismiss(place)
    return seen


def _webhooks(ground: Ground, place: Business) -> tuple[int, ...]:
    invoice, customer = next(iter(place.crm("state")["invoices"])), place.objects("Customer")[0]["Id"]
    return (
        deliver(f"{ground.public_url}/webhooks/avantto", invoice_event(place.location, invoice)),
        deliver(f"{ground.public_url}/webhooks/quickbooks", customer_event(place.realm, customer)),
    )


def _recovered(ground: Ground, place: Business, told: Endured, wanted: Picture) -> Endured:
    began = time.monotonic()
    if told.statuses != (429, 503):
        told.violations.append(f"webhooks were answered {told.statuses}")
    if told.cpu > _MOST_CPU:
        told.violations.append(f"it spins: {told.cpu:.0%} CPU")
    if ground.daemon.gone:
        told.violations.append("it died")
        ground.daemon.start()
    try:
        at_rest(ground, place, wanted)
    except NeverHappenedError as never:
        told.violations.append(str(never))
    told.recovered = time.monotonic() - began
    told.violations += differences(wanted, picture(place))
    ground.dismiss(place)
    return told


def _writes(place: Business) -> int:
    return int(place.books("counters")["writes"]) + int(place.crm("counters")["writes"])
