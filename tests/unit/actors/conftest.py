"""A connected location for every test of the actors."""

from __future__ import annotations

import pytest

from stage import Stage


@pytest.fixture
async def stage() -> Stage:
    """One location connected to one American company."""
    made = Stage()
    await made.open()
    return made
