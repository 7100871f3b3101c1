"""Put a socketless stand-in service on a loopback port: sockets, connection faults, webhooks, control interface."""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import aiohttp
import anyio
from aiohttp import web
from anyio.abc import TaskGroup

from avantto_qbo.sandbox.control import ControlError, call_action
from avantto_qbo.sandbox.faults import COMMITS_FIRST, NEVER_COMMITS, NO_ANSWER, Fault, FaultPlan
from avantto_qbo.sandbox.http import NotJsonError, Reply, Request, json_reply
from avantto_qbo.sandbox.webhooks import Delivery, Outbox

CONTROL = "/_sandbox/"
LARGEST_BODY = 64 * 1024 * 1024
HELD_OPEN_SECONDS = 60.0


class VendorService(Protocol):
    """What `serve` needs of a stand-in service."""

    @property
    def faults(self) -> FaultPlan:
        """The planned trouble."""

    @property
    def outbox(self) -> Outbox:
        """The webhooks waiting to be sent."""

    @property
    def play(self) -> object:
        """The control actions."""

    def handle(self, request: Request) -> Reply:
        """Answer one request, committing what it asks for."""

    def operation(self, request: Request) -> str:
        """Name what the request asks for, such as `invoice.create`."""

    def commit_delay(self, request: Request) -> float:
        """Return how many seconds the service takes before it commits this request."""


ServiceT = TypeVar("ServiceT", bound=VendorService)


@dataclass(frozen=True, slots=True)
class Running(Generic[ServiceT]):
    """A service that listens: its base URL without a trailing slash, and the service itself."""

    url: str
    service: ServiceT


@asynccontextmanager
async def serve(service: ServiceT, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[Running[ServiceT]]:
    """Serve until the block ends; port 0 takes a free one."""
    async with anyio.create_task_group() as tasks, aiohttp.ClientSession(trust_env=False) as session:
        door = _Door(service, tasks, session)
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_route("*", "/{anything:.*}", door.answer)
        runner = web.AppRunner(application, access_log=None, keepalive_timeout=5.0, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            yield Running(f"http://{host}:{runner.addresses[0][1]}", service)
        finally:
            with anyio.CancelScope(shield=True):
                await runner.cleanup()
            tasks.cancel_scope.cancel()


class _Door:
    """Between the socket and the service: reads requests, applies faults, sends webhooks."""

    def __init__(self, service: VendorService, tasks: TaskGroup, session: aiohttp.ClientSession) -> None:
        self._service = service
        self._tasks = tasks
        self._session = session

    async def answer(self, raw: web.Request) -> web.StreamResponse:
        request = await _read(raw)
        if request.path.startswith(CONTROL):
            return _response(self._control(request))
        fault = self._service.faults.decide(request, self._service.operation(request))
        if fault is None:
            return _response(await self._commit(request))
        return await self._answer_with(fault, request, raw)

    async def _answer_with(self, fault: Fault, request: Request, raw: web.Request) -> web.StreamResponse:
        if fault.action == "late":
            self._tasks.start_soon(self._commit_later, request, fault.seconds)
        reply = await self._act(fault, request)
        if fault.action in NO_ANSWER:
            _cut(raw, reset=fault.action.startswith("reset"))
        return _response(reply)

    async def _act(self, fault: Fault, request: Request) -> Reply:
        """Commit (or not) and wait as the fault says; return the answer, which may never be sent."""
        if fault.action in COMMITS_FIRST:
            reply = await self._commit(request)
            await anyio.sleep(fault.seconds)
            return fault.reply() if fault.action == "status_after" else reply
        if fault.action == "drop":
            await anyio.sleep(fault.seconds or HELD_OPEN_SECONDS)
        elif fault.action != "late":
            await anyio.sleep(fault.seconds)
        if fault.action in NEVER_COMMITS or fault.action == "late":
            return fault.reply()
        return await self._commit(request)

    async def _commit(self, request: Request) -> Reply:
        seconds = self._service.commit_delay(request)
        if seconds > 0:
            await anyio.sleep(seconds)
        reply = self._service.handle(request)
        self._send_webhooks()
        return reply

    async def _commit_later(self, request: Request, seconds: float) -> None:
        await anyio.sleep(seconds)
        await self._commit(request)

    def _control(self, request: Request) -> Reply:
        try:
            arguments = request.json() if request.body.strip() else {}
            if not isinstance(arguments, dict):
                return json_reply(400, {"error": "the body must be a JSON object"})
            result = call_action(self._service.play, request.path.removeprefix(CONTROL), arguments)
        except NotJsonError as error:
            return json_reply(400, {"error": f"not JSON: {error}"})
        except ControlError as error:
            return json_reply(400, error.payload)
        self._send_webhooks()
        return json_reply(200, result)

    def _send_webhooks(self) -> None:
        for delivery in self._service.outbox.take():
            self._tasks.start_soon(self._deliver, delivery)

    async def _deliver(self, first: Delivery) -> None:
        delivery: Delivery | None = first
        while delivery is not None:
            await anyio.sleep(delivery.delay)
            delivery = self._service.outbox.settle(delivery, await self._post(delivery))

    async def _post(self, delivery: Delivery) -> int | None:
        timeout = aiohttp.ClientTimeout(total=self._service.outbox.policy.timeout)
        headers = {"content-type": "application/json", **delivery.headers}
        try:
            async with self._session.post(
                delivery.url, data=delivery.body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None


async def _read(raw: web.Request) -> Request:
    return Request(
        method=raw.method,
        path=raw.path,
        query=dict(raw.query),
        headers={name.lower(): value for name, value in raw.headers.items()},
        body=await raw.read(),
    )


def _response(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, headers=reply.headers)


def _cut(raw: web.Request, *, reset: bool) -> None:
    """Close the connection under the answer; with `reset` the peer gets RST in place of FIN."""
    transport = raw.transport
    if transport is None:
        return
    raw_socket: Any = transport.get_extra_info("socket")
    if reset and raw_socket is not None:
        raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
