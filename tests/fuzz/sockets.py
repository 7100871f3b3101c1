"""Raw bytes at both listeners: requests with two readings, cut and dripped, and every shape of status request."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import anyio
from anyio.abc import ByteStream

from avantto_qbo.config import Listen
from avantto_qbo.metrics import Metrics
from avantto_qbo.model.grant import Provider
from avantto_qbo.server.limits import Limits
from avantto_qbo.server.listening import listening, tcp_socket, unix_socket
from avantto_qbo.server.ports import IntakeResult, Verdict
from avantto_qbo.server.public import public_app
from avantto_qbo.server.status import status_app
from fuzz.material import Material
from fuzz.mutations import ODD, SOUND, mutated
from fuzz.verdict import must
from fuzz.webhooks import Post
from stage import PLACE, Stage
from unit.server.standins import MemoryFlow
from unit.service.test_operator import Desk

_TICK: Final = timedelta(milliseconds=40)
_LIMITS: Final = Limits(body_time=_TICK, header_time=_TICK, keepalive=_TICK, linger=_TICK / 2)
_PUBLIC: Final = frozenset({"200", "400", "401", "404", "405", "408", "413", "415", "417", "429", "431"})
_EXTRA: Final = (
    "Transfer-Encoding: chunked", "Transfer-Encoding: identity", "Transfer-Encoding:\tchunked",
    "Transfer-Encoding: xchunked", "Transfer-Encoding : chunked", "Content-Length: 0", "Content-Length: 5",
    "Content-Length: 99999999999999999999", "Content-Length: 1, 1", "Content-Length:", "Content-Encoding: gzip",
    "Content-Type: text/xml", "Expect: 100-continue", "Expect: 200-ok", "Connection: close",
    "Connection: upgrade\r\nUpgrade: websocket", "Host: y", "X: \x00", " folded: x", "X: " + "x" * 9000,
    "\r\nGET /livez HTTP/1.1", "Cookie: avantto_qbo_connect=\"x", "Range: bytes=0-", "X-Forwarded-For: 8.8.8.8",
)  # fmt: skip
_STARTS: Final = (
    "GET /livez HTTP/1.1", "POST /livez HTTP/1.1", "GET /connect/%00 HTTP/1.1",
    "GET /oauth/avantto/callback?code=%ff HTTP/1.1",
    "GET /oauth/quickbooks/callback?realmId=1&state=%ed%a0%80 HTTP/1.1", "HEAD / HTTP/1.0", "OPTIONS * HTTP/1.1",
    "CONNECT x:1 HTTP/1.1", "PRI * HTTP/2.0", "GET http://x/livez HTTP/1.1", "GET  /livez HTTP/1.1",
    "BREW / HTTP/1.1", "POST /webhooks/avantto HTTP/9.9", "GET /" + "a" * 9000 + " HTTP/1.1",
    "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1",
)  # fmt: skip
_METHODS: Final = ("GET", "GET", "POST", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE")
_PIECES: Final = (
    "v1", "v1", "v1", "locations", "locations", "status", "attention", "operations", PLACE, "nowhere", "settings",
    "mapping", "explanation", "activity", "reviews", "link", "sync", "retry", "skip", "op000001", "", "..", "%2e%2e",
    "%00", "%ff", "%ED%A0%80", "a" * 300, "'; drop table locations; --", "é", "reconciliation", "adopt", "undo",
    "keys", "backup",
)  # fmt: skip
_QUERIES: Final = (
    "", "", "?limit=0", "?limit=-1", "?limit=99999999999999999999999", "?limit=²", "?before=1e9", "?kind=tax",
    "?kind=%00", "?document=", "?document=%ff", "?document=INV-000002", f"?location={PLACE}", "?location=%27",
    "?limit=5&limit=x", "?day=2026-02-30", "?&&==&",
)  # fmt: skip
_BODIES: Final[tuple[dict[str, Any], ...]] = (
    {"changes": {"invoices": "off"}}, {"changes": {"nothing": "x"}}, {"changes": {"reviews": None}}, {"changes": {}},
    {"kind": "item", "changes": {"Kit": "1"}}, {"kind": "tax", "changes": {"T": "nowhere"}},
    {"location": PLACE, "realm": "1", "avantto_token": {"access_token": "x"}, "quickbooks_token": {}},
    {"location": "", "realm": "", "avantto_token": 1, "quickbooks_token": None, "since": "yesterday"},
)  # fmt: skip


class Witness:
    """The real intake, watched: what it accepts must carry a vendor's signature over exactly these bytes."""

    def __init__(self, post: Post) -> None:
        self._post, self.violation = post, ""

    async def avantto(self, raw: bytes, headers: dict[str, str]) -> IntakeResult:
        return self._seen(Provider.AVANTTO, raw, headers, await self._post.door.intake.avantto(raw, headers))

    async def quickbooks(self, raw: bytes, headers: dict[str, str]) -> IntakeResult:
        return self._seen(Provider.QUICKBOOKS, raw, headers, await self._post.door.intake.quickbooks(raw, headers))

    def _seen(self, provider: Provider, raw: bytes, headers: dict[str, str], result: IntakeResult) -> IntakeResult:
        if result.verdict is not Verdict.UNSIGNED and not self._post.vouched(provider, raw, headers):
            self.violation = f"{provider} {result.verdict} without a signature: {raw[:300]!r}"
        return result


