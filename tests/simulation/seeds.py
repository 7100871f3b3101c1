"""Play one seed, with the bugs of its options in place of the code they replace."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final
from unittest.mock import patch

from avantto_qbo.actors import supervisor
from avantto_qbo.actors.polls import pollers
from simulation.loop import in_order
from simulation.outcome import Options, Outcome
from simulation.world import World

_PLAIN: Final = Options()


@contextmanager
def uncollected() -> Iterator[None]:
    """What a killed process leaves must not be unwound in the middle of another seed."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@contextmanager
def unhurried(seed: int) -> Iterator[None]:
    """In four seeds of five, look less often where nothing is decided by it: that is most of what a day costs."""
    if seed % 5 == 0:
        yield
        return
    with (
        patch.object(pollers, "_HINTED", ((timedelta(minutes=10), timedelta(minutes=2)),)),
        patch.object(supervisor, "_LONGEST_NAP", 120.0),
    ):
        yield


def run_seed(seed: int, pem: Path, options: Options = _PLAIN) -> Outcome:
    """Play one seed, with the options' bugs in place of the code they replace."""
    with uncollected(), in_order(), unhurried(seed), ExitStack() as stack:
        for bug in options.bugs:
            stack.enter_context(bug())
        return World(seed, options, pem).run()
