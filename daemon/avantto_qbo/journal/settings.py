"""What a location's owner set differently from the defaults; values are JSON."""

from __future__ import annotations

from datetime import datetime

from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.instants import to_text
from avantto_qbo.model.ids import LocationId


def put(db: Connection, location: LocationId, key: str, json_bytes: bytes, now: datetime, actor: str) -> None:
    """Set one setting, and note when and by whom."""
    db.run("settings.put", location=location, key=key, value=json_bytes, now=to_text(now), actor=actor)


def remove(db: Connection, location: LocationId, key: str) -> bool:
    """Put a setting back to its default. False when it was there already."""
    return bool(db.run("settings.remove", location=location, key=key))


def of(db: Connection, location: LocationId) -> dict[str, bytes]:
    """Return what is set, as JSON by key."""
    return {row["key"]: row["value"] for row in db.run("settings.of", location=location)}
