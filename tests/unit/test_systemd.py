"""What systemd and the daemon tell each other, and the unit itself."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from avantto_qbo.systemd import Notifier, inherited_sockets, keep_watchdog, watchdog_interval

UNIT = Path(__file__).parents[2] / "systemd" / "avantto-qbo.service"
ANALYZE = shutil.which("systemd-analyze") or ""
# On CI a missing component is a failure, not a skip.
needs_analyze = pytest.mark.skipif(not ANALYZE and not os.environ.get("REQUIRE_ALL"), reason="no systemd-analyze here")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(2)
        yield listener


def test_the_manager_hears_where_the_daemon_stands(manager: socket.socket) -> None:
    notifier = Notifier.of({"NOTIFY_SOCKET": manager.getsockname()})
    notifier.ready()
    notifier.status("all is\nwell")
    notifier.stopping()
    assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"STATUS=all is well", b"STOPPING=1"]


def test_an_abstract_address_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        name = f"avantto-qbo-test-{os.getpid()}"
        listener.bind("\0" + name)
        Notifier(f"@{name}").watchdog()
        listener.settimeout(2)
        assert listener.recv(100) == b"WATCHDOG=1"


def test_nobody_to_tell_is_no_trouble(tmp_path: Path) -> None:
    Notifier.of({}).ready()
    Notifier(str(tmp_path / "gone")).ready()


async def test_a_stuck_daemon_falls_silent(manager: socket.socket) -> None:
    alive = [True, False, True]
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == len(alive):
            raise TimeoutError

    with pytest.raises(TimeoutError):
        await keep_watchdog(Notifier(manager.getsockname()), timedelta(seconds=30), sleep, lambda: alive[len(slept)])
    manager.setblocking(False)
    assert [manager.recv(100) for _ in range(alive.count(True))] == [b"WATCHDOG=1"] * 2
    with pytest.raises(BlockingIOError):
        manager.recv(100)
    assert slept == [30.0] * 3


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, timedelta(seconds=30)),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, timedelta(seconds=30)),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, None),
    ],
)
def test_the_watchdog_is_told_twice_as_often_as_it_asks(environ: dict[str, str], expected: timedelta | None) -> None:
    assert watchdog_interval(environ, pid=7) == expected


def test_sockets_meant_for_another_process_are_left_alone() -> None:
    assert inherited_sockets({"LISTEN_PID": "1", "LISTEN_FDS": "1"}, pid=7) == {}


def test_an_inherited_socket_is_known_by_its_name() -> None:
    child = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3); from avantto_qbo.systemd import inherited_sockets as inherited;"
        "env = {'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': '1', 'LISTEN_FDNAMES': 'public'};"
        "found = inherited(env, os.getpid())['public'];"
        "print(found.getsockname()[1], found.get_inheritable())"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ran = subprocess.run(
            [sys.executable, "-c", child, str(listener.fileno())],
            pass_fds=[listener.fileno()],
            env={"PYTHONPATH": str(UNIT.parents[1] / "daemon")},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.split() == [str(listener.getsockname()[1]), "False"]


@needs_analyze
def test_the_unit_is_accepted_without_a_word() -> None:
    ran = subprocess.run([ANALYZE, "verify", str(UNIT)], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


@needs_analyze
def test_the_unit_is_well_confined() -> None:
    ran = subprocess.run(
        [ANALYZE, "security", "--offline=yes", "--threshold=15", str(UNIT)], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout


def test_the_unit_waits_for_writes_and_does_not_restart_on_a_wrong_configuration() -> None:
    settings = dict(line.split("=", 1) for line in UNIT.read_text().splitlines() if "=" in line and line[0] != "#")
    assert int(settings["TimeoutStopSec"].removesuffix("s")) >= 150
    assert settings["RestartPreventExitStatus"] == "78"
    assert settings["Type"] == "notify"
    loaded = [line.partition("=")[2].partition(":")[0] for line in UNIT.read_text().splitlines() if "LoadC" in line]
    assert loaded == [
        "avantto-client-secret",
        "quickbooks-client-secret",
        "quickbooks-webhook-verifier",
        "journal-key",
    ]
