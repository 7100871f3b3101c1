"""The wires between a process and both vendors.

A request that has left goes on by itself: it is carried out, late or never, whether or not the process that sent it
still lives. Only the answer needs somebody to hear it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import nullcontext
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from avantto_qbo.errors import AnswerLostError, NotSentError
from avantto_qbo.model.http import HttpAnswer, HttpRequest
from avantto_qbo.sandbox.http import Reply, Request
from simulation.disk import DeadError
from simulation.loop import Life, SeededLoop, Turn
from simulation.replica import Replica
from simulation.rollback import rolled_back
from simulation.trace import Trace
from simulation.weather import Fate, Weather

HOSTS: Final = {"quickbooks.test": "quickbooks", "avantto.test": "avantto"}
_SWALLOWED: Final = frozenset({Fate.LOST_BEFORE, Fate.UNREACHABLE, Fate.ERROR_BEFORE, Fate.THROTTLED}) | {
    Fate.THROTTLED_UNTIL,
    Fate.DENIED,
}
_UNHEARD: Final = frozenset({Fate.LOST_AFTER, Fate.LATE})


@dataclass(eq=False)
class Exchange:
    """One request under way."""

    number: int
    life: Life
    side: str
    operation: str
    kind: str  # write, read or token
    request: HttpRequest
    plain: Request
    answer: asyncio.Future[HttpAnswer]
    arrival: Turn | None = None
    location: str = ""  # whose write it is, as the journal says
    forgotten: bool = False  # the vendor will not know of it
    chances: list[str] = field(default_factory=list)


class Network:
    """Carries the requests of all lives. `sending`, `arrived` and `answered` are watched by the invariants."""

    def __init__(
        self,
        loop: SeededLoop,
        outside: Context,
        services: dict[str, Any],
        weather: Weather,
        trace: Trace,
        replica: Replica,
    ) -> None:
        self._loop, self._outside, self._weather, self._trace = loop, outside, weather, trace
        self._replica = replica
        self.services = services
        self.under_way: dict[Exchange, None] = {}
        self.sent = 0
        self.writes = 0
        self.on_send: Callable[[Exchange], object] = lambda _: None
        self.on_leave: Callable[[Exchange], object] = lambda _: None
        self.on_commit: Callable[[Exchange, Reply], object] = lambda _, __: None
        self.on_answer: Callable[[Exchange], object] = lambda _: None

    # -- sending -------------------------------------------------------------------------------------------------------

    def begin(self, life: Life, request: HttpRequest, timeout: float) -> Exchange:
        """Let a request leave."""
        parts = urlsplit(request.url)
        side = HOSTS[parts.hostname or ""]
        plain = Request(
            method=request.method,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.body,
        )
        operation = self.services[side].operation(plain)
        self.sent += 1
        exchange = Exchange(
            self.sent, life, side, operation, _kind(operation), request, plain, self._loop.create_future()
        )
        self.writes += exchange.kind == "write"
        self.on_send(exchange)
        self.under_way[exchange] = None
        fate = self._weather.fate(side, exchange.kind)
        text = f"#{exchange.number} {operation} {exchange.location}" + ("" if fate is Fate.FINE else f" [{fate}]")
        self._trace.note("send", text, request.body)
        self._schedule(exchange, fate, timeout)
        return exchange

    def _schedule(self, exchange: Exchange, fate: Fate, timeout: float) -> None:
        weather = self._weather
        there, back = weather.latency(), weather.latency()
        if fate in (Fate.LATE, Fate.SLOW):
            there = weather.lateness()
        if fate in _SWALLOWED:
            self._later(min(timeout, there + back), self._refuse, exchange, fate)
            return
        exchange.arrival = self._later(there, self._arrive, exchange, fate, back, timeout - there)
        if fate is Fate.LATE:
            self._later(back, self._lose, exchange, "the connection was closed")
        elif there + back >= timeout:
            self._later(timeout, self._lose, exchange, "no answer in time")

    def _refuse(self, exchange: Exchange, fate: Fate) -> None:
        """Nothing was carried out."""
        if fate is Fate.UNREACHABLE:
            self._fail(exchange, NotSentError("nobody there"))
        elif fate is Fate.LOST_BEFORE:
            self._lose(exchange, "the connection was reset")
        else:
            self._reply(exchange, self._weather.reply(fate, exchange.side))

    # -- at the vendor -------------------------------------------------------------------------------------------------

    def _arrive(self, exchange: Exchange, fate: Fate, back: float, patience: float) -> None:
        """The vendor carries it out."""
        exchange.arrival = None
        service, exchange.forgotten = self.services[exchange.side], fate is Fate.ROLLED_BACK
        with rolled_back(exchange.side, service) if exchange.forgotten else nullcontext():
            reply: Reply = service.handle(exchange.plain)
            self._trace.note("commit", f"#{exchange.number} {exchange.operation} {reply.status}", reply.body)
            self.on_commit(exchange, reply)
        reply = self._replica.answered(exchange.operation, exchange.plain.path, reply)
        if fate in _UNHEARD:
            if fate is Fate.LOST_AFTER:
                self._later(back, self._lose, exchange, "the answer was lost")
            return
        if fate in (Fate.ERROR_AFTER, Fate.GARBLED):
            reply = self._weather.reply(fate, exchange.side)
        if back < patience:
            self._later(back, self._reply, exchange, reply)

    # -- the answer ----------------------------------------------------------------------------------------------------

    def _reply(self, exchange: Exchange, reply: Reply) -> None:
        headers = {name.lower(): value for name, value in reply.headers.items()}
        if not self._over(exchange):
            self._trace.note("answer", f"#{exchange.number} {reply.status}")
            exchange.answer.set_result(HttpAnswer(reply.status, headers, reply.body))

    def _lose(self, exchange: Exchange, why: str) -> None:
        self._fail(exchange, AnswerLostError(why))

    def _fail(self, exchange: Exchange, error: Exception) -> None:
        if not self._over(exchange):
            self._trace.note("answer", f"#{exchange.number} {error}")
            exchange.answer.set_exception(error)

    def _over(self, exchange: Exchange) -> bool:
        """Nobody waits for this one any more; True when nobody did before."""
        if self.under_way.pop(exchange, exchange) is not None:
            return True
        self.on_answer(exchange)
        return exchange.answer.done() or not exchange.life.alive

    # -- the end of a process ------------------------------------------------------------------------------------------

    def cut(self, life: Life, rng: random.Random) -> None:
        """Its process is dead: what it has sent goes on, or was still in its buffers."""
        for exchange in [one for one in self.under_way if one.life is life]:
            del self.under_way[exchange]
            if exchange.arrival is not None and rng.random() < 0.4:
                exchange.arrival.cancel()
                exchange.arrival = None
                self._trace.note("dropped", f"#{exchange.number} {exchange.operation}")

    def _later(self, delay: float, act: Callable[..., object], *args: Any) -> Turn:
        return self._loop.call_later(delay, act, *args, context=self._outside)


class Line:
    """The `Transport` of one process."""

    def __init__(self, network: Network, life: Life) -> None:
        self._network, self._life = network, life

    async def send(self, request: HttpRequest, timeout: float) -> HttpAnswer:
        """Return the vendor's answer; raise NotSentError or AnswerLostError as a network would."""
        if not self._life.alive:
            raise DeadError
        exchange = self._network.begin(self._life, request, timeout)
        answer = await exchange.answer
        self._network.on_leave(exchange)
        return answer


def _kind(operation: str) -> str:
    if operation.startswith("oauth."):
        return "token"
    entity, _, verb = operation.rpartition(".")
    reading = verb in {"query", "read", "cdc", "batch", "list", "search", "duplicate", "custom_values", "messages"}
    return "read" if (reading and entity != "conversations") or operation == "conversations.search" else "write"
