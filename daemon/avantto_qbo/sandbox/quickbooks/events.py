"""Webhook bodies and their signature: CloudEvents as sent today, the older `eventNotifications` by switch."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from avantto_qbo.sandbox.http import encode_json
from avantto_qbo.sandbox.quickbooks.company import Change

SILENT = frozenset({"TaxCode", "TaxRate", "CompanyInfo"})
_LEGACY: Mapping[str, str] = {
    "created": "Create",
    "updated": "Update",
    "deleted": "Delete",
    "voided": "Void",
    "merged": "Merge",
    "emailed": "Emailed",
}


def notification(changes: Sequence[Change], rng: random.Random, *, legacy: bool) -> bytes:
    """Return the body of one webhook that tells of these changes."""
    return encode_json(_legacy(changes) if legacy else [_cloud_event(change, rng) for change in changes])


def _cloud_event(change: Change, rng: random.Random) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "source": "intuit.dsn-sandbox=",
        "type": f"qbo.{change.entity.lower()}.{change.operation}.v1",
        "datacontenttype": "application/json",
        "time": _nanoseconds(change.at),
        "intuitentityid": change.identifier,
        "intuitaccountid": change.realm,
        "data": {"deletedId": change.other} if change.other else {},
    }


def _legacy(changes: Sequence[Change]) -> dict[str, Any]:
    by_realm: dict[str, list[dict[str, str]]] = {}
    for change in changes:
        entity = {
            "name": change.entity,
            "id": change.identifier,
            "operation": _LEGACY[change.operation],
            "lastUpdated": change.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        if change.other:
            entity["deletedId"] = change.other
        by_realm.setdefault(change.realm, []).append(entity)
    return {
        "eventNotifications": [
            {"realmId": realm, "dataChangeEvent": {"entities": entities}} for realm, entities in by_realm.items()
        ]
    }


def signed_headers(body: bytes, verifier: str, at: datetime, tid: str) -> dict[str, str]:
    """Return the headers of a webhook: base64 of HMAC-SHA256 over the raw body with the verifier token."""
    digest = hmac.new(verifier.encode(), body, hashlib.sha256).digest()
    return {
        "intuit-signature": base64.b64encode(digest).decode(),
        "intuit-created-time": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "intuit-t-id": tid,
        "intuit-notification-schema-version": "1.0",
    }


def _nanoseconds(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"
