"""The private listener."""

from __future__ import annotations

import aiohttp
import pytest

from avantto_qbo.config import Listen
from avantto_qbo.metrics import Metrics
from avantto_qbo.server.listening import listening, tcp_socket
from avantto_qbo.server.private import private_app
from unit.server.standins import MemoryHealth


async def get(health: MemoryHealth, path: str, metrics: Metrics) -> tuple[int, str]:
    socket = tcp_socket("console.listen", Listen("127.0.0.1", 0))
    async with (
        listening(private_app(health, metrics), socket) as bound,
        aiohttp.ClientSession() as session,
        session.get(f"http://{bound}{path}") as answer,
    ):
        return answer.status, await answer.text()


async def test_readiness_follows_the_daemon(metrics: Metrics) -> None:
    assert await get(MemoryHealth(), "/readyz", metrics) == (200, '{"ready":true,"reasons":[]}')
    status, text = await get(MemoryHealth("the journal is not open"), "/readyz", metrics)
    assert status == 503
    assert "the journal is not open" in text


async def test_metrics_are_in_prometheus_format(metrics: Metrics) -> None:
    metrics.attention.set(3)
    status, text = await get(MemoryHealth(), "/metrics", metrics)
    assert status == 200
    assert "avantto_qbo_attention 3.0" in text


def test_no_metric_names_a_location_or_a_document(metrics: Metrics) -> None:
    labels = {name for metric in vars(metrics).values() for name in getattr(metric, "_labelnames", ())}
    assert labels <= {"provider", "outcome", "kind", "state", "status", "poll", "topic", "lane"}
    assert "provider" in labels


@pytest.mark.parametrize("path", ["/"])
async def test_the_index_leads_to_the_rest(path: str, metrics: Metrics) -> None:
    status, text = await get(MemoryHealth(), path, metrics)
    assert status == 200
    assert 'href="/metrics"' in text
