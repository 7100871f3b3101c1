"""The command line against a real status socket in another thread, with an in-memory service behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from click.testing import CliRunner, Result

from avantto_qbo.cli import main
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Status
from avantto_qbo.server.listening import listening, unix_socket
from avantto_qbo.server.status import status_app
from unit.server.standins import MemoryService

Run = Callable[..., Result]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "avantto-qbo.toml"
    path.write_text(
        f'[avantto]\nclient_id = "a"\n[quickbooks]\nclient_id = "q"\n[status]\nsocket = "{tmp_path / "s.sock"}"\n'
    )
    return path


@pytest.fixture
def service() -> MemoryService:
    service = MemoryService()
    service.statuses[LocationId("loc1")] = Status.CONNECTED
    return service


@pytest.fixture
def daemon(service: MemoryService, tmp_path: Path) -> Iterator[MemoryService]:
    """Serve the status API until the test is over."""
    with start_blocking_portal("asyncio") as portal:
        listener = unix_socket("status.socket", tmp_path / "s.sock")
        with portal.wrap_async_context_manager(listening(status_app(service), listener)):
            portal.call(anyio.lowlevel.checkpoint)
            yield service


@pytest.fixture
def run(config: Path) -> Run:
    """Run a command line with the test's configuration."""

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(main, ["--config", str(config), *words])

    return invoke
