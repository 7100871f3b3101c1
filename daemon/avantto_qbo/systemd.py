"""What systemd and the daemon tell each other: readiness, the watchdog and inherited sockets.

Protocols: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3). Without systemd all of it does nothing.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final

FIRST_INHERITED: Final = 3


class Notifier:
    """Tells the service manager where the daemon stands; `address` "" tells nobody."""

    def __init__(self, address: str = "") -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Notifier:
        """Make the notifier the environment asks for ($NOTIFY_SOCKET)."""
        return cls(environ.get("NOTIFY_SOCKET", ""))

    def ready(self) -> None:
        self._send("READY=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def watchdog(self) -> None:
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Show one line of text in `systemctl status`."""
        self._send("STATUS=" + text.replace("\n", " "))

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)
            try:
                channel.sendto(message.encode(), self._address)
            except OSError:
                # A service manager that is gone or busy must not take the daemon with it.
                return


def watchdog_interval(environ: Mapping[str, str], pid: int) -> timedelta | None:
    """Return how often to call `watchdog` (half of what systemd allows), or None where nobody watches."""
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid) or not environ.get("WATCHDOG_USEC", "").isdecimal():
        return None
    return timedelta(microseconds=int(environ["WATCHDOG_USEC"])) / 2


async def keep_watchdog(
    notifier: Notifier, interval: timedelta, sleep: Callable[[float], Awaitable[None]], alive: Callable[[], bool]
) -> None:
    """Tell the watchdog for as long as `alive` says so; a daemon that is stuck falls silent and is restarted."""
    while True:
        if alive():
            notifier.watchdog()
        await sleep(interval.total_seconds())


def inherited_sockets(environ: Mapping[str, str], pid: int) -> dict[str, socket.socket]:
    """Return the listening sockets systemd handed over, by FileDescriptorName (`public`, `console`, `status`)."""
    if environ.get("LISTEN_PID") != str(pid):
        return {}
    count = int(environ.get("LISTEN_FDS", "0"))
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    sockets = {}
    for offset in range(count):
        descriptor = FIRST_INHERITED + offset
        os.set_inheritable(descriptor, False)
        name = names[offset] if offset < len(names) and names[offset] else str(descriptor)
        sockets[name] = socket.socket(fileno=descriptor)
    return sockets
