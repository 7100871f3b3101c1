"""What the tests of the Avantto edge share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "samples" / "avantto"


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """Return the bytes of a sample by its file name; `.json` may be left out."""

    def read(name: str) -> bytes:
        return (SAMPLES / (name if "." in name else f"{name}.json")).read_bytes()

    return read
