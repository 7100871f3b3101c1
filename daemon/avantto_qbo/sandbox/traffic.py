"""What a stand-in service has seen: a journal of requests, and counters per account and operation."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from avantto_qbo.sandbox.http import Reply, Request

JOURNAL_LENGTH = 50_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One request and its answer's status, as the journal keeps it."""

    time: datetime
    account: str
    operation: str
    method: str
    path: str
    query: dict[str, str]
    status: int
    request: str
    reply: str


@dataclass(slots=True)
class Counters:
    """Numbers about one account (realm or location); `operations` counts each named operation."""

    requests: int = 0
    writes: int = 0
    metered_reads: int = 0
    throttled: int = 0
    operations: Counter[str] = field(default_factory=Counter)

    def plain(self) -> dict[str, Any]:
        """Return the counters as JSON members."""
        return {
            "requests": self.requests,
            "writes": self.writes,
            "metered_reads": self.metered_reads,
            "throttled": self.throttled,
            "operations": dict(self.operations),
        }


class Traffic:
    """The journal and the counters of one service."""

    def __init__(self) -> None:
        self.seen: deque[Seen] = deque(maxlen=JOURNAL_LENGTH)
        self._accounts: dict[str, Counters] = {}

    def of(self, account: str) -> Counters:
        """Return the counters of an account, made when first asked for."""
        return self._accounts.setdefault(account, Counters())

    def record(self, at: datetime, account: str, operation: str, request: Request, reply: Reply) -> None:
        """Note one request; the caller counts writes, metered reads and throttled answers itself."""
        counters = self.of(account)
        counters.requests += 1
        counters.operations[operation] += 1
        self.seen.append(
            Seen(
                time=at,
                account=account,
                operation=operation,
                method=request.method,
                path=request.path,
                query=dict(request.query),
                status=reply.status,
                request=request.body.decode("utf-8", "replace"),
                reply=reply.body.decode("utf-8", "replace") if reply.status >= 400 else "",
            )
        )

    def total(self) -> Counters:
        """Add up all accounts."""
        total = Counters()
        for counters in self._accounts.values():
            total.requests += counters.requests
            total.writes += counters.writes
            total.metered_reads += counters.metered_reads
            total.throttled += counters.throttled
            total.operations.update(counters.operations)
        return total

    def clear(self) -> None:
        """Forget the journal and all counters."""
        self.seen.clear()
        self._accounts.clear()
