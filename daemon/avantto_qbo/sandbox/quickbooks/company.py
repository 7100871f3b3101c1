"""One company (realm): its tables, ids, names, links between transactions, and the changes it announces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from avantto_qbo.sandbox.quickbooks.entities import ENTITIES, PEOPLE
from avantto_qbo.sandbox.quickbooks.fields import Json
from avantto_qbo.sandbox.quickbooks.knobs import Engine, Knobs
from avantto_qbo.sandbox.quickbooks.table import Row, Table

Kind = Literal["us", "us_recompute", "us_no_tax", "us_manual", "uk", "ca", "au"]
TaxSystem = Literal["automated", "manual", "codes"]
Operation = Literal["created", "updated", "deleted", "voided", "merged", "emailed"]
SERVER_ZONE = ZoneInfo("America/Los_Angeles")
ZERO = Decimal("0.00")
FIRST_NUMBER = 1001


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to an object, for webhooks; `other` is the loser of a merge."""

    realm: str
    entity: str
    identifier: str
    operation: Operation
    at: datetime
    other: str = ""

    def with_loser(self, loser: str) -> Change:
        """Return the change as the merge of another object into this one."""
        return replace(self, other=loser)


@dataclass(frozen=True, slots=True)
class Locale:
    """What a company's country decides.

    `tax`: the United States engine that finds rates itself, codes kept by hand there, or the tax codes of elsewhere.
    """

    country: str
    currency: str
    currency_name: str
    tax: TaxSystem
    zone: str

    @property
    def global_tax(self) -> bool:
        """Say whether every line has a tax code of its own, as everywhere but in the United States."""
        return self.tax == "codes"


_DOLLAR = ("US", "USD", "United States Dollar")
LOCALES: dict[str, Locale] = {
    "us": Locale(*_DOLLAR, "automated", "America/Los_Angeles"),
    "us_recompute": Locale(*_DOLLAR, "automated", "America/Chicago"),
    "us_no_tax": Locale(*_DOLLAR, "automated", "America/New_York"),
    "us_manual": Locale(*_DOLLAR, "manual", "America/Chicago"),
    "uk": Locale("GB", "GBP", "British Pound Sterling", "codes", "Europe/London"),
    "ca": Locale("CA", "CAD", "Canadian Dollar", "codes", "America/Vancouver"),
    "au": Locale("AU", "AUD", "Australian Dollar", "codes", "Australia/Sydney"),
}


class Company:
    """The books of one realm."""

    def __init__(self, realm: str, kind: Kind, name: str, now: Callable[[], datetime]) -> None:
        self.realm = realm
        self.kind: Kind = kind
        self.name = name
        self.now = now
        self.locale = LOCALES[kind]
        engine: Engine = "recomputes" if kind == "us_recompute" else "honours"
        self.knobs = Knobs(tax_engine=engine, sales_tax=kind != "us_no_tax")
        self.tables: dict[str, Table] = {name: Table(entity) for name, entity in ENTITIES.items()}
        self.names: dict[str, tuple[str, str]] = {}
        self.applied: dict[tuple[str, str], dict[str, Decimal]] = {}
        self.deposited: set[tuple[str, str]] = set()
        self.unvoided: dict[tuple[str, str], Json] = {}
        self.changes: list[Change] = []
        self.next_number = FIRST_NUMBER
        self._last_ids: dict[str, int] = {}

    # -- reading -------------------------------------------------------------------------------------------------

    def find(self, entity: str, identifier: str | None) -> Json | None:
        """Return an object's body, or None."""
        row = self.tables[entity].get(identifier) if identifier else None
        return row.body if row else None

    def active(self, entity: str, identifier: str | None) -> Json | None:
        """Return an object's body unless it is inactive or absent."""
        body = self.find(entity, identifier)
        return body if body is not None and body.get("Active", True) else None

    def today(self) -> date:
        """Return the server's day, which is the vendor's Pacific one."""
        return self.now().astimezone(SERVER_ZONE).date()

    @property
    def tax_rate(self) -> Decimal:
        """Return the rate of the sales tax engine in percent."""
        return Decimal(self.knobs.tax_rate)

    @property
    def honours_tax(self) -> bool:
        """Say whether a tax amount sent replaces the engine's own."""
        return self.knobs.tax_engine == "honours"

    def applied_to(self, entity: str, identifier: str) -> Decimal:
        """Return how much of an invoice is paid, or of a credit memo is used."""
        return sum(self.applied.get((entity, identifier), {}).values(), ZERO)

    # -- writing -------------------------------------------------------------------------------------------------

    def new_id(self, entity: str) -> str:
        """Return the next Id; transactions share one series, every list has its own."""
        series = "transaction" if ENTITIES[entity].transaction else entity
        self._last_ids[series] = self._last_ids.get(series, 0) + 1
        return str(self._last_ids[series])

    def insert(self, entity: str, body: Json, identifier: str = "") -> Json:
        """Store a new object and return it with Id, SyncToken and MetaData."""
        at = self.now().replace(microsecond=0)
        stamped = {"domain": "QBO", "sparse": False, "Id": identifier or self.new_id(entity), "SyncToken": "0"}
        return self._store(entity, Row({**body, **stamped, "MetaData": _times(at, at)}, at, at), "created")

    def update(self, entity: str, body: Json, operation: Operation = "updated") -> Json:
        """Store a new version of an object: the next SyncToken, a new LastUpdatedTime."""
        old = self.tables[entity].get(body["Id"])
        if old is None:
            raise KeyError(body["Id"])
        at = self.now().replace(microsecond=0)
        stamped = {
            "SyncToken": str(int(old.body["SyncToken"]) + 1),
            "MetaData": _times(old.created, at),
            "sparse": False,
        }
        return self._store(entity, Row({**body, **stamped}, old.created, at), operation)

    def delete(self, entity: str, identifier: str) -> None:
        """Remove an object."""
        body = self.tables[entity].get(identifier)
        if body is not None and entity in PEOPLE:
            self.names.pop(str(body.body["DisplayName"]).casefold(), None)
        self.tables[entity].remove(identifier, self.now().replace(microsecond=0))
        self.announce(entity, identifier, "deleted")

    def announce(self, entity: str, identifier: str, operation: Operation, other: str = "") -> None:
        """Note a change for the webhooks."""
        self.changes.append(Change(self.realm, entity, identifier, operation, self.now(), other))

    def take_changes(self) -> list[Change]:
        """Hand over the changes not yet announced."""
        taken, self.changes = self.changes, []
        return taken

    def _store(self, entity: str, row: Row, operation: Operation) -> Json:
        if entity in PEOPLE:
            self._rename(entity, row)
        self.tables[entity].put(row)
        self.announce(entity, row.id, operation)
        return row.body

    def _rename(self, entity: str, row: Row) -> None:
        old = self.find(entity, row.id)
        if old is not None:
            self.names.pop(str(old["DisplayName"]).casefold(), None)
        self.names[str(row.body["DisplayName"]).casefold()] = (entity, row.id)


def moment(at: datetime) -> str:
    """Write an instant as the vendor does: to the second, with the Pacific offset."""
    return at.astimezone(SERVER_ZONE).isoformat(timespec="seconds")


def _times(created: datetime, updated: datetime) -> dict[str, Any]:
    return {"CreateTime": moment(created), "LastUpdatedTime": moment(updated)}
