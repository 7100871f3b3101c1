"""The secret files: read once at start, the journal keys again when they are changed, never shown."""

from __future__ import annotations

import base64
import binascii
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from avantto_qbo.errors import ConfigError

JOURNAL_KEY_BYTES: Final = 32
_OTHERS: Final = stat.S_IROTH | stat.S_IWOTH
_MAKE_KEY: Final = "make one with `openssl rand -base64 32`"


_TEXTS: Final = ("avantto-client-secret", "quickbooks-client-secret", "quickbooks-webhook-verifier")
PREVIOUS: Final = "journal-key-previous"


@dataclass(frozen=True, slots=True)
class JournalKeys:
    """The key to seal with, 32 bytes, and while it is being changed the one before. Both stay out of `repr`."""

    current: bytes = field(repr=False)
    previous: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the files hold; `journal_key` is 32 bytes. The values stay out of `repr`."""

    avantto_client_secret: str = field(repr=False)
    quickbooks_client_secret: str = field(repr=False)
    quickbooks_webhook_verifier: str = field(repr=False)
    journal_key: bytes = field(repr=False)
    journal_key_previous: bytes | None = field(default=None, repr=False)

    @property
    def journal_keys(self) -> JournalKeys:
        """The two together."""
        return JournalKeys(self.journal_key, self.journal_key_previous)


def load_secrets(directory: str, environ: Mapping[str, str]) -> Secrets:
    """Read the secrets from `directory`, or from $CREDENTIALS_DIRECTORY when it is "".

    Raises ConfigError naming the file and the directory when one is missing, empty, open to everybody or malformed.
    """
    place = _place(directory, environ)
    avantto, quickbooks, verifier = (_read(place, name) for name in _TEXTS)
    keys = load_journal_keys(directory, environ)
    return Secrets(
        avantto_client_secret=avantto,
        quickbooks_client_secret=quickbooks,
        quickbooks_webhook_verifier=verifier,
        journal_key=keys.current,
        journal_key_previous=keys.previous,
    )


def load_journal_keys(directory: str, environ: Mapping[str, str]) -> JournalKeys:
    """Read `journal-key`, and `journal-key-previous` where there is one; raises as `load_secrets` does."""
    place = _place(directory, environ)
    current = _journal_key(place, "journal-key")
    previous = _journal_key(place, PREVIOUS) if (place / PREVIOUS).exists() else None
    return JournalKeys(current, None if previous == current else previous)


def _place(directory: str, environ: Mapping[str, str]) -> Path:
    chosen = directory or environ.get("CREDENTIALS_DIRECTORY", "")
    if not chosen:
        raise ConfigError(
            "secrets.directory",
            "is empty and $CREDENTIALS_DIRECTORY is not set",
            "name the directory of the secret files, or start the service through systemd",
        )
    return Path(chosen)


def _read(place: Path, name: str) -> str:
    path = place / name
    try:
        mode, text = path.stat().st_mode, path.read_text().strip()
    except FileNotFoundError as error:
        raise ConfigError(name, f"there is no such secret file in {place}", "see [secrets] directory") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(name, f"the secret file in {place} cannot be read: {type(error).__name__}") from error
    if mode & _OTHERS:
        raise ConfigError(name, f"the secret file in {place} is open to everybody", f"run `chmod 0600 {path}`")
    if not text:
        raise ConfigError(name, f"the secret file in {place} is empty")
    return text


def _journal_key(place: Path, name: str) -> bytes:
    text = _read(place, name)
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigError(name, f"the secret file in {place} is not base64", _MAKE_KEY) from error
    if len(key) != JOURNAL_KEY_BYTES:
        problem = f"the secret file in {place} holds {len(key)} bytes, not {JOURNAL_KEY_BYTES}"
        raise ConfigError(name, problem, _MAKE_KEY)
    return key
