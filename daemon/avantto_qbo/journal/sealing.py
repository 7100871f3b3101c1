"""Secrets at rest, and keyed hashes that stand in for people's addresses.

Both start from the journal key, but never use it itself: HKDF derives one key for sealing and one for hashing, so that
neither tells anything about the other.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Mapping
from typing import Final, NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from avantto_qbo.errors import ConfigError

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12  # what GCM is defined for; random nonces are safe for far more seals than one key ever makes
_FINGERPRINT_BYTES: Final = 16
_KEY_ID_BYTES: Final = 8
_LEGACY: Final = "1"  # the id under which releases sealed that knew one key only, whichever it was
_MEND: Final = "restore the journal key this journal was written with"


class _Ring(NamedTuple):
    """The keys at one moment: replaced as a whole, for the journal's thread seals and opens at any time."""

    newest: str
    ciphers: Mapping[str, AESGCM]


class Sealer:
    """AES-256-GCM under named keys. The first key seals; every key opens, so that keys can be rotated.

    A sealed value is one byte of key id length, the key id, the nonce and the ciphertext. It opens only with the same
    provider, subject and field it was sealed for: copied to another row it is unreadable.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Take 32-byte keys by id, the newest first. Raises ConfigError for none, a wrong size or an unusable id."""
        self._ring = _ring(keys)

    @classmethod
    def of(cls, key: bytes, previous: bytes | None = None) -> Self:
        """Seal with `key` and open with both, each under its own id. Raises ConfigError for a wrong size."""
        return cls(named(key, previous))

    def rekey(self, keys: Mapping[str, bytes]) -> None:
        """Seal and open with other keys from now on; see `__init__`."""
        self._ring = _ring(keys)

    @property
    def newest(self) -> str:
        """The id of the key that seals."""
        return self._ring.newest

    @property
    def head(self) -> bytes:
        """How every value begins that the newest key has sealed."""
        key_id = self._ring.newest.encode()
        return bytes([len(key_id)]) + key_id

    def seal(self, secret: bytes, provider: str, subject: str, field: str) -> bytes:
        """Encrypt `secret` for one field of one row."""
        nonce, ring = secrets.token_bytes(_NONCE_BYTES), self._ring
        key_id = ring.newest.encode()
        sealed = ring.ciphers[ring.newest].encrypt(nonce, secret, _identity(provider, subject, field))
        return bytes([len(key_id)]) + key_id + nonce + sealed

    def open(self, sealed: bytes, provider: str, subject: str, field: str) -> bytes:
        """Decrypt what was sealed for this very field and row.

        Raises ConfigError when it was sealed for another one, changed since, or sealed with a key we do not have.
        """
        key_id, nonce, ciphertext = _split(sealed)
        ciphers = _named(self._ring, key_id)
        if not ciphers:
            raise ConfigError("journal-key", f"the {provider} grant of {subject} was sealed with another key", _MEND)
        for cipher in ciphers:
            try:
                return cipher.decrypt(nonce, ciphertext, _identity(provider, subject, field))
            except InvalidTag:
                continue
        raise ConfigError("journal-key", f"the {provider} grant of {subject} cannot be opened", _MEND)

    def reseal(self, sealed: bytes, provider: str, subject: str, field: str) -> bytes:
        """Seal the same secret with the newest key; raises as `open` does."""
        return self.seal(self.open(sealed, provider, subject, field), provider, subject, field)

    def knows(self, sealed: bytes) -> bool:
        """Say whether a value names a key we have; the oldest values name none, so that any may be theirs."""
        return bool(_named(self._ring, _split(sealed)[0]))


def named(key: bytes, previous: bytes | None = None) -> dict[str, bytes]:
    """Return one or two keys by their ids, the one to seal with first."""
    return {key_id(one): one for one in (key, previous) if one is not None}


def key_id(key: bytes) -> str:
    """Return the id of a journal key: 16 hex digits that tell keys apart and nothing about them."""
    return _derive(key, b"key id", _KEY_ID_BYTES).hex()


def _ring(keys: Mapping[str, bytes]) -> _Ring:
    if not keys:
        raise ConfigError("journal-key", "there is no key")
    if any(not 0 < len(key_id.encode()) < 256 for key_id in keys):
        raise ConfigError("journal-key", "a key id has 1 to 255 bytes")
    return _Ring(next(iter(keys)), {key_id: AESGCM(_derive(key, b"sealing")) for key_id, key in keys.items()})


def _named(ring: _Ring, key_id: str) -> list[AESGCM]:
    """The ciphers that may open a value of this key id."""
    if key_id in ring.ciphers:
        return [ring.ciphers[key_id]]
    return list(ring.ciphers.values()) if key_id == _LEGACY else []


class Fingerprints:
    """Keyed hashes of e-mails, phones and names: comparable with each other, meaningless without the key.

    A fingerprint is 32 hex digits; nothing (or only blanks) has the fingerprint "", which matches nobody. The same
    text has another fingerprint as an e-mail than as a name.
    """

    def __init__(self, key: bytes, *, derived: bool = False) -> None:
        """Take the 32-byte journal key, or with `derived` the secret that was once derived from one and outlives it.

        Raises ConfigError for a wrong size.
        """
        self._key = key if derived else fingerprint_secret(key)

    def email(self, text: str) -> str:
        """Fingerprint an e-mail address; case and surrounding blanks do not matter."""
        return self._of("email", text.strip().casefold())

    def phone(self, text: str) -> str:
        """Fingerprint a phone number in E.164; only its digits matter."""
        return self._of("phone", "".join(digit for digit in text if digit in "0123456789"))

    def name(self, text: str) -> str:
        """Fingerprint a name; case, compatibility forms and runs of blanks do not matter."""
        return self._of("name", " ".join(unicodedata.normalize("NFKC", text).casefold().split()))

    def _of(self, domain: str, normalised: str) -> str:
        if not normalised:
            return ""
        digest = hmac.digest(self._key, f"{domain}\0{normalised}".encode(), hashlib.sha256)
        return digest[:_FINGERPRINT_BYTES].hex()


def fingerprint_secret(key: bytes) -> bytes:
    """Derive from a journal key what fingerprints are keyed with. Raises ConfigError for a wrong size."""
    return _derive(key, b"fingerprints")


def _derive(key: bytes, purpose: bytes, length: int = _KEY_BYTES) -> bytes:
    if len(key) != _KEY_BYTES:
        raise ConfigError("journal-key", f"a key has {_KEY_BYTES} bytes, this one has {len(key)}")
    return HKDF(SHA256(), length, salt=None, info=b"avantto-qbo journal " + purpose).derive(key)


def _identity(provider: str, subject: str, field: str) -> bytes:
    return f"{provider}|{subject}|{field}".encode()


def _split(sealed: bytes) -> tuple[str, bytes, bytes]:
    start = 1 + sealed[0] if sealed else 0
    if len(sealed) < start + _NONCE_BYTES:
        raise ConfigError("journal", "a sealed value is cut short", "restore a backup")
    end = start + _NONCE_BYTES
    return sealed[1:start].decode(errors="replace"), sealed[start:end], sealed[end:]
