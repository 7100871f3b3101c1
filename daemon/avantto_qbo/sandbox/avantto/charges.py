"""Money on an invoice beside its items: tips, processing fees, late fees, and the instalments it is paid in.

The vendor's pages name these members where an invoice is written, never where it is read, and do not say which of them
its sums contain. `Knobs` has a switch for each reading. What an invoice remembers beside its wire members stands in
its `ledger`, which no answer shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from avantto_qbo.sandbox.avantto.documents import Json, digits_of, exact, number, rounded
from avantto_qbo.sandbox.avantto.world import Location, World

EMPTY_LEDGER: Json = {"lateFees": 0, "feesInTotal": 0, "onTop": 0, "taxRate": None}
CONFIGURATIONS = ("tipsConfiguration", "lateFeesConfiguration", "miscellaneousCharges")
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Takings:
    """What one payment brings, in major units: `towards` the invoice, a tip and a processing fee besides.

    `entries` are the `paidCharges` it leaves on the invoice.
    """

    towards: Decimal
    tip: Decimal = _NOTHING
    fee: Decimal = _NOTHING
    entries: tuple[Json, ...] = ()

    @property
    def charged(self) -> Decimal:
        """What the buyer is charged."""
        return self.towards + self.tip + self.fee


def tips(percentages: Sequence[Any]) -> Json:
    """Offer tips of these percentages of what is paid."""
    return {"tipsEnabled": True, "tipsPercentage": [number(exact(percentage)) for percentage in percentages]}


def late_fees(given: Mapping[str, Any]) -> Json:
    """Complete a late fee `{value, type=fixed}` with the rhythm the vendor demands."""
    rhythm = {
        "frequency": {"intervalCount": 1, "interval": "one_time"},
        "grace": {"intervalCount": 0, "interval": "day"},
    }
    return {"enable": True, "type": "fixed", **rhythm, **given, "value": number(exact(given["value"]))}


def processing_fees(world: World, given: Sequence[Mapping[str, Any]]) -> Json:
    """Complete processing fees `{charge, type=percentage, name=Processing Fee}`; they are added when a card pays."""
    configured = [
        {"_id": world.ids.document(), "name": "Processing Fee", "type": "percentage", **fee, "charge": _plain(fee)}
        for fee in given
    ]
    return {"charges": configured, "collectedMiscellaneousCharges": 0, "paidCharges": []}


def schedule(world: World, given: Mapping[str, Any]) -> Json:
    """Complete a payment schedule `{type: fixed|percentage, schedules: [{value, dueDate?}]}`, a deposit first."""
    rows = [
        {"_id": world.ids.document(), **row, "value": number(exact(row["value"])), "status": "pending"}
        for row in given["schedules"]
    ]
    return {"type": given["type"], "schedules": rows}


def takings(
    world: World, location: Location, invoice: Json, towards: Decimal, tip: Decimal, *, by_card: bool
) -> Takings:
    """Work out one payment; only cards and bank debits bear the processing fee."""
    digits = digits_of(invoice["currency"])
    configured = (invoice.get("miscellaneousCharges") or {}).get("charges", []) if by_card else []
    entries = [_entry(world, fee["name"], fee["charge"], _fee(fee, towards, digits)) for fee in configured]
    total = sum((exact(entry["amount"]) for entry in entries), _NOTHING)
    if tip and location.knobs.tip_as == "charge":
        entries.append(_entry(world, "Tip", number(tip), tip))
    return Takings(towards, tip, total, tuple(entries))


def taken(location: Location, invoice: Json, payment: Takings, sign: int = 1) -> Json:
    """Add a payment to an invoice's sums, or with sign -1 take a reversed one off again."""
    reading, ledger = location.knobs.processing_fee_in, invoice["ledger"]
    paid = payment.towards + payment.tip + (payment.fee if reading != "charge" else _NOTHING)
    on_top = payment.tip + (payment.fee if reading == "paid" else _NOTHING)
    in_total = payment.fee if reading == "total" else _NOTHING
    changed = {
        **ledger,
        "onTop": max(0, _added(ledger["onTop"], sign * on_top)),
        "feesInTotal": _added(ledger["feesInTotal"], sign * in_total),
    }
    document = {**invoice, "amountPaid": _added(invoice["amountPaid"], sign * paid), "ledger": changed}
    return _with_entries(document, payment.entries, sign) if payment.entries else document


