"""Read the TOML file into a `Config`: every mistake names its section and key, and what to write instead."""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from avantto_qbo.config import BUILTIN_KEY, Config, Listen
from avantto_qbo.errors import ConfigError
from avantto_qbo.location_settings import settings_from
from avantto_qbo.model.settings import Settings
from avantto_qbo.typed_values import field_types, nearest, typed

SectionT = TypeVar("SectionT", bound=msgspec.Struct)

_URLS: Final = ("public_url", "api_url", "authorize_url", "token_url", "revoke_url", "webhook")


def load(path: Path) -> Config:
    """Return the configuration of `path`. Raises ConfigError for anything an operator must change."""
    tables = _tables(path)
    sections: dict[str, Any] = {
        name: settings_from(tables.get(name, {})) if kind is Settings else _section(kind, name, tables, path)
        for name, kind in field_types(Config).items()
    }
    return Config(**sections)


def _tables(path: Path) -> dict[str, dict[str, object]]:
    known = field_types(Config)
    tables = _parsed(path)
    for name, table in tables.items():
        if name not in known:
            what = "section" if isinstance(table, dict) else "key"
            raise ConfigError(name, f"is no known {what} of {path}", nearest(name, known))
        if not isinstance(table, dict):
            raise ConfigError(name, f"must be a section of {path}", f"write `[{name}]` on a line of its own")
    return tables


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read: {error.strerror}", "pass --config FILE") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"is not TOML: {error}") from error


def _section(kind: type[SectionT], name: str, tables: dict[str, dict[str, object]], path: Path) -> SectionT:
    known, table = field_types(kind), tables.get(name, {})
    for key in table:
        if key not in known:
            raise ConfigError(f"{name}.{key}", f"is no known key of [{name}] in {path}", nearest(key, known))
    if "client_id" in known and not table.get("client_id"):
        mend = f'write `client_id = "…"` under [{name}] in {path}'
        raise ConfigError(f"{name}.client_id", "is missing and has no default", mend)
    return kind(**{key: _value(f"{name}.{key}", value, known[key], path) for key, value in table.items()})


def _value(key: str, value: object, kind: Any, path: Path) -> object:
    """Read one value, and check what its type alone cannot say."""
    field = key.partition(".")[2]
    if kind is Listen:
        return _listen(key, typed(key, value, str))
    read = typed(key, value, kind)
    if field in _URLS and read:
        return _url(key, read)
    if kind is Path:
        return path.parent / read
    check = _CHECKS.get(key)
    return check(key, read, path) if check else read


def _listen(key: str, text: str) -> Listen:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(
            key, f'must be an address and a port, not "{text}"', 'such as "127.0.0.1:8080" or "[::1]:8080"'
        )
    return Listen(host.removeprefix("[").removesuffix("]"), int(port))


def _url(key: str, text: str) -> str:
    """Check that the URL is https, or http to this very machine (a stand-in service, a proxy in front)."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
        raise ConfigError(key, f'must be a URL without query or fragment, not "{text}"', "such as https://example.com")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigError(key, f"must be https, not {text}", "http is allowed only to loopback addresses")
    return text.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _journal_url(key: str, text: str, _: Path) -> str:
    if text.partition("://")[0] not in {"sqlite", "postgresql"}:
        raise ConfigError(key, f'must be sqlite or postgresql, not "{text}"', "such as sqlite:////var/lib/x/journal.db")
    return text


def _webhook_keys(key: str, keys: tuple[str, ...], path: Path) -> tuple[str, ...]:
    """Resolve PEM paths beside the configuration file and make sure that each file is there."""
    if not keys:
        raise ConfigError(key, "must name at least one key", f'write `webhook_keys = ["{BUILTIN_KEY}"]`')
    places = tuple(name if name == BUILTIN_KEY else str(path.parent / name) for name in keys)
    for place in places:
        if place != BUILTIN_KEY and not Path(place).is_file():
            raise ConfigError(key, f"{place} is no file", f'write "{BUILTIN_KEY}" or the path of a PEM file')
    return places


def _positive(key: str, number: int, _: Path) -> int:
    if number <= 0:
        raise ConfigError(key, f"must be a positive number, not {number}")
    return number


def _secrets_directory(_: str, directory: str, path: Path) -> str:
    return str(path.parent / directory) if directory else ""


_CHECKS: Final[dict[str, Any]] = {
    "journal.url": _journal_url,
    "avantto.webhook_keys": _webhook_keys,
    "polling.monthly_reads": _positive,
    "secrets.directory": _secrets_directory,
}
