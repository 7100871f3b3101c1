"""Both sides at rest, to the cent: what Avantto's own state calls for, against what stands in the books.

Documents that are held, or that somebody changed in the books by hand, are left out by name and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from avantto_qbo.sandbox.avantto.world import Location
from simulation.disk import Disk
from simulation.marks import live_copies
from simulation.people import People
from simulation.shops import Shop
from simulation.watch import ViolationError

_GONE: Final = frozenset({"draft", "void"})
_RECEIVED: Final = ("succeeded", "refunded")
_ZERO: Final = Decimal(0)
DOUBTS: Final = frozenset({"doubt_unresolved", "doubt_twice", "doubt_gone", "doubt_total", "interrupted", "doubt"})
Key = tuple[str, str]  # what kind, whose


@dataclass(frozen=True)
class Line:
    """One document's worth on a day ("" where the day is not compared); `names` are those it goes by."""

    kind: str
    name: str
    day: str
    cents: int
    names: frozenset[str]


@dataclass
class Reckoning:
    """What was compared; `sums` are cents by location, kind and day."""

    documents: int = 0
    held: Counter[str] = field(default_factory=Counter)
    left_out: int = 0
    sums: dict[tuple[str, str, str], int] = field(default_factory=dict)

    @property
    def doubtful(self) -> int:
        """How many documents are held because nobody knows what became of a write."""
        return sum(count for code, count in self.held.items() if code in DOUBTS)


def held_documents(disk: Disk) -> dict[str, str]:
    """Every document that waits for a person, by its ids, with the code of the reason."""
    held: dict[str, str] = {}
    operations: dict[str, str] = {}
    for row in disk.look("select id, source_id, source_part, chain, reason_code from operations where state = 'held'"):
        operations[row["id"]] = row["reason_code"]
        for name in (row["source_id"], row["source_part"], row["chain"].rpartition(":")[2]):
            held[name] = row["reason_code"]
    for row in disk.look("select object_id, waiting_for from inbox where waiting_for <> ''"):
        if row["waiting_for"] in operations:
            held.setdefault(row["object_id"], operations[row["waiting_for"]])
    held.pop("", None)
    return held


def reckon(people: People, places: Mapping[str, Location], companies: Any, disk: Disk) -> Reckoning:
    """Compare both sides. Raises ViolationError that names the first document that differs."""
    held, found = held_documents(disk), Reckoning()
    for shop in people.shops:
        place = places[shop.place]
        wanted = list(_wanted(shop, place, people.sellers.cash))
        _compare(shop, wanted, list(_there(place, companies[shop.realm])), held, people.bookkeepers.touched, found)
    return found


def _compare(
    shop: Shop, wanted: list[Line], there: list[Line], held: Mapping[str, str], touched: set[str], found: Reckoning
) -> None:
    found.documents += len({line.name for line in wanted})
    stopped = {line.name: code for line in wanted for name in line.names if (code := held.get(name))}
    found.held.update(stopped.values())
    out = {line.name for line in [*wanted, *there] if line.names & (touched | held.keys())}
    found.left_out += len(out)
    left, right = _by_document(wanted, out), _by_document(there, out)
    for key in sorted(left.keys() | right.keys()):
        if left.get(key) != right.get(key):
            raise ViolationError(
                f"{key[0]} of {key[1]} at {shop.place}: Avantto says {_said(left.get(key))}, "
                f"the books say {_said(right.get(key))}"
            )
    for (kind, _), (cents, day) in left.items():
        where = (shop.place, kind, day)
        found.sums[where] = found.sums.get(where, 0) + cents


def _by_document(lines: Iterable[Line], out: set[str]) -> dict[Key, tuple[int, str]]:
    sums: dict[Key, tuple[int, str]] = {}
    for line in lines:
        if line.name not in out and line.cents:
            cents, day = sums.get((line.kind, line.name), (0, line.day))
            sums[line.kind, line.name] = (cents + line.cents, min(day, line.day))
    return {key: worth for key, worth in sums.items() if worth[0]}


def _said(worth: tuple[int, str] | None) -> str:
    return "nothing" if worth is None else f"{worth[0] / 100:.2f}" + (f" on {worth[1]}" if worth[1] else "")


# -- Avantto's side ----------------------------------------------------------------------------------------------------


def _wanted(shop: Shop, place: Location, cash: Mapping[str, Decimal]) -> Iterator[Line]:
    for name in shop.invoices:
        yield from _invoice(place, name, _cents(cash.get(name, 0)))
    for row in place.transactions.values():
        if not row.get("paysInvoice") and row["liveMode"] and row["status"] in _RECEIVED:
            names = frozenset({row["_id"]})
            yield Line("receipt", row["_id"], _day(row["fulfilledAt"], place), _cents(row["amount"]), names)
            yield Line("refund", row["_id"], "", _cents(row["amountRefunded"]), names)


def _invoice(place: Location, name: str, by_hand: int) -> Iterator[Line]:
    document = place.invoices.get(name)
    rows = [row for row in place.transactions.values() if row.get("paysInvoice") == name]
    names = frozenset({name, *(row["_id"] for row in rows)})
    deleted = document is None
    document = document or place.deleted_invoices[name]
    alive = not deleted and document["status"] not in _GONE
    yield Line("invoice", name, document["issueDate"][:10], _cents(document["total"]) if alive else 0, names)
    # Not `amountPaid`: a debit that succeeds after a void does not show there any more.
    paid = by_hand + sum(_cents(row["amount"]) for row in rows if row["status"] in _RECEIVED)
    back = _back(rows)
    if alive:
        yield Line("payment", name, "", paid, names)
        yield Line("refund", name, "", back, names)
    else:  # what went back before anything was posted never came
        yield Line("credit", name, "", paid - back, names)


def _back(rows: Iterable[Mapping[str, Any]]) -> int:
    return sum(_cents(row["amountRefunded"]) for row in rows)


def _all_given_back(place: Location, name: str) -> bool:
    """Of an invoice that is void: with all its money given back, the sale and its refunds may stand, or neither."""
    rows = [row for row in place.transactions.values() if row.get("paysInvoice") == name]
    return 0 < _back(rows) == sum(_cents(row["amount"]) for row in rows if row["status"] in _RECEIVED)


def _day(instant: str, place: Location) -> str:
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(place.timezone)).date().isoformat()


# -- the books' side ---------------------------------------------------------------------------------------------------


def _there(place: Location, company: Any) -> Iterator[Line]:
    owner = {row["_id"]: row.get("paysInvoice") or "" for row in place.transactions.values()}
    mine = {*owner, *place.invoices, *place.deleted_invoices}
    gone = {*place.deleted_invoices, *(name for name, row in place.invoices.items() if row["status"] in _GONE)}
    for mark, row in live_copies(company.tables):
        if mark[1] not in mine:
            continue
        name = owner.get(mark[1]) or mark[1]
        kind = {"Invoice": "invoice", "SalesReceipt": "receipt", "RefundReceipt": "refund", "Payment": "payment"}[
            mark[0]
        ]
        day, cents = row["TxnDate"] if kind in ("invoice", "receipt") else "", _cents(row["TotalAmt"])
        if kind == "invoice" and name in gone and _all_given_back(place, name):
            continue
        if kind in ("payment", "refund") and name in gone:
            kind, cents = "credit", cents if kind == "payment" else -cents
        yield Line(kind, name, day, cents, frozenset({name, mark[1]}))


def _cents(amount: Any) -> int:
    return int(Decimal(str(amount)) * 100)
