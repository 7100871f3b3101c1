"""Connected locations, and the companies they post to."""

from __future__ import annotations

from datetime import datetime

from avantto_qbo.errors import InternalError
from avantto_qbo.journal.connection import Connection, Row
from avantto_qbo.journal.instants import to_instant, to_text
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.records import LocationRecord, RealmRecord, Status


def put(db: Connection, location: LocationRecord) -> None:
    """Store a location, or replace what is known of it."""
    db.run(
        "locations.put",
        id=location.id,
        realm=location.realm,
        name=location.name,
        time_zone=location.time_zone,
        status=location.status,
        books_from=to_text(location.books_from),
        connected_at=to_text(location.connected_at),
        country=location.country,
        reason=location.reason,
        allow_duplicates=location.allow_duplicates,
        google_place_id=location.google_place_id,
        shared=location.shared,
    )


def get(db: Connection, location: LocationId) -> LocationRecord | None:
    """Return one location, whatever its status."""
    rows = db.run("locations.get", id=location)
    return _location(rows[0]) if rows else None


def all(db: Connection) -> list[LocationRecord]:  # noqa: A001 - always read as `locations.all(db)`
    """Return every location ever connected, in the order they were."""
    return [_location(row) for row in db.run("locations.all")]


def of_realm(db: Connection, realm: RealmId) -> list[LocationRecord]:
    """Return the locations of a company, whatever their status, in the order they were connected."""
    return [_location(row) for row in db.run("locations.of_realm", realm=realm)]


def set_status(db: Connection, location: LocationId, status: Status, reason: str, now: datetime) -> None:
    """Pause, break, disconnect or resume a location. Raises InternalError for an unknown one."""
    if not db.run("locations.set_status", id=location, status=status, reason=reason, now=to_text(now)):
        raise InternalError(f"there is no location {location}")


def put_realm(db: Connection, realm: RealmRecord) -> None:
    """Store a company, or replace what is known of it."""
    db.run(
        "locations.put_realm",
        id=realm.id,
        company=realm.company,
        refreshed_at=to_text(realm.refreshed_at),
        reason=realm.reason,
    )


def get_realm(db: Connection, realm: RealmId) -> RealmRecord | None:
    """Return one company."""
    rows = db.run("locations.get_realm", id=realm)
    return _realm(rows[0]) if rows else None


def realms(db: Connection) -> list[RealmRecord]:
    """Return every company, ordered by id."""
    return [_realm(row) for row in db.run("locations.realms")]


def remove_realm(db: Connection, realm: RealmId) -> bool:
    """Forget a company. Its links, customers and cursors stay, so that a reconnection catches up. False if unknown."""
    return bool(db.run("locations.remove_realm", id=realm))


def _location(row: Row) -> LocationRecord:
    return LocationRecord(
        id=LocationId(row["id"]),
        realm=RealmId(row["realm"]),
        name=row["name"],
        time_zone=row["time_zone"],
        status=Status(row["status"]),
        books_from=to_instant(row["books_from"]),
        connected_at=to_instant(row["connected_at"]),
        country=row["country"],
        reason=row["reason"],
        allow_duplicates=bool(row["allow_duplicates"]),
        google_place_id=row["google_place_id"],
        shared=bool(row["shared"]),
    )


def _realm(row: Row) -> RealmRecord:
    return RealmRecord(
        id=RealmId(row["id"]),
        company=row["company"],
        refreshed_at=to_instant(row["refreshed_at"]),
        reason=row["reason"],
    )
