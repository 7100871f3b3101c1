"""The whole life of a write, as one table.

An operation is one write to QuickBooks or Avantto. Its exact bytes and its request id are committed before the socket
is touched; what happens afterwards moves it along `TRANSITIONS`, and nothing else does. The README's drawing is
checked against this table.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from avantto_qbo.errors import InternalError
from avantto_qbo.model.ids import Chain, LocationId, OperationId, RealmId


class State(StrEnum):
    """Where an operation stands."""

    PLANNED = "planned"  # committed, not sent yet
    SENDING = "sending"  # the socket may have been touched
    RETRY = "retry"  # certainly not carried out; goes again at `next_at`
    DOUBT = "doubt"  # may have been carried out; looked up at `next_at`
    CORRECTING = "correcting"  # carried out with another total; being put right
    DONE = "done"
    HELD = "held"  # needs a human
    SKIPPED = "skipped"  # a human, or a newer version of the document, let it go


TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    State.PLANNED: frozenset({State.SENDING, State.HELD}),
    State.SENDING: frozenset({State.DONE, State.RETRY, State.DOUBT, State.CORRECTING, State.HELD}),
    State.RETRY: frozenset({State.SENDING, State.HELD}),
    State.DOUBT: frozenset({State.DONE, State.SENDING, State.HELD}),
    State.CORRECTING: frozenset({State.DONE, State.HELD}),
    State.HELD: frozenset({State.PLANNED, State.SKIPPED}),
    State.DONE: frozenset(),
    State.SKIPPED: frozenset(),
}

WAITING: Final = frozenset({State.PLANNED, State.RETRY, State.DOUBT, State.CORRECTING})
OPEN: Final = frozenset(State) - {State.DONE, State.SKIPPED}


class Kind(StrEnum):
    """What is written, and on which side."""

    CUSTOMER_CREATE = "customer.create"
    ITEM_CREATE = "item.create"
    INVOICE_CREATE = "invoice.create"
    INVOICE_UPDATE = "invoice.update"
    INVOICE_VOID = "invoice.void"
    PAYMENT_CREATE = "payment.create"
    PAYMENT_UPDATE = "payment.update"
    PAYMENT_VOID = "payment.void"
    RECEIPT_CREATE = "receipt.create"
    RECEIPT_VOID = "receipt.void"
    REFUND_CREATE = "refund.create"
    CONTACT_CREATE = "contact.create"
    CONTACT_UPDATE = "contact.update"
    CONTACT_TAG = "contact.tag"
    MESSAGE_SEND = "message.send"
    WORKFLOW_ADD = "workflow.add"
    CANARY_CREATE = "canary.create"  # a test document that proves a fence, and is taken back
    CANARY_REMOVE = "canary.remove"

    @property
    def side(self) -> str:
        """`crm` for Avantto, `books` for QuickBooks."""
        return "crm" if self in _CRM else "books"


_CRM: Final = frozenset(
    {Kind.CONTACT_CREATE, Kind.CONTACT_UPDATE, Kind.CONTACT_TAG, Kind.MESSAGE_SEND, Kind.WORKFLOW_ADD}
)


class Source(msgspec.Struct, frozen=True):
    """The document an operation speaks for.

    `kind`: invoice | transaction | customer | review | company | canary; `id`: the document's id at its origin;
    `part`: which of several objects made from it (a payment's transaction id, an e-mail's keyed hash), else "".
    """

    kind: str
    id: str
    part: str = ""


class Call(msgspec.Struct, frozen=True):
    """The wire form of a write: method, path with query (no host, no request id) and the exact body bytes."""

    method: str
    path: str
    body: bytes = b""
    version: str = ""  # Avantto's Version header where it differs from the default


class Reason(msgspec.Struct, frozen=True):
    """Why something waits or is held: a stable code, one plain sentence, and the command that mends it."""

    code: str
    text: str
    mend: str = ""


class Operation(msgspec.Struct, frozen=True):
    """One write and where it stands. Times are UTC; `expected` is the total the answer must state (major units)."""

    id: OperationId
    location: LocationId
    realm: RealmId
    kind: Kind
    chain: Chain
    source: Source
    request_id: str
    call: Call
    intent: bytes  # the draft as JSON: what both sides agree on once this is done
    state: State
    created_at: datetime
    updated_at: datetime
    version: str = ""  # the document's own version (its updatedAt) this was planned from
    target: str = ""  # id of the object being changed, "" for a create
    expected: str = ""
    claim: str = ""
    attempts: int = 0
    lookups: int = 0
    sent_at: datetime | None = None
    next_at: datetime | None = None
    reason: Reason | None = None
    object_id: str = ""  # the object the answer named

    @property
    def sendable(self) -> bool:
        """False for a document that is held because it could not even be turned into a request."""
        return bool(self.call.method)


def check_transition(current: State, target: State) -> None:
    """Refuse a move the table does not hold."""
    if target not in TRANSITIONS[current]:
        raise InternalError(f"an operation never moves from {current} to {target}")
