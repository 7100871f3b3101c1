"""The stand-in vendors behind the daemon's transport, without a socket: faults, lost answers, time-outs, webhooks.

What `sandbox.serve` does with connections, this does with the two errors a transport may raise. Time is a clock's, so
that minutes of waiting cost nothing and a seed repeats the run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from avantto_qbo.errors import AnswerLostError, NotSentError
from avantto_qbo.model.http import HttpAnswer, HttpRequest
from avantto_qbo.sandbox.faults import COMMITS_FIRST, NEVER_COMMITS, Fault
from avantto_qbo.sandbox.http import Reply, Request
from avantto_qbo.sandbox.serve import VendorService
from avantto_qbo.sandbox.webhooks import Delivery

PATIENCE = 60.0  # how long a dropped request keeps its caller waiting, where the fault names no time
# What a listener answers a delivery with; None for no answer.
Listener = Callable[[Delivery], Awaitable[int | None]]


class Clock(Protocol):
    """What the transport needs of time."""

    def sleep(self, seconds: float) -> Awaitable[None]: ...

    def call_later(self, seconds: float, act: Callable[[], object]) -> None: ...


@dataclass
class VendorTransport:
    """Carries requests to stand-in services by host name. Satisfies `model.http.Transport`.

    `hosts` maps a URL's host to its service; any other host cannot be reached. `on_send` sees every request just before
    it leaves: it may look into the journal, or raise to be the failure. `latency` is how long the way there takes.
    `sent` is every request that left, in order.
    """

    clock: Clock
    hosts: Mapping[str, VendorService]
    latency: Callable[[], float] = lambda: 0.0
    on_send: Callable[[HttpRequest], object] = lambda _: None
    sent: list[HttpRequest] = field(default_factory=list)

    async def send(self, request: HttpRequest, timeout: float) -> HttpAnswer:
        """Return the vendor's answer; raise NotSentError or AnswerLostError as a network would."""
        parts = urlsplit(request.url)
        service = self.hosts.get(parts.hostname or "")
        self.on_send(request)
        if service is None:
            raise NotSentError(f"no such host {parts.hostname}")
        self.sent.append(request)
        plain = _request(request)
        fault = service.faults.decide(plain, service.operation(plain))
        return await self._carry(service, plain, fault, timeout)

    async def _carry(self, service: VendorService, request: Request, fault: Fault | None, timeout: float) -> HttpAnswer:
        if fault is not None and fault.action == "late":
            self.clock.call_later(fault.seconds, lambda: service.handle(request))
            raise AnswerLostError("the connection was closed")
        if fault is not None and fault.action in NEVER_COMMITS:
            return await self._refuse(fault, timeout)
        before = self.latency() + service.commit_delay(request) + _seconds(fault, "delay")
        if before >= timeout:
            self.clock.call_later(before, lambda: service.handle(request))
            await self.clock.sleep(timeout)
            raise AnswerLostError("no answer in time")
        await self._wait(before)
        reply = service.handle(request)
        return await self._answer(reply, fault, timeout - before)

    async def _refuse(self, fault: Fault, timeout: float) -> HttpAnswer:
        """Commit nothing."""
        if fault.action == "drop":
            await self.clock.sleep(min(timeout, fault.seconds or PATIENCE))
            raise AnswerLostError("no answer in time")
        await self._wait(min(timeout, fault.seconds))
        if fault.action == "reset_before":
            raise AnswerLostError("the connection was reset")
        return _answer(fault.reply())

    async def _answer(self, reply: Reply, fault: Fault | None, patience: float) -> HttpAnswer:
        """The request is committed; what is left is whether anybody hears of it."""
        if fault is None or fault.action not in COMMITS_FIRST:
            return _answer(reply)
        await self._wait(min(patience, fault.seconds))
        if fault.action == "status_after":
            return _answer(fault.reply())
        if fault.action == "delay_after" and fault.seconds < patience:
            return _answer(reply)
        raise AnswerLostError("the answer was lost")

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            await self.clock.sleep(seconds)


async def deliver(service: VendorService, clock: Clock, listener: Listener) -> int:
    """Post every webhook that waits, each until its vendor gives up; return how many attempts that took."""
    attempts = 0
    waiting = service.outbox.take()
    while waiting:
        delivery: Delivery | None = waiting.pop(0)
        while delivery is not None:
            await clock.sleep(delivery.delay)
            delivery = service.outbox.settle(delivery, await listener(delivery))
            attempts += 1
        waiting += service.outbox.take()
    return attempts


def _seconds(fault: Fault | None, action: str) -> float:
    return fault.seconds if fault is not None and fault.action == action else 0.0


def _request(request: HttpRequest) -> Request:
    parts = urlsplit(request.url)
    return Request(
        method=request.method,
        path=parts.path,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
    )


def _answer(reply: Reply) -> HttpAnswer:
    return HttpAnswer(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.body)
