"""Read a request's body whole, within the limits."""

from __future__ import annotations

import anyio
from aiohttp import web

from avantto_qbo.server.limits import Limits


class UnreadableBodyError(Exception):
    """The body did not come: `status` is the HTTP answer to give before closing the connection."""

    def __init__(self, status: int, outcome: str) -> None:
        super().__init__(outcome)
        self.status, self.outcome = status, outcome


async def read_body(request: web.Request, limits: Limits) -> bytes:
    """Return the raw body. Raises UnreadableBodyError: 413 too large, 408 too slow, 400 cut off.

    aiohttp never times out a body that stops half-way, so the whole read has a deadline of its own.
    """
    if (request.content_length or 0) > limits.body_bytes:
        raise UnreadableBodyError(413, "too_large")
    try:
        with anyio.fail_after(limits.body_time.total_seconds()):
            return await _all(request, limits.body_bytes)
    except TimeoutError as error:
        raise UnreadableBodyError(408, "slow") from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise UnreadableBodyError(400, "malformed") from error


async def _all(request: web.Request, most: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > most:
            raise UnreadableBodyError(413, "too_large")
    return bytes(body)


def closing(response: web.Response) -> web.Response:
    """Make the connection end with this answer: the rest of what the caller sends has no meaning any more."""
    response.force_close()
    return response
