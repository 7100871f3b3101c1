"""Follow a merged customer to its survivor: the contact stays the same person's, and nobody is asked twice (C5, R3)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from avantto_qbo.journal import customers, links, locations, merges, reviews
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import CustomerId, RealmId
from avantto_qbo.model.records import TAKEN_BACK


def follow(db: Connection, realm: RealmId, loser: CustomerId, survivor: CustomerId, now: datetime) -> None:
    """Let the survivor take the loser's contact in every location where it has none, and the loser's review request."""
    if loser == survivor:
        return
    merges.put(db, realm, loser, survivor, now)
    reviews.inherit(db, realm, loser, survivor, now)
    for place in locations.of_realm(db, realm):
        link = links.get(db, place.id, "contact", loser)
        if link is not None and links.get(db, place.id, "contact", survivor) is None:
            links.put(db, msgspec.structs.replace(link, source_id=survivor, created_at=now, updated_at=now))


def found_under(db: Connection, realm: RealmId, before: CustomerId, owner: CustomerId, now: datetime) -> CustomerId:
    """Who `before` is now, when something of theirs was found under `owner`: one that is inactive was merged."""
    known = merges.survivor(db, realm, before)
    row = customers.get(db, realm, known)
    if row is None or row.active:
        return known
    follow(db, realm, known, owner, now)
    return owner


def moved(db: Connection, realm: RealmId, before: CustomerId, now_of: CustomerId, now: datetime) -> None:
    """A payment was entered under another customer before: its first one was merged, or a person moved the payment.

    No webhook may have told of a merge; a customer that is inactive since was merged, and its contact goes along.
    """
    row = customers.get(db, realm, before)
    if row is not None and not row.active:
        follow(db, realm, before, now_of, now)
    else:  # it never was that customer's, whose own first one may still come
        reviews.inherit(db, realm, before, now_of, now, TAKEN_BACK)
