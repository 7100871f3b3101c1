"""A whole house for a test: both vendors, the daemon, and as many businesses as the test opens.

Everything is a real process: the daemon knows the stand-ins only by their addresses, and the test talks to the daemon
only through its command line, its socket and its web addresses.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from integration.business import Business
from integration.processes import Answer, Daemon, Vendor, Vendors, toml

# Short enough for a test to see several rounds, long enough not to be busy with polling alone.
POLL_SECONDS: Final = 1.0
SETTLE_SECONDS: Final = 0.2
JOURNAL_KEY: Final = bytes(range(32))
VERIFIER: Final = "the-verifier-of-the-tests"
Sections = Mapping[str, Mapping[str, object]]
# So slow that only a webhook can explain what happens within seconds.
HOURLY: Final[Sections] = {"polling": {"contacts": "1h", "payments": "1h", "invoices": "1h"}}


class House:
    """Vendors and a daemon in `folder`; `sections` change its configuration. Start it with `start`."""

    def __init__(self, folder: Path, sections: Sections | None = None) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)
        self._vendors = Vendors()
        self.public, self.console = free_port(), free_port()
        self.secrets = _secrets(folder / "secrets")
        self.config = self._configure(sections or {})
        self.daemon = Daemon(self.config, folder / "log", public=self.public, socket=folder / "s")

    @property
    def books(self) -> Vendor:
        return self._vendors.books

    @property
    def crm(self) -> Vendor:
        return self._vendors.crm

    @property
    def public_url(self) -> str:
        return f"http://127.0.0.1:{self.public}"

    @property
    def console_url(self) -> str:
        return f"http://127.0.0.1:{self.console}"

    def start(self) -> None:
        self.fair_weather()
        self.daemon.start()

    def close(self) -> None:
        if self.daemon.running:
            self.daemon.kill()
        self._vendors.stop()

    def fair_weather(self) -> None:
        """No faults planned, every webhook on, at once, in order and exactly once."""
        calm = {"drop": 0, "drop_next": 0, "duplicate": 0, "delay": 0, "reorder": False, "enabled": True}
        for name, vendor in (("quickbooks", self.books), ("avantto", self.crm)):
            vendor("faults", clear=True)
            vendor("webhooks", url=f"{self.public_url}/webhooks/{name}", verifier=VERIFIER, **calm)

    def no_webhooks(self) -> None:
        for vendor in (self.books, self.crm):
            vendor("webhooks", enabled=False)

    def cli(self, *arguments: str) -> Answer:
        return self.daemon.cli(*arguments)

    def business(self, kind: str = "us", **location: object) -> Business:
        """Open a new location and a new company that nobody has connected yet.

        The company has chosen a default item, so that its first sale does not have to make one.
        """
        number = next(self._numbers)
        name, realm = f"location{number:04d}", f"9130{number:05d}"
        self.books("add_company", realm=realm, kind=kind, default_item="1")
        self.crm("add_location", location=name, **{"name": f"Shop {number}", "google_place_id": "place", **location})
        return Business(self, name, realm)

    def token_file(self, name: str, tokens: object) -> str:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(tokens))
        return str(path)

    def _configure(self, sections: Sections) -> Path:
        (self.folder / "key.pem").write_text(self.crm("public_key")["public_key"])
        tables = self._tables()
        path = self.folder / "config.toml"
        path.write_text(toml({name: {**table, **sections.get(name, {})} for name, table in tables.items()}))
        return path

    def _tables(self) -> dict[str, dict[str, object]]:
        books, crm, pace = self.books.url, self.crm.url, f"{POLL_SECONDS:.0f}s"
        return {
            "server": {"listen": f"127.0.0.1:{self.public}", "public_url": self.public_url},
            "console": {"listen": f"127.0.0.1:{self.console}"},
            "status": {"socket": "s"},
            "journal": {"url": f"sqlite:///{self.folder}/journal.db"},
            "secrets": {"directory": str(self.secrets)},
            "avantto": {
                "api_url": crm,
                "authorize_url": f"{crm}/v2/oauth/chooselocation",
                "token_url": f"{crm}/oauth/token",
                "client_id": "sandbox-avantto",
                "webhook_keys": ["key.pem"],
            },
            "quickbooks": {
                "api_url": books,
                "authorize_url": f"{books}/connect/oauth2",
                "token_url": f"{books}/oauth2/v1/tokens/bearer",
                "revoke_url": f"{books}/v2/oauth2/tokens/revoke",
                "client_id": "sandbox-quickbooks",
                "timeout": "3s",
            },
            "polling": {"contacts": pace, "payments": pace, "invoices": pace},
            "doubt": {"settle": f"{SETTLE_SECONDS * 1000:.0f}ms"},
            # Review requests are switched on by the tests about them.
            "defaults": {"review_hours": "always", "reviews": "off"},
        }


def free_port() -> int:
    """Return a free port below those that outgoing connections are given: nobody takes it while the daemon is down."""
    while True:
        port = random.SystemRandom().randrange(12_000, 30_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _secrets(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    texts = {
        "avantto-client-secret": "sandbox-avantto-secret",
        "quickbooks-client-secret": "sandbox-quickbooks-secret",
        "quickbooks-webhook-verifier": VERIFIER,
        "journal-key": base64.b64encode(JOURNAL_KEY).decode(),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    return folder
