"""Where people work: locations, and what has been made at each so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

HOMES: Final[Mapping[str, Mapping[str, Any]]] = {
    "us": {"timezone": "America/New_York", "country": "US", "currency": "USD"},
    "uk": {"timezone": "Europe/London", "country": "GB", "currency": "GBP"},
    "ca": {"timezone": "America/Vancouver", "country": "CA", "currency": "CAD"},
    "au": {"timezone": "Australia/Sydney", "country": "AU", "currency": "AUD"},
}


@dataclass
class Shop:
    """One location with what its people have made so far, by id."""

    place: str
    realm: str
    kind: str
    shared: bool = False
    invoices: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)  # older than the connection: never ours
    charges: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    subscriptions: list[str] = field(default_factory=list)
