"""Tokens renewed while a location is being connected: kept at once, for the token in the file is spent by that.

Found again by the keyed hash of the refresh token they were renewed with, when somebody connects with the same file.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from avantto_qbo.errors import ConfigError
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.instants import to_text
from avantto_qbo.journal.sealing import Sealer
from avantto_qbo.model.grant import Provider, Tokens


def put(
    db: Connection, sealer: Sealer, provider: Provider, subject: str, mark: str, tokens: Tokens, *, now: datetime
) -> None:
    """Keep what the refresh token of `mark` was spent on."""
    sealed = sealer.seal(msgspec.json.encode(tokens), provider, subject, mark)
    db.run("renewals.put", provider=provider, subject=subject, mark=mark, tokens=sealed, now=to_text(now))


def get(db: Connection, sealer: Sealer, provider: Provider, subject: str, mark: str) -> Tokens | None:
    """Return what the refresh token of `mark` was spent on; None when it was not, or nobody can read it any more."""
    rows = db.run("renewals.get", provider=provider, subject=subject, mark=mark)
    try:
        return (
            msgspec.json.decode(sealer.open(rows[0]["tokens"], provider, subject, mark), type=Tokens) if rows else None
        )
    except ConfigError:
        return None


def remove(db: Connection, provider: Provider, subject: str) -> None:
    """Forget them: the subject is connected."""
    db.run("renewals.remove", provider=provider, subject=subject)


def prune(db: Connection, before: datetime) -> None:
    """Forget those nobody came back for."""
    db.run("renewals.prune", before=to_text(before))
