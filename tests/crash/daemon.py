"""The installed daemon as a process whose crash points can be armed, and whose disk can be made to fail."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

import avantto_qbo
from integration.processes import Daemon, Json
from integration.waiting import until

INSTALLED: Final = Path(sys.executable).with_name("avantto-qbo")
_HOOKS: Final = Path(__file__).with_name("hooks")
# The daemon is of the release that this suite reads its answers with, also where two are installed.
_SOURCE: Final = Path(avantto_qbo.__file__).parents[1]
_PATIENCE: Final = 30.0
_KEPT_OUT: Final = {"CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "PYTHONPATH", "LISTEN_FDS", "WATCHDOG_USEC"}
_tokens = itertools.count(1)


class CrashDaemon(Daemon):
    """`avantto-qbo run`, started through the installed script with the hooks in front of it.

    `starts` are the seconds from each start to the first answer.
    """

    def __init__(self, config: Path, log: Path, *, public: int, socket: Path, disk: bool = False) -> None:
        super().__init__(config, log, public=public, socket=socket)
        self.folder = log.parent
        self._plan, self._trace = self.folder / "plan", self.folder / "trace"
        self._disk = disk
        self.planted: dict[str, str] = {}
        self.starts: list[float] = []

    def start(self) -> None:
        self.begin()
        self.wait_until_up()

    def begin(self) -> None:
        """Start the process and return at once."""
        self._began = time.monotonic()
        with self._log.open("ab") as log:
            command = [str(INSTALLED), "--config", str(self._config), "run"]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment())

    def wait_until_up(self) -> None:
        until(self._alive, "the daemon answers", within=_PATIENCE, story=self.log)
        self.starts.append(time.monotonic() - self._began)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in _KEPT_OUT}
        hooks = {"PYTHONPATH": f"{_HOOKS}:{_SOURCE}", "AVANTTO_QBO_FAILPOINT": str(self.folder)}
        disk = {"AVANTTO_QBO_DISK": str(self.folder)} if self._disk else {}
        return {**kept, **hooks, **disk, **self.planted}

    # -- crash points --------------------------------------------------------------------------------------------------

    def record(self) -> str:
        """Note every crash point that is met from now on; return the name of this watch."""
        return self._arm({})

    def arm(self, point: str, hit: int = 1) -> str:
        """Let it die at the `hit`th time it meets `point` from now on."""
        return self._arm({"point": point, "hit": hit})

    def disarm(self) -> None:
        self._plan.unlink(missing_ok=True)

    def _arm(self, plan: Json) -> str:
        token = f"{os.getpid()}-{next(_tokens)}"
        fresh = self._plan.with_suffix(".new")
        fresh.write_text(json.dumps({"token": token, **plan}))
        fresh.replace(self._plan)
        return token

    def met(self, token: str) -> Counter[str]:
        """Return how often each point was met under this name."""
        lines = self._trace.read_text().splitlines()
        told = (line.split(" ", 2) for line in lines if line.startswith(f"{token} "))
        return Counter(parts[2] for parts in told if len(parts) == 3)

    def died(self, token: str) -> bool:
        """Say whether the hook of this name ended the process."""
        return f"{token} died" in self._trace.read_text().splitlines()

    # -- signals -------------------------------------------------------------------------------------------------------

    @property
    def gone(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def reap(self, within: float) -> bool:
        """Wait until the process has died by SIGKILL; False when it lives on."""
        assert self._process is not None
        try:
            return self._process.wait(timeout=within) == -signal.SIGKILL
        except subprocess.TimeoutExpired:
            return False

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
