"""Shared fixtures: the event loop of async tests, and canned HTTP answers for clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import ClientResponse
from aioresponses import aioresponses


class _NothingSent:
    """What aiohttp 3.14 asks of the writer of a request that was never on a socket."""

    output_size = 0


class CannedResponse(ClientResponse):
    """A response aioresponses can build: release 0.7.9 does not know aiohttp 3.14's `stream_writer`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        writer: Any = _NothingSent()
        super().__init__(*args, stream_writer=writer, **kwargs)


class CannedAnswers(aioresponses):
    """Canned answers for every client session, for small bodies only: use `get`, `post`, `put` and `delete` on it."""

    def add(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("response_class", CannedResponse)
        super().add(*args, **kwargs)


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio only: aiohttp knows no other loop."""
    return "asyncio"


@pytest.fixture
def canned() -> Iterator[CannedAnswers]:
    """Answer requests without a socket; what is not canned is a connection error."""
    answers = CannedAnswers()
    with answers:
        yield answers