def lowered(invoice: Json, amount: Decimal) -> Json:
    """Take refunded money off what was paid; of what stays, as little as possible is on top of the total."""
    left = max(_NOTHING, exact(invoice["amountPaid"]) - amount)
    on_top = min(left, exact(invoice["ledger"]["onTop"]))
    return {**invoice, "amountPaid": number(left), "ledger": {**invoice["ledger"], "onTop": number(on_top)}}


def late_fee(invoice: Json) -> Decimal:
    """Return the late fee the invoice is configured with; raise `ValueError` when it has none."""
    configured = invoice.get("lateFeesConfiguration")
    if not configured:
        raise ValueError("the invoice has no late fee")
    value = exact(configured["value"])
    if configured["type"] == "fixed":
        return value
    return rounded(exact(invoice["total"]) * value / 100, digits_of(invoice["currency"]))


def next_instalment(invoice: Json) -> tuple[Json, Decimal]:
    """Mark the next instalment as paid; return the invoice and that instalment's amount, the last being the rest."""
    plan = invoice.get("paymentSchedule") or {"schedules": []}
    rows = plan["schedules"]
    place = next((index for index, row in enumerate(rows) if row["status"] == "pending"), None)
    if place is None:
        raise ValueError("the invoice has no instalment left")
    marked = [{**row, "status": "paid"} if index == place else row for index, row in enumerate(rows)]
    document = {**invoice, "paymentSchedule": {**plan, "schedules": marked}}
    if place == len(rows) - 1:
        return document, exact(invoice["amountDue"])
    value = exact(rows[place]["value"])
    share = exact(invoice["total"]) * value / 100 if plan["type"] == "percentage" else value
    return document, rounded(share, digits_of(invoice["currency"]))


def plain(payment: Takings) -> Json:
    """Return a payment as its transaction remembers it."""
    return {
        "towards": number(payment.towards),
        "tip": number(payment.tip),
        "fee": number(payment.fee),
        "entries": list(payment.entries),
    }


def remembered(kept: Json) -> Takings:
    """Return the payment that a transaction remembers."""
    return Takings(exact(kept["towards"]), exact(kept["tip"]), exact(kept["fee"]), tuple(kept["entries"]))


def _with_entries(invoice: Json, entries: Sequence[Json], sign: int) -> Json:
    # A tip can be paid on an invoice that has no processing fees at all.
    before = invoice.get("miscellaneousCharges") or {"charges": [], "paidCharges": []}
    names = {entry["_id"] for entry in entries}
    others = [entry for entry in before["paidCharges"] if entry["_id"] not in names]
    kept = [*others, *entries] if sign > 0 else others
    collected = sum((exact(entry["amount"]) for entry in kept), _NOTHING)
    after = {**before, "paidCharges": kept, "collectedMiscellaneousCharges": number(collected)}
    return {**invoice, "miscellaneousCharges": after}


def _entry(world: World, name: str, charge: object, amount: Decimal) -> Json:
    return {"_id": world.ids.document(), "name": name, "charge": charge, "amount": number(amount)}


def _fee(configured: Json, towards: Decimal, digits: int) -> Decimal:
    charge = exact(configured["charge"])
    return charge if configured["type"] == "fixed" else rounded(towards * charge / 100, digits)


def _plain(fee: Mapping[str, Any]) -> int | Decimal:
    return number(exact(fee["charge"]))


def _added(before: object, amount: Decimal) -> int | Decimal:
    return number(exact(before) + amount)
