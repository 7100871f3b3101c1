"""Whose turn it is in a location's mailbox, decided from counts and ages alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from avantto_qbo.model.records import Lane

# Weights of DESIGN: 8 money, 2 contact, 1 backfill, spread so that nobody waits long.
_ROUND: Final = (
    *(Lane.MONEY,) * 4,
    Lane.CONTACT,
    *(Lane.MONEY,) * 4,
    Lane.CONTACT,
    Lane.BACKFILL,
)
CONTACT_PATIENCE: Final = timedelta(minutes=2)


def order(turn: int, now: datetime, oldest_contact: datetime | None, *, backfill_allowed: bool) -> tuple[Lane, ...]:
    """Return the lanes to try at this turn, first choice first.

    A contact that has waited longer than two minutes goes first, because five minutes is what C2 promises.
    """
    overdue = oldest_contact is not None and now - oldest_contact > CONTACT_PATIENCE
    first = Lane.CONTACT if overdue else _ROUND[turn % len(_ROUND)]
    lanes = [first, *(lane for lane in Lane if lane is not first)]
    return tuple(lane for lane in lanes if lane is not Lane.BACKFILL or backfill_allowed)
