"""A grant that was refused for good stops the locations that need it, unless its owner has agreed anew meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from avantto_qbo.errors import AuthError
from avantto_qbo.journal import grants, locations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.grant import Provider
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.records import LocationRecord, Status

_WORKING: Final = frozenset({Status.CONNECTED, Status.MONEY_PAUSED})


def stop(db: Connection, error: AuthError, began: datetime, now: datetime) -> list[LocationId]:
    """Stop whoever works with the grant of `error`, which was refused to work that began at `began`."""
    return [record.id for record in _users(db, error) if stop_one(db, record.id, error, began, now)]


def stop_one(db: Connection, location: LocationId, error: AuthError, began: datetime, now: datetime) -> bool:
    """Stop one location. False when it does not work, or when the refusal was of an older grant than it has now."""
    record = locations.get(db, location)
    if record is None or record.status not in _WORKING:
        return False
    if grants.given_after(db, error.provider, error.subject, began, now):
        return False
    locations.set_status(db, location, Status.BROKEN, reconnect(location, error), now)
    return True


def reconnect(location: LocationId, error: AuthError) -> str:
    """What an owner reads when a connection is dead."""
    return f"{error.provider} must be connected again ({error.reason}): avantto-qbo connect {location}"


def _users(db: Connection, error: AuthError) -> list[LocationRecord]:
    if error.provider == Provider.QUICKBOOKS:
        return locations.of_realm(db, RealmId(error.subject))
    record = locations.get(db, LocationId(error.subject))
    return [] if record is None else [record]
