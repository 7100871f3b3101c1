"""Everything the stand-in vendor remembers: the app, its locations and their documents."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from avantto_qbo.sandbox.avantto.documents import Json, instant
from avantto_qbo.sandbox.avantto.ids import Ids
from avantto_qbo.sandbox.avantto.knobs import AppKnobs, Knobs
from avantto_qbo.sandbox.avantto.signing import Signer
from avantto_qbo.sandbox.webhooks import Outbox


@dataclass(slots=True)
class SearchEntry:
    """One state of a contact on its way into the search index; `document` None takes it out."""

    visible_at: datetime
    contact: str
    document: Json | None


@dataclass(slots=True)
class Location:
    """One sub-account: its profile as the API shows it, and its documents by id.

    `people` finds contacts by (member, lower-cased value) of e-mail and phone, oldest first.
    """

    id: str
    profile: Json
    currency: str
    knobs: Knobs = field(default_factory=Knobs)
    installed: bool = False
    contacts: dict[str, Json] = field(default_factory=dict)
    people: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    search_index: dict[str, Json] = field(default_factory=dict)
    search_backlog: list[SearchEntry] = field(default_factory=list)
    invoices: dict[str, Json] = field(default_factory=dict)
    deleted_invoices: dict[str, Json] = field(default_factory=dict)
    invoice_numbers: int = 0
    orders: dict[str, Json] = field(default_factory=dict)
    transactions: dict[str, Json] = field(default_factory=dict)
    subscriptions: dict[str, Json] = field(default_factory=dict)
    products: dict[str, Json] = field(default_factory=dict)
    workflows: dict[str, Json] = field(default_factory=dict)
    enrolments: list[Json] = field(default_factory=list)
    custom_values: dict[str, Json] = field(default_factory=dict)
    messages: list[Json] = field(default_factory=list)
    inbound: list[Json] = field(default_factory=list)

    @property
    def timezone(self) -> str:
        """The location's IANA time zone."""
        return str(self.profile["timezone"])

    @property
    def allows_duplicates(self) -> bool:
        """Whether two contacts may share an e-mail or phone."""
        return bool(self.profile["settings"]["allowDuplicateContact"])


@dataclass(slots=True)
class Grant:
    """What a token stands for; `private` marks a private integration token, which never expires."""

    scopes: frozenset[str]
    location: str = ""
    company: str = ""
    expires_at: datetime | None = None
    used_at: datetime | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code waiting to be exchanged, once."""

    location: str
    client_id: str
    redirect_uri: str
    scopes: frozenset[str]


class World:
    """The vendor's memory, with the clock, the ids and the outgoing webhooks."""

    def __init__(self, now: Callable[[], datetime], rng: random.Random, outbox: Outbox) -> None:
        self.now = now
        self.ids = Ids(rng, now)
        self.outbox = outbox
        self.signer = Signer.seeded(rng)
        self.app = AppKnobs()
        self.app_id = self.ids.short()
        self.company = self.ids.short()
        self.clients = {"sandbox-avantto": "sandbox-avantto-secret"}
        self.locations: dict[str, Location] = {}
        self.chosen = ""
        self.codes: dict[str, Code] = {}
        self.access: dict[str, Grant] = {}
        self.refresh: dict[str, Grant] = {}
        self._owners: dict[str, Location] = {}

    def stamp(self) -> str:
        """Return the present instant as the vendor prints it."""
        return instant(self.now())

    def location(self, name: str) -> Location:
        """Return a location; raise `KeyError` for an unknown one."""
        if name not in self.locations:
            raise KeyError(f"there is no location {name}")
        return self.locations[name]

    def own(self, document: str, location: Location) -> None:
        """Remember whose document an id is."""
        self._owners[document] = location

    def owner(self, document: str) -> Location | None:
        """Return the location a document was made in, also when it was deleted since."""
        return self._owners.get(document)
