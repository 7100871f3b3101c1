"""Listeners on real sockets, with in-memory stand-ins behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from avantto_qbo.config import Listen
from avantto_qbo.metrics import Metrics
from avantto_qbo.server.limits import Limits
from avantto_qbo.server.listening import listening, tcp_socket
from avantto_qbo.server.public import public_app
from unit.server.standins import MemoryFlow, MemoryIntake


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest.fixture
def intake() -> MemoryIntake:
    return MemoryIntake()


@pytest.fixture
def flow() -> MemoryFlow:
    return MemoryFlow()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def public(intake: MemoryIntake, flow: MemoryFlow, metrics: Metrics, limits: Limits) -> AsyncIterator[str]:
    """Serve the public listener; the value is its base URL."""
    app = public_app(intake, flow, metrics, public_url="https://qbo.example", limits=limits)
    async with listening(app, tcp_socket("server.listen", Listen("127.0.0.1", 0)), limits) as bound:
        yield f"http://{bound}"


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session
