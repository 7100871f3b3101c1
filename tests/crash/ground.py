"""The ground of one worker: both stand-ins as a process, the installed daemon as another, loopback between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from avantto_qbo.server.api import ConnectAnswer, ConnectRequest, LocationAnswer, SettingsAnswer, SettingsRequest
from crash.daemon import CrashDaemon
from crash.deliveries import PUBLIC_KEY
from crash.power import Power
from integration.business import Business
from integration.house import House, Sections
from integration.processes import Json

# An hour: what the daemon finds after a crash it finds because somebody asked it to look, or because it knew.
_CALM: Final[Sections] = {
    "polling": {"contacts": "1h", "payments": "1h", "invoices": "1h"},
    "doubt": {"settle": "60ms"},
    "quickbooks": {"timeout": "3s"},
    "avantto": {"webhook_keys": ["key.pem", "ours.pem"]},
}


class Ground(House):
    """A house whose daemon can be killed at any point; every kill gets a business of its own."""

    def __init__(self, folder: Path, sections: Sections | None = None, *, disk: bool = False) -> None:
        super().__init__(folder, {**_CALM, **(sections or {})})
        self.daemon: CrashDaemon = CrashDaemon(
            self.config, folder / "log", public=self.public, socket=folder / "s", disk=disk
        )
        self.power = Power(folder)
        (folder / "ours.pem").write_bytes(PUBLIC_KEY)

    def enlist(self, **location: object) -> Business:
        """Open a business that nobody connected yet; no limit, because a restart forgets what was asked this second."""
        place = self.business(**location)
        place.set_books(rate_limits=False)
        return place

    def connect(self, place: Business, **settings: str) -> ConnectAnswer:
        """Connect through the status socket, as the command line does."""
        tokens = place.crm("mint_tokens"), self.books("mint_tokens", realm=place.realm)
        return self.connect_with(place, *tokens, **settings)

    def connect_with(self, place: Business, avantto: Json, quickbooks: Json, **settings: str) -> ConnectAnswer:
        request = ConnectRequest(
            place.location, place.realm, msgspec.Raw(_json(avantto)), msgspec.Raw(_json(quickbooks))
        )
        answer = self.daemon.client.post("/locations", ConnectAnswer, request)
        self.set(place, settings)
        return answer

    def set(self, place: Business, settings: Mapping[str, str]) -> None:
        if settings:
            wanted = SettingsRequest(dict(settings))
            self.daemon.client.patch(f"/locations/{place.location}/settings", wanted, SettingsAnswer)

    def dismiss(self, place: Business) -> None:
        self.daemon.client.post(f"/locations/{place.location}/disconnect", LocationAnswer)


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)


@contextmanager
def ground(sections: Sections | None = None, *, disk: bool = False) -> Iterator[Ground]:
    """Run both processes in a folder of their own until the block ends."""
    # A short path: that of a unix socket has 107 bytes at most.
    with TemporaryDirectory(prefix="aq") as folder, ExitStack() as stack:
        place = Ground(Path(folder), sections, disk=disk)
        stack.callback(place.close)
        place.start()
        yield place
