"""Read a request's body whole, within the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import anyio
from aiohttp import web

from avantto_qbo.server.limits import Limits

_PLAIN: Final = frozenset({"", "identity"})
_PERHAPS_JSON: Final = frozenset({"", "text/plain", "application/octet-stream"})


class UnreadableBodyError(Exception):
    """The body did not come: `status` is the HTTP answer to give before closing the connection."""

    def __init__(self, status: int, outcome: str) -> None:
        super().__init__(outcome)
        self.status, self.outcome = status, outcome


class NoRoomError(Exception):
    """All callers together are sending more than is kept in memory at once."""


class Room:
    """Memory for the bodies that are under way, `most` bytes for all of them together."""

    def __init__(self, most: int) -> None:
        self._free = most

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """Yield a function that takes so many bytes until the block ends; it raises NoRoomError."""
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            if size > self._free:
                raise NoRoomError
            self._free -= size
            taken += size

        try:
            yield take
        finally:
            self._free += taken


async def read_body(request: web.Request, limits: Limits, take: Callable[[int], None] = lambda _: None) -> bytes:
    """Return the raw body. Raises UnreadableBodyError: 415 not JSON, 413 too large, 408 too slow, 400 cut off.

    `take` is told of every piece before it is kept, and may raise. aiohttp never times out a body that stops half-way,
    so the whole read has a deadline of its own.
    """
    _refuse_other_kinds(request)
    if (request.content_length or 0) > limits.body_bytes:
        raise UnreadableBodyError(413, "too_large")
    try:
        with anyio.fail_after(limits.body_time.total_seconds()):
            return await _all(request, limits.body_bytes, take)
    except TimeoutError as error:
        raise UnreadableBodyError(408, "slow") from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise UnreadableBodyError(400, "malformed") from error


def _refuse_other_kinds(request: web.Request) -> None:
    """The media type the vendors declare is UNVERIFIED: whatever may be JSON passes, for the bytes are what counts."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in _PLAIN:
        raise UnreadableBodyError(415, "compressed")
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in _PERHAPS_JSON and not kind.endswith(("/json", "+json")):
        raise UnreadableBodyError(415, "not_json")


async def _all(request: web.Request, most: int, take: Callable[[int], None]) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        take(len(chunk))
        body += chunk
        if len(body) > most:
            raise UnreadableBodyError(413, "too_large")
    return bytes(body)


def closing(response: web.Response) -> web.Response:
    """Make the connection end with this answer: the rest of what the caller sends has no meaning any more."""
    response.force_close()
    return response
