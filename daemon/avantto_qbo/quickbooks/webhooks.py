"""Intuit's webhooks: the signature, and both envelopes the events come in.

Source: Intuit, Webhooks (signature, legacy envelope) and the 2025 change to CloudEvents. An event says only that
something changed; the object itself comes from the change feed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec

from avantto_qbo.errors import AvanttoQboError
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.page import Page, page_of
from avantto_qbo.quickbooks.faults import UNREADABLE
from avantto_qbo.quickbooks.rows import instant

_TYPE: Final = re.compile(r"qbo\.([a-z0-9]+)\.([a-z]+)\.v\d+", re.IGNORECASE)
_OPERATIONS: Final = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "merge": "merged",
    "void": "voided",
    "emailed": "emailed",
}


class MalformedEventsError(AvanttoQboError, ValueError):
    """The body is neither of the two envelopes; what was wrong is the first argument."""


class QuickBooksEvent(msgspec.Struct, frozen=True):
    """One change. `entity` is lower case (`customer`, `salesreceipt`), `operation` created, updated, deleted, …"""

    event_id: str
    realm: RealmId
    entity: str
    entity_id: str
    operation: str
    at: datetime
    loser: str = ""  # of two merged customers the one that is gone


def verify(raw_body: bytes, signature_header: str, verifier: str) -> bool:
    """Tell whether `intuit-signature` is the base64 HMAC-SHA256 of the body under the verifier token."""
    expected = base64.b64encode(hmac.digest(verifier.encode(), raw_body, "sha256"))
    return bool(verifier) and hmac.compare_digest(expected, signature_header.strip().encode("utf-8", "replace"))


def parse(raw: bytes) -> tuple[QuickBooksEvent, ...]:
    """Read the events of one delivery; one may mix realms. Events of unknown types are left out.

    One that makes no sense costs only itself: a delivery that is refused would be repeated, and hold up all that
    follow. Raises MalformedEventsError where there is nothing but such events.
    """
    try:
        body = msgspec.json.decode(raw, type=list[msgspec.Raw] | _Legacy)
    except UNREADABLE as error:
        raise MalformedEventsError(str(error)) from error
    pages = _legacy_pages(body) if isinstance(body, _Legacy) else [page_of(body, _from_cloud, "id")]
    found = tuple(event for page in pages for event in page.rows)
    if not found and any(page.unreadable for page in pages):
        raise MalformedEventsError("no event can be read")
    return tuple(event for event in found if event is not None)


def _legacy_pages(body: _Legacy) -> list[Page[QuickBooksEvent]]:
    return [page_of(one.change.entities, partial(_from_legacy, one.realm_id), "id") for one in body.notifications]


class _CloudEvent(msgspec.Struct, frozen=True):
    id: str
    type: str
    time: datetime
    realm: str | int = msgspec.field(name="intuitaccountid")
    entity_id: str | int = msgspec.field(name="intuitentityid")
    data: Any = None


class _Entity(msgspec.Struct, frozen=True):
    id: str | int
    name: str
    operation: str
    last_updated: datetime = msgspec.field(name="lastUpdated")
    deleted_id: str | int = msgspec.field(name="deletedId", default="")
    deleted_id_too: str | int = msgspec.field(name="deletedID", default="")  # both spellings are documented


class _Change(msgspec.Struct, frozen=True):
    entities: tuple[msgspec.Raw, ...]


class _Notification(msgspec.Struct, frozen=True):
    realm_id: str | int = msgspec.field(name="realmId")
    change: _Change = msgspec.field(name="dataChangeEvent")


class _Legacy(msgspec.Struct, frozen=True):
    notifications: tuple[_Notification, ...] = msgspec.field(name="eventNotifications")


def _from_cloud(raw: msgspec.Raw) -> QuickBooksEvent | None:
    event = msgspec.json.decode(raw, type=_CloudEvent)
    kind = _TYPE.fullmatch(event.type)
    if kind is None:
        return None
    return QuickBooksEvent(
        event_id=event.id,
        realm=RealmId(str(event.realm)),
        entity=kind[1].lower(),
        entity_id=str(event.entity_id),
        operation=kind[2].lower(),
        at=instant(event.time),
        # Where a CloudEvent states the loser of a merge is UNVERIFIED.
        loser=str(event.data.get("deletedId", "")) if isinstance(event.data, dict) else "",
    )


def _from_legacy(realm: str | int, raw: msgspec.Raw) -> QuickBooksEvent:
    """The old envelope has no event id, so the same change always makes the same one."""
    entity = msgspec.json.decode(raw, type=_Entity)
    at = instant(entity.last_updated)
    told = "|".join((str(realm), entity.name, str(entity.id), entity.operation, at.isoformat()))
    return QuickBooksEvent(
        event_id=hashlib.sha256(told.encode()).hexdigest()[:32],
        realm=RealmId(str(realm)),
        entity=entity.name.lower(),
        entity_id=str(entity.id),
        operation=_OPERATIONS.get(entity.operation.lower(), entity.operation.lower()),
        at=at,
        loser=str(entity.deleted_id or entity.deleted_id_too),
    )
