"""Both vendors' stand-ins without sockets for one document: cheap enough to be made anew for each."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

from avantto_qbo.model.http import HttpAnswer, Read
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import Outcome
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.model.records import LocationRecord, Status
from avantto_qbo.quickbooks import company as facts
from avantto_qbo.quickbooks.client import outcome_of
from avantto_qbo.sandbox.avantto import Avantto
from avantto_qbo.sandbox.http import Reply, Request, decode_json, encode_json
from avantto_qbo.sandbox.quickbooks import QuickBooks
from vendor_fields import complaints

T = TypeVar("T")
REALM: Final = RealmId("4620816365000000001")
PLACE: Final = LocationId("Loc00000000000000001")
BUYER: Final = {"name": "Ann Lee", "email": "ann@example.com", "phone": "+12125550123"}
ZONES: Final = {"uk": "Europe/London", "ca": "America/Vancouver", "au": "Australia/Sydney"}
BOOKS_FROM: Final = datetime(2026, 11, 1, tzinfo=UTC)
_ENTITIES: Final = {
    "invoice": "Invoice",
    "payment": "Payment",
    "salesreceipt": "SalesReceipt",
    "refundreceipt": "RefundReceipt",
    "customer": "Customer",
    "item": "Item",
}


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


class Ground:
    """One location and one company of `kind`; `books` and `crm` turn their knobs."""

    def __init__(self, kind: Any, books: Mapping[str, Any], crm: Mapping[str, Any], currency: str = "USD") -> None:
        self.clock, rng = Clock(), random.Random(7)
        self.books = QuickBooks(self.clock, rng)
        self.books.play.add_company(REALM, kind, rate_limits=False, **books)
        self._connect()
        self.crm = Avantto(self.clock, rng)
        zone = ZONES.get(kind, "America/Chicago")
        self.crm.play.add_location(PLACE, "Ann's Bakery", currency=currency, timezone=zone)
        self.crm.play.set(PLACE, **crm)
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def wait(self, by: timedelta) -> None:
        """Let time pass, tokens renewed."""
        self.clock.advance(by)
        self._connect()

    @property
    def play(self) -> Any:
        """Avantto's people at their pages."""
        return self.crm.play

    def play_books(self, entity: str, name: str) -> dict[str, Any]:
        """A person adds a class or a department to the company."""
        return dict(self.books.play.create(REALM, entity, {"Name": name}))

    def location(self) -> LocationRecord:
        """The location as the journal would know it."""
        place = self.crm.world.location(PLACE)
        return LocationRecord(
            id=PLACE,
            realm=REALM,
            name="Ann's Bakery",
            time_zone=place.timezone,
            status=Status.CONNECTED,
            books_from=BOOKS_FROM,
            connected_at=BOOKS_FROM,
            country="US",
        )

    def company(self) -> Company:
        """The facts of the company as the daemon reads them."""
        items = self.ask(facts.items_page())
        return msgspec.structs.replace(self.ask(facts.company(REALM)), items=items)

    def ask(self, read: Read[T]) -> T:
        """Carry out a read of the company."""
        return read.decode(self._send(read.method, read.path, read.body).body)

    def write(self, call: Call) -> Outcome:
        """Carry out a write; its bytes must be what the vendor's field table allows."""
        entity = _ENTITIES[call.path.partition("?")[0]]
        assert complaints(entity, call.body) == []
        self.sent.append((entity, decode_json(call.body)))
        reply = self._send(call.method, call.path, call.body)
        return outcome_of(REALM, call, HttpAnswer(reply.status, reply.headers, reply.body))

    def standing(self, entity: str, object_id: str) -> dict[str, Any]:
        """An object of the company as the vendor shows it."""
        body: dict[str, Any] = self._send("GET", f"{entity.lower()}/{object_id}").json()[entity]
        return body

    def _connect(self) -> None:
        self._token = self.books.play.mint_tokens(REALM)["access_token"]

    def _send(self, method: str, path: str, body: bytes = b"") -> Reply:
        url = urlsplit(path)
        headers = {"authorization": f"Bearer {self._token}"}
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        return self.books.handle(Request(method, f"/v3/company/{REALM}/{url.path}", query, headers, body))


def wire(document: Mapping[str, Any]) -> bytes:
    """A document's bytes as Avantto sends them."""
    return encode_json(document)
