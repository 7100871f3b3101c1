"""A transport that counts and times what another one carries."""

from __future__ import annotations

import time

from avantto_qbo.errors import NotSentError, TransientError
from avantto_qbo.metrics import Metrics
from avantto_qbo.model.grant import Provider
from avantto_qbo.model.http import HttpAnswer, HttpRequest, Transport


class CountedTransport:
    """Counts calls of one provider by the class of their status, `lost` or `unsent`, and times them."""

    def __init__(self, carrier: Transport, metrics: Metrics, provider: Provider) -> None:
        self._carrier, self._metrics, self._provider = carrier, metrics, provider

    async def send(self, request: HttpRequest, timeout: float) -> HttpAnswer:
        """Carry the request; see `model.http.Transport`."""
        started = time.perf_counter()
        try:
            answer = await self._carrier.send(request, timeout)
        except TransientError as error:
            self._count("unsent" if isinstance(error, NotSentError) else "lost", started)
            raise
        self._count(f"{answer.status // 100}xx", started)
        return answer

    def _count(self, status: str, started: float) -> None:
        self._metrics.calls.labels(self._provider, status).inc()
        self._metrics.call_seconds.labels(self._provider).observe(time.perf_counter() - started)
