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
    """All callers together are sending more than is kept in memory at once, and this body makes way."""


class Share:
    """What one body holds of a room, from its first byte until it has been dealt with."""

    def __init__(self, make_room: Callable[[int, Share], None]) -> None:
        self._make_room, self._since = make_room, anyio.current_time()
        self._arrival: anyio.CancelScope | None = None
        self._lost = False
        self.held = 0

    def take(self, size: int) -> None:
        """Hold so many bytes more. Raises NoRoomError."""
        if self._lost:
            raise NoRoomError
        self._make_room(size, self)
        self.held += size

    @contextmanager
    def arriving(self) -> Iterator[None]:
        """Within the block the body is on its way, and may have to make way: then NoRoomError is raised."""
        with anyio.CancelScope() as self._arrival:
            yield
        self._arrival = None
        if self._lost:
            raise NoRoomError

    @property
    def movable(self) -> bool:
        return self._arrival is not None and self.held > 0

    def weight(self, now: float) -> float:
        """Bytes times the seconds they have been kept waiting."""
        return self.held * (now - self._since)

    def give_up(self) -> int:
        """End the arrival and return how many bytes that frees."""
        freed, self.held, self._lost = self.held, 0, True
        if self._arrival is not None:
            self._arrival.cancel()
        return freed


class Room:
    """Memory for the bodies that are under way, `most` bytes for all of them together.

    Where it runs short, the body that has held most for longest makes way, unless it is complete. The vendors' bodies
    are small and here in milliseconds, so they find room however many others dawdle. Addresses would not tell the two
    apart: behind a reverse proxy all callers have the same.
    """

    def __init__(self, most: int) -> None:
        self._free = most
        self._shares: list[Share] = []

    @contextmanager
    def share(self) -> Iterator[Share]:
        """Yield the part of one body, which is given back when the block ends."""
        share = Share(self._make_room)
        self._shares.append(share)
        try:
            yield share
        finally:
            self._shares.remove(share)
            self._free += share.held

    def _make_room(self, size: int, asking: Share) -> None:
        now = anyio.current_time()
        while self._free < size:
            movable = (share for share in self._shares if share.movable)
            heaviest = max(movable, key=lambda share: share.weight(now), default=asking)
            if heaviest is asking:
                raise NoRoomError
            self._free += heaviest.give_up()
        self._free -= size


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
