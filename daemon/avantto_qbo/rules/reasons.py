"""The words for what cannot be decided without a person: a stable code, one plain sentence, the command that mends it.

`retry ID` and `skip ID` in a mend stand for the held operation's id, which only the actor knows.
"""

from __future__ import annotations

import re
import shlex
from typing import Final

import msgspec

from avantto_qbo.errors import AvanttoQboError
from avantto_qbo.model.ids import LocationId, OperationId
from avantto_qbo.model.operation import Operation, Reason

RETRY: Final = "avantto-qbo retry ID"
SKIP: Final = "avantto-qbo skip ID"
# Another status in Avantto is another version, which is planned anew by itself.
UNKNOWN_STATUS: Final = f"wait for another status in Avantto, or enter it in QuickBooks, then: {SKIP}"
# Holds that a person ends by deleting refund receipts in QuickBooks, which is looked at before asking again.
REFUNDED_LESS: Final = "refunded_less"
FAILED_REFUNDED: Final = "failed_refunded"
REFUNDS_DIFFER: Final = frozenset({REFUNDED_LESS, FAILED_REFUNDED})
DELETE_REFUND: Final = f"delete the refund receipt in QuickBooks, then: {RETRY}, which voids the rest (or skip ID)"
REOPEN: Final = f"reopen the period in QuickBooks, then: {RETRY}"
_BY_HAND: Final = f"or make the change there by hand, then: {SKIP}"
LOWER_PAYMENTS: Final = f"lower the payments in QuickBooks, then: {RETRY}; {_BY_HAND}"
_PLACE: Final = re.compile(r"\b(retry|skip) ID\b")
_QUOTED: Final = re.compile(r"[\s'\"$`\\!*?;&|<>()\[\]#~]")  # what a shell would not take as it stands


_DOCUMENTS: Final = {
    "invoice": "Invoice",
    "payment": "Payment",
    "transaction": "The sales receipt of payment",
    "refund": "The refund receipt of payment",
    "customer": "The customer of contact",
    "contact": "The contact of customer",
    "item": "Item",
    "canary": "Test document",
}


class HeldError(AvanttoQboError):
    """A document cannot be planned; `reason` is what a person reads. Plans turn it into a Hold."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text)
        self.reason = reason


def held(code: str, text: str, mend: str = SKIP) -> HeldError:
    """Make the error for a document somebody must look at."""
    return HeldError(Reason(code, text, mend))


def document(op: Operation) -> str:
    """How a person recognises what an operation is about: an invoice by its number, the rest by Avantto's id."""
    number = msgspec.json.decode(op.intent, type=_Numbered | None) if op.intent else None
    known = number.number if number is not None and op.source.kind == "invoice" else ""
    own = op.source.part if op.source.kind == "payment" else op.source.id
    return f"{_DOCUMENTS.get(op.source.kind, op.source.kind)} {known or own}"


class _Numbered(msgspec.Struct, frozen=True):
    number: str = ""


def setting(location: LocationId, assignment: str) -> str:
    """The command that changes one setting."""
    return f"avantto-qbo settings {location} {quoted(assignment)}"


def quoted(word: str) -> str:
    """One word of a command, as a shell takes it."""
    return shlex.quote(word) if _QUOTED.search(word) else word


def addressed(reason: Reason, operation: OperationId) -> Reason:
    """Put the operation's id into the mend; the word `ID` in somebody's own name stays as it is."""
    return msgspec.structs.replace(reason, mend=_PLACE.sub(rf"\1 {operation}", reason.mend))
