"""What `doctor` says: what is proven about each company, what the reads suffice for, and what should be mended."""

from __future__ import annotations

from datetime import datetime

import msgspec

from avantto_qbo.model.ids import LocationId, RealmId


class FenceRow(msgspec.Struct, frozen=True):
    """What happens to a lost answer of one kind of document, and what makes that safe.

    `proof` is `requestid`, `number` or `beyond`, "" where nothing is proven; `since` when it was seen last.
    """

    entity: str
    text: str
    proof: str = ""
    since: datetime | None = None


class CanaryReport(msgspec.Struct, frozen=True):
    """The last test of repeated writes. `stage` is making, repeating, removing or over; `results` in words."""

    run: str
    stage: str
    begun: datetime
    ended: datetime | None = None
    results: dict[str, str] = {}


class RealmReport(msgspec.Struct, frozen=True):
    """One company: its locations, fences, numbering, reads of this month, and its last test."""

    realm: RealmId
    company: str
    locations: tuple[LocationId, ...]
    fences: tuple[FenceRow, ...]
    numbers: str
    reads: int = 0
    canary: CanaryReport | None = None


class ReadsReport(msgspec.Struct, frozen=True):
    """Metered reads: `projected` for the whole month at the present pace, `fits` companies at this pace of polling."""

    month: str
    so_far: int
    projected: int
    monthly: int
    fits: int
    blocked_since: datetime | None = None


class Finding(msgspec.Struct, frozen=True):
    """Something to know. `should` be mended, or only could; `mend` is the command or what to do."""

    code: str
    text: str
    mend: str
    should: bool = False
    location: LocationId = LocationId("")


class DoctorAnswer(msgspec.Struct, frozen=True):
    """The whole examination. `contacts` says how the promise of five minutes is kept."""

    realms: tuple[RealmReport, ...]
    reads: ReadsReport
    findings: tuple[Finding, ...]
    contacts: str
    mail: int = 0
    oldest_mail_seconds: float = 0.0
    journal_bytes: int = 0


class CanaryRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Start a test of repeated writes; `yes` because it makes documents in the company's books."""

    yes: bool = False


class CanaryAnswer(msgspec.Struct, frozen=True):
    """A test was started: what it will make, and when its result can be read."""

    location: LocationId
    realm: RealmId
    run: str
    text: str
