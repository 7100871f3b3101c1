"""Whether a vendor accepts this daemon's own client id and secret: if not, no owner can mend it, only the operator."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from avantto_qbo.actors.ports import Clock, Journal
from avantto_qbo.journal import cursors
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.grant import Provider

log = structlog.get_logger(__name__)
_DAEMON: Final = "daemon"
_NAME: Final = "app_refused"


async def refused(journal: Journal, clock: Clock, provider: Provider, reason: str) -> None:
    """Note that the vendor refuses the app itself; said once in the log, until it accepts it again."""
    now = clock.now()

    def note(db: Connection) -> bool:
        if cursors.get(db, _DAEMON, _cursor(provider)):
            return False
        cursors.put(db, _DAEMON, _cursor(provider), now.isoformat(), now)
        return True

    if await journal.write(note):
        log.error("app.refused", provider=provider, reason=reason)


def accepted(db: Connection, provider: Provider, now: datetime) -> None:
    """The vendor accepted the app."""
    if cursors.get(db, _DAEMON, _cursor(provider)):
        cursors.put(db, _DAEMON, _cursor(provider), "", now)


def since(db: Connection, provider: Provider) -> str:
    """Since when the vendor refuses the app, "" when it does not."""
    return cursors.get(db, _DAEMON, _cursor(provider)) or ""


def _cursor(provider: Provider) -> str:
    return f"{_NAME}.{provider}"
