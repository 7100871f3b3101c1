"""The vendors' webhooks on their way to the daemon: repeated, reordered, lost, late by days, and forged."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextvars import Context
from typing import Any, Final

import anyio

from avantto_qbo.sandbox.webhooks import Delivery, Outbox
from avantto_qbo.server.ports import Verdict
from simulation.loop import SeededLoop, Turn
from simulation.run import Run
from simulation.trace import Trace

_STATUS: Final = {
    Verdict.TAKEN: 200,
    Verdict.REPEATED: 200,
    Verdict.IGNORED: 200,
    Verdict.UNSIGNED: 401,
    Verdict.MALFORMED: 400,
}
_BUSY: Final = {"avantto": 429, "quickbooks": 503}
_PATIENCE: Final = 3.0
_DROPPED: Final = (0.0, 0.05, 0.3, 1.0)  # of how many of a hundred
_TWICE: Final = (0.0, 0.2)


class Post:
    """Delivers what both outboxes hold. `running` is the process that listens, if any."""

    def __init__(
        self,
        loop: SeededLoop,
        outside: Context,
        services: dict[str, Any],
        rng: random.Random,
        trace: Trace,
        felt: Counter[str],
    ) -> None:
        self._loop, self._outside, self._services = loop, outside, services
        self._rng, self._trace, self._felt = rng, trace, felt
        self.running: Callable[[], Run | None] = lambda: None
        self.on_offered: Callable[[str, bytes], object] = lambda _, __: None
        self.on_answered: Callable[[str, bytes, Verdict], object] = lambda _, __, ___: None
        self.on_forged: Callable[[str, int], object] = lambda _, __: None
        self.pending = 0
        self._stragglers: list[tuple[str, Delivery]] = []
        self._drop = rng.choice(_DROPPED)
        self._twice = rng.choice(_TWICE)
        self._late = rng.choice((0.0, 0.1))
        self._days_late = rng.choice((0.0, 0.05))
        self._forge = rng.choice((0.0, 0.1))
        self._proxy = rng.random() < 0.5  # in front of the daemon, which makes 429 of a connection refused
        self.honest = False

    def collect(self) -> None:
        """Take what waits at the vendors and send it on its way."""
        for side, service in self._services.items():
            for delivery in service.outbox.take():
                self._dispatch(side, delivery)

    def _dispatch(self, side: str, delivery: Delivery) -> None:
        rng = self._rng
        if self.honest:
            self._send(side, delivery, rng.uniform(0.05, 2))
            return
        if rng.random() < self._drop:
            self._felt["webhook dropped"] += 1
            return
        if rng.random() < self._days_late:
            self._felt["webhook days late"] += 1
            self._stragglers.append((side, delivery))
            return
        if rng.random() < self._twice:
            self._felt["webhook twice"] += 1
            self._send(side, delivery, rng.uniform(0.05, 300))
        if rng.random() < self._forge:
            self._felt["webhook forged"] += 1
            self._later(rng.uniform(0.05, 60), self._forged, side, delivery)
        late = rng.random() < self._late
        self._felt["webhook late"] += late
        self._send(side, delivery, rng.uniform(60, 1800) if late else rng.uniform(0.05, 5))

    def deliver_stragglers(self) -> None:
        """What was held up for days comes now."""
        held_up, self._stragglers = self._stragglers, []
        for side, delivery in held_up:
            self._send(side, delivery, self._rng.uniform(0.05, 240))

    # -- one attempt ---------------------------------------------------------------------------------------------------

    def _send(self, side: str, delivery: Delivery, delay: float) -> None:
        self.pending += 1
        self._later(delay, self._attempt, side, delivery)

    def _attempt(self, side: str, delivery: Delivery) -> None:
        run = self.running()
        if run is None or not run.listens:
            self._settle(side, delivery, 429 if self._proxy and side == "avantto" else None)
            return
        settled = [False]

        def settle(status: int | None) -> None:
            if not settled[0]:
                settled[0] = True
                self._settle(side, delivery, status)

        self._later(self._outbox(side).policy.timeout, settle, None)
        self.on_offered(side, delivery.body)
        run.spawn(self._hand_over(run, side, delivery.headers, delivery.body, settle))

    async def _hand_over(
        self, run: Run, side: str, sent: Any, body: bytes, settle: Callable[[int | None], object]
    ) -> None:
        """At the daemon's door; dies with the process."""
        headers = {name.lower(): value for name, value in sent.items()}
        try:
            with anyio.fail_after(_PATIENCE):
                taken = await getattr(run.intake, side)(body, headers)
        except Exception:  # noqa: BLE001 - where a request ends: whatever went wrong, the vendor shall retry
            self._loop.call_soon(settle, _BUSY[side], context=self._outside)
            return
        self.on_answered(side, body, taken.verdict)
        self._loop.call_soon(settle, _STATUS.get(taken.verdict, _BUSY[side]), context=self._outside)

    def _settle(self, side: str, delivery: Delivery, status: int | None) -> None:
        self.pending -= 1
        self._trace.note("webhook", f"{side} {delivery.number} → {status}", delivery.body)
        again = self._outbox(side).settle(delivery, status)
        if again is not None:
            self._send(side, again, again.delay)

    # -- somebody else's -----------------------------------------------------------------------------------------------

    def _forged(self, side: str, delivery: Delivery) -> None:
        """The same words with one letter changed, and the signature of the true ones."""
        run = self.running()
        if run is None or not run.listens:
            return
        place = self._rng.randrange(len(delivery.body))
        body = delivery.body[:place] + bytes([delivery.body[place] ^ 1]) + delivery.body[place + 1 :]
        self._trace.note("forged", f"{side} {delivery.number}", body)

        def settle(status: int | None) -> None:
            if status == 200:
                self.on_forged(side, delivery.number)

        run.spawn(self._hand_over(run, side, delivery.headers, body, settle))

    def _outbox(self, side: str) -> Outbox:
        outbox: Outbox = self._services[side].outbox
        return outbox

    def _later(self, delay: float, act: Callable[..., object], *args: Any) -> Turn:
        return self._loop.call_later(delay, act, *args, context=self._outside)
