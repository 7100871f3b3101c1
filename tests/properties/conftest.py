"""Say at the end what was tried, when documents are drawn by hand."""

from __future__ import annotations

import time
from typing import Any, Final

from properties.count import summary
from properties.drawing import DOCS

_STARTED: Final = time.monotonic()


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """Say what was tried."""
    lines = summary()
    if not lines or not DOCS:
        return
    seconds = time.monotonic() - _STARTED
    terminalreporter.section(f"properties: seed {config.getoption('--hypothesis-seed')}, {seconds:.0f} s")
    for line in lines:
        terminalreporter.line(line)
