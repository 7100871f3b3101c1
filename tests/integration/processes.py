"""The two kinds of processes of an integration test: both stand-in services, and the daemon with its command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

import avantto_qbo
from avantto_qbo.cli.status_client import StatusClient
from integration.waiting import until

Json = dict[str, Any]
_SOURCE = str(Path(avantto_qbo.__file__).parents[1])
_PATIENCE = 20.0


class Vendor:
    """A stand-in service: calling it carries out one of its control actions."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, action: str, **arguments: object) -> Any:
        status, body = post(f"{self.url}/_sandbox/{action}", json.dumps(arguments).encode())
        assert status == 200, f"{action}: {body.decode()}"
        return json.loads(body, parse_float=Decimal)


class Vendors:
    """Both stand-in services in one process of their own."""

    def __init__(self) -> None:
        self._process = python("avantto_qbo.sandbox", stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        urls = json.loads(self._process.stdout.readline())
        self.books, self.crm = Vendor(urls["quickbooks"]), Vendor(urls["avantto"])

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=_PATIENCE)


class Answer(msgspec.Struct, frozen=True):
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Daemon:
    """`avantto-qbo run` as a process, with the configuration file `config`; `log` collects what it writes."""

    def __init__(self, config: Path, log: Path, *, public: int, socket: Path) -> None:
        self._config, self._log, self._public = config, log, public
        self._process: subprocess.Popen[bytes] | None = None
        self.client = StatusClient(socket, _PATIENCE)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = python("avantto_qbo", "--config", str(self._config), "run", stdout=log)
        until(self._alive, "the daemon answers", within=_PATIENCE, story=self.log)

    def _alive(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        try:
            return get(f"http://127.0.0.1:{self._public}/livez")[0] == 200
        except OSError:
            return False

    def stop(self) -> int:
        """Tell it to stop (SIGTERM) and return its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout=_PATIENCE)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Take it away in the middle of whatever it does (kill -9)."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=_PATIENCE)

    def cpu_seconds(self) -> float:
        """How long the daemon has computed so far."""
        user, system = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def cli(self, *arguments: str) -> Answer:
        """Run the real command line against this daemon."""
        return cli("--config", str(self._config), *arguments)

    def log(self, about: str = "") -> str:
        """Return the last lines of the log that mention `about`."""
        lines = [line for line in self._log.read_text(errors="replace").splitlines() if about in line]
        return "\n".join(lines[-20:])


def cli(*arguments: str) -> Answer:
    """Run `avantto-qbo` and return what it said."""
    command = [sys.executable, "-m", "avantto_qbo", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment(), timeout=_PATIENCE)
    return Answer(done.returncode, done.stdout, done.stderr)


def python(module: str, *arguments: str, stdout: Any) -> subprocess.Popen[bytes]:
    """Start a module of the package as a process; its errors go where its output goes, unless that is a pipe."""
    errors = None if stdout is subprocess.PIPE else subprocess.STDOUT
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, stdout=stdout, stderr=errors, env=_environment())


def get(url: str) -> tuple[int, bytes]:
    """Ask for a page; redirects are not followed."""
    return _ask("GET", url, None, {})


def post(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    return _ask("POST", url, body, {"Content-Type": "application/json", **(headers or {})})


def _ask(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
    place = urlsplit(url)
    connection = HTTPConnection(place.netloc, timeout=_PATIENCE)
    try:
        connection.request(method, f"{place.path}?{place.query}".rstrip("?"), body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def toml(tables: Mapping[str, Mapping[str, object]]) -> str:
    """Write a configuration; every value is a text, a number or a list, which TOML spells as JSON does."""
    return "".join(f"[{name}]\n{_keys(table)}\n" for name, table in tables.items())


def _keys(table: Mapping[str, object]) -> str:
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())


def fields(rows: Sequence[Json], *names: str) -> list[tuple[Any, ...]]:
    """Return some members of every row."""
    return [tuple(row.get(name) for name in names) for row in rows]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"}}
    return {**kept, "PYTHONPATH": _SOURCE}
