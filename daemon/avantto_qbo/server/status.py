"""The status API: HTTP with JSON on a unix socket, under `/v1/`. The caller's uid is the actor of what it decides."""

from __future__ import annotations

import socket
import struct
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from avantto_qbo.errors import RefusedError
from avantto_qbo.model.ids import LocationId, OperationId
from avantto_qbo.server.api import ConnectRequest, SettingsRequest
from avantto_qbo.server.api_backup import BackupRequest
from avantto_qbo.server.api_doctor import CanaryRequest
from avantto_qbo.server.api_mapping import MapKind, MappingRequest
from avantto_qbo.server.bodies import read_body
from avantto_qbo.server.bounds import within_bounds
from avantto_qbo.server.limits import Limits
from avantto_qbo.server.ports import Service
from avantto_qbo.server.problems import answer_problems
from avantto_qbo.server.reconciling import ReconcileStream, day_named

RequestT = TypeVar("RequestT")
MOST_ROWS: Final = 500
_CREDENTIALS: Final = struct.Struct("3i")  # struct ucred: pid, uid, gid


def status_app(service: Service, limits: Limits | None = None) -> web.Application:
    """Return the application of the status socket."""
    api = _StatusApi(service, limits or Limits())
    app = web.Application(middlewares=[answer_problems], client_max_size=api.limits.body_bytes)
    at = "/v1/locations/{location}"
    app.add_routes(
        [
            web.get("/v1/status", api.status),
            web.get("/v1/attention", api.attention),
            web.get("/v1/locations", api.locations),
            web.post("/v1/locations", api.connect),
            web.get(at, api.show),
            web.get(f"{at}/settings", api.settings),
            web.patch(f"{at}/settings", api.set_settings),
            web.get(f"{at}/mapping", api.mapping),
            web.patch(f"{at}/mapping", api.set_mapping),
            web.get(f"{at}/explanation", api.explain),
            web.get(f"{at}/reconciliation", api.reconcile),
            web.get(f"{at}/activity", api.activity),
            web.get(f"{at}/reviews", api.reviews),
            web.post(f"{at}/link", api.connect_link),
            web.get("/v1/doctor", api.doctor),
            web.post(f"{at}/canary", api.canary),
            web.post(f"{at}/sync", api.sync),
            web.post(f"{at}/pause", api.pause),
            web.post(f"{at}/resume", api.resume),
            web.post(f"{at}/disconnect", api.disconnect),
            web.post("/v1/journal-key/rotate", api.rotate_key),
            web.post("/v1/backup", api.backup),
            web.post("/v1/operations/{operation}/retry", api.retry),
            web.post("/v1/operations/{operation}/skip", api.skip),
        ]
    )
    return app


