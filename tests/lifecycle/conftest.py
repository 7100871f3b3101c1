"""Say at the end how large the tables are: `pytest tests/lifecycle -v`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from lifecycle.table import read
from lifecycle.tally import lines


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Tell warnings only: the walk is a thousand days of business."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.reset_defaults()


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """Print the size of the tables and what was walked of them, if asked to be verbose."""
    if config.get_verbosity() < 1:
        return
    tables = {path.stem: read(path) for path in Path(__file__).parent.glob("*.md")}
    told = lines({name: (len(table.events), len(table.before)) for name, table in tables.items()})
    if told:
        terminalreporter.section("lifecycle")
        for line in told:
            terminalreporter.line(line)
