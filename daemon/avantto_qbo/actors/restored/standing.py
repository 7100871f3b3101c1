"""Under which name a restored company's reading is scheduled, and what a person reads about it meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.restored import Restored

RELINK: Final = "relink"
_PREFIX: Final = "restored:"
# Clocks differ, and what was being sent when the copy was made was committed in the books a little earlier or later.
_MARGIN: Final = timedelta(hours=6)


def first_position(since: datetime) -> datetime:
    """From which change on each kind of document is read."""
    return since - _MARGIN


def poll_owner(realm: RealmId) -> str:
    """Name the owner of the poll that reads a company's books again: one of its own, so that it can end alone."""
    return f"{_PREFIX}{realm}"


def realm_of(owner: str) -> RealmId:
    """Read a poll's owner back."""
    return RealmId(owner.removeprefix(_PREFIX))


def in_words(at: Restored) -> str:
    """Say where a restored company stands."""
    return (
        f"restored from {at.since:%Y-%m-%d %H:%M:%SZ}: nothing is written until its books were read again"
        f" (now at {at.entity}; {at.documents} documents read, {sum(at.linked.values())} linked again)"
    )
