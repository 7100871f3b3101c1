"""What to do about a write whose answer was lost, once it has been looked up.

A create is looked up at 1, 2 and 5 settle times after its answer was given up: the slowest commit must be over before
the first look, and a late one still shows in a later one. A look that comes late itself stands for all those whose time
has passed: after an outage of hours one is as good as three. Only a hit that carries the operation's full marker is
ours. After the last empty look the same bytes go again only behind a fence (a number or request id the other side
refuses to take twice), and not for ever. A change of an existing object carries its own fence: the SyncToken it was
sent with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from avantto_qbo.model.operation import Kind, Operation, Reason
from avantto_qbo.model.quickbooks import Found
from avantto_qbo.rules.reasons import RETRY, document
from avantto_qbo.rules.reference import carries
from avantto_qbo.rules.settle import FOLLOWED, INTERRUPTED, TO_A_PERSON

LOOKS: Final = (1, 2, 5)
# So often the same bytes go before a person is asked why no answer ever comes: two hours of a create's looks, or of a
# change's, which is looked at once.
_CREATES: Final = 8
_SENT_CHANGES: Final = 40
_ONE_LEFT: Final = f"keep one of them in QuickBooks, then: {RETRY}"
_VOIDS: Final = frozenset({Kind.INVOICE_VOID, Kind.PAYMENT_VOID, Kind.RECEIPT_VOID, Kind.CANARY_REMOVE})
_CHANGES: Final = _VOIDS | {Kind.INVOICE_UPDATE, Kind.PAYMENT_UPDATE}
_REPEATABLE: Final = frozenset({Kind.CONTACT_UPDATE, Kind.CONTACT_TAG})
# An item is found by its unique name, a contact by its own e-mail or phone: neither has a marker of ours.
_UNMARKED: Final = frozenset({Kind.ITEM_CREATE, Kind.CONTACT_CREATE})
# Not compared with what is in the books: keys, and what the vendor computes or rearranges itself.
_NOT_COMPARED: Final = frozenset({"Id", "SyncToken", "sparse", "Line", "TxnTaxDetail", "BillAddr", "ShipAddr"})


class Adopt(msgspec.Struct, frozen=True):
    """It was carried out: `found` is what came of it."""

    found: Found


class Resend(msgspec.Struct, frozen=True):
    """It was not carried out, and sending the same bytes again cannot do it twice.

    `lookups` is what the operation has to count from then on: the looks of the next answer that gets lost.
    """

    lookups: int = 0


class Weigh(msgspec.Struct, frozen=True):
    """A payment that no look finds: read the invoice it is for, which tells more (`payment_doubt.weigh`)."""


class LookAgain(msgspec.Struct, frozen=True):
    """Look up again at `at`; `lookups` is how many looks have been taken by then."""

    at: datetime
    lookups: int


class HoldIt(msgspec.Struct, frozen=True):
    """A person must look into the books."""

    reason: Reason


class Replan(msgspec.Struct, frozen=True):
    """It can have no effect any more: let it go, and decide about the document anew."""

    reason: Reason


class GiveUp(msgspec.Struct, frozen=True):
    """Leave it unknown: a message to a person is never sent twice (R3)."""

    reason: Reason


Decision = Adopt | Resend | LookAgain | HoldIt | Replan | GiveUp | Weigh


def decide(op: Operation, found: tuple[Found, ...], *, now: datetime, settle: timedelta, fence: bool) -> Decision:
    """Decide about `op` (in DOUBT) after a look-up at `now` brought `found`; `op.lookups` counts the looks before it.

    `settle` is the time after which the slowest commit must be over; `fence` says whether a repeated create would be
    refused.
    """
    if op.kind in TO_A_PERSON:
        return GiveUp(Reason("unknown", "The answer was lost; a message to a person is never sent twice."))
    if op.kind is Kind.CANARY_CREATE:
        return Replan(Reason("superseded.test", "A test without an answer proves nothing; what it made is removed."))
    if op.kind in _REPEATABLE:
        return Resend(op.lookups)
    if now < next_look(op, settle):
        return LookAgain(next_look(op, settle), op.lookups)
    hits = tuple({(hit.entity, hit.id): hit for hit in found}.values())  # two questions may find the same object
    return _changed(op, hits) if op.kind in _CHANGES else _created(op, hits, now=now, settle=settle, fence=fence)


def next_look(op: Operation, settle: timedelta) -> datetime:
    """When a doubtful operation is next worth a look-up."""
    return _began(op, settle) + settle * LOOKS[op.lookups % len(LOOKS)]


def _began(op: Operation, settle: timedelta) -> datetime:
    """The moment the looks are counted from: when the answer was given up, which is what `next_at` was reckoned from.

    A write may have waited long for its turn after it was noted as sent, but not in a program that has died since.
    """
    sent = op.sent_at or op.updated_at
    if op.next_at is None or (op.reason is not None and op.reason.code == INTERRUPTED):
        return sent
    return max(sent, op.next_at - settle * LOOKS[op.lookups % len(LOOKS)])


def marker_of(op: Operation) -> str:
    """The marker that an object made by `op` carries, "" if it carries none."""
    intent: dict[str, Any] = json.loads(op.intent or b"{}") or {}
    return str(intent.get("note") or intent.get("notes") or "")


def ours_among(op: Operation, found: tuple[Found, ...]) -> tuple[Found, ...]:
    """The hits that `op` can have made: those with its full marker; items and contacts are found by what is unique."""
    if op.kind in _UNMARKED:
        return found
    marked = (hit for hit in found if carries(hit.marker_text, marker_of(op)))
    # What was voided is no copy any more, also where QuickBooks keeps our words behind its own.
    return tuple(hit for hit in marked if hit.total != 0 or not hit.marker_text.startswith("Voided"))


def _created(op: Operation, found: tuple[Found, ...], *, now: datetime, settle: timedelta, fence: bool) -> Decision:
    ours = ours_among(op, found)
    if len(ours) > 1:
        return HoldIt(twice(op, tuple(hit.id for hit in ours)))
    if ours:
        return Adopt(ours[0])
    rounds, looks = divmod(op.lookups, len(LOOKS))
    began = _began(op, settle)
    looks = max(looks + 1, sum(now >= began + settle * after for after in LOOKS))
    if looks < len(LOOKS):
        return LookAgain(began + settle * LOOKS[looks], rounds * len(LOOKS) + looks)
    if op.kind is Kind.PAYMENT_CREATE and b'"LinkedTxn"' in op.call.body:
        return Weigh()
    text = f"{document(op)}: the answer was lost, and no look-up finds it in QuickBooks."
    return again(op) if fence else HoldIt(unresolved(text))


def again(op: Operation) -> Decision:
    """Send the same bytes once more, unless they went so often that a person should know."""
    rounds = op.lookups // len(LOOKS) + 1
    if rounds < (_SENT_CHANGES if op.kind in _CHANGES else _CREATES):
        return Resend(rounds * len(LOOKS))
    return HoldIt(unresolved(f"{document(op)}: it was sent {rounds} times and every answer was lost."))


def unresolved(text: str) -> Reason:
    """The reason to hold what may or may not have been carried out."""
    return Reason("doubt_unresolved", text, f"{RETRY} looks once more and sends it if it is not there")


def twice(op: Operation, ids: tuple[str, ...]) -> Reason:
    """The reason to hold what stands in the books more than once."""
    text = f"{document(op)} is in QuickBooks {len(ids)} times (ids {', '.join(sorted(ids))})."
    return Reason("doubt_twice", text, _ONE_LEFT)


def _changed(op: Operation, found: tuple[Found, ...]) -> Decision:
    if len(found) != 1:
        text = f"{document(op)}: the answer to a change was lost, and what was changed (id {op.target}) is not there."
        if op.kind in FOLLOWED:
            return Replan(Reason("superseded.gone", text))
        return HoldIt(Reason("doubt_gone", text, f"look for it in QuickBooks, then: {RETRY}"))
    sent = _plain(op.call.body)
    if found[0].sync_token == str(sent.get("SyncToken")):
        return again(op)
    # Somebody changed it meanwhile: sent again on its old SyncToken it is refused, and whoever planned it looks.
    return Adopt(found[0]) if _holds(op, sent, found[0]) else again(op)


def _holds(op: Operation, sent: Mapping[str, Any], hit: Found) -> bool:
    """Say whether an object holds what a change wanted, lines by their total."""
    if op.kind in _VOIDS:
        return not hit.total and hit.marker_text.startswith("Voided")
    if op.expected and hit.total != Decimal(op.expected) and not as_sent(op, hit):
        return False
    there = _plain(hit.raw)
    if op.kind is Kind.PAYMENT_UPDATE and _settled(sent) != _settled(there):
        return False
    wanted = {name: value for name, value in sent.items() if name not in _NOT_COMPARED}
    return _within(wanted, there)


def _settled(payment: Mapping[str, Any]) -> list[str]:
    """What a payment's lines settle: the ids of its invoices."""
    return sorted(linked["TxnId"] for line in payment.get("Line", ()) for linked in line.get("LinkedTxn", ()))


def as_sent(op: Operation, hit: Found) -> bool:
    """Say whether the lines are those that were sent: then it was QuickBooks that came to another total, no person."""
    amounts = _amounts(_plain(op.call.body))
    return bool(amounts) and amounts == _amounts(_plain(hit.raw))


def _amounts(sale: Mapping[str, Any]) -> list[Decimal]:
    """The amounts of a sale's lines, but for the subtotal that QuickBooks adds itself."""
    lines = (line for line in sale.get("Line") or () if line.get("DetailType") != "SubTotalLineDetail")
    return [Decimal(line["Amount"]) for line in lines if "Amount" in line]


def _within(wanted: Any, there: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(_within(value, there.get(name)) for name, value in wanted.items())
    return bool(wanted == there or (not wanted and not there))


def _plain(body: bytes) -> dict[str, Any]:
    """Read a JSON object without floats."""
    plain = json.loads(body or b"{}", parse_float=Decimal)
    return plain if isinstance(plain, dict) else {}
