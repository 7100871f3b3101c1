"""Where the journal lies, from the operator's `journal.url`."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from avantto_qbo.errors import ConfigError

MEMORY: Final = ":memory:"
_KEY: Final = "journal.url"
_MEND: Final = "write sqlite:////absolute/path or sqlite:///relative/path"


def journal_path(url_or_path: str | Path) -> str:
    """Return the SQLite file an address names; anything without a scheme is a path already.

    Raises ConfigError for an address this release has no driver for.
    """
    text = str(url_or_path)
    if "://" not in text:
        return text
    parts = urlsplit(text)
    if parts.scheme in {"postgresql", "postgres"}:
        raise ConfigError(_KEY, "PostgreSQL driver is not part of this release", _MEND)
    if parts.scheme != "sqlite":
        raise ConfigError(_KEY, f"there is no driver for {parts.scheme}://", _MEND)
    path = unquote(parts.path.removeprefix("/"))
    if parts.netloc or not path or parts.query or parts.fragment:
        raise ConfigError(_KEY, "is not the address of a file", _MEND)
    return path


def journal_bytes(url_or_path: str | Path) -> int:
    """Return how much room the journal takes with its write-ahead log; 0 for one in memory."""
    path = Path(journal_path(url_or_path))
    parts = (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm"))
    return sum(part.stat().st_size for part in parts if part.is_file())
