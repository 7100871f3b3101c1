"""What a person must do so that a connection goes on: before it ends, and where a vendor refuses the app itself."""

from __future__ import annotations

from datetime import datetime

from avantto_qbo.actors import app_standing
from avantto_qbo.journal import grants
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.grant import Provider
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import LocationRecord, Status
from avantto_qbo.rules.grants import NAMES, WARN_AHEAD, warning
from avantto_qbo.server.api import AttentionItem


def ending(db: Connection, record: LocationRecord, now: datetime) -> list[AttentionItem]:
    """The grants of a location that end within two weeks, with the command that gives them anew."""
    if record.status is Status.DISCONNECTED:
        return []
    found = []
    for provider, subject in ((Provider.QUICKBOOKS, record.realm), (Provider.AVANTTO, record.id)):
        end = grants.end_of(db, provider, subject)
        if end is not None and end - now <= WARN_AHEAD:
            text, mend = warning(provider, end, now), f"avantto-qbo connect {record.id}"
            found.append(AttentionItem(record.id, f"grant_ends.{provider}", text, mend, since=end - WARN_AHEAD))
    return found


def refused_apps(db: Connection) -> list[AttentionItem]:
    """Vendors that refuse this daemon's own client id or secret: nobody's connection is dead for it."""
    found = []
    for provider in Provider:
        if since := app_standing.since(db, provider):
            text = (
                f"{NAMES[provider]} refuses this daemon's own client id or secret, for every location; "
                "no owner has to connect again."
            )
            mend = f"put [{provider}] client_id and the secret file {provider}-client-secret right, then restart"
            item = AttentionItem(LocationId(""), f"app_refused.{provider}", text, mend, datetime.fromisoformat(since))
            found.append(item)
    return found


def warnings(db: Connection, now: datetime) -> tuple[str, ...]:
    """How many connections end soon, for the daemon as a whole."""
    ends = grants.lapsing(db, now + WARN_AHEAD)
    if not ends:
        return ()
    many = "1 connection ends" if len(ends) == 1 else f"{len(ends)} connections end"
    return (f"{many} within 14 days, the first on {ends[0].at:%Y-%m-%d}: `avantto-qbo attention`.",)
