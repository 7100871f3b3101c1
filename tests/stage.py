"""The daemon's rooms between two stand-in vendors, on a virtual clock: all of `app.py` but sockets and threads."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec

from avantto_qbo.actors.access import Access
from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House, Pace
from avantto_qbo.actors.keeper import TokenKeeper
from avantto_qbo.actors.keepers import Keepers
from avantto_qbo.actors.limiter import Limiter, Window
from avantto_qbo.actors.location import LocationActor
from avantto_qbo.actors.polls.pollers import Pollers
from avantto_qbo.actors.supervisor import Supervisor
from avantto_qbo.app import SCOPES
from avantto_qbo.avantto.client import AvanttoClient
from avantto_qbo.avantto.oauth import AvanttoOAuth
from avantto_qbo.journal import activity, inbox, links, locations, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.inline import InlineJournal
from avantto_qbo.journal.sealing import Fingerprints, Sealer
from avantto_qbo.model.grant import Provider
from avantto_qbo.model.http import HttpRequest
from avantto_qbo.model.ids import LocationId, OperationId, RealmId
from avantto_qbo.model.operation import Operation, State
from avantto_qbo.model.records import Activity, Lane, Link, LocationRecord, Status, Topic
from avantto_qbo.model.settings import Settings
from avantto_qbo.quickbooks.client import QuickBooksClient
from avantto_qbo.quickbooks.oauth import QuickBooksOAuth
from avantto_qbo.sandbox.avantto import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Avantto
from avantto_qbo.sandbox.quickbooks import QuickBooks
from avantto_qbo.sandbox.quickbooks.service import CLIENT_ID, CLIENT_SECRET
from avantto_qbo.server.api import ConnectAnswer
from avantto_qbo.service.connecting import Connecting, Order, Vendor
from avantto_qbo.service.tokens import tokens_of
from vendor_transport import VendorTransport
from virtual_clock import VirtualClock

T = TypeVar("T")
KEY = bytes(range(32))
REALM = RealmId("4620816365000000001")
PLACE = LocationId("Loc00000000000000001")
OTHER_PLACE = LocationId("Loc00000000000000002")
ANN = {"name": "Ann Lee", "email": "ann@example.com", "phone": "+12125550123"}
ALWAYS = Settings(review_hours="always")
WORKED_OFF = 200  # turns of the clock after which a location must have come to rest


class Killed(BaseException):
    """The process dies here: nothing may catch this."""


class Ids:
    """Ids that count."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        self._last += 1
        return f"op{self._last:06d}"


@dataclass
class Journal:
    """The inline journal, watched: `effects` counts commits, `before` and `after` may raise to be a crash."""

    inner: InlineJournal
    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None

    async def write(self, unit: Callable[[Connection], T]) -> T:
        self.before()
        result = await self.inner.write(unit)
        self.after()
        return result

    async def read(self, unit: Callable[[Connection], T]) -> T:
        return await self.inner.read(unit)


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run what never waits, such as a unit of the inline journal, from code that cannot wait either."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        found: T = done.value
        return found
    raise AssertionError("it waited")