class _StatusApi:
    """One method per route: read the request, ask the service, write the answer."""

    def __init__(self, service: Service, limits: Limits) -> None:
        self._service, self.limits = service, limits

    async def status(self, _: web.Request) -> web.Response:
        return _json(await self._service.status())

    async def attention(self, request: web.Request) -> web.Response:
        named = request.query.get("location")
        return _json(await self._service.attention(LocationId(named) if named else None))

    async def locations(self, _: web.Request) -> web.Response:
        return _json(await self._service.locations())

    async def connect(self, request: web.Request) -> web.Response:
        wanted = await self._read(request, ConnectRequest)
        return _json(await self._service.connect(wanted, actor(request)))

    async def show(self, request: web.Request) -> web.Response:
        return _json(await self._service.show(_location(request)))

    async def settings(self, request: web.Request) -> web.Response:
        return _json(await self._service.settings(_location(request)))

    async def set_settings(self, request: web.Request) -> web.Response:
        wanted = await self._read(request, SettingsRequest)
        return _json(await self._service.set_settings(_location(request), wanted.changes, actor(request)))

    async def mapping(self, request: web.Request) -> web.Response:
        return _json(await self._service.mapping(_location(request), _kind(request)))

    async def set_mapping(self, request: web.Request) -> web.Response:
        wanted = await self._read(request, MappingRequest)
        return _json(await self._service.set_mapping(_location(request), wanted, actor(request)))

    async def explain(self, request: web.Request) -> web.Response:
        document = request.query.get("document", "").strip()
        if not document:
            raise RefusedError("names no document", "an id or a number", field="document")
        return _json(await self._service.explain(_location(request), document))

    async def reconcile(self, request: web.Request) -> web.StreamResponse:
        since, until = day_named(request, "since"), day_named(request, "until")
        stream = ReconcileStream(request)
        try:
            return await stream.end(await self._service.reconcile(_location(request), since, until, stream.report))
        except Exception as error:  # noqa: BLE001 - where a request ends
            return await stream.fail(error)

    async def activity(self, request: web.Request) -> web.Response:
        limit, before = _number(request, "limit"), _number(request, "before")
        return _json(await self._service.activity(_location(request), min(limit or 50, MOST_ROWS), before))

    async def reviews(self, request: web.Request) -> web.Response:
        limit = _number(request, "limit") or 50
        return _json(await self._service.reviews(_location(request), min(limit, MOST_ROWS)))

    async def connect_link(self, request: web.Request) -> web.Response:
        return _json(await self._service.connect_link(_location(request), actor(request)))

    async def doctor(self, request: web.Request) -> web.Response:
        named = request.query.get("location")
        return _json(await self._service.doctor(LocationId(named) if named else None))

    async def canary(self, request: web.Request) -> web.Response:
        wanted = await self._read(request, CanaryRequest)
        return _json(await self._service.canary(_location(request), actor(request), yes=wanted.yes))

    async def sync(self, request: web.Request) -> web.Response:
        return _json(await self._service.sync(_location(request)))

    async def pause(self, request: web.Request) -> web.Response:
        return _json(await self._service.pause(_location(request), actor(request)))

    async def resume(self, request: web.Request) -> web.Response:
        return _json(await self._service.resume(_location(request), actor(request)))

    async def disconnect(self, request: web.Request) -> web.Response:
        return _json(await self._service.disconnect(_location(request), actor(request)))

    async def rotate_key(self, request: web.Request) -> web.Response:
        return _json(await self._service.rotate_key(actor(request)))

    async def backup(self, request: web.Request) -> web.Response:
        wanted = await self._read(request, BackupRequest)
        return _json(await self._service.backup(wanted.file, actor(request)))

    async def retry(self, request: web.Request) -> web.Response:
        return _json(await self._service.retry(_operation(request), actor(request)))

    async def skip(self, request: web.Request) -> web.Response:
        return _json(await self._service.skip(_operation(request), actor(request)))

    async def _read(self, request: web.Request, kind: type[RequestT]) -> RequestT:
        raw = await read_body(request, self.limits)
        if not within_bounds(raw):
            raise RefusedError("nests too deep or holds too much", field="request")
        return msgspec.json.decode(raw, type=kind)


def actor(request: web.Request) -> str:
    """Name the caller by the uid the kernel vouches for (SO_PEERCRED, see unix(7))."""
    transport = request.transport
    peer = transport.get_extra_info("socket") if transport else None
    if peer is None or peer.family != socket.AF_UNIX:
        return "unknown"
    _, uid, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return f"uid {uid}"


def _json(answer: msgspec.Struct) -> web.Response:
    return web.Response(body=msgspec.json.encode(answer), content_type="application/json")


def _location(request: web.Request) -> LocationId:
    return LocationId(request.match_info["location"])


def _operation(request: web.Request) -> OperationId:
    return OperationId(request.match_info["operation"])


def _kind(request: web.Request) -> MapKind | None:
    text = request.query.get("kind")
    if text is None:
        return None
    try:
        return MapKind(text)
    except ValueError:
        raise RefusedError(f'must be one of {", ".join(MapKind)}, not "{text}"', field="kind") from None


def _number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not text.isdecimal() or not int(text):
        raise RefusedError(f'must be a positive whole number, not "{text}"', field=name)
    return int(text)
