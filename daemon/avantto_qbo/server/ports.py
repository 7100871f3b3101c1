"""What the listeners need of the rest of the house, as small Protocols; `app.py` hands in the real things."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol

import msgspec

from avantto_qbo.errors import RefusedError
from avantto_qbo.model.ids import LocationId, OperationId
from avantto_qbo.model.reconciliation import Progress
from avantto_qbo.server.api import (
    ActivityAnswer,
    AttentionAnswer,
    ConnectAnswer,
    ConnectRequest,
    LinkAnswer,
    LocationAnswer,
    LocationsAnswer,
    OperationAnswer,
    ReviewsAnswer,
    SettingsAnswer,
    ShowAnswer,
    StatusAnswer,
    SyncAnswer,
)
from avantto_qbo.server.api_backup import BackupAnswer
from avantto_qbo.server.api_doctor import CanaryAnswer, DoctorAnswer
from avantto_qbo.server.api_explaining import ExplainAnswer
from avantto_qbo.server.api_keys import RotateAnswer
from avantto_qbo.server.api_mapping import MapKind, MappingAnswer, MappingRequest
from avantto_qbo.server.api_reconciling import ReconcileAnswer


class UnknownObjectError(RefusedError):
    """A person named a location or an operation that does not exist."""


class Verdict(StrEnum):
    """What became of a webhook delivery."""

    TAKEN = "taken"  # committed to the inbox: only now may it be acknowledged
    REPEATED = "repeated"  # its event was committed before
    IGNORED = "ignored"  # an unknown location or an event nobody needs
    UNSIGNED = "unsigned"  # no valid signature over the raw bytes
    MALFORMED = "malformed"  # signed, but not what the vendor documents
    BUSY = "busy"  # trouble on our side: to be delivered again


class IntakeResult(msgspec.Struct, frozen=True):
    """The verdict on one delivery; `retry_after` goes with BUSY."""

    verdict: Verdict
    retry_after: timedelta = timedelta(seconds=5)


class Intake(Protocol):
    """Takes webhook deliveries: verifies the signature on the raw bytes, then reads, then commits.

    Header names are lower case. An exception counts as BUSY.
    """

    async def avantto(self, raw: bytes, headers: Mapping[str, str]) -> IntakeResult: ...

    async def quickbooks(self, raw: bytes, headers: Mapping[str, str]) -> IntakeResult: ...


class Redirect(msgspec.Struct, frozen=True):
    """Send the browser on. A non-empty `cookie` is kept by the browser and comes back with the callbacks."""

    url: str
    cookie: str = ""

    def __repr__(self) -> str:
        return "Redirect(…)"


class BrowserFlow(Protocol):
    """Connecting a location in a browser: link, Avantto, QuickBooks, done.

    `cookie` is the one `begin_connect` gave out, "" if the browser sent none: it ties both callbacks to the browser
    that opened the link, and stands in for Avantto's `state`, whose echo the vendor does not document (UNVERIFIED).
    `params` is the callback's query. All raise RefusedError with a sentence for the person in front of the browser.
    """

    async def begin_connect(self, token: str) -> Redirect: ...

    async def avantto_callback(self, params: Mapping[str, str], cookie: str) -> Redirect: ...

    async def quickbooks_callback(self, params: Mapping[str, str], cookie: str) -> ConnectAnswer: ...


class Service(Protocol):
    """Answers operators' questions and carries out their decisions. `actor` names the caller (`uid 1000`).

    Raises UnknownObjectError for a location or operation that does not exist, ConfigError for a wrong setting,
    RefusedError for what would be wrong to do.
    """

    async def status(self) -> StatusAnswer: ...

    async def locations(self) -> LocationsAnswer: ...

    async def show(self, location: LocationId) -> ShowAnswer: ...

    async def settings(self, location: LocationId) -> SettingsAnswer: ...

    async def set_settings(self, location: LocationId, changes: Mapping[str, str | None], actor: str) -> SettingsAnswer:
        """Change all of `changes` or none; None goes back to the default."""
        ...

    async def mapping(self, location: LocationId, kind: MapKind | None) -> MappingAnswer: ...

    async def set_mapping(self, location: LocationId, wanted: MappingRequest, actor: str) -> MappingAnswer:
        """Make all of the changes or none."""
        ...

    async def explain(self, location: LocationId, document: str) -> ExplainAnswer: ...

    async def reconcile(
        self,
        location: LocationId,
        since: date | None,
        until: date | None,
        report: Callable[[Progress], Awaitable[None]],
    ) -> ReconcileAnswer:
        """Compare Avantto with the books from `since` to `until`; `report` is told how far it is."""
        ...

    async def doctor(self, location: LocationId | None) -> DoctorAnswer: ...

    async def canary(self, location: LocationId, actor: str, *, yes: bool) -> CanaryAnswer:
        """Start a test of repeated writes in the company of a location."""
        ...

    async def sync(self, location: LocationId) -> SyncAnswer: ...

    async def activity(self, location: LocationId, limit: int, before: int | None) -> ActivityAnswer: ...

    async def attention(self, location: LocationId | None) -> AttentionAnswer: ...

    async def reviews(self, location: LocationId, limit: int) -> ReviewsAnswer: ...

    async def retry(self, operation: OperationId, actor: str) -> OperationAnswer: ...

    async def skip(self, operation: OperationId, actor: str) -> OperationAnswer: ...

    async def pause(self, location: LocationId, actor: str) -> LocationAnswer: ...

    async def resume(self, location: LocationId, actor: str) -> LocationAnswer: ...

    async def connect(self, request: ConnectRequest, actor: str) -> ConnectAnswer: ...

    async def connect_link(self, location: LocationId, actor: str) -> LinkAnswer: ...

    async def disconnect(self, location: LocationId, actor: str) -> LocationAnswer: ...

    async def rotate_key(self, actor: str) -> RotateAnswer: ...

    async def backup(self, file: str, actor: str) -> BackupAnswer: ...


class Readiness(msgspec.Struct, frozen=True):
    """Whether the journal and the listeners are up; a vendor that is down is not unreadiness."""

    ready: bool
    reasons: tuple[str, ...] = ()


class Health(Protocol):
    def readiness(self) -> Readiness: ...
