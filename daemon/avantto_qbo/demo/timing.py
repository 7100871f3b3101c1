"""What was measured: how long things took, and what was read, from what the QuickBooks stand-in saw and both hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import msgspec

from avantto_qbo.demo.claims import Sides
from avantto_qbo.demo.company import Marks
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.evidence import Books, Crm
from avantto_qbo.demo.faces import Faces


@dataclass(frozen=True, slots=True)
class Measured:
    """How long something took, in seconds, each time it happened."""

    what: str
    target: float
    seconds: tuple[float, ...]

    @property
    def median(self) -> float | None:
        return round(median(self.seconds), 2) if self.seconds else None

    @property
    def longest(self) -> float | None:
        return round(max(self.seconds), 2) if self.seconds else None


@dataclass(frozen=True, slots=True)
class Counters:
    """What each stand-in counted: requests, writes, metered reads, refusals by its limits."""

    avantto: Json
    quickbooks: Json


@dataclass(frozen=True, slots=True)
class Calls:
    """API calls since the connection. `polls` and `reads` are QuickBooks' metered reads: change feed, and all others.

    `refused` counts answers 429 of either vendor, `documents` what was posted meanwhile.
    """

    avantto: int
    quickbooks: int
    refused: int
    polls: int
    reads: int
    documents: int


def measure(now: Sides, marks: Marks, seen: Iterable[Json]) -> tuple[Measured, ...]:
    """Return the measurements; `seen` is the QuickBooks stand-in's list of requests."""
    books, crm = Books(now.books), Crm(now.avantto)
    paid = _payments_by_invoice(seen)
    asked, calm = (_until_paid(books, crm, paid, chosen) for chosen in (marks.paid, marks.on_the_clock))
    return (
        Measured("invoice paid in Avantto → paid in the books, all webhooks arriving", 5.0, calm),
        Measured("the same over the whole day, webhooks lost and reordered", 60.0, asked),
        Measured("customer in QuickBooks → contact, all webhooks arriving", 5.0, _until_contact(books, crm, marks)),
    )


def traffic(counters: Counters, start: Counters, now: Sides, before: Sides) -> Calls:
    """Return what was called since `start`."""
    here, there = (counters.avantto, start.avantto), (counters.quickbooks, start.quickbooks)
    polls = there[0]["operations"].get("cdc", 0) - there[1]["operations"].get("cdc", 0)
    return Calls(
        avantto=_since("requests", *here),
        quickbooks=_since("requests", *there),
        refused=_since("throttled", *here) + _since("throttled", *there),
        polls=polls,
        reads=_since("metered_reads", *there) - polls,
        documents=sum(len(now.books[entity]) - len(before.books[entity]) for entity in ("Invoice", "SalesReceipt")),
    )


def _since(counter: str, now: Json, start: Json) -> int:
    return int(now[counter] - start[counter])


def _payments_by_invoice(seen: Iterable[Json]) -> dict[str, datetime]:
    """When the last payment of each invoice of the books was entered through the API."""
    last: dict[str, datetime] = {}
    for entry in seen:
        if entry["operation"] != "payment.create" or entry["status"] != 200:
            continue
        for line in msgspec.json.decode(entry["request"]).get("Line", ()):
            for linked in line["LinkedTxn"]:
                last[linked["TxnId"]] = datetime.fromisoformat(entry["time"])
    return last


def _until_paid(
    books: Books, crm: Crm, paid: Mapping[str, datetime], marks: Mapping[str, datetime]
) -> tuple[float, ...]:
    copies = ((begun, copy) for name, begun in marks.items() for copy in books.copies_of(crm.state["invoices"][name]))
    return tuple((paid[copy["Id"]] - begun).total_seconds() for begun, copy in copies if copy["Id"] in paid)


def _until_contact(books: Books, crm: Crm, marks: Marks) -> tuple[float, ...]:
    faces = Faces(crm.contacts)
    made = [
        (datetime.fromisoformat(contact["dateAdded"]), begun)
        for customer, begun in marks.customers.items()
        for contact in faces.of_customer(books.customers[customer])
    ]
    return tuple((there - begun).total_seconds() for there, begun in made)
