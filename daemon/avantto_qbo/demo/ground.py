"""Where the demonstration lives: one temporary directory with configuration, secrets, journal, socket and logs."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# The kernel takes 108 bytes with the closing zero; leave a few.
LONGEST_SOCKET_PATH: Final = 100
CLIENTS: Final = {
    "avantto": ("sandbox-avantto", "sandbox-avantto-secret"),
    "quickbooks": ("sandbox-quickbooks", "sandbox-quickbooks-secret"),
}


@dataclass(slots=True)
class Ground:
    """The directory, the daemon's two addresses, and whether the directory outlives the demonstration."""

    directory: Path
    public_url: str
    console_url: str
    verifier: str
    keep: bool = False

    @property
    def config(self) -> Path:
        return self.directory / "avantto-qbo.toml"

    @property
    def socket(self) -> Path:
        return self.directory / "status.sock"

    def log(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a private file into the directory."""
        path = self.directory / name
        path.touch(mode=0o600)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def furnish(self, *, avantto: str, quickbooks: str, webhook_key: str) -> None:
        """Write what the daemon needs to work with the two stand-ins at these URLs."""
        self.write("webhook-key.pem", webhook_key)
        (self.directory / "secrets").mkdir(mode=0o700)
        self.write("secrets/avantto-client-secret", CLIENTS["avantto"][1])
        self.write("secrets/quickbooks-client-secret", CLIENTS["quickbooks"][1])
        self.write("secrets/quickbooks-webhook-verifier", self.verifier)
        self.write("secrets/journal-key", base64.b64encode(secrets.token_bytes(32)))
        self.write("avantto-qbo.toml", _config(self, avantto, quickbooks))


@contextmanager
def ground() -> Iterator[Ground]:
    """Make the directory and choose free addresses; the directory is removed unless `keep` was set meanwhile."""
    made = Ground(_directory(), _free_url(), _free_url(), secrets.token_urlsafe(24))
    try:
        yield made
    finally:
        if not made.keep:
            shutil.rmtree(made.directory, ignore_errors=True)


def _directory() -> Path:
    made = Path(tempfile.mkdtemp(prefix="avantto-qbo-"))
    if len(os.fsencode(made / "status.sock")) <= LONGEST_SOCKET_PATH:
        return made
    made.rmdir()
    # $TMPDIR is too deep for a socket; mkdtemp is as safe here.
    return Path(tempfile.mkdtemp(prefix="avantto-qbo-", dir="/tmp"))


def _free_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def _config(ground: Ground, avantto: str, quickbooks: str) -> str:
    public, console = (url.removeprefix("http://") for url in (ground.public_url, ground.console_url))
    return f"""\
# Made by `avantto-qbo demo`: both vendors are stand-ins on this machine, and everything is faster than in life.
[server]
listen = "{public}"
public_url = "{ground.public_url}"
[console]
listen = "{console}"
[status]
socket = "{ground.socket}"
[journal]
url = "sqlite:///{ground.directory}/journal.db"
[secrets]
directory = "secrets"
[avantto]
client_id = "{CLIENTS["avantto"][0]}"
api_url = "{avantto}"
authorize_url = "{avantto}/v2/oauth/chooselocation"
token_url = "{avantto}/oauth/token"
webhook_keys = ["webhook-key.pem"]
[quickbooks]
client_id = "{CLIENTS["quickbooks"][0]}"
environment = "sandbox"
api_url = "{quickbooks}"
authorize_url = "{quickbooks}/connect/oauth2"
token_url = "{quickbooks}/oauth2/v1/tokens/bearer"
revoke_url = "{quickbooks}/v2/oauth2/tokens/revoke"
[polling]
contacts = "3s"
payments = "5s"
invoices = "8s"
[doubt]
settle = "3s"
[defaults]
review_hours = "always"
"""