@dataclass
class Stage:
    """Vendors, transport and journal live as long as the stage; `start` makes the daemon's objects anew."""

    settings: Settings = ALWAYS
    clock: VirtualClock = field(default_factory=VirtualClock)
    nudged: list[LocationId] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = random.Random(7)
        self.rng = rng
        self.ids = Ids()
        self.books = QuickBooks(self.clock.now, rng)
        self.crm = Avantto(self.clock.now, rng)
        self.transport = VendorTransport(self.clock, {"quickbooks.test": self.books, "avantto.test": self.crm})
        self.journal = Journal(InlineJournal())
        self.sealer = Sealer({"1": KEY})
        self.start()

    def start(self) -> None:
        """Begin a run of the daemon; what the one before had in memory is gone."""
        self.house = House(
            journal=self.journal,
            clock=self.clock,
            ids=self.ids,
            rng=self.rng,
            fingerprints=Fingerprints(KEY),
            pace=Pace(),
            defaults=self.settings,
            nudge=self.nudged.append,
            count=self.counted.append,
        )
        self.avantto = Vendor(Provider.AVANTTO, self._avantto_client(), self._avantto_oauth())
        self.quickbooks = Vendor(Provider.QUICKBOOKS, self._quickbooks_client(), self._quickbooks_oauth())
        self.directory = Directory(self.house, books=self._books, crm=self._crm)
        self.pollers = Pollers(self.house, self.directory)
        self.connecting = Connecting(
            self.house, self.directory, self.sealer, avantto=self.avantto, quickbooks=self.quickbooks
        )
        endpoints = {Provider.AVANTTO: self.avantto.endpoint, Provider.QUICKBOOKS: self.quickbooks.endpoint}
        self.keepers = Keepers(
            journal=self.journal, sealer=self.sealer, endpoints=endpoints, clock=self.clock, count=self.counted.append
        )

    async def restart(self) -> int:
        """Come back after a crash; returns how many operations were found half-way."""
        self.journal.before = self.journal.after = lambda: None
        self.transport.on_send = lambda _: None
        self.start()
        now, next_at = self.clock.now(), self.clock.now() + self.house.pace.settle
        return await self.journal.write(lambda db: operations.interrupted(db, now, next_at))

    def supervisor(self) -> Supervisor:
        """The scheduler of this run; nudges go to it from now on."""
        made = Supervisor(self.house, self.directory, self.pollers.run)
        object.__setattr__(self.house, "nudge", made.nudge)
        return made

    # -- the vendors' side ---------------------------------------------------------------------------------------------

    async def open(
        self, place: LocationId = PLACE, realm: RealmId = REALM, *, kind: Any = "us", share: bool = False, **order: Any
    ) -> ConnectAnswer:
        """Open the company and the location where they do not exist, and connect the two a minute before now."""
        self.furnish(place, realm, kind)
        answer = await self.connecting.connect(self.order(place, realm, share=share, **order))
        self.clock.advance(60)
        return answer

    def furnish(self, place: LocationId = PLACE, realm: RealmId = REALM, kind: Any = "us") -> None:
        """Open a company and a location at the vendors."""
        if realm not in self.books.companies:
            self.books.play.add_company(realm, kind)
        if place not in self.crm.world.locations:
            self.crm.play.add_location(place, f"Shop {place[-1]}", google_place_id="PLACE")

    def order(self, place: LocationId = PLACE, realm: RealmId = REALM, **changes: Any) -> Order:
        """An order to connect with freshly minted tokens."""
        now = self.clock.now()
        crm = tokens_of(msgspec.json.encode(self.crm.play.mint_tokens(place)), "avantto_token", now)
        books = tokens_of(msgspec.json.encode(self.books.play.mint_tokens(realm)), "quickbooks_token", now)
        plain = Order(place, realm, crm, books, since=None, share=False, actor="test")
        return msgspec.structs.replace(plain, **changes)

    def sent_invoice(self, place: LocationId = PLACE, **changes: Any) -> str:
        """An invoice over 100 that its location has just sent; returns its id."""
        made = {"contact": ANN, "items": [{"name": "Wash", "amount": 100}]} | changes
        invoice = str(self.crm.play.create_invoice(place, **made)["_id"])
        self.crm.play.send_invoice(place, invoice)
        return invoice

    def in_books(self, entity: str, realm: RealmId = REALM) -> list[dict[str, Any]]:
        """The objects of a company as they stand."""
        return list(self.books.play.state(realm).get(entity, []))

    def contacts(self, place: LocationId = PLACE) -> list[dict[str, Any]]:
        """The contacts of a location as they stand."""
        return list(self.crm.play.state(place)["contacts"].values())

    def asked(self, operation: str, realm: RealmId = REALM) -> int:
        """How often QuickBooks was asked for `operation`, such as `customer.query`."""
        return int(self.books.traffic.of(realm).operations[operation])

    # -- the daemon's side ---------------------------------------------------------------------------------------------

    async def tell(
        self, topic: Topic, object_id: str, place: LocationId = PLACE, *, lane: Lane = Lane.MONEY, payload: bytes = b""
    ) -> None:
        """Put mail into a location's inbox."""
        now = self.clock.now()
        await self.journal.write(lambda db: inbox.tell(db, place, topic, object_id, lane, now, payload=payload))

    async def actor(self, place: LocationId = PLACE) -> LocationActor:
        """The location's actor."""
        found = await self.directory.location(place)
        assert found is not None
        return found

    async def work(self, place: LocationId = PLACE) -> None:
        """Take turns until nothing is due now."""
        await (await self.actor(place)).drain()

    async def work_off(self, *, within: timedelta = timedelta(hours=2)) -> None:
        """Work for every location, now and whenever something falls due, until nothing does `within` that time."""
        until = self.clock.now() + within
        for _ in range(WORKED_OFF):
            for record in await self.journal.read(locations.all):
                if record.status is not Status.DISCONNECTED:
                    await self.work(record.id)
            due = await self.journal.read(inbox.earliest)
            if due is None or due > until:
                return
            await self.clock.sleep((due - self.clock.now()).total_seconds())
        raise AssertionError("there is no end to it")

    async def poll_changes(self, realm: RealmId = REALM) -> datetime | None:
        """Run the change feed's poll."""
        return await self.pollers.run(realm, "changes")

    async def mirror(self, invoice: str, place: LocationId = PLACE) -> None:
        """Say that an invoice changed and work it off."""
        await self.tell(Topic.INVOICE, invoice, place)
        await self.work_off()

    # -- looking -------------------------------------------------------------------------------------------------------

    async def operations(self, *states: State, place: LocationId | None = None) -> list[Operation]:
        """The operations in any of `states` (default all), oldest first."""
        return await self.journal.read(lambda db: operations.by_state(db, states or State, place, 1000))

    async def operation(self, name: OperationId) -> Operation:
        """One operation as it stands."""
        found = await self.journal.read(lambda db: operations.get(db, name))
        assert found is not None
        return found

    async def held(self, place: LocationId | None = None) -> list[str]:
        """The codes of the reasons operations are held for."""
        return [op.reason.code for op in await self.operations(State.HELD, place=place) if op.reason]

    async def link(self, kind: str, source: str, part: str = "", place: LocationId = PLACE) -> Link | None:
        """The link of one part of a document."""
        return await self.journal.read(lambda db: links.get(db, place, kind, source, part))

    async def record(self, place: LocationId = PLACE) -> LocationRecord:
        """A location as the journal knows it."""
        found = await self.journal.read(lambda db: locations.get(db, place))
        assert found is not None
        return found

    async def mail(self, place: LocationId = PLACE) -> dict[Topic, int]:
        """How much mail of each topic lies in a location's inbox."""
        depth = await self.journal.read(inbox.depth)
        return {topic: count for (owner, topic), count in depth.items() if owner == place}

    async def activity(self, place: LocationId = PLACE) -> list[Activity]:
        """What was done for a location, newest first."""
        return await self.journal.read(lambda db: activity.page(db, place, 100))

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _avantto_client(self) -> AvanttoClient:
        return AvanttoClient(self.transport, "https://avantto.test", 60.0)

    def _quickbooks_client(self) -> QuickBooksClient:
        return QuickBooksClient(self.transport, "https://quickbooks.test", 130.0)

    def _avantto_oauth(self) -> AvanttoOAuth:
        return AvanttoOAuth(
            self.transport,
            client_id=DEFAULT_CLIENT_ID,
            client_secret=DEFAULT_CLIENT_SECRET,
            authorize_url="https://avantto.test/v2/oauth/chooselocation",
            token_url="https://avantto.test/oauth/token",
            scopes=SCOPES,
            clock=self.clock,
        )

    def _quickbooks_oauth(self) -> QuickBooksOAuth:
        return QuickBooksOAuth(
            self.transport,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            authorize_url="https://quickbooks.test/connect/oauth2",
            token_url="https://quickbooks.test/oauth2/v1/tokens/bearer",
            revoke_url="https://quickbooks.test/v2/oauth2/tokens/revoke",
            clock=self.clock,
        )

    def keeper(self, provider: Provider = Provider.QUICKBOOKS, subject: str = REALM) -> TokenKeeper:
        """The keeper of one grant in this run."""
        return self.keepers.of(provider, subject)

    def _books(self, subject: str, count_read: Callable[[], None]) -> Access:
        return self._access(Provider.QUICKBOOKS, subject, (Window(8, 1.0), Window(400, 60.0)), count_read)

    def _crm(self, subject: str, count_read: Callable[[], None]) -> Access:
        return self._access(Provider.AVANTTO, subject, (Window(80, 10.0),), count_read)

    def _access(
        self, provider: Provider, subject: str, windows: tuple[Window, ...], on_read: Callable[[], None]
    ) -> Access:
        vendor = self.quickbooks if provider is Provider.QUICKBOOKS else self.avantto
        keeper = self.keeper(provider, subject)
        keeper.forget()
        return Access(
            subject,
            edge=vendor.edge,
            keeper=keeper,
            limiter=Limiter(self.clock, windows, 5),
            clock=self.clock,
            rng=self.rng,
            on_read=on_read,
        )


def writes(requests: list[HttpRequest]) -> list[HttpRequest]:
    """The requests that change something at a vendor."""
    reading = ("/oauth", "/batch")
    return [row for row in requests if row.method != "GET" and not any(word in row.url for word in reading)]
