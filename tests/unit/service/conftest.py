"""A stage for the tests of the service: vendors that exist, and a location that is connected where asked for."""

from __future__ import annotations

import pytest

from stage import Stage


@pytest.fixture
def unconnected() -> Stage:
    """A company and a location at the vendors, not connected."""
    made = Stage()
    made.furnish()
    return made


@pytest.fixture
async def stage() -> Stage:
    """One connected location, its first copies made."""
    made = Stage()
    await made.open()
    await made.work_off()
    return made
