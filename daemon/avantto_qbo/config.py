"""The configuration as typed values: one struct per section, every key with a default except the client ids.

`config_file.load` reads it. Every URL of the vendors can be overridden, because Avantto is a white label and because
the sandbox stands in for both. QuickBooks' defaults are those of Intuit's OpenID discovery document, Avantto's the
white-label authorize page and the public API of HighLevel.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from avantto_qbo.model.settings import Settings

DEFAULT_PATH: Final = Path("/etc/avantto-qbo/avantto-qbo.toml")
BUILTIN_KEY: Final = "builtin"


class Environment(StrEnum):
    """Which of Intuit's two worlds the realms live in."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"


_QUICKBOOKS_API: Final = {
    Environment.PRODUCTION: "https://quickbooks.api.intuit.com",
    Environment.SANDBOX: "https://sandbox-quickbooks.api.intuit.com",
}


_AVANTTO: Final = "https://services.leadconnectorhq.com"
_INTUIT_OAUTH: Final = "https://oauth.platform.intuit.com/oauth2/v1"


class OnUnresolved(StrEnum):
    """What happens to a write whose fate stays unknown after the last look-up."""

    HOLD = "hold"


class Listen(msgspec.Struct, frozen=True):
    """An address to listen on; port 0 takes a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Server(msgspec.Struct, frozen=True):
    """The public listener; `public_url` is its base as the vendors and browsers see it, without a trailing slash."""

    listen: Listen = Listen("127.0.0.1", 8080)
    public_url: str = "http://127.0.0.1:8080"


class Console(msgspec.Struct, frozen=True):
    """The private listener: pages, readiness and metrics."""

    listen: Listen = Listen("127.0.0.1", 8081)


class StatusApi(msgspec.Struct, frozen=True):
    """The unix socket the command line talks to."""

    socket: Path = Path("/run/avantto-qbo/status.sock")


class JournalPlace(msgspec.Struct, frozen=True):
    """Where the journal lives: `sqlite:////absolute/path` or `postgresql://…`."""

    url: str = "sqlite:////var/lib/avantto-qbo/journal.db"


class SecretFiles(msgspec.Struct, frozen=True):
    """The directory of the secret files; "" means $CREDENTIALS_DIRECTORY."""

    directory: str = ""


class Avantto(msgspec.Struct, frozen=True):
    """The CRM's side. `webhook_keys` holds `builtin` (the published Ed25519 key) or paths of PEM files."""

    client_id: str
    api_url: str = _AVANTTO
    authorize_url: str = "https://marketplace.leadconnectorhq.com/v2/oauth/chooselocation"
    token_url: str = f"{_AVANTTO}/oauth/token"
    webhook_keys: tuple[str, ...] = (BUILTIN_KEY,)


class QuickBooks(msgspec.Struct, frozen=True):
    """The books' side. An empty `api_url` becomes the one of `environment`; `timeout` covers one whole call."""

    client_id: str
    environment: Environment = Environment.PRODUCTION
    api_url: str = ""
    authorize_url: str = "https://appcenter.intuit.com/connect/oauth2"
    token_url: str = f"{_INTUIT_OAUTH}/tokens/bearer"
    revoke_url: str = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"
    timeout: timedelta = timedelta(seconds=130)

    def __post_init__(self) -> None:
        if not self.api_url:
            msgspec.structs.force_setattr(self, "api_url", _QUICKBOOKS_API[self.environment])


class Polling(msgspec.Struct, frozen=True):
    """How often what is asked for; `widest` is the contact poll of a realm whose webhooks are proven."""

    contacts: timedelta = timedelta(minutes=4)
    widest: timedelta = timedelta(minutes=30)
    payments: timedelta = timedelta(minutes=5)
    invoices: timedelta = timedelta(minutes=10)
    monthly_reads: int = 500_000


class Doubt(msgspec.Struct, frozen=True):
    """`settle`: how long the slowest commit may take before a doubtful write is looked up."""

    settle: timedelta = timedelta(seconds=180)
    on_unresolved: OnUnresolved = OnUnresolved.HOLD


class Alerts(msgspec.Struct, frozen=True):
    """Who is told when something needs a person: a command (argument list) and a webhook; empty is nobody."""

    command: tuple[str, ...] = ()
    webhook: str = ""


class Config(msgspec.Struct, frozen=True):
    """The whole file. `defaults` are the settings a location has until it says otherwise."""

    avantto: Avantto
    quickbooks: QuickBooks
    server: Server = Server()
    console: Console = Console()
    status: StatusApi = StatusApi()
    journal: JournalPlace = JournalPlace()
    secrets: SecretFiles = SecretFiles()
    polling: Polling = Polling()
    doubt: Doubt = Doubt()
    defaults: Settings = Settings()
    alerts: Alerts = Alerts()
