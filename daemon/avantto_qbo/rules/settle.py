"""What an answer to a write means for its operation: the next state, and nothing but the next state."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.model.operation import Kind, Operation, Reason, State
from avantto_qbo.model.outcome import Fault, FaultClass, InDoubt, NoAccess, NotSent, Outcome, Written
from avantto_qbo.rules.books.doubts.retry import exhausted, retry_at
from avantto_qbo.rules.reasons import REOPEN, RETRY, document

# Repeating these changes nothing that was not already wanted, so a lost answer is no doubt worth waiting for.
REPEATABLE: Final = frozenset({Kind.CONTACT_UPDATE, Kind.CONTACT_TAG})
# A refusal that the plan can answer by itself: look again, or take another number or name.
REPLANNED: Final = frozenset({FaultClass.STALE, FaultClass.NUMBER_TAKEN, FaultClass.NAME_TAKEN, FaultClass.DUPLICATE})
# Where these are gone, whoever planned the change looks for what stands in their place.
FOLLOWED: Final = frozenset({Kind.INVOICE_UPDATE, Kind.INVOICE_VOID, Kind.CANARY_REMOVE})
# Test documents: whoever plans them reads the refusal, no person need decide about it.
CANARY: Final = frozenset({Kind.CANARY_CREATE, Kind.CANARY_REMOVE})
# What a person gets to see is never sent twice: a lost answer is the end of it (R3).
TO_A_PERSON: Final = frozenset({Kind.MESSAGE_SEND, Kind.WORKFLOW_ADD})
RECONNECT: Final = "reconnect"
REPEATED: Final = "doubt.repeated"  # the answer was that this request id was used before
INTERRUPTED: Final = "interrupted"  # the program stopped while it was being sent
_MANY: Final = 10  # tries before a day of failures is a human's business: an outage of ours counts as few
_PERIOD_CLOSED: Final = frozenset({"6200", "6210"})
_INACTIVE: Final = frozenset({"610", "2500", "6250"})  # by Intuit's error code page, in words for programmers
_INACTIVE_HINT: Final = " (its customer, an item or an account on it was made inactive or deleted there)"
_MAKE_ACTIVE: Final = f"make it active again in QuickBooks, then: {RETRY}"
_NEXT_MESSAGE: Final = timedelta(minutes=1)
_SOON: Final = timedelta(seconds=5)


class Verdict(msgspec.Struct, frozen=True):
    """Move through `path` (each step allowed by the state table), with these facts recorded at its end."""

    path: tuple[State, ...]
    reason: Reason | None = None
    next_at: datetime | None = None
    object_id: str = ""
    sync_token: str = ""
    fault: Fault | None = None

    @property
    def state(self) -> State:
        return self.path[-1]


def judge(op: Operation, outcome: Outcome, *, now: datetime, settle: timedelta, jitter: float) -> Verdict:
    """Decide what becomes of `op` (in SENDING) after `outcome`. `jitter` is in [0, 1)."""
    match outcome:
        case Written():
            return _written(op, outcome)
        case NotSent(reason=text, retry_after=asked):
            return _again(op, Reason("not_sent", text), asked, now, jitter)
        case NoAccess(provider=provider, reason=text):
            dead = Reason(RECONNECT, f"{provider} must be connected again ({text})", "avantto-qbo connect LOCATION")
            return _unsent(op, dead, now)
        case InDoubt():
            return _doubtful(op, outcome, now, settle, jitter)
        case _:
            return _refused(op, outcome.fault, now, jitter)


def _written(op: Operation, answer: Written) -> Verdict:
    if op.expected and answer.total is not None and answer.total != Decimal(op.expected):
        text = f"QuickBooks computed a total of {answer.total} where Avantto says {op.expected}."
        state = State.CORRECTING
        return Verdict((state,), Reason("total_differs", text), None, answer.object_id, answer.sync_token)
    return Verdict((State.DONE,), None, None, answer.object_id, answer.sync_token)


def _again(op: Operation, reason: Reason, asked: timedelta | None, now: datetime, jitter: float) -> Verdict:
    if op.attempts >= _MANY and exhausted(op.created_at, now):
        return Verdict((State.RETRY, State.HELD), Reason(reason.code, reason.text, RETRY))
    return _unsent(op, reason, retry_at(op.attempts, asked, now, jitter))


def _unsent(op: Operation, reason: Reason, next_at: datetime) -> Verdict:
    """What certainly was not carried out goes again; a message to a person is decided about anew before that (R1)."""
    if op.kind in TO_A_PERSON:
        return Verdict((State.RETRY, State.HELD, State.SKIPPED), reason, next_at + _NEXT_MESSAGE)
    return Verdict((State.RETRY,), reason, next_at)


def _doubtful(op: Operation, answer: InDoubt, now: datetime, settle: timedelta, jitter: float) -> Verdict:
    text = answer.reason
    if op.kind in TO_A_PERSON:
        reason = Reason("unknown", f"The answer was lost ({text}); a message to a person is never sent twice.")
        return Verdict((State.DOUBT, State.DONE), reason)
    if op.kind in REPEATABLE:
        if op.attempts >= _MANY and exhausted(op.created_at, now):
            return Verdict((State.DOUBT, State.HELD), Reason("doubt", f"No answer for a day ({text}).", RETRY))
        return Verdict((State.DOUBT,), Reason("doubt", text), retry_at(op.attempts, _SOON, now, jitter))
    return Verdict((State.DOUBT,), Reason(REPEATED if answer.repeated else "doubt", text), now + settle)


def _refused(op: Operation, fault: Fault, now: datetime, jitter: float) -> Verdict:
    side = "QuickBooks" if op.kind.side == "books" else "Avantto"
    hint, mend = (_INACTIVE_HINT, _MAKE_ACTIVE) if fault.code in _INACTIVE else ("", RETRY)
    reason = Reason(f"refused.{fault.code}", f"{document(op)}: {side} refused it: {fault.message}{hint}", mend)
    if fault.kind is FaultClass.PASSING:
        return _again(op, reason, None, now, jitter)
    if fault.code in _PERIOD_CLOSED and op.kind not in CANARY:  # since the company's facts were read
        text = f"{document(op)}: {side} refused it, because the books are closed up to a later day."
        return Verdict((State.HELD,), Reason("books_closed", text, REOPEN), fault=fault)
    if op.kind in CANARY or fault.kind in REPLANNED or (fault.kind is FaultClass.GONE and op.kind in FOLLOWED):
        return Verdict((State.HELD, State.SKIPPED), Reason(f"superseded.{fault.kind}", fault.message), fault=fault)
    return Verdict((State.HELD,), reason, fault=fault)
