"""Every crash point there is, by name: the seams where effects happen, wrapped from outside.

The daemon has effects in four places only: it commits to its journal, it sends to a vendor, it answers a webhook, and
it takes stock when it starts. A crash between two effects cannot be told from one at the edge of either, neither by the
journal nor by a vendor; so *before* and *after* each effect, and for a request *during*, are all the points there are:

    write MODULE.UNIT before|after     the unit of work is not handed in yet | it is on the disk, nobody knows yet
    send VENDOR METHOD WHAT before|during|after
                                       nothing left | it left and the vendor is still at it | the answer is here
    door VENDOR before|after           a webhook came in | it is committed, the 200 has not left
    start STEP before|after            opening the journal, taking stock after the last run
    backup before|after                a copy of the journal

The runner says in the file `plan` which point to die at, and at which hit since it said so; `trace` tells what was met.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections import Counter
from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from urllib.parse import parse_qs, urlsplit

_DURING = 0.04  # seconds: the request is at the vendor, whose answer the runner holds back for longer
_ID = re.compile(r"^(?=.*\d)[A-Za-z0-9_-]{8,}$")
_TABLE = re.compile(r"\bfrom\s+(\w+)", re.IGNORECASE)


class Failpoints:
    """Counts the hits of each point and ends the process, as the power button would, at the planned one."""

    def __init__(self, folder: str) -> None:
        self._plan_file = os.path.join(folder, "plan")
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._trace = os.open(os.path.join(folder, "trace"), flags, 0o600)
        self._token, self._hits = "", Counter[str]()

    def hit(self, point: str) -> None:
        """Pass `point`, or die there."""
        if self._due(point):
            self._die()

    def hit_soon(self, point: str) -> None:
        """Pass `point`, or die a moment later."""
        if self._due(point):
            asyncio.get_running_loop().call_later(_DURING, self._die)

    def say(self, line: str) -> None:
        os.write(self._trace, f"{line}\n".encode())

    def _due(self, point: str) -> bool:
        plan = self._plan()
        if not plan:
            return False
        if plan["token"] != self._token:
            self._token, self._hits = plan["token"], Counter()
        self._hits[point] += 1
        self.say(f"{self._token} {self._hits[point]} {point}")
        return plan.get("point") == point and plan.get("hit") == self._hits[point]

    def _plan(self) -> dict[str, Any]:
        try:
            with open(self._plan_file, "rb") as file:
                return dict(json.loads(file.read() or b"{}"))
        except FileNotFoundError:
            return {}

    def _die(self) -> None:
        self.say(f"{self._token} died")
        os.kill(os.getpid(), signal.SIGKILL)


def install(folder: str) -> None:
    """Wrap the seams; a seam that moved is an AttributeError, which ends the start."""
    from avantto_qbo.app import Daemon
    from avantto_qbo.journal.sqlite import SqliteJournal
    from avantto_qbo.server.webhooks import WebhookDoor
    from avantto_qbo.transport import AiohttpTransport

    points = Failpoints(folder)
    around = partial(_around, points)
    SqliteJournal.write = around(SqliteJournal.write, lambda _, unit: f"write {_unit(unit)}")
    SqliteJournal.open = around(SqliteJournal.open, lambda _: "start open the journal")
    SqliteJournal.backup = around(SqliteJournal.backup, lambda *_: "backup")
    AiohttpTransport.send = around(AiohttpTransport.send, lambda _, request, *__: f"send {what(request)}", sent=True)
    WebhookDoor.answer = around(WebhookDoor.answer, lambda door, _: f"door {door._provider}")
    Daemon.recover = around(Daemon.recover, lambda _: "start take stock")
    points.say("installed")


def _around(points: Failpoints, act: Callable[..., Any], name: Callable[..., str], *, sent: bool = False) -> Any:
    @wraps(act)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        point = name(*args)
        points.hit(f"{point} before")
        if sent and " GET " not in point:
            points.hit_soon(f"{point} during")
        done = await act(*args, **kwargs)
        points.hit(f"{point} after")
        return done

    return wrapped


def _unit(unit: Any) -> str:
    """Name a unit of work by where it is written."""
    while isinstance(unit, partial):
        unit = unit.func
    module = unit.__module__.rpartition(".")[2]
    return f"{module}.{unit.__qualname__}".replace(".<locals>", "")


def what(request: Any) -> str:
    """Name a request: vendor, method and what it is about, without ids."""
    place = urlsplit(request.url)
    query = parse_qs(place.query)
    segments = ["*" if _ID.match(part) else part for part in place.path.split("/") if part]
    if segments[0] == "v3":
        return f"quickbooks {request.method} {_books(segments[3:], query, request.body)}"
    if segments[0] == "oauth2" or segments[:2] == ["v2", "oauth2"]:
        return f"quickbooks {request.method} {segments[-1]}"
    return f"avantto {request.method} {'/'.join(segments)}"


def _books(segments: list[str], query: dict[str, list[str]], body: bytes) -> str:
    named = "/".join(segments)
    if named == "query":
        return f"{named} {_TABLE.findall(''.join(query.get('query', [body.decode()])))[0]}"
    if change := query.get("include") or query.get("operation"):
        return f"{named} {change[0]}"
    if body.startswith(b"{") and "Id" in json.loads(body):
        return f"{named} update"
    return named
