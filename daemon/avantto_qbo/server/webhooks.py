"""The webhook doors: 200 only once the delivery is committed, and on our own trouble the status each vendor retries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from math import ceil
from typing import Final

import anyio
import structlog
from aiohttp import web

from avantto_qbo.metrics import Metrics
from avantto_qbo.model.grant import Provider
from avantto_qbo.server.bodies import NoRoomError, Room, UnreadableBodyError, closing, read_body
from avantto_qbo.server.limits import HIGH_WATER_WAIT, Limits
from avantto_qbo.server.ports import Intake, IntakeResult, Verdict

_log = structlog.stdlib.get_logger(__name__)

# Avantto dependably retries nothing but 429; Intuit retries every failure.
_BUSY_STATUS: Final = {Provider.AVANTTO: 429, Provider.QUICKBOOKS: 503}
_STATUS: Final = {
    Verdict.TAKEN: 200,
    Verdict.REPEATED: 200,
    Verdict.IGNORED: 200,
    Verdict.UNSIGNED: 401,
    Verdict.MALFORMED: 400,
}
_Take = Callable[[bytes, Mapping[str, str]], Awaitable[IntakeResult]]


class WebhookDoor:
    """Answers the deliveries of one vendor. The path is open to the world: nothing is read before it is verified."""

    def __init__(self, provider: Provider, intake: Intake, limits: Limits, metrics: Metrics, room: Room) -> None:
        self._provider, self._limits, self._metrics, self._room = provider, limits, metrics, room
        self._take: _Take = intake.avantto if provider is Provider.AVANTTO else intake.quickbooks
        self._patience = limits.intake_avantto if provider is Provider.AVANTTO else limits.intake_quickbooks

    async def answer(self, request: web.Request) -> web.Response:
        try:
            with self._room.share() as share:
                with share.arriving():
                    raw = await read_body(request, self._limits, share.take)
                result = await self._taken(raw, {name.lower(): value for name, value in request.headers.items()})
        except UnreadableBodyError as error:
            self._count(error.outcome)
            return closing(web.Response(status=error.status))
        except NoRoomError:
            self._count(Verdict.BUSY)
            return closing(self._response(IntakeResult(Verdict.BUSY, HIGH_WATER_WAIT)))
        self._count(result.verdict)
        return self._response(result)

    async def _taken(self, raw: bytes, headers: Mapping[str, str]) -> IntakeResult:
        try:
            with anyio.fail_after(self._patience.total_seconds()):
                return await self._take(raw, headers)
        except Exception as error:  # noqa: BLE001 - where a request ends: whatever went wrong, the vendor shall retry
            _log.error("webhook.failed", provider=self._provider, exc_info=error)
            return IntakeResult(Verdict.BUSY)

    def _response(self, result: IntakeResult) -> web.Response:
        if result.verdict is Verdict.BUSY:
            return web.Response(status=_BUSY_STATUS[self._provider], headers=retry_after(result.retry_after))
        return web.Response(status=_STATUS[result.verdict])

    def _count(self, outcome: str) -> None:
        self._metrics.webhooks.labels(self._provider.value, str(outcome)).inc()


def retry_after(delay: timedelta) -> dict[str, str]:
    """Return the header that asks to come back later, in whole seconds."""
    return {"Retry-After": str(max(1, ceil(delay.total_seconds())))}
