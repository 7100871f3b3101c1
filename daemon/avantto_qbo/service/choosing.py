"""Write a person's choice down: as an entry of a settings table, or as the link of a product to its item."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from avantto_qbo.errors import ConfigError
from avantto_qbo.journal import activity, links
from avantto_qbo.journal import settings as stored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.location_settings import encode_setting
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Activity, Link, LocationRecord
from avantto_qbo.rules.books.company.taxcodes import AUTOMATIC, UNTAXED
from avantto_qbo.server.api_mapping import Choice, MapKind

PRODUCT: Final = "product"
_TABLES: Final = {MapKind.TAX: "tax_codes", MapKind.ACCOUNT: "deposit_accounts"}
_SPECIAL: Final = frozenset({AUTOMATIC, UNTAXED})


def field(kind: MapKind, name: str) -> str:
    """How an error names the choice: the setting, or the product."""
    return f"{_TABLES[kind]}.{name}" if kind in _TABLES else f"{PRODUCT} {name}"


def settle(
    db: Connection, place: LocationRecord, kind: MapKind, name: str, choice: Choice | None, *, now: datetime, actor: str
) -> None:
    """Store one choice, None to forget it, and say so in the activity.

    Raises ConfigError when there is none to forget.
    """
    if kind is MapKind.ITEM:
        known = _settle_product(db, place, name, choice, now)
    else:
        known = _settle_entry(db, place.id, kind, name, choice, now, actor)
    if not known and choice is None:
        raise ConfigError(field(kind, name), "is not chosen for this location", f"see `avantto-qbo map {place.id}`")
    text = f"{kind} {name} → {choice.name} ({choice.id})" if choice is not None else f"{kind} {name} is not mapped now"
    activity.record(db, Activity(now, place.id, "mapping.changed", text, subject=name, actor=actor))


def _settle_entry(
    db: Connection, location: LocationId, kind: MapKind, name: str, choice: Choice | None, now: datetime, actor: str
) -> bool:
    """Entries differ by more than their case: the one that is there is replaced."""
    entry = name.casefold() if name.casefold() in _SPECIAL else name
    key = f"{_TABLES[kind]}.{entry}"
    there = [known for known in stored.of(db, location) if known.casefold() == key.casefold()]
    for known in there:
        stored.remove(db, location, known)
    if choice is not None:
        stored.put(db, location, key, encode_setting(choice.id), now, actor)
    return bool(there)


def _settle_product(db: Connection, place: LocationRecord, product: str, choice: Choice | None, now: datetime) -> bool:
    known = links.get(db, place.id, PRODUCT, product)
    if known is not None:
        links.remove(db, place.id, PRODUCT, product)
    if choice is not None:
        links.put(db, Link(place.id, place.realm, PRODUCT, product, "", "Item", choice.id, now, now))
    return known is not None
