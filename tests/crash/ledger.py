"""The proof for a day nobody can foresee: Avantto's own documents against the books, one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from integration.business import Business
from integration.processes import Json

_UNSENT = frozenset({"draft"})
_GONE = frozenset({"void"})


def discrepancies(place: Business) -> list[str]:
    """Say what is not there exactly once and with the right total; nothing when the books are right."""
    crm, books = place.crm("state"), place.books("state")
    found = [*_invoices(crm, books), *_payments(crm, books), *_receipts(crm, books), *_refunds(crm, books)]
    return [f"{place.location}: {line}" for line in (*found, *_people(crm, books), *_order(place))]


def _invoices(crm: Json, books: Json) -> Iterator[str]:
    for invoice in crm["invoices"].values():
        copies = [one for one in books["Invoice"] if invoice["_id"] in one.get("PrivateNote", "")]
        live = [one for one in copies if not _voided(one)]
        if invoice["status"] in _UNSENT | _GONE:
            yield from [f"invoice {invoice['_id']} is {invoice['status']}, and live in the books"] if live else []
        elif len(live) != 1:
            yield f"invoice {invoice['_id']} is in the books {len(live)} times"
        elif (wanted := _two(invoice, "total", "amountDue")) != (there := _two(live[0], "TotalAmt", "Balance")):
            yield f"invoice {invoice['_id']} has total and balance {there} in place of {wanted}"


def _payments(crm: Json, books: Json) -> Iterator[str]:
    """A void keeps the money as the customer's credit (I5), so every payment that went through stands in the books."""
    numbers = Counter(one["PaymentRefNum"] for one in books["Payment"] if not _voided(one) and one.get("PaymentRefNum"))
    yield from (f"payment {number} is in the books {times} times" for number, times in numbers.items() if times > 1)
    for invoice in crm["invoices"].values():
        ours = [one for one in books["Payment"] if invoice["_id"] in one.get("PrivateNote", "") and not _voided(one)]
        paid = sum((_money(one["TotalAmt"]) for one in ours), Decimal(0))
        if ours and invoice["status"] not in _GONE and paid != _money(invoice["amountPaid"]):
            yield f"invoice {invoice['_id']} is paid {paid} in the books, {invoice['amountPaid']} in Avantto"


def _receipts(crm: Json, books: Json) -> Iterator[str]:
    for row in _sales(crm):
        live = [one for one in books["SalesReceipt"] if row["_id"] in one.get("PrivateNote", "") and not _voided(one)]
        wanted = 1 if row["status"] in {"succeeded", "refunded"} else 0
        if len(live) != wanted:
            yield f"sale {row['_id']} ({row['status']}) is in the books {len(live)} times"
        elif live and _money(live[0]["TotalAmt"]) != _money(row["amount"]):
            yield f"sale {row['_id']} has total {live[0]['TotalAmt']} in place of {row['amount']}"


def _refunds(crm: Json, books: Json) -> Iterator[str]:
    given: dict[str, Decimal] = defaultdict(Decimal)
    for receipt in books["RefundReceipt"]:
        given[receipt["PrivateNote"].split()[2]] += _money(receipt["TotalAmt"])
    for row in _sales(crm):
        if given[row["_id"]] != _money(row["amountRefunded"]):
            yield f"sale {row['_id']} is refunded {given[row['_id']]} in place of {row['amountRefunded']}"


def _people(crm: Json, books: Json) -> Iterator[str]:
    active = [one for one in books["Customer"] if one["Active"]]
    customers = Counter(_email(one.get("PrimaryEmailAddr", {}).get("Address")) for one in active)
    contacts = Counter(_email(one.get("email")) for one in crm["contacts"].values())
    yield from (f"customer {one} is there {times} times" for one, times in customers.items() if one and times > 1)
    yield from (f"contact {one} is there {times} times" for one, times in contacts.items() if one and times > 1)
    yield from (f"customer {one} is no contact" for one in customers if one and one not in contacts)
    written = Counter(one["contactId"] for one in crm["messages"])
    yield from (f"contact {one} got {times} messages" for one, times in written.items() if times > 1)


def _order(place: Business) -> Iterator[str]:
    """A payment is made after its invoice, and a change after what it changes: the books refuse anything else (610)."""
    refused = [one for one in place.house.books("journal") if one["account"] == place.realm and one["status"] == 400]
    for one in refused:
        if '"610"' in one["reply"] or '"2500"' in one["reply"]:
            yield f"out of order: {one['operation']}: {one['reply'][:200]}"


def _sales(crm: Json) -> Iterable[Json]:
    """The transactions that do not pay an invoice."""
    return (row for row in crm["transactions"].values() if not row.get("paysInvoice"))


def _voided(one: Json) -> bool:
    return "Voided" in one.get("PrivateNote", "") and not _money(one["TotalAmt"])


def _two(one: Json, *names: str) -> tuple[Decimal, ...]:
    return tuple(_money(one[name]) for name in names)


def _money(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))


def _email(value: str | None) -> str:
    return (value or "").casefold()
