"""The journal's own secrets, and the change from one journal key to the next.

What customers' fingerprints and connect links are keyed with was derived from the first journal key. It is kept here,
sealed like the grants, so that a new journal key changes neither.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from avantto_qbo.errors import ConfigError
from avantto_qbo.journal.connection import Connection, Row, Value
from avantto_qbo.journal.instants import to_text
from avantto_qbo.journal.sealing import Sealer, fingerprint_secret
from avantto_qbo.model.grant import Provider

FINGERPRINTS: Final = "fingerprints"
CONNECT_LINKS: Final = "connect-links"
# A function from a journal key to each secret that was derived from it before secrets were kept.
DERIVED: Final[dict[str, Callable[[bytes], bytes]]] = {
    FINGERPRINTS: fingerprint_secret,
    CONNECT_LINKS: lambda key: hmac.digest(key, b"connect links", hashlib.sha256),
}
_OWN: Final = ("journal", "secret")  # provider and field under which they are sealed; the subject is the name
UNREADABLE: Final = "the stored tokens are damaged"
_RESTORE: Final = (
    "put the key this journal was written with back into journal-key; if you are replacing it, the old one goes into "
    "journal-key-previous"
)


class Opened(msgspec.Struct, frozen=True):
    """The journal's secrets, and the grants whose seal is broken: they must be given anew."""

    secrets: dict[str, bytes]
    damaged: tuple[tuple[Provider, str], ...] = ()

    def __repr__(self) -> str:
        return f"Opened({len(self.secrets)} secrets)"


def open_all(db: Connection, sealer: Sealer, key: bytes, previous: bytes | None, now: datetime) -> Opened:
    """Open whatever is sealed, and derive the journal's secrets where an earlier release left none.

    Raises ConfigError naming the mend when the journal was sealed with a key that is neither of the two.
    """
    damaged = _damaged(db, sealer)
    kept = {name: _secret(db, sealer, name) for name in DERIVED}
    if any(secret is None for secret in kept.values()):
        kept = _begin(db, sealer, _written_with(db, key, previous))
    for provider, subject in damaged:
        db.run("grants.mark_dead", provider=provider, subject=subject, reason=UNREADABLE, now=to_text(now))
    return Opened({name: secret for name, secret in kept.items() if secret is not None}, damaged)


def reseal(db: Connection, sealer: Sealer, limit: int) -> int:
    """Put up to `limit` values of each kind under the newest key; return how many there were. 0: all are."""
    bounds: dict[str, Value] = {"head": sealer.head, "length": len(sealer.head), "limit": limit}
    grants = db.run("grants.sealed_otherwise", **bounds)
    for row in grants:
        _reseal_grant(db, sealer, row)
    own = db.run("keyring.sealed_otherwise", **bounds)
    for row in own:
        db.run("keyring.put", name=row["name"], sealed=sealer.reseal(row["sealed"], _OWN[0], row["name"], _OWN[1]))
    renewals = db.run("renewals.sealed_otherwise", **bounds)
    for row in renewals:
        _reseal_renewal(db, sealer, row)
    return len(grants) + len(own) + len(renewals)


def _reseal_grant(db: Connection, sealer: Sealer, row: Row) -> None:
    """A damaged grant is no use under any key: its seals are thrown away, the row stays and says why."""
    provider, subject = row["provider"], row["subject"]
    if not (_knows(sealer, row["tokens"]) and _knows(sealer, row["previous"])):
        raise _wrong_key(sealer)
    try:
        fields = {name: sealer.reseal(row[name], provider, subject, name) for name in ("tokens", "previous")}
    except ConfigError:
        fields = {"tokens": sealer.seal(b'{"access_token":""}', provider, subject, "tokens")}
        fields["previous"] = sealer.seal(b"", provider, subject, "previous")
    db.run("grants.reseal", provider=provider, subject=subject, **fields)


def _reseal_renewal(db: Connection, sealer: Sealer, row: Row) -> None:
    columns = {name: row[name] for name in ("provider", "subject", "mark")}
    try:
        tokens = sealer.reseal(row["tokens"], row["provider"], row["subject"], row["mark"])
    except ConfigError:
        db.run("renewals.remove", provider=row["provider"], subject=row["subject"])
    else:
        db.run("renewals.put", **columns, tokens=tokens, now=row["at"])


def _damaged(db: Connection, sealer: Sealer) -> tuple[tuple[Provider, str], ...]:
    """The grants that do not open though we have their key. Raises ConfigError when it is the key that is wrong."""
    rows = db.run("grants.all_sealed")
    for row in rows:
        if not (_knows(sealer, row["tokens"]) and _knows(sealer, row["previous"])):
            raise _wrong_key(sealer)
    damaged = [row for row in rows if not _opens(sealer, row)]
    if rows and len(damaged) == len(rows) and not db.run("keyring.get", name=FINGERPRINTS):
        raise _wrong_key(sealer)  # the oldest values name no key: when none opens, it is not the rows that are wrong
    return tuple((Provider(row["provider"]), row["subject"]) for row in damaged)


def _knows(sealer: Sealer, sealed: bytes) -> bool:
    try:
        return sealer.knows(sealed)
    except ConfigError:  # cut short: the row is damaged, which says nothing about the key
        return True


def _opens(sealer: Sealer, row: Row) -> bool:
    try:
        for field in ("tokens", "previous"):
            sealer.open(row[field], row["provider"], row["subject"], field)
    except ConfigError:
        return False
    return True


def _secret(db: Connection, sealer: Sealer, name: str) -> bytes | None:
    rows = db.run("keyring.get", name=name)
    if not rows:
        return None
    try:
        return sealer.open(rows[0]["sealed"], _OWN[0], name, _OWN[1])
    except ConfigError as error:
        raise _wrong_key(sealer) from error


def _begin(db: Connection, sealer: Sealer, key: bytes) -> dict[str, bytes | None]:
    made = {name: derive(key) for name, derive in DERIVED.items()}
    for name, secret in made.items():
        db.run("keyring.put", name=name, sealed=sealer.seal(secret, _OWN[0], name, _OWN[1]))
    return {**made}


def _written_with(db: Connection, key: bytes, previous: bytes | None) -> bytes:
    """Which of two keys this journal was written with, where it was never asked before."""
    if previous is None:
        return key
    only_newest = Sealer.of(key)
    rows = db.run("grants.all_sealed")
    if any(_opens(only_newest, row) for row in rows):
        return key
    return previous if rows or db.run("keyring.indexed_realms") else key


def _wrong_key(sealer: Sealer) -> ConfigError:
    problem = f"the journal was sealed with another key than the one in the secret file ({sealer.newest})"
    return ConfigError("journal-key", problem, _RESTORE)
