"""In-memory stand-ins for what the listeners call; they keep the rules the real ones keep."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, timedelta

import anyio
import msgspec

from avantto_qbo.errors import ConfigError, RefusedError
from avantto_qbo.location_settings import encode_setting, merge_settings, parse_setting, setting_values
from avantto_qbo.model.ids import CustomerId, LocationId, OperationId, RealmId
from avantto_qbo.model.operation import State
from avantto_qbo.model.reconciliation import Group, Progress, Standing
from avantto_qbo.model.records import ReviewState, Status
from avantto_qbo.model.settings import Settings
from avantto_qbo.rules.books.explain import ExplainedLine, ExplainedSum, Explanation
from avantto_qbo.server.api import (
    ActivityAnswer,
    ActivityRow,
    AttentionAnswer,
    AttentionItem,
    Backfill,
    BackfillState,
    ConnectAnswer,
    ConnectRequest,
    LinkAnswer,
    LocationAnswer,
    LocationRow,
    LocationsAnswer,
    OperationAnswer,
    Posting,
    ReviewRow,
    ReviewsAnswer,
    SettingRow,
    SettingsAnswer,
    ShowAnswer,
    StatusAnswer,
    SyncAnswer,
)
from avantto_qbo.server.api_backup import BackupAnswer
from avantto_qbo.server.api_doctor import (
    CanaryAnswer,
    CanaryReport,
    DoctorAnswer,
    FenceRow,
    Finding,
    ReadsReport,
    RealmReport,
)
from avantto_qbo.server.api_explaining import Booked, ExplainAnswer, NextStep
from avantto_qbo.server.api_keys import RotateAnswer
from avantto_qbo.server.api_mapping import Choice, How, MapKind, Mapped, MappingAnswer, MappingRequest, Waiting
from avantto_qbo.server.api_reconciling import Difference, ReconcileAnswer, ReconciledDay
from avantto_qbo.server.ports import IntakeResult, Readiness, Redirect, UnknownObjectError, Verdict

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEY = b"verifier"
SIGNATURE = "x-test-signature"
POSTING = (Posting("invoices", "Invoice, numbered as in Avantto"), Posting("payments", "Undeposited Funds"))


def signed(body: bytes) -> dict[str, str]:
    """Return the headers of a delivery the intake accepts."""
    return {SIGNATURE: base64.b64encode(hmac.digest(KEY, body, hashlib.sha256)).decode()}


class MemoryIntake:
    """Verifies the raw bytes, reads JSON, keeps it; `trouble` and `delay` are what a journal may do to it."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.trouble: Exception | None = None
        self.delay = 0.0

    async def avantto(self, raw: bytes, headers: Mapping[str, str]) -> IntakeResult:
        return await self._take(raw, headers)

    async def quickbooks(self, raw: bytes, headers: Mapping[str, str]) -> IntakeResult:
        return await self._take(raw, headers)

    async def _take(self, raw: bytes, headers: Mapping[str, str]) -> IntakeResult:
        if headers.get(SIGNATURE) != signed(raw)[SIGNATURE]:
            return IntakeResult(Verdict.UNSIGNED)
        try:
            event = msgspec.json.decode(raw, type=dict[str, str])
        except msgspec.MsgspecError:
            return IntakeResult(Verdict.MALFORMED)
        if event.get("location") == "unknown":
            return IntakeResult(Verdict.IGNORED)
        await anyio.sleep(self.delay)
        if self.trouble is not None:
            raise self.trouble
        verdict = Verdict.REPEATED if raw in self.kept else Verdict.TAKEN
        self.kept.append(raw)
        return IntakeResult(verdict)


