"""Put an application on a socket: TCP, inherited from systemd, or a unix socket with its mode."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Final

import anyio
from aiohttp import web

from avantto_qbo.config import Listen
from avantto_qbo.errors import ConfigError
from avantto_qbo.server.connections import Connection, Gate
from avantto_qbo.server.limits import Limits

SOCKET_MODE: Final = 0o660
_BACKLOG: Final = 512


def tcp_socket(key: str, listen: Listen) -> socket.socket:
    """Return a listening socket. Raises ConfigError naming `key` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    try:
        return socket.create_server((listen.host, listen.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigError(key, f"cannot listen on {listen}: {error.strerror or error}") from error


def unix_socket(key: str, path: Path) -> socket.socket:
    """Return a listening unix socket of mode 0660, in place of one that a dead daemon left behind."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(path)
        # Bound under a closed umask: between bind and chmod nobody else may connect.
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        path.chmod(SOCKET_MODE)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        mend = "its directory must exist and be ours"
        raise ConfigError(key, f"cannot listen on {path}: {error.strerror or error}", mend) from error
    return listener


def _clear(path: Path) -> None:
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise OSError(0, "another daemon answers there")
        path.unlink()


@asynccontextmanager
async def listening(
    app: web.Application, listener: socket.socket, limits: Limits | None = None
) -> AsyncIterator[Listen]:
    """Serve `app` on `listener` until the block ends; yields the bound address (host "" for a unix socket).

    At the end no new connection is accepted, and requests under way get `limits.shutdown` to finish.
    """
    limits = limits or Limits()
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=limits.shutdown.total_seconds())
    await runner.setup()
    server = await _serve(runner, listener, limits)
    try:
        yield _address(listener)
    finally:
        with anyio.CancelScope(shield=True):
            server.close()
            await runner.cleanup()


def _address(listener: socket.socket) -> Listen:
    if listener.family == socket.AF_UNIX:
        return Listen("", 0)
    host, port = listener.getsockname()[:2]
    return Listen(host, port)


async def _serve(runner: web.AppRunner, listener: socket.socket, limits: Limits) -> asyncio.Server:
    loop, server, gate = asyncio.get_running_loop(), runner.server, Gate(limits)
    if server is None:
        raise RuntimeError("the runner is not set up")

    def connection() -> Connection:
        return Connection(gate, server, loop, limits)

    if listener.family == socket.AF_UNIX:
        return await loop.create_unix_server(connection, sock=listener)
    return await loop.create_server(connection, sock=listener)
