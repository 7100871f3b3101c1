"""One caller's connection: how long it may take for its headers, how much it may leave unread, and how many there are.

aiohttp bounds a connection only while it is idle between two requests. What it leaves open is closed here: headers
that never end, also those of a later request; answers that nobody reads; and too many connections at once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from enum import Enum
from ipaddress import ip_address
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from avantto_qbo.server.limits import Limits

_log = structlog.stdlib.get_logger(__name__)

# Avantto dependably retries nothing but 429, and Intuit retries everything.
_FULL: Final = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_UNREADABLE: Final = b'{"error":"this is no request that can be read"}'
_ONE_NETWORK: Final = 64  # bits of an IPv6 address that one caller has to himself


class Admission(Enum):
    """What a new connection may do."""

    SERVED = "served"
    REFUSED = "refused"  # it is told so
    DROPPED = "dropped"  # too many are being told so


class Gate:
    """Counts the connections of one listener, together and by address."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._by_address: Counter[str] = Counter()
        self._by_admission: Counter[Admission] = Counter()

    def enter(self, address: str) -> Admission:
        """Count a connection in; every one that enters must `leave`. "" is an address that is not counted alone."""
        admission = self._admission(address)
        self._by_admission[admission] += 1
        if admission is Admission.SERVED:
            self._by_address[address] += 1
        return admission

    def leave(self, address: str, admission: Admission) -> None:
        self._by_admission[admission] -= 1
        if admission is Admission.SERVED:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def _admission(self, address: str) -> Admission:
        full = self._by_admission[Admission.SERVED] >= self._limits.connections
        crowded = bool(address) and self._by_address[address] >= self._limits.per_address
        if not (full or crowded):
            return Admission.SERVED
        return Admission.REFUSED if self._by_admission[Admission.REFUSED] < self._limits.refused else Admission.DROPPED


def counted_address(peer: object) -> str:
    """Return what a peer is counted by, "" for one that speaks for many: a unix socket, a loopback or private address.

    `peer` is what the socket calls it: a tuple that begins with the address, or the path of a unix socket.
    """
    if not isinstance(peer, tuple):
        return ""
    address = ip_address(str(peer[0]).partition("%")[0])
    if address.version == 6 and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if not address.is_global:
        return ""
    return str(address) if address.version == 4 else f"{int(address) >> _ONE_NETWORK:x}"


class Connection(web.RequestHandler):
    """aiohttp's connection, with deadlines and limits of its own."""

    __slots__ = ("_address", "_admission", "_gate", "_head", "_limits", "_since", "_unread")

    def __init__(self, gate: Gate, server: web.Server, loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        super().__init__(server, loop=loop, **_settings(limits))
        self._gate, self._limits = gate, limits
        self._admission, self._address = Admission.DROPPED, ""
        self._head = 0  # bytes of a head that is not complete
        self._since: asyncio.TimerHandle | None = None  # runs while a head is awaited
        self._unread: asyncio.TimerHandle | None = None  # runs while an answer does not leave

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the caller in, or tell it that there is no room."""
        super().connection_made(transport)
        self._address = counted_address(transport.get_extra_info("peername"))
        self._admission = self._gate.enter(self._address)
        if self._admission is Admission.SERVED:
            self._await_head()
        else:
            self._turn_away()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._gate.leave(self._address, self._admission)
        self._stop_waiting()
        self._stop_pushing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in; those that complete no request while one is awaited are a head in the making."""
        if self._admission is not Admission.SERVED:
            return
        # The base class waits on `_waiter` between two requests only, and counts a request once its head is complete.
        idle, known = self._waiter is not None, self._request_count
        super().data_received(data)
        if self._request_count > known:
            self._stop_waiting()
        elif data and (idle or self._since is not None):
            self._one_more_piece(len(data))

    def pause_writing(self) -> None:
        """The socket is full: the caller has some time to read on."""
        super().pause_writing()
        self._unread = self._loop.call_later(self._limits.answer_time.total_seconds(), self._abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_pushing()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer what is no request without repeating a word of it; strangers' nonsense is no error of ours."""
        if status >= 500 and not _is_theirs(exc):
            return super().handle_error(request, status, exc, message)
        code = 431 if isinstance(exc, LineTooLong) else min(status, 400)
        _log.info("request.unreadable", status=code)
        response = web.Response(status=code, body=_UNREADABLE, content_type="application/json")
        response.force_close()
        return response

    def _await_head(self) -> None:
        self._head = 0
        self._since = self._loop.call_later(self._limits.header_time.total_seconds(), self.force_close)

    def _one_more_piece(self, size: int) -> None:
        if self._since is None:
            self._await_head()
        self._head += size
        if self._head > self._limits.head_bytes and self.transport is not None:
            self.transport.write(_TOO_LARGE)
            self.force_close()

    def _stop_waiting(self) -> None:
        if self._since is not None:
            self._since.cancel()
            self._since = None

    def _stop_pushing(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _turn_away(self) -> None:
        transport = self.transport
        if transport is None or self._admission is Admission.DROPPED:
            self._abort()
            return
        transport.write(_FULL)
        # What the caller is still sending has to be taken from the socket, or a reset would overtake the answer.
        transport.write_eof()
        self._loop.call_later(self._limits.linger.total_seconds(), self._abort)

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


def _is_theirs(exc: BaseException | None) -> bool:
    """Tell whether aiohttp stumbled over repeating a header that is no UTF-8: only such bytes become surrogates."""
    return isinstance(exc, UnicodeEncodeError) and exc.reason == "surrogates not allowed"


def _settings(limits: Limits) -> dict[str, Any]:
    return {
        "access_log": None,
        "keepalive_timeout": limits.keepalive.total_seconds(),
        "lingering_time": limits.linger.total_seconds(),
        "max_line_size": limits.header_bytes,
        "max_field_size": limits.header_bytes,
        "max_headers": limits.headers,
        # Signatures cover the bytes as sent, and no vendor compresses webhooks.
        "auto_decompress": False,
    }
