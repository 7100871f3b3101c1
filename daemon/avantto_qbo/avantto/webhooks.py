"""Webhooks: who signed them, and what they say has changed."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from avantto_qbo.avantto.leaves import Wire, decoder, first, instant_or_none, text
from avantto_qbo.errors import AvanttoQboError, ConfigError
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Topic

PublicKey = Ed25519PublicKey | RSAPublicKey

SIGNATURE: Final = "x-ghl-signature"  # base64 of Ed25519 over the raw body
LEGACY_SIGNATURE: Final = "x-wh-signature"  # base64 of RSA-PKCS1v15-SHA256; no longer sent since September 2026

_DELETED: Final = "InvoiceDelete"
_GONE: Final = frozenset({"delete", "deleted"})

# The vendor's published key for all apps.
BUILTIN_KEY: Final = b"""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=
-----END PUBLIC KEY-----
"""


class MalformedWebhookError(AvanttoQboError):
    """A signed body that is no event we can place; repeating the delivery will not help."""


class AvanttoEvent(msgspec.Struct, frozen=True):
    """One delivery. `topic` is None where nothing of ours depends on the object (contacts, the app itself).

    `event_id` is the vendor's, or a hash of the body. `location` is "" only for an agency's own events, which `company`
    names. `at` is when the vendor says it happened, if it does. It is a hint: the truth is read by `object_id`. Only
    that an invoice was `deleted` no read can tell.
    """

    event_id: str
    type: str
    location: LocationId
    object_id: str
    topic: Topic | None
    body: bytes
    at: datetime | None = None
    company: str = ""
    deleted: bool = False

    def __repr__(self) -> str:
        return f"AvanttoEvent({self.type} {self.object_id})"


class _Event(Wire, frozen=True):
    type: Any = None
    webhook_id: Any = None
    timestamp: Any = None
    location_id: Any = None
    alt_id: Any = None
    company_id: Any = None
    document_id: Any = msgspec.field(name="_id", default=None)
    id: Any = None
    status: Any = None
    invoice_number: Any = None
    invoice_items: Any = None
    amount_summary: Any = None


_EVENT = decoder(_Event)


def load_key(name: str) -> PublicKey:
    """Load a verifying key: `builtin` is the published one, anything else a PEM file; raise `ConfigError`."""
    try:
        key = load_pem_public_key(BUILTIN_KEY if name == "builtin" else Path(name).read_bytes())
    except OSError as error:
        raise ConfigError("avantto.webhook_keys", f"{name}: {error.strerror}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError("avantto.webhook_keys", f"{name} is not a public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey | RSAPublicKey):
        raise ConfigError("avantto.webhook_keys", f"{name} is neither an Ed25519 nor an RSA key")
    return key


def verify(raw_body: bytes, headers: Mapping[str, str], keys: tuple[PublicKey, ...]) -> bool:
    """Say whether one of the keys signed exactly these bytes.

    A delivery that carries the current signature stands or falls with it; the legacy one is looked at only where the
    current one is missing and an RSA key is listed. "N/A" is how the vendor writes a missing signature.
    """
    given = {name.lower(): value.strip() for name, value in headers.items()}
    current = _signature(given, SIGNATURE)
    if current is not None:
        return any(_ed25519(key, current, raw_body) for key in keys if isinstance(key, Ed25519PublicKey))
    legacy = _signature(given, LEGACY_SIGNATURE)
    return legacy is not None and any(_rsa(key, legacy, raw_body) for key in keys if isinstance(key, RSAPublicKey))


def parse(raw: bytes) -> AvanttoEvent:
    """Understand a verified body; raise `MalformedWebhookError` when it names no type, object or location."""
    event = _decode(raw)
    kind = _type(event)
    location = first(event.location_id, event.alt_id, event.id if kind.startswith("Location") else "")
    company = text(event.company_id)
    topic = _topic(kind)
    # Only the app's own events are about the location or the agency itself.
    object_id = first(event.document_id, event.id, *(() if topic else (location, company)))
    if not kind or not object_id or not (location or company):
        raise MalformedWebhookError("the event names no type, object or location")
    return AvanttoEvent(
        event_id=text(event.webhook_id) or "sha256:" + hashlib.sha256(raw).hexdigest(),
        type=kind,
        location=LocationId(location),
        object_id=object_id,
        topic=topic,
        body=raw,
        at=_at(event),
        company=company,
        deleted=topic is Topic.INVOICE and (kind == _DELETED or text(event.status) in _GONE),
    )


def _decode(raw: bytes) -> _Event:
    try:
        return _EVENT.decode(raw)
    except (ValueError, RecursionError) as error:
        raise MalformedWebhookError("the body is not a JSON object") from error


def _type(event: _Event) -> str:
    """Return the event's type; the published invoice samples have none, so it is told by the document."""
    if text(event.type):
        return text(event.type)
    if event.invoice_number is not None or event.invoice_items is not None:
        return _DELETED if text(event.status) in _GONE else "InvoiceUpdate"
    return "OrderStatusUpdate" if event.amount_summary is not None else ""


def _topic(kind: str) -> Topic | None:
    if kind.startswith("Invoice"):
        return Topic.INVOICE
    return Topic.ORDER if kind.startswith("Order") else None


def _at(event: _Event) -> datetime | None:
    try:
        return instant_or_none(event.timestamp, "timestamp")
    except ValueError:
        return None


def _signature(headers: Mapping[str, str], name: str) -> bytes | None:
    """Return the signature's bytes, empty when they are not base64, None when the header is missing."""
    value = headers.get(name, "")
    if not value or value.upper() == "N/A":
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _ed25519(key: Ed25519PublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body)
    except InvalidSignature:
        return False
    return True


def _rsa(key: RSAPublicKey, signature: bytes, body: bytes) -> bool:
    try:
        key.verify(signature, body, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
