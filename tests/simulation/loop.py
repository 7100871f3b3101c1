"""An event loop that a seed repeats: nobody waits, time jumps, and whoever could run next is drawn by lot.

Time passes only when everybody waits for it. Callbacks belong to a `Life` (one process that may be killed) or to the
world around it; those of a life that has ended are dropped, so that nothing of a dead process ever takes another step.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import random
import warnings
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from typing import Any, Final
from unittest.mock import patch

from anyio._backends import _asyncio as backend

LIFE: Final[ContextVar[Life | None]] = ContextVar("LIFE", default=None)
_MOST_STEPS: Final = 3_000_000  # a world that needs more than this has run away


class RunawayError(Exception):
    """Everybody waits for ever, or nobody ever comes to rest."""


class Life:
    """What runs in one process. `steps` counts how often something of it ran."""

    def __init__(self) -> None:
        self.alive = True
        self.steps = 0

    def end(self) -> None:
        """Nothing of it runs again."""
        self.alive = False

    def context(self) -> Context:
        """A context in which everything belongs to this life."""
        inside = copy_context()
        inside.run(LIFE.set, self)
        return inside


class Turn:
    """A callback that waits for its turn; stands in for asyncio's handles."""

    __slots__ = ("_args", "_callback", "_cancelled", "_context", "_when", "life")

    def __init__(
        self, when: float, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> None:
        self._when, self._callback, self._args = when, callback, args
        self._context = copy_context() if context is None else context
        self._cancelled = False
        self.life: Life | None = self._context.get(LIFE)

    def cancel(self) -> None:
        """It is passed over when its time comes."""
        self._cancelled = True

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._cancelled

    def when(self) -> float:
        """The loop's time it is for."""
        return self._when

    def run(self, loop: SeededLoop) -> None:
        """Take the turn; what goes wrong in it is the loop's to hear."""
        try:
            self._context.run(self._callback, *self._args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - as asyncio's own handles do
            loop.call_exception_handler({"message": f"in {self._callback!r}", "exception": error})


class NumberedTask(asyncio.Task[Any]):
    """anyio keeps tasks in sets: these come out of one in the same order each time, wherever they lie in memory."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], *, number: int, **members: Any) -> None:
        self._number = number
        super().__init__(coroutine, **members)

    def __hash__(self) -> int:
        return self._number

    __eq__ = object.__eq__


class NumberedScope(backend.CancelScope):
    """The same for anyio's scopes, which it keeps in sets, too."""

    __slots__ = ("_number",)
    numbers = itertools.count()

    def __init__(self, deadline: float = math.inf, shield: bool = False) -> None:
        self._number = next(NumberedScope.numbers)
        super().__init__(deadline, shield)

    def __hash__(self) -> int:
        return self._number

    __eq__ = object.__eq__


@contextmanager
def in_order() -> Iterator[None]:
    """While this lasts, nothing depends on where objects lie in memory."""
    NumberedScope.numbers = itertools.count()
    with patch.object(backend, "CancelScope", NumberedScope):
        yield


class SeededLoop(asyncio.BaseEventLoop):
    """Satisfies asyncio and anyio without a selector. `rng` draws who goes next."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._draw = rng.random
        self._now = 0.0
        self._turns: list[Turn] = []
        self._timers: list[tuple[float, int, Turn]] = []
        self._numbers = itertools.count()
        self._dropped: list[Turn] = []
        self.steps = 0
        self.on_step: Callable[[Life], object] = lambda _: None
        self.set_task_factory(self._task)

    # -- what asyncio asks for -----------------------------------------------------------------------------------------

    def time(self) -> float:
        """Seconds since the world began: no wall clock, it never steps."""
        return self._now

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Turn:  # type: ignore[override]
        """Run `callback` at this very time, in whatever order."""
        turn = Turn(self._now, callback, args, context)
        self._turns.append(turn)
        return turn

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Turn:
        """Run `callback` at `when`."""
        turn = Turn(when, callback, args, context)
        heapq.heappush(self._timers, (when, next(self._numbers), turn))
        return turn

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Turn:
        """Run `callback` in `delay` seconds."""
        return self.call_at(self._now + max(0.0, delay), callback, *args, context=context)

    def call_soon_threadsafe(self, *_: Any, **__: Any) -> Turn:  # type: ignore[override]
        """There are no threads here."""
        raise RunawayError("a thread came into a world that has none")

    def _asyncgen_finalizer_hook(self, agen: Any) -> None:
        """What a dead process left half-way is not finished."""

    def _task(self, _: asyncio.AbstractEventLoop, coroutine: Any, **members: Any) -> NumberedTask:
        return NumberedTask(coroutine, number=next(self._numbers), loop=self, **members)

    # -- one step ------------------------------------------------------------------------------------------------------

    def _run_once(self) -> None:
        self._ring()
        turn = self._next()
        if turn.cancelled():
            return
        if turn.life is not None and not turn.life.alive:
            self._dropped.append(turn)  # what it would have run must not be unwound before the end
            return
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise RunawayError("there is no end to it")
        if turn.life is not None:
            turn.life.steps += 1
            self.on_step(turn.life)
            if not turn.life.alive:
                self._dropped.append(turn)
                return
        turn.run(self)

    def _ring(self) -> None:
        """Let timers whose time has come have their turn; if nobody else has one, let time pass until one does."""
        timers = self._timers
        if not self._turns:
            while timers and timers[0][2].cancelled():
                heapq.heappop(timers)
            if not timers:
                raise RunawayError("everybody waits for ever")
            self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            self._turns.append(heapq.heappop(timers)[2])

    def _next(self) -> Turn:
        turns = self._turns
        if len(turns) > 1:
            lot = int(self._draw() * len(turns))
            turns[lot], turns[-1] = turns[-1], turns[lot]
        return turns.pop()

    # -- the end -------------------------------------------------------------------------------------------------------

    def bury(self) -> None:
        """Unwind what never came to its end, which must not reach anything outside any more; then close."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of coroutines that never began
            for task in asyncio.all_tasks(self):
                task._log_destroy_pending = False  # type: ignore[attr-defined]  # killed, not forgotten
                _unwind(task.get_coro())
            for waiting in (self._turns, self._timers, self._dropped):
                waiting.clear()
            self.close()


def _unwind(coroutine: Any) -> None:
    for _ in range(20):  # a `finally` may wait once more, and is told again
        try:
            coroutine.close()
        except BaseException:  # noqa: BLE001, S112 - whatever a dead process would have said
            continue
        return
