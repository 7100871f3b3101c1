"""Values for the journal's tests: complete, and overridden where a test cares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from avantto_qbo.journal import meta
from avantto_qbo.journal.connection import Connection, Unit
from avantto_qbo.model.grant import Grant, Provider, Tokens
from avantto_qbo.model.ids import ContactId, CustomerId, LocationId, OperationId, RealmId, invoice_chain
from avantto_qbo.model.operation import Call, Kind, Operation, Reason, Source, State
from avantto_qbo.model.records import IndexedCustomer, Link, LocationRecord, Review, ReviewState, Status

HERE, THERE = LocationId("loc-here"), LocationId("loc-there")
REALM, OTHER_REALM = RealmId("9341"), RealmId("9342")
START = datetime(2025, 3, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """The instant some minutes after the start of a test's story."""
    return START + timedelta(minutes=minutes)


class FixedClock:
    def now(self) -> datetime:
        return START


def location(which: str = HERE, **overrides: Any) -> LocationRecord:
    fields: dict[str, Any] = {
        "realm": REALM,
        "name": "Corner Shop",
        "time_zone": "Europe/Berlin",
        "status": Status.CONNECTED,
        "books_from": at(0),
        "connected_at": at(0),
    }
    return LocationRecord(id=LocationId(which), **fields | overrides)


def operation(which: str = "op-1", **overrides: Any) -> Operation:
    fields: dict[str, Any] = {
        "location": HERE,
        "realm": REALM,
        "kind": Kind.INVOICE_CREATE,
        "chain": invoice_chain(which),
        "source": Source("invoice", which),
        "request_id": f"request-{which}",
        "call": Call("POST", "invoice", b'{"Line": []}', "v3"),
        "intent": b'{"number": "INV-1"}',
        "state": State.PLANNED,
        "created_at": at(0),
        "updated_at": at(0),
    }
    return Operation(id=OperationId(which), **fields | overrides)


def full_operation() -> Operation:
    """An operation with nothing left at its default."""
    return operation(
        version="2025-03-01",
        target="77",
        expected="10.00",
        claim="email:abc",
        attempts=2,
        lookups=1,
        sent_at=at(1),
        next_at=at(2),
        reason=Reason("throttled", "QuickBooks asked for a pause.", "avantto-qbo retry op-1"),
        object_id="78",
    )


def link(source_id: str = "inv-1", **overrides: Any) -> Link:
    fields: dict[str, Any] = {
        "location": HERE,
        "realm": REALM,
        "source_kind": "invoice",
        "part": "",
        "entity": "Invoice",
        "object_id": "77",
        "created_at": at(0),
        "updated_at": at(0),
    }
    return Link(source_id=source_id, **fields | overrides)


def customer(which: str = "1", **overrides: Any) -> IndexedCustomer:
    fields: dict[str, Any] = {
        "realm": REALM,
        "updated_at": at(0),
        "created_at": at(0),
        "sync_token": "0",
        "active": True,
        "job": False,
        "project": False,
        "name_key": "name-a",
        "email_keys": ("email-a",),
        "phone_keys": ("phone-a",),
    }
    return IndexedCustomer(id=CustomerId(which), **fields | overrides)


def review(which: str = "1", **overrides: Any) -> Review:
    fields: dict[str, Any] = {
        "realm": REALM,
        "location": HERE,
        "state": ReviewState.WAITING,
        "paid_at": at(0),
        "updated_at": at(0),
        "contact": ContactId("contact-1"),
    }
    return Review(customer=CustomerId(which), **fields | overrides)


def grant(subject: str = REALM, **overrides: Any) -> Grant:
    fields: dict[str, Any] = {
        "provider": Provider.QUICKBOOKS,
        "tokens": Tokens("access", "refresh", at(60), at(6000), "accounting", "agency"),
        "previous_refresh_token": "refresh-before",
    }
    return Grant(subject=subject, **fields | overrides)


class BadLuckError(Exception):
    """What a failing unit raises in these tests."""


def note(name: str, value: str = "x") -> Unit[None]:
    """A unit that leaves a trace."""
    return lambda db: meta.put(db, name, value)


def note_and_fail(name: str, error: BaseException) -> Unit[None]:
    """A unit that leaves a trace and then raises."""

    def unit(db: Connection) -> None:
        meta.put(db, name, "x")
        raise error

    return unit
