"""One realm's or one location's way to its vendor: the edge, the grant and the limits bound together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final, TypeVar

from avantto_qbo.actors.keeper import TokenKeeper
from avantto_qbo.actors.limiter import Limiter
from avantto_qbo.actors.ports import Clock, Edge, Rng
from avantto_qbo.actors.read_gate import ReadGate
from avantto_qbo.errors import AuthError, TransientError
from avantto_qbo.model.http import Read
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import NoAccess, NotSent, Outcome, Written

T = TypeVar("T")
# A token that was just renewed may be refused as well: it ended while it waited for its turn, or the vendor forgot the
# renewal. Only then is it a person's business.
_RENEWALS: Final = 2
_BY_THE_MINUTE: Final = timedelta(minutes=2)  # a limit of requests has passed by then; the quota of reads has not


class Access:
    """Writes and reads of one subject, paced and authorized. `on_read` counts a successful (metered) read."""

    def __init__(
        self,
        subject: str,
        *,
        edge: Edge,
        keeper: TokenKeeper,
        limiter: Limiter,
        clock: Clock,
        rng: Rng,
        on_read: Callable[[], None] = lambda: None,
        slice_of: Limiter | None = None,
        gate: ReadGate | None = None,
    ) -> None:
        self.subject = subject
        self.keeper = keeper
        self.limiter = limiter
        self._edge, self._clock, self._rng, self._on_read, self._slice = edge, clock, rng, on_read, slice_of
        self._gate = gate

    def within(self, limiter: Limiter) -> Access:
        """Return the same access held to a smaller limit as well (backfill gets half of a location's budget)."""
        return self._like(limiter, self._gate)

    def gated(self, gate: ReadGate) -> Access:
        """Return the same access with its reads behind the gate that all companies share."""
        return self._like(self._slice, gate)

    def _like(self, slice_of: Limiter | None, gate: ReadGate | None) -> Access:
        return Access(
            self.subject,
            edge=self._edge,
            keeper=self.keeper,
            limiter=self.limiter,
            clock=self._clock,
            rng=self._rng,
            on_read=self._on_read,
            slice_of=slice_of,
            gate=gate,
        )

    @asynccontextmanager
    async def _turn(self, key: str) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if self._slice is not None:
                await stack.enter_async_context(self._slice.turn(key))
            await stack.enter_async_context(self.limiter.turn(key))
            yield

    async def write(self, call: Call, request_id: str, *, key: str = "") -> Outcome:
        """Send once; a refused access token is renewed and the same bytes go again (401 means not carried out)."""
        try:
            token = await self.keeper.access_token()
            outcome = await self._send(token, call, request_id, key)
            for _ in range(_RENEWALS):
                if not isinstance(outcome, NoAccess):
                    break
                token = await self.keeper.renew(token)
                outcome = await self._send(token, call, request_id, key)
        except AuthError as error:
            return NoAccess(error.provider, error.subject, error.reason)
        except TransientError as error:
            return NotSent(error.reason, error.retry_after)
        return outcome

    async def _send(self, token: str, call: Call, request_id: str, key: str) -> Outcome:
        async with self._turn(key):
            outcome = await self._edge.write(self.subject, token, call, request_id)
        if self._gate is not None:
            self._gate.wrote(self.subject, outcome)
        if isinstance(outcome, Written):
            self.keeper.worked(token)
        if isinstance(outcome, NotSent) and outcome.retry_after is not None:
            self._slow_down(outcome.retry_after)
        return outcome

    async def read(self, read: Read[T], *, key: str = "") -> T:
        """Ask again with a renewed token when one is refused. Raises as `Edge.read` does."""
        if self._gate is not None:
            self._gate.admit()
        token = await self.keeper.access_token()
        for _ in range(_RENEWALS):
            try:
                return await self._ask(token, read, key)
            except AuthError:
                token = await self.keeper.renew(token)
        return await self._ask(token, read, key)

    async def _ask(self, token: str, read: Read[T], key: str) -> T:
        try:
            async with self._turn(key):
                answer = await self._edge.read(self.subject, token, read)
        except TransientError as error:
            if error.retry_after is not None:
                await self._refused(error.retry_after)
            raise
        self.keeper.worked(token)
        self._on_read()
        if self._gate is not None and read.method == "GET":
            await self._gate.passed(self.subject)
        elif self._gate is not None:  # a batch: whether those are metered is UNVERIFIED
            self._gate.told_nothing()
        return answer

    async def _refused(self, asked: timedelta) -> None:
        """A read was throttled: pause everything, but writes not for what can only be about reads."""
        if self._gate is None:
            self._slow_down(asked)
        elif await self._gate.refused(self.subject):
            self._slow_down(min(asked, _BY_THE_MINUTE))

    def _slow_down(self, asked: timedelta) -> None:
        self.limiter.pause(self._clock.now() + asked * (1 + self._rng.random() / 10))
