"""What the journal remembers between two runs, as values."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final

import msgspec

from avantto_qbo.model.ids import ContactId, CustomerId, LocationId, OperationId, RealmId


class Lane(IntEnum):
    """Which turn of the mailbox an envelope takes: money first, then contacts, then backfill."""

    MONEY = 0
    CONTACT = 1
    BACKFILL = 2


class Topic(StrEnum):
    """What an envelope says has changed. It never carries the truth, except a QuickBooks row, which is the truth."""

    INVOICE = "invoice"  # object: Avantto invoice id
    TRANSACTION = "transaction"  # object: Avantto transaction id
    ORDER = "order"  # object: Avantto order id; the webhook's copy is kept as evidence
    CUSTOMER = "customer"  # object: QBO customer id; payload: the row
    PAYMENT = "payment"  # object: QBO payment id; payload: the row
    REVIEW = "review"  # object: QBO customer id; the stored candidate is looked at again
    BACKFILL = "backfill"  # object: "customers"; one page a turn
    CANARY = "canary"  # object: the run; its next step is told by how far it came


class Envelope(msgspec.Struct, frozen=True):
    """One piece of durable mail. Mail about the same object coalesces; `version` counts what was coalesced."""

    location: LocationId
    topic: Topic
    object_id: str
    lane: Lane
    version: int
    received_at: datetime
    next_at: datetime
    payload: bytes = b""
    attempts: int = 0
    waiting_for: str = ""  # an operation id or a claim key; "" when only time is waited for
    reason: str = ""


class Status(StrEnum):
    """Where a location stands."""

    CONNECTED = "connected"
    PAUSED = "paused"  # by a person
    MONEY_PAUSED = (
        "money_paused"  # by a safety rule: contacts and reviews go on, nothing is posted; the reason says why
    )
    BROKEN = "broken"  # a dead connection: reconnect
    DISCONNECTED = "disconnected"


class LocationRecord(msgspec.Struct, frozen=True):
    """A connected location. `books_from` is the cut-off of I4 and S5; `connected_at` when it was last connected."""

    id: LocationId
    realm: RealmId
    name: str
    time_zone: str
    status: Status
    books_from: datetime
    connected_at: datetime
    country: str = ""
    reason: str = ""
    allow_duplicates: bool = False
    google_place_id: str = ""
    shared: bool = False


class RealmRecord(msgspec.Struct, frozen=True):
    """A QuickBooks company we hold a grant for; `company` is the reference cache as JSON."""

    id: RealmId
    company: bytes
    refreshed_at: datetime
    reason: str = ""  # why its connection is dead; "" while alive


class Link(msgspec.Struct, frozen=True):
    """One source document (or part of it) and the object made from it; the link is authoritative.

    `source_kind`: invoice | payment | transaction | refund | customer | contact | item | product. `agreed` is the last
    draft both sides hold, as JSON. `status`: live | voided | deleted | correcting | undone | joined.
    """

    location: LocationId
    realm: RealmId
    source_kind: str
    source_id: str
    part: str
    entity: str
    object_id: str
    created_at: datetime
    updated_at: datetime
    sync_token: str = ""
    agreed: bytes = b""
    total: str = ""
    version: str = ""
    status: str = "live"


class IndexedCustomer(msgspec.Struct, frozen=True):
    """A QBO customer as the local index knows it: keyed hashes instead of names, e-mails and phones."""

    realm: RealmId
    id: CustomerId
    updated_at: datetime
    created_at: datetime
    sync_token: str
    active: bool
    job: bool
    project: bool
    name_key: str
    email_keys: tuple[str, ...] = ()
    phone_keys: tuple[str, ...] = ()
    currency: str = ""  # "" where it is not known, or the company has only one


class ReviewState(StrEnum):
    WAITING = "waiting"  # for the link, the quiet hours or the location's owner; the reason says which
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"  # an answer was lost: never sent again
    SHADOW = "shadow"  # would have been sent
    DECLINED = "declined"  # do-not-disturb, unsubscribed, no address, refunded, too old


TAKEN_BACK: Final = "not_a_payment"  # the code of a payment that settles nothing


class Review(msgspec.Struct, frozen=True):
    """The one review request a customer can ever get, per realm. `paid_at` is the payment's last change known to it."""

    realm: RealmId
    customer: CustomerId
    location: LocationId
    state: ReviewState
    paid_at: datetime
    updated_at: datetime
    invoice: str = ""
    payment: str = ""
    contact: ContactId = ContactId("")
    channel: str = ""
    tried: tuple[str, ...] = ()  # channels that refused for good
    reason: str = ""
    operation: OperationId | None = None
    code: str = ""  # of the reason
    mend: str = ""  # the command that lets a waiting request go on; "" when only time is waited for

    @property
    def taken_back(self) -> bool:
        """Its payment was voided or deleted before anything was sent: another one may still be the first."""
        return self.state is ReviewState.DECLINED and self.code == TAKEN_BACK


class Activity(msgspec.Struct, frozen=True):
    """One line of "what did it do, and why": ids and sums only, never names or addresses."""

    at: datetime
    location: LocationId
    event: str
    text: str
    subject: str = ""
    actor: str = "daemon"
    id: int = 0
