"""The processes of the demonstration: two stand-ins and the daemon, each started, awaited and ended by its own id."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

import aiohttp
import anyio
import msgspec
from anyio.abc import Process

from avantto_qbo.demo.errors import DemoError
from avantto_qbo.demo.waiting import until

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 15.0
COMMAND_SECONDS: Final = 60.0
_LAST_LINES: Final = 8


def _python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


@asynccontextmanager
async def stand_in(only: Literal["quickbooks", "avantto"], seed: int, log: Path) -> AsyncIterator[str]:
    """Serve one vendor's stand-in in a process of its own; yields its URL once it listens."""
    command = _python("avantto_qbo.sandbox", "--only", only, "--port", "0", "--seed", str(seed))
    async with _running(command, log, stdout=subprocess.PIPE) as process:
        yield msgspec.json.decode(await _first_line(process, only), type=dict[str, str])[only]


async def _first_line(process: Process, name: str) -> bytes:
    told = b""
    if process.stdout is None:
        raise DemoError(f"the {name} stand-in was started without a pipe")
    with anyio.move_on_after(START_SECONDS):
        while b"\n" not in told:
            told += await process.stdout.receive()
        return told.partition(b"\n")[0]
    raise DemoError(f"the {name} stand-in did not start within {START_SECONDS:.0f} s")


class Daemon:
    """The program itself, as systemd would run it; `kill` ends it the hard way, `start` brings it back."""

    def __init__(self, config: Path, log: Path, ready_url: str, session: aiohttp.ClientSession) -> None:
        self._config, self._log, self._ready_url, self._session = config, log, ready_url, session
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        self._process = await _start(_python("avantto_qbo", "--config", str(self._config), "run"), self._log)
        if not await until(self._ready, seconds=START_SECONDS):
            raise DemoError(f"the daemon was not ready within {START_SECONDS:.0f} s{last_words(self._log)}")

    async def _ready(self) -> bool:
        if self._process is None or self._process.returncode is not None:
            raise DemoError(f"the daemon ended while starting{last_words(self._log)}")
        try:
            async with self._session.get(self._ready_url, timeout=aiohttp.ClientTimeout(total=5)) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    @property
    def ended(self) -> bool:
        """Whether it ended by itself, which it never should."""
        return self._process is not None and self._process.returncode is not None

    async def kill(self) -> None:
        """SIGKILL: no chance to finish anything."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """SIGTERM, and patience."""
        if self._process is not None:
            await _stop(self._process)


async def run_command(config: Path, *arguments: str) -> bytes:
    """Run a command of ours against the daemon and return what it printed; raise `DemoError` when it fails."""
    command = _python("avantto_qbo", "--config", str(config), *arguments)
    with anyio.fail_after(COMMAND_SECONDS):
        done = await anyio.run_process(command, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise DemoError(f"`avantto-qbo {arguments[0]}` failed ({done.returncode}): {said}")
    return done.stdout


def last_words(log: Path) -> str:
    """Return the last lines of a log, for a message."""
    lines = log.read_text(errors="replace").splitlines()[-_LAST_LINES:] if log.exists() else []
    return ":\n  " + "\n  ".join(lines) if lines else ""


@asynccontextmanager
async def _running(command: Sequence[str], log: Path, stdout: int) -> AsyncIterator[Process]:
    process = await _start(command, log, stdout)
    try:
        yield process
    finally:
        with anyio.CancelScope(shield=True):
            await _stop(process)


async def _start(command: Sequence[str], log: Path, stdout: int | None = None) -> Process:
    with log.open("ab") as sink:
        # A session of its own: Ctrl-C reaches the demonstration, which ends its processes in order.
        return await anyio.open_process(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink if stdout is None else stdout,
            stderr=sink,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )


async def _stop(process: Process) -> None:
    if process.returncode is None:
        _signal(process.terminate)
        with anyio.move_on_after(STOP_SECONDS):
            await process.wait()
    if process.returncode is None:
        _signal(process.kill)
        await process.wait()
    await process.aclose()


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except ProcessLookupError:
        return
