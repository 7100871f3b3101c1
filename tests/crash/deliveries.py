"""Webhooks of the suite's own, signed with a key of its own: only so is known which events got their 200."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from integration.house import VERIFIER
from integration.processes import post

_KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY: Final = _KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
_AGAIN: Final = frozenset({429, 503})
_PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Event:
    """One signed delivery: its id, its body and its headers."""

    id: str
    body: bytes
    headers: dict[str, str]


@dataclass(slots=True)
class Burst:
    """What became of many deliveries: the ids that got a 200, every status there was, and how long it took."""

    taken: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0


def invoice_event(location: str, invoice: str, kind: str = "InvoiceUpdate") -> Event:
    """Something happened to an invoice."""
    identifier, at = str(uuid.uuid4()), datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    members = {"type": kind, "locationId": location, "webhookId": identifier, "timestamp": at, "_id": invoice}
    body = json.dumps(members).encode()
    return Event(identifier, body, {"X-GHL-Signature": base64.b64encode(_KEY.sign(body)).decode()})


def customer_event(realm: str, customer: str) -> Event:
    """Something happened to a customer in the books."""
    identifier, at = str(uuid.uuid4()), datetime.now(UTC).isoformat().replace("+00:00", "Z")
    members = {"id": identifier, "type": "qbo.customer.updated.v1", "time": at, "specversion": "1.0"}
    body = json.dumps([{**members, "intuitentityid": customer, "intuitaccountid": realm, "data": {}}]).encode()
    digest = hmac.digest(VERIFIER.encode(), body, "sha256")
    return Event(identifier, body, {"intuit-signature": base64.b64encode(digest).decode()})


def deliver(url: str, event: Event) -> int:
    """Post one and return the status."""
    return post(url, event.body, event.headers)[0]


def pour(url: str, events: Sequence[Event], at_once: int) -> Burst:
    """Post all of them, `at_once` at a time, each again (as the vendor would) while the daemon asks to come back."""
    return asyncio.run(_pour(url, events, at_once))


async def _pour(url: str, events: Iterable[Event], at_once: int) -> Burst:
    burst, waiting = Burst(), iter(events)
    began = time.monotonic()
    connector = aiohttp.TCPConnector(limit=at_once)
    timeout = aiohttp.ClientTimeout(total=_PATIENCE)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(at_once):
                tasks.create_task(_post_all(session, url, waiting, burst))
        burst.seconds = time.monotonic() - began
    return burst


async def _post_all(session: aiohttp.ClientSession, url: str, waiting: Iterable[Event], burst: Burst) -> None:
    for event in waiting:
        while (status := await _status(session, url, event)) in _AGAIN:
            burst.statuses[status] += 1
            await asyncio.sleep(0.1)
        burst.statuses[status] += 1
        if status == 200:
            burst.taken.append(event.id)


async def _status(session: aiohttp.ClientSession, url: str, event: Event) -> int:
    headers = {"Content-Type": "application/json", **event.headers}
    async with session.post(url, data=event.body, headers=headers) as answer:
        return answer.status