class MemoryFlow:
    """A browser flow with one good link, `good`, and one cookie, `browser-1`."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None

    async def begin_connect(self, token: str) -> Redirect:
        if self.trouble is not None:
            raise self.trouble
        if token != "good":
            raise RefusedError("This link was used already, or it is too old.", "Ask for a new one.")
        return Redirect("https://crm.example/authorize?state=s1", cookie="browser-1")

    async def avantto_callback(self, params: Mapping[str, str], cookie: str) -> Redirect:
        if cookie != "browser-1":
            raise RefusedError("This is not the browser that opened the link.", "Open the link again.")
        return Redirect(f"https://books.example/authorize?after={params['code']}")

    async def quickbooks_callback(self, params: Mapping[str, str], cookie: str) -> ConnectAnswer:
        if params.get("error") or cookie == "browser-2":
            raise RefusedError("QuickBooks was not connected: you said no.", "Open the link again.")
        return connect_answer(LocationId("loc1"), RealmId(params["realmId"]))


class MemoryHealth:
    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons

    def readiness(self) -> Readiness:
        return Readiness(not self.reasons, self.reasons)


class MemoryService:
    """Locations in a dict. `held` operations can be decided; every decision notes its actor."""

    def __init__(self) -> None:
        self.statuses: dict[LocationId, Status] = {}
        self.left = ""
        self.stored: dict[str, bytes] = {}
        self.held: dict[OperationId, State] = {}
        self.actors: list[str] = []
        self.connects: list[ConnectRequest] = []
        self.backfills = [Backfill(5, 5, BackfillState.DONE)]
        self.name = "Corner [Cafe]"
        self.trouble: Exception | None = None
        self.chosen: dict[str, str] = {}
        self.unread = ""
        self.scrubbed = True
        self.waiting_documents: tuple[str, ...] = ("transaction t1",)

    async def status(self) -> StatusAnswer:
        if self.trouble is not None:
            raise self.trouble
        return StatusAnswer(
            "0.1.0",
            NOON,
            ready=True,
            locations={Status.CONNECTED: len(self.statuses)},
            operations={State.HELD: len(self.held)},
            attention=len(self.held),
            month="2026-11",
            reads=100_000,
            monthly_reads=500_000,
        )

    async def locations(self) -> LocationsAnswer:
        return LocationsAnswer(tuple(self._row(location) for location in self.statuses))

    async def show(self, location: LocationId) -> ShowAnswer:
        status = self._known(location)
        backfill = self.backfills.pop(0) if len(self.backfills) > 1 else self.backfills[0]
        items = (await self.attention(location)).items
        rows = (await self.activity(location, 5, None)).rows
        return ShowAnswer(
            location, self.name, RealmId("900"), "Cafe Ltd", status, NOON, NOON, "Europe/London",
            backfill=backfill, posting=POSTING, attention=items, activity=rows,
        )  # fmt: skip

    async def settings(self, location: LocationId) -> SettingsAnswer:
        self._known(location)
        values = setting_values(merge_settings(Settings(), self.stored))
        rows = (SettingRow(key, value, key in self.stored) for key, value in values.items())
        return SettingsAnswer(location, tuple(rows))

    async def set_settings(self, location: LocationId, changes: Mapping[str, str | None], actor: str) -> SettingsAnswer:
        self.actors.append(actor)
        for key, text in changes.items():
            if text is None:
                self.stored.pop(key, None)
            else:
                self.stored[key] = encode_setting(parse_setting(key, text))
        return await self.settings(location)

    async def mapping(self, location: LocationId, kind: MapKind | None) -> MappingAnswer:
        self._known(location)
        codes = (Choice("5", "20.0% S", "20 %"), Choice("6", "20.0% RC", "20 %"))
        mend = 'avantto-qbo map loc1 tax "VAT=CODE"'
        waits = Mapped(MapKind.TAX, "VAT", How.WAITING, "20 %", None, codes, ("invoice i1",), mend)
        chosen = (Mapped(MapKind.ITEM, name, How.CHOSEN, to=Choice(item, "Kit")) for name, item in self.chosen.items())
        waiting = Waiting(MapKind.ACCOUNT, "refund_account", "Two banks.", "settings loc1 …", self.waiting_documents)
        mapped = tuple(row for row in (waits, *chosen) if kind in {None, row.kind})
        return MappingAnswer(location, mapped, (waiting,) if kind is None else (), codes if kind else (), self.unread)

    async def set_mapping(self, location: LocationId, wanted: MappingRequest, actor: str) -> MappingAnswer:
        self._known(location)
        for name, choice in wanted.changes.items():
            if choice == "gone":
                raise ConfigError(name, '"gone" is no active item of the company')
            if choice is None:
                del self.chosen[name]
            else:
                self.chosen[name] = choice
        self.actors.append(actor)
        return await self.mapping(location, wanted.kind)

    async def doctor(self, location: LocationId | None) -> DoctorAnswer:
        if location is not None:
            self._known(location)
        should = bool(self.held)
        return DoctorAnswer(
            realms=(
                RealmReport(
                    RealmId("901"),
                    "Lake & Co",
                    (LocationId("loc1"),),
                    (
                        FenceRow("Invoice", "a lost answer is sent again", "number", NOON),
                        FenceRow("Payment", "a lost answer of this kind will wait for a person"),
                    ),
                    "custom transaction numbers are on",
                    reads=100_000,
                    canary=CanaryReport("run1", "over", NOON, NOON, {"number.Invoice": "refused"}),
                ),
            ),
            reads=ReadsReport("2026-11", 100_000, 140_000, 500_000, 46),
            findings=(Finding("numbers_off", "Numbers are off.", "switch them on", should, LocationId("loc1")),),
            contacts="A new customer is a contact within 5 minutes.",
            mail=2,
            oldest_mail_seconds=7.4,
            journal_bytes=3 * 1024 * 1024,
        )

    async def canary(self, location: LocationId, actor: str, *, yes: bool) -> CanaryAnswer:
        self._known(location)
        if not yes:
            raise RefusedError("this makes documents", "say --yes", field="yes")
        self.actors.append(actor)
        return CanaryAnswer(location, RealmId("901"), "run2", "It takes 15 minutes.")

    async def explain(self, location: LocationId, document: str) -> ExplainAnswer:
        self._known(location)
        if document == "i2":
            return ExplainAnswer(
                location,
                "invoice",
                "i2",
                problem="It is held.",
                mend="avantto-qbo retry op1",
                next=(NextStep("hold", "It is held."),),
            )
        if document != "INV/1":
            raise UnknownObjectError(f'there is no document "{document}"', field="document")
        line = ExplainedLine("Wash", "2", "50.00", "100.00", "100.00", "10.00", "90.00", ("VAT 20 %",))
        sums = (ExplainedSum("items before tax", "100.00"), ExplainedSum("total", "108.00"))
        laid_out = Explanation("GBP", (line,), sums, (ExplainedSum("Wash [5]", "100.00"), sums[1]), "tax codes", ("a",))
        return ExplainAnswer(
            location,
            "invoice",
            "i1",
            "INV/1",
            "sent",
            "108.00 GBP",
            laid_out,
            next=(NextStep("none", "Both sides agree."),),
            booked=(Booked("Invoice", "70", "live", "108.00 GBP", "INV/1"),),
            held=(await self.attention(location)).items,
            flags=(ActivityRow(1, NOON, location, "flag.fee", "A fee has a line."),),
        )

    async def reconcile(
        self,
        location: LocationId,
        since: date | None,
        until: date | None,
        report: Callable[[Progress], Awaitable[None]],
    ) -> ReconcileAnswer:
        self._known(location)
        if since is not None and until is not None and since > until:
            raise RefusedError(f"must not be after until ({until})", field="since")
        await report(Progress("Avantto's invoices", 100, 250))
        if self.trouble is not None:
            raise self.trouble
        day = NOON.date()
        found = ReconcileAnswer(
            location, NOON, since or day, until or day, 3, 0,
            (ReconciledDay(day, Group.INVOICES, "GBP", 2, "208.00 GBP", 2, "208.00 GBP"),),
        )  # fmt: skip
        if not self.held:
            return found
        missing = Difference(
            Standing.MISSING, Group.RECEIPTS, day, "t1", "Payment t1", "unknown_source", "An unknown source.",
            "avantto-qbo settings loc1 sources.raffle=on", avantto="9.00 GBP",
        )  # fmt: skip
        respected = msgspec.structs.replace(
            missing, document="t2", shown="Payment t2", text="Deleted.", mend="nothing to do", needs_attention=False
        )
        return msgspec.structs.replace(
            found,
            attention=1,
            differences=(missing, respected),
            left_out={"before_cut_off": 2},
            unreadable=1,
            cut_short=True,
        )

    async def sync(self, location: LocationId) -> SyncAnswer:
        self._known(location)
        return SyncAnswer(location, ("customers", "invoices", "payments"))

    async def activity(self, location: LocationId, limit: int, before: int | None) -> ActivityAnswer:
        self._known(location)
        last = (before or 8) - 1
        ids = range(last, max(0, last - limit), -1)
        rows = tuple(ActivityRow(n, NOON, location, "invoice.created", f"Invoice {n}", f"INV-{n}") for n in ids)
        return ActivityAnswer(rows, rows[-1].id if rows and rows[-1].id > 1 else None)

    async def attention(self, location: LocationId | None) -> AttentionAnswer:
        if location is not None:
            self._known(location)
        item = AttentionItem(
            LocationId("loc1"),
            "tax",
            "No tax code has this rate.",
            "avantto-qbo retry op1",
            NOON,
            kind="invoice.create",
        )
        return AttentionAnswer(tuple(msgspec.structs.replace(item, id=operation) for operation in self.held))

    async def reviews(self, location: LocationId, limit: int) -> ReviewsAnswer:
        self._known(location)
        wait = AttentionItem(location, "review_link", "1 review request waits: no link.", "settings loc1 …", NOON)
        mend = "avantto-qbo settings loc1 review_link=…"
        rows = (
            ReviewRow(CustomerId("7"), ReviewState.SENT, NOON, channel="email", invoice="70"),
            ReviewRow(CustomerId("8"), ReviewState.WAITING, NOON, "no link", "review_link", mend),
        )
        counts = dict.fromkeys(ReviewState, 0) | {ReviewState.SENT: 1, ReviewState.WAITING: 1}
        return ReviewsAnswer(location, "on", counts, rows[:limit], (wait,))

    async def retry(self, operation: OperationId, actor: str) -> OperationAnswer:
        return self._decide(operation, State.PLANNED, actor)

    async def skip(self, operation: OperationId, actor: str) -> OperationAnswer:
        return self._decide(operation, State.SKIPPED, actor)

    async def pause(self, location: LocationId, actor: str) -> LocationAnswer:
        return self._move(location, Status.PAUSED, actor)

    async def resume(self, location: LocationId, actor: str) -> LocationAnswer:
        return self._move(location, Status.CONNECTED, actor)

    async def connect(self, request: ConnectRequest, actor: str) -> ConnectAnswer:
        if self.statuses and not request.share:
            raise RefusedError("Another location uses this company.", "add --share")
        self.statuses[request.location] = Status.CONNECTED
        self.connects.append(request)
        self.actors.append(actor)
        return connect_answer(request.location, request.realm, request.since or NOON)

    async def connect_link(self, location: LocationId, actor: str) -> LinkAnswer:
        self.actors.append(actor)
        return LinkAnswer(location, f"https://qbo.example/connect/{location}-token", NOON + timedelta(hours=1))

    async def rotate_key(self, actor: str) -> RotateAnswer:
        self.actors.append(actor)
        if self.trouble is not None:
            raise self.trouble
        return RotateAnswer("0123456789abcdef", 3, previous=True, scrubbed=self.scrubbed)

    async def backup(self, file: str, actor: str) -> BackupAnswer:
        self.actors.append(actor)
        if self.trouble is not None:
            raise self.trouble
        return BackupAnswer(file, 4096, NOON)

    async def disconnect(self, location: LocationId, actor: str) -> LocationAnswer:
        return msgspec.structs.replace(self._move(location, Status.DISCONNECTED, actor), warning=self.left)

    def _known(self, location: LocationId) -> Status:
        if location not in self.statuses:
            raise UnknownObjectError(
                f"there is no location {location}", "see `avantto-qbo locations`", field="location"
            )
        return self.statuses[location]

    def _row(self, location: LocationId) -> LocationRow:
        return LocationRow(
            location, self.name, RealmId("900"), self._known(location), held=len(self.held), backfill=self.backfills[0]
        )

    def _move(self, location: LocationId, status: Status, actor: str) -> LocationAnswer:
        self._known(location)
        self.actors.append(actor)
        self.statuses[location] = status
        return LocationAnswer(location, status)

    def _decide(self, operation: OperationId, state: State, actor: str) -> OperationAnswer:
        if operation not in self.held:
            raise UnknownObjectError(f"there is no operation {operation}", field="id")
        if self.held[operation] is not State.HELD:
            raise RefusedError(f"{operation} is {self.held[operation]}, not held")
        self.actors.append(actor)
        self.held[operation] = state
        return OperationAnswer(operation, LocationId("loc1"), "invoice.create", state)


def connect_answer(location: LocationId, realm: RealmId, books_from: datetime = NOON) -> ConnectAnswer:
    return ConnectAnswer(location, "Corner <Cafe>", realm, "Cafe Ltd", books_from, POSTING)
