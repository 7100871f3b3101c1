"""The outgoing webhooks of a stand-in service: what is announced, what is lost, and when it is tried again.

No socket and no clock: `serve.py` (or a simulation) takes the deliveries, waits their `delay`, posts them and reports
how it went.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from avantto_qbo.sandbox.http import encode_json


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to post one webhook, `delay` seconds from now."""

    number: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    delay: float = 0.0
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a vendor tries again.

    `delays` are the waits in seconds, `timeout` its patience, `failed` says which statuses (None: no answer) count.
    """

    delays: tuple[float, ...]
    timeout: float
    failed: Callable[[int | None], bool]


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """How webhooks misbehave.

    `drop` and `duplicate` are probabilities, `delay` is in seconds, `reorder` adds a random wait of up to
    `reorder_seconds` to each delivery, `drop_next` loses the next n announcements, `retry_scale` multiplies the
    vendor's waits, `verifier` is the signing secret (QuickBooks), `legacy` selects the older body (QuickBooks).
    """

    url: str = ""
    enabled: bool = True
    drop: float = 0.0
    duplicate: float = 0.0
    reorder: bool = False
    reorder_seconds: float = 1.0
    delay: float = 0.0
    drop_next: int = 0
    retry_scale: float = 1.0
    verifier: str = "sandbox-verifier"
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One finished attempt; `status` None means nobody answered in time."""

    number: int
    attempt: int
    status: int | None


class Outbox:
    """Webhooks waiting to be posted."""

    def __init__(self, rng: random.Random, policy: RetryPolicy) -> None:
        self._rng = rng
        self.policy = policy
        self.settings = OutboxSettings()
        self._waiting: list[Delivery] = []
        self._number = 0
        self.announced = 0
        self.dropped = 0
        self.attempts: list[Attempt] = []

    def configure(self, **changes: Any) -> OutboxSettings:
        """Change some settings; raise `ValueError` on an unknown one."""
        unknown = changes.keys() - asdict(self.settings).keys()
        if unknown:
            raise ValueError(f"unknown webhook settings: {', '.join(sorted(unknown))}")
        for name in ("drop", "duplicate", "delay", "reorder_seconds", "retry_scale"):
            if name in changes:
                changes[name] = float(changes[name])
        self.settings = replace(self.settings, **changes)
        return self.settings

    def announce(self, body: bytes | object, headers: Mapping[str, str] | None = None) -> None:
        """Queue one webhook, or lose or double it as the settings say; a non-bytes body is encoded as JSON."""
        self.announced += 1
        settings = self.settings
        if not settings.enabled or not settings.url:
            return
        if self._lost():
            self.dropped += 1
            return
        data = body if isinstance(body, bytes) else encode_json(body)
        self._number += 1
        copies = 2 if settings.duplicate and self._rng.random() < settings.duplicate else 1
        for _ in range(copies):
            self._waiting.append(Delivery(self._number, settings.url, dict(headers or {}), data, self._delay()))

    def _lost(self) -> bool:
        if self.settings.drop_next > 0:
            self.settings = replace(self.settings, drop_next=self.settings.drop_next - 1)
            return True
        return self.settings.drop > 0 and self._rng.random() < self.settings.drop

    def _delay(self) -> float:
        shuffle = self._rng.random() * self.settings.reorder_seconds if self.settings.reorder else 0.0
        return self.settings.delay + shuffle

    def take(self) -> list[Delivery]:
        """Hand over everything that is waiting to be posted."""
        taken, self._waiting = self._waiting, []
        return taken

    def settle(self, delivery: Delivery, status: int | None) -> Delivery | None:
        """Note how an attempt went; return the next attempt, or None when it is over."""
        self.attempts.append(Attempt(delivery.number, delivery.attempt, status))
        if not self.policy.failed(status) or delivery.attempt > len(self.policy.delays):
            return None
        wait = self.policy.delays[delivery.attempt - 1] * self.settings.retry_scale
        return replace(delivery, delay=wait, attempt=delivery.attempt + 1)
