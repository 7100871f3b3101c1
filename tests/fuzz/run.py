"""Play numbered cases: the seed and the number make the whole case, so that a failing one is one command."""

from __future__ import annotations

import io
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

import anyio

from avantto_qbo.logs import configure_logs
from fuzz.answers import AnswersTarget
from fuzz.material import collect
from fuzz.sockets import PublicTarget, StatusTarget
from fuzz.verdict import Target
from fuzz.webhooks import IntakeTarget

# Of every hundred cases. The sockets cost most and wait for each other's pauses, so many are open at once.
_SHARE: Final = {"intake": 50, "answers": 39, "status": 8, "public": 3}
_ON_SOCKETS: Final = frozenset({"public", "status"})
_AT_ONCE: Final = 48
_BATCH: Final = 2000
GROWTH: Final = 32 * 1024  # kB of memory the second half of a run may add


@dataclass
class Report:
    """What became of the cases."""

    seed: int
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: dict[int, str] = field(default_factory=dict)
    resident: list[int] = field(default_factory=list)  # kB after each batch
    seconds: float = 0.0

    @property
    def cases(self) -> int:
        return self.outcomes.total() + len(self.failures)

    @property
    def growth(self) -> int:
        """Memory added after the first half, in kB: what grows for ever grows then, too."""
        return self.resident[-1] - self.resident[len(self.resident) // 2] if self.resident else 0


def target_of(seed: int, case: int) -> tuple[str, Random]:
    """Return which target a case is for, and the chance it is made of."""
    rng = Random(f"{seed}:{case}")
    return rng.choices([*_SHARE], [*_SHARE.values()])[0], rng


async def play(seed: int, cases: range, report: Report) -> Report:
    """Play the cases and add what became of them to the report."""
    configure_logs(io.StringIO(), "CRITICAL")
    async with AsyncExitStack() as stack:
        targets = await _targets(stack)
        began = time.perf_counter()
        for start in range(cases.start, cases.stop, _BATCH):
            await _batch(seed, range(start, min(start + _BATCH, cases.stop)), targets, report)
            report.resident.append(_resident())
        report.seconds += time.perf_counter() - began
    return report


async def _targets(stack: AsyncExitStack) -> Mapping[str, Target]:
    stage, material = await collect()
    for_sockets, _ = await collect()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aq")))
    public, status = PublicTarget(for_sockets, material), StatusTarget(for_sockets, folder)
    await stack.enter_async_context(public.serving())
    await stack.enter_async_context(status.serving())
    return {
        "intake": IntakeTarget(stage, material), "answers": AnswersTarget(material), "public": public, "status": status,
    }  # fmt: skip


async def _batch(seed: int, cases: range, targets: Mapping[str, Target], report: Report) -> None:
    """Play what needs no socket one after the other, the rest side by side."""
    slots = anyio.CapacityLimiter(_AT_ONCE)
    waiting: list[tuple[int, str, Random]] = []
    for case in cases:
        name, rng = target_of(seed, case)
        if name in _ON_SOCKETS:
            waiting.append((case, name, rng))
        else:
            await _one(case, targets[name], rng, report)

    async def one(case: int, name: str, rng: Random) -> None:
        async with slots:
            await _one(case, targets[name], rng, report)

    for kind in sorted(_ON_SOCKETS):  # the journal tells whose request changed it only if there is one at a time
        async with anyio.create_task_group() as tasks:
            for case, name, rng in waiting:
                if name == kind == "public":
                    tasks.start_soon(one, case, name, rng)
                elif name == kind:
                    await _one(case, targets[name], rng, report)


async def _one(case: int, target: Target, rng: Random, report: Report) -> None:
    try:
        report.outcomes[await target(rng)] += 1
    except Exception as error:  # noqa: BLE001 - whatever comes out is the finding
        report.failures[case] = f"{type(error).__name__}: {error}"


def _resident() -> int:
    """Return the memory of this process in kB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024
