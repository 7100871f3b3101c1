"""Fixtures of the integration tests: one house that most tests share, and one of their own for those that break it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from integration.business import Business
from integration.house import House, Sections

_measured: list[tuple[str, float]] = []


class MakeHouse(Protocol):
    def __call__(self, sections: Sections | None = None) -> House: ...


@pytest.fixture
def measured() -> Callable[[str, float], None]:
    """Note a latency in seconds; all of them are printed at the end of the run."""
    return lambda what, seconds: _measured.append((what, seconds))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _measured:
        terminalreporter.section("latencies of the daemon against the stand-in services")
    for what, seconds in _measured:
        terminalreporter.write_line(f"{seconds:6.2f} s  {what}")


@contextmanager
def running_house(sections: Sections | None = None) -> Iterator[House]:
    """Run a house in a folder of its own until the block ends."""
    # Not pytest's tmp_path: the path of a unix socket has 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="aq") as folder, ExitStack() as stack:
        house = House(Path(folder), sections)
        stack.callback(house.close)
        house.start()
        yield house


@pytest.fixture(scope="session")
def shared_house() -> Iterator[House]:
    with running_house() as house:
        yield house


@pytest.fixture
def house(shared_house: House) -> House:
    """The house that tests share, in fair weather; every test works with businesses of its own."""
    if not shared_house.daemon.running:  # the test before failed while it was stopped
        shared_house.daemon.start()
    shared_house.fair_weather()
    return shared_house


@pytest.fixture
def business(house: House) -> Iterator[Business]:
    """A connected business in the shared house."""
    place = house.business().connected()
    yield place
    house.fair_weather()
    place.disconnect()


@pytest.fixture
def make_house() -> Iterator[MakeHouse]:
    """Make a house that one test has for itself, to stop, kill and configure its daemon."""
    with ExitStack() as stack:
        yield lambda sections=None: stack.enter_context(running_house(sections))
