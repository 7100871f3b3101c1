"""Refusals of a change that a bookkeeper has to mend in QuickBooks, in a bookkeeper's words."""

from __future__ import annotations

from typing import Final

from avantto_qbo.actors.desk import Desk, Later
from avantto_qbo.journal import operations
from avantto_qbo.model.ids import OperationId
from avantto_qbo.model.operation import Reason, State
from avantto_qbo.model.outcome import Fault, FaultClass
from avantto_qbo.model.steps import Hold
from avantto_qbo.rules.reasons import RETRY, SKIP
from avantto_qbo.rules.settle import Verdict

_DEPOSITED: Final = "6540"


async def held_in_words(desk: Desk, kind: str, what: str, verdict: Verdict, later: Later | None) -> Later | Hold | None:
    """Let the refused operation go and hold in plain words; `later` for a refusal whose own message is as good.

    `kind` begins the codes: `payment` or `receipt`; `what` names it for a person.
    """
    reason = _in_words(verdict.fault, kind, what) if verdict.fault is not None else None
    if reason is None or later is None:
        return later
    name = OperationId(later.waiting_for)
    op = await desk.house.journal.read(lambda db: operations.get(db, name))
    if op is not None and op.state is State.HELD:
        await desk.let_go(op, Reason("superseded", reason.text))
    return Hold(reason)


def gone(kind: str, what: str) -> Reason:
    """Somebody deleted or voided in QuickBooks what had to be changed there."""
    return Reason(f"{kind}_gone", f"{what} was deleted or voided in QuickBooks, so it cannot be changed.", SKIP)


def _in_words(fault: Fault, kind: str, what: str) -> Reason | None:
    if fault.code == _DEPOSITED:
        text = f"{what} is part of a bank deposit in QuickBooks, so it cannot be changed."
        return Reason(f"{kind}_deposited", text, f"take it off the deposit in QuickBooks, then: {RETRY} (or skip ID)")
    return gone(kind, what) if fault.kind is FaultClass.GONE else None
