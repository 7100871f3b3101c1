"""Both sides of a reconciliation, added up by day, kind and currency."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from avantto_qbo.model.money import Money
from avantto_qbo.model.reconciliation import Entry, Group, Standing, Tally

_ORDER: Final = tuple(Group)


def tallies(entries: Iterable[Entry]) -> tuple[Tally, ...]:
    """Add up by day, kind and currency, oldest first; the books' side of a document stands on Avantto's day."""
    found: dict[tuple[date, int, str], Tally] = {}
    for entry in entries:
        currency = _currency(entry)
        key = (entry.day, _ORDER.index(entry.group), currency)
        found[key] = _added(found.get(key) or Tally(entry.day, entry.group, currency), entry)
    return tuple(found[key] for key in sorted(found))


def _currency(entry: Entry) -> str:
    amount = entry.amount if entry.amount is not None else entry.booked
    return amount.currency if amount is not None else ""


def _added(tally: Tally, entry: Entry) -> Tally:
    zero = Money.zero(tally.currency)
    return msgspec.structs.replace(
        tally,
        count=tally.count + (entry.amount is not None),
        amount=(tally.amount or zero) + (entry.amount or zero),
        booked_count=tally.booked_count + (entry.booked is not None),
        booked=(tally.booked or zero) + (_same(entry.booked, tally.currency) or zero),
        missing=tally.missing + (entry.standing is Standing.MISSING),
        extra=tally.extra + (entry.standing is Standing.EXTRA),
        different=tally.different + (entry.standing is Standing.DIFFERENT),
    )


def _same(amount: Money | None, currency: str) -> Money | None:
    """Sums of another currency than Avantto's are not added up: the entry says so itself."""
    return amount if amount is not None and amount.currency == currency else None
