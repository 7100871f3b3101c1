"""The status API's questions and answers: what the service returns, the socket carries and the command line renders.

Times are UTC. Sums are texts with their currency (`"120.00 USD"`). Answers may gain fields; readers ignore those they
do not know.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from avantto_qbo.model.ids import ContactId, CustomerId, LocationId, OperationId, RealmId
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import ReviewState, Status
from avantto_qbo.server.api_backup import RestoringRow


class BackfillState(StrEnum):
    """Where the first copy of a realm's customers stands."""

    NONE = "none"  # contacts are off, or own only
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


class Backfill(msgspec.Struct, frozen=True):
    """Customers seen so far and in all; `total` 0 means not counted yet."""

    done: int = 0
    total: int = 0
    state: BackfillState = BackfillState.NONE


class Posting(msgspec.Struct, frozen=True):
    """One kind of thing and where in the books it goes: `invoices` → `Invoice, number as in Avantto`."""

    what: str
    where: str


class AttentionItem(msgspec.Struct, frozen=True):
    """Something that waits for a person: its cause in plain words and the one command that mends it.

    `id` is the operation to `retry` or `skip`; "" when the whole location waits (a dead connection, a missing setting).
    """

    location: LocationId
    code: str
    text: str
    mend: str
    since: datetime
    id: OperationId = OperationId("")
    kind: str = ""
    object: str = ""


class ActivityRow(msgspec.Struct, frozen=True):
    """One line of what the daemon or a person did; ids grow with time."""

    id: int
    at: datetime
    location: LocationId
    event: str
    text: str
    subject: str = ""
    actor: str = "daemon"


class ActivityAnswer(msgspec.Struct, frozen=True):
    """The newest rows first; `before` asks for the next page, None when there is none."""

    rows: tuple[ActivityRow, ...]
    before: int | None = None


class AttentionAnswer(msgspec.Struct, frozen=True):
    items: tuple[AttentionItem, ...]


class LocationRow(msgspec.Struct, frozen=True):
    """One location in the list: counts of its open operations, and why it is not simply connected."""

    id: LocationId
    name: str
    realm: RealmId
    status: Status
    reason: str = ""
    waiting: int = 0
    doubt: int = 0
    held: int = 0
    last_activity: datetime | None = None
    backfill: Backfill = Backfill()


class LocationsAnswer(msgspec.Struct, frozen=True):
    locations: tuple[LocationRow, ...]


class ShowAnswer(msgspec.Struct, frozen=True):
    """Everything about one location."""

    id: LocationId
    name: str
    realm: RealmId
    company: str
    status: Status
    books_from: datetime
    connected_at: datetime
    time_zone: str
    reason: str = ""
    country: str = ""
    shared: bool = False
    operations: dict[State, int] = {}
    mail: int = 0
    backfill: Backfill = Backfill()
    left_out: dict[str, int] = {}  # customers that are no contacts, by reason
    posting: tuple[Posting, ...] = ()
    reconciled_at: datetime | None = None  # when its documents were last compared with the books
    differences: int = 0  # how many were not equal then, for whatever reason
    attention: tuple[AttentionItem, ...] = ()
    activity: tuple[ActivityRow, ...] = ()


class StatusAnswer(msgspec.Struct, frozen=True):
    """The daemon as a whole. `warnings` are plain sentences (a promise that cannot be kept, tokens near their end)."""

    version: str
    started_at: datetime
    ready: bool
    locations: dict[Status, int] = {}
    operations: dict[State, int] = {}
    mail: int = 0
    oldest_mail_seconds: float = 0.0
    attention: int = 0
    month: str = ""
    reads: int = 0
    monthly_reads: int = 0
    warnings: tuple[str, ...] = ()
    backup_at: datetime | None = None  # when the journal was last copied
    restoring: tuple[RestoringRow, ...] = ()


class ReviewRow(msgspec.Struct, frozen=True):
    """One customer's review request, ids only: who was asked, will be asked or is not, and why.

    `since` is when it came to stand there; `mend` the command that lets a waiting one go on, "" when only time does.
    """

    customer: CustomerId
    state: ReviewState
    since: datetime
    reason: str = ""
    code: str = ""
    mend: str = ""
    channel: str = ""
    contact: ContactId = ContactId("")
    invoice: str = ""
    payment: str = ""
    paid_at: datetime | None = None
    operation: OperationId | None = None


class ReviewsAnswer(msgspec.Struct, frozen=True):
    """The review requests of a location, the latest touched first; `counts` are of all of them, not only of `rows`.

    `mode` is the setting `reviews`, `waiting` what its owner must do before some can go out.
    """

    location: LocationId
    mode: str
    counts: dict[ReviewState, int]
    rows: tuple[ReviewRow, ...]
    waiting: tuple[AttentionItem, ...] = ()


class SettingRow(msgspec.Struct, frozen=True):
    """One setting: its value, whether the location or the configuration says so, and what `auto` resolved to."""

    key: str
    value: Any
    set_here: bool = False
    resolved: str = ""


class SettingsAnswer(msgspec.Struct, frozen=True):
    location: LocationId
    settings: tuple[SettingRow, ...]


class SettingsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings to change, as a person types them; None goes back to the default."""

    changes: dict[str, str | None]


class ConnectRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Connect without a browser: each token is the provider's own answer, as it stands in the file."""

    location: LocationId
    realm: RealmId
    avantto_token: msgspec.Raw
    quickbooks_token: msgspec.Raw
    since: datetime | None = None
    share: bool = False

    def __repr__(self) -> str:
        return f"ConnectRequest({self.location} {self.realm})"


class ConnectAnswer(msgspec.Struct, frozen=True):
    """The connected location and what will be posted where."""

    location: LocationId
    name: str
    realm: RealmId
    company: str
    books_from: datetime
    posting: tuple[Posting, ...]
    warnings: tuple[str, ...] = ()


class LinkAnswer(msgspec.Struct, frozen=True):
    """A signed, single-use address that connects one location in a browser."""

    location: LocationId
    url: str
    expires_at: datetime


class SyncAnswer(msgspec.Struct, frozen=True):
    """Which polls were asked to run at once."""

    location: LocationId
    polls: tuple[str, ...]


class OperationAnswer(msgspec.Struct, frozen=True):
    """Where an operation stands after a person decided."""

    id: OperationId
    location: LocationId
    kind: str
    state: State


class LocationAnswer(msgspec.Struct, frozen=True):
    """Where a location stands after a person decided; `warning` is what they should know about it."""

    location: LocationId
    status: Status
    reason: str = ""
    warning: str = ""


class ErrorAnswer(msgspec.Struct, frozen=True):
    """A refusal: the problem in one sentence, the field it is about and what to do instead."""

    error: str
    field: str = ""
    mend: str = ""
