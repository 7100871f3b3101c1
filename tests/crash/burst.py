"""A burst of webhooks, and kill -9 right after the last 200: whatever was acknowledged is there after the restart."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Final

from crash.deliveries import Burst, Event, invoice_event, pour
from crash.ground import Ground, ground
from crash.power import remembered
from crash.resting import idle
from integration.business import Business
from integration.waiting import until

_LOCATIONS: Final = 20
_KINDS: Final = ("InvoiceCreate", "InvoiceSent", "InvoiceUpdate", "InvoiceUpdate", "InvoiceUpdate")
_AT_ONCE: Final = 48
_WITHIN: Final = 120.0


@dataclass(slots=True)
class Flood:
    """How a burst went: deliveries and documents, the rate, and what is missing or there twice."""

    deliveries: int = 0
    documents: int = 0
    rate: float = 0.0
    until_in_books: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    power_cut: bool = False

    def __str__(self) -> str:
        died = "kill -9 and power cut" if self.power_cut else "kill -9"
        rest = f"{self.rate:.0f} webhooks/s, all in the books {self.until_in_books:.1f} s after the restart"
        return f"burst: {self.deliveries} webhooks about {self.documents} documents, {died}, {rest} {self.statuses}"


def flood(webhooks: int, seed: int = 1, *, power_cut: bool = False) -> Flood:
    """Post `webhooks` deliveries about a fifth as many documents, kill, restart, and look for every document.

    With `power_cut` the disk forgets what was not synced when the daemon dies.
    """
    # No webhook but ours, and no poll within the hour: only the inbox can know of a document.
    with ground(disk=power_cut) as place:
        place.no_webhooks()
        businesses = [place.enlist(name="Shop") for _ in range(_LOCATIONS)]
        for business in businesses:
            place.connect(business)
            until(lambda business=business: idle(business), "connected", within=20)
        made = {invoice: business for business in businesses for invoice in _invoices(business, webhooks)}
        events = [invoice_event(made[invoice].location, invoice, kind) for invoice in made for kind in _KINDS]
        random.Random(seed).shuffle(events)
        poured = pour(f"{place.public_url}/webhooks/avantto", events, _AT_ONCE)
        place.daemon.kill()
        if power_cut:
            place.power.cut(seed)
        told = _judge(place, made, events, poured)
        told.power_cut = power_cut
        return told


def _invoices(business: Business, webhooks: int) -> list[str]:
    return [business.sent_invoice(10 + number) for number in range(webhooks // len(_KINDS) // _LOCATIONS)]


def _judge(place: Ground, made: dict[str, Business], events: list[Event], poured: Burst) -> Flood:
    told = Flood(len(events), len(made), len(events) / poured.seconds, statuses=dict(poured.statuses))
    if len(poured.taken) != len(events):
        told.violations.append(f"only {len(poured.taken)} of {len(events)} webhooks were taken")
    forgotten = set(poured.taken) - remembered(place.folder).deliveries
    told.violations += [f"acknowledged and forgotten: event {event}" for event in sorted(forgotten)]
    began = time.monotonic()
    place.daemon.start()
    businesses = {business.location: business for business in made.values()}.values()
    for business in businesses:
        until(lambda business=business: idle(business), f"{business.location} is done", within=_WITHIN)
    told.until_in_books = time.monotonic() - began
    for business in businesses:
        told.violations += _missing(business, [invoice for invoice in made if made[invoice] is business])
    return told


def _missing(business: Business, invoices: list[str]) -> list[str]:
    """Each invoice is in the books once: its id stands in the note of exactly one."""
    notes = [one.get("PrivateNote", "") for one in business.objects("Invoice")]
    found = {invoice: sum(note.endswith(invoice) for note in notes) for invoice in invoices}
    return [f"invoice {invoice} is in the books {times} times" for invoice, times in found.items() if times != 1]