class PublicTarget:
    """Speaks to the public listener byte by byte."""

    def __init__(self, stage: Stage, material: Material) -> None:
        self._post = Post(stage, material)
        self._witness, self._bound = Witness(self._post), Listen("", 0)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        app = public_app(self._witness, MemoryFlow(), Metrics(), public_url="https://daemon.test", limits=_LIMITS)  # type: ignore[arg-type]
        async with listening(app, tcp_socket("server.listen", Listen("127.0.0.1", 0)), _LIMITS) as bound:
            self._bound = bound
            yield

    async def __call__(self, rng: Random) -> str:
        async with await anyio.connect_tcp(self._bound.host, self._bound.port) as stream:
            said = await _exchange(stream, rng, self._request(rng))
        codes = _codes(said)
        must(codes <= _PUBLIC, "an answer nobody documented", codes, said)
        must(not self._witness.violation, self._witness.violation)
        return f"public {min(codes, default='closed')}"

    def _request(self, rng: Random) -> bytes:
        provider, body, headers = self._post.delivery(rng)
        start = rng.choice(_STARTS) if rng.random() < 0.2 else f"POST /webhooks/{provider} HTTP/1.1"
        lines = [start, "Host: x", *(f"{name}: {value}" for name, value in headers.items())]
        if rng.random() < 0.8:
            lines.append(f"Content-Length: {len(body) + rng.choice((0, 0, 0, 0, 1, -1, 7))}")
        for extra in rng.choices(_EXTRA, k=rng.choice((0, 0, 1, 1, 2))):
            lines.insert(rng.randint(1, len(lines)), extra)
        if rng.random() < 0.3:
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        raw = "\r\n".join((*lines, "", "")).encode("utf-8", "surrogateescape") + body
        if rng.random() < 0.3:
            raw += raw
        return mutated(rng, raw) if rng.random() < 0.2 else raw


class StatusTarget:
    """Speaks to the status socket: structured refusals, never a crash, and no change by what cannot be read."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self._stage, self._path = stage, folder / "s"
        self._raw = stage.journal.inner._raw

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        app = status_app(Desk(self._stage).service, limits=_LIMITS)
        async with listening(app, unix_socket("status.socket", self._path), _LIMITS):
            yield

    async def __call__(self, rng: Random) -> str:
        method, target, body = self._request(rng)
        head = f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        raw = (
            head + rng.choice(("", "", "Content-Type: application/json\r\n", rng.choice(_EXTRA) + "\r\n")) + "\r\n"
        ).encode()
        raw = mutated(rng, raw) if rng.random() < 0.1 else raw
        changes = self._raw.total_changes
        async with await anyio.connect_unix(self._path) as stream:
            said = await _exchange(stream, rng, raw + body)
        codes = _codes(said)
        must(not codes & {"500", "504"}, "the status socket failed", method, target, body, said)
        must(all(code >= "200" for code in codes - {"100"}), "no status", said)
        if _json(body) is None and method in {"PATCH", "PUT"}:
            must(self._raw.total_changes == changes, "a body that cannot be read changed something", target, body)
        if codes & {"400", "404", "409"} and method not in {"HEAD", "OPTIONS"}:
            must(_explained(said), "a refusal without its reason", method, target, body, said)
        return f"status {min(codes, default='closed')}"

    def _request(self, rng: Random) -> tuple[str, str, bytes]:
        known = ("/v1/locations", f"/v1/locations/{PLACE}/settings", f"/v1/locations/{PLACE}/mapping", "/v1/status")
        made = "/" + "/".join(rng.choices(_PIECES, k=rng.randint(1, 5)))
        path = rng.choice(known) if rng.random() < 0.4 else made.replace(" ", "%20")
        body = (
            json.dumps(rng.choice(_BODIES)).encode() if rng.random() < 0.7 else rng.choice((*SOUND, b"", b"[" * 70_000))
        )
        if rng.random() < 0.7:
            body = mutated(rng, body) if body else rng.choice(ODD)
        return rng.choice(_METHODS), path + rng.choice(_QUERIES), body


async def _exchange(stream: ByteStream, rng: Random, raw: bytes) -> bytes:
    """Send the bytes, sometimes in pieces with pauses, and return all that comes back before the other side closes."""
    heard = b""
    try:
        for piece in _pieces(rng, raw):
            await stream.send(piece)
            if rng.random() < 0.1:
                await anyio.sleep(_TICK.total_seconds() * rng.random() / 2)
        with anyio.fail_after(5):
            async for chunk in stream:
                heard += chunk
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        return heard
    return heard


def _pieces(rng: Random, raw: bytes) -> Iterable[bytes]:
    if rng.random() < 0.7:
        return (raw,)
    cuts = sorted(rng.choices(range(len(raw) + 1), k=rng.randint(1, 3)))
    return (raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True) if end > start)


def _codes(said: bytes) -> set[str]:
    """Return the status of every answer; the bodies hold no such line."""
    return {line.split(b" ")[1].decode() for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.")} - {"100"}


def _explained(said: bytes) -> bool:
    body = _json(said.rpartition(b"\r\n\r\n")[2])
    return isinstance(body, dict) and bool(body.get("error"))


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
