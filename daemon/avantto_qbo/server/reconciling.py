"""Answer a reconciliation line by line: it can take minutes, and whoever waits sees how far it is."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec
from aiohttp import web

from avantto_qbo.errors import RefusedError
from avantto_qbo.model.reconciliation import Progress
from avantto_qbo.server.api_reconciling import ReconcileAnswer, ReconcileLine
from avantto_qbo.server.problems import problem

_LINES: Final = "application/x-ndjson"


class ReconcileStream:
    """The answer to one request. What is refused before the first line is refused as any other request is."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._response: web.StreamResponse | None = None

    async def report(self, progress: Progress) -> None:
        """Say how far it is."""
        await self._write(ReconcileLine(progress=progress))

    async def end(self, answer: ReconcileAnswer) -> web.StreamResponse:
        """Give the answer."""
        return await self._write(ReconcileLine(answer=answer))

    async def fail(self, error: Exception) -> web.StreamResponse:
        """Say what went wrong in the middle; raise it as it is where nothing was said yet."""
        if self._response is None:
            raise error
        if isinstance(error, ConnectionError):  # whoever asked is gone
            return self._response
        return await self._write(ReconcileLine(error=problem(error)[1]))

    async def _write(self, line: ReconcileLine) -> web.StreamResponse:
        if self._response is None:
            self._response = web.StreamResponse(headers={"Content-Type": _LINES})
            await self._response.prepare(self._request)
        await self._response.write(msgspec.json.encode(line) + b"\n")
        return self._response


def day_named(request: web.Request, name: str) -> date | None:
    """Read a day of the query, None where it is not named. Raises RefusedError for what is no day."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RefusedError(f'must be a day like 2026-11-30, not "{text}"', field=name) from None
