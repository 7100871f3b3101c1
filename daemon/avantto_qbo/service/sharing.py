"""Two locations in one company: what their owners must know before they post side by side."""

from __future__ import annotations

from avantto_qbo.journal import locations
from avantto_qbo.journal import settings as stored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.location_settings import merge_settings
from avantto_qbo.model.records import LocationRecord, Status
from avantto_qbo.model.settings import Numbers, Settings


def same_series(db: Connection, record: LocationRecord, defaults: Settings) -> tuple[str, ...]:
    """Say which other location of the company numbers its invoices alike; nothing where prefixes tell them apart.

    Avantto gives every location the same series by default, and QuickBooks takes a number once: the second invoice of
    a number would get a visible variant.
    """
    own = _series(db, record, defaults)
    alike = [
        other.id
        for other in locations.of_realm(db, record.realm)
        if other.id != record.id and other.status is not Status.DISCONNECTED and _series(db, other, defaults) == own
    ]
    if own is None or not alike:
        return ()
    mend = f"avantto-qbo settings {record.id} number_prefix=B-"
    return (f"Its invoices may bear the same numbers as those of {alike[0]}; to tell them apart: {mend}",)


def _series(db: Connection, record: LocationRecord, defaults: Settings) -> str | None:
    """What stands before a location's numbers; None where QuickBooks numbers them."""
    settings = merge_settings(defaults, stored.of(db, record.id))
    return settings.number_prefix if settings.numbers is Numbers.AVANTTO else None
