"""Payments that a person voided before a restored journal could learn of them.

A void takes the marker away and the invoice it settled; only its reference stays. So it is kept until the payment with
that reference is about to be posted: then the void is respected, as it is for one that the journal knows (I5).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from avantto_qbo.journal import evidence, links, locations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.drafts import PaymentDraft
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.ledger import BookEntity, BookRow
from avantto_qbo.model.operation import Source
from avantto_qbo.model.records import Link

_KIND: Final = "voided_payment"


def note(db: Connection, realm: RealmId, row: BookRow, now: datetime) -> None:
    """Keep a voided payment by its reference; nothing for one without."""
    for place in locations.of_realm(db, realm) if row.ref else ():
        evidence.put(db, place.id, _KIND, row.ref, "", row.id.encode(), now)


def is_noted(db: Connection, location: LocationId, draft: PaymentDraft) -> bool:
    """Say whether a payment with this reference was found voided."""
    return evidence.get(db, location, _KIND, draft.reference) is not None


def respect(
    db: Connection, place: tuple[LocationId, RealmId], source: Source, draft: PaymentDraft, now: datetime
) -> None:
    """Link the payment to its voided copy: it counts as posted, and does not come back unasked."""
    location, realm = place
    found = evidence.get(db, location, _KIND, draft.reference) or b""
    link = Link(
        location=location,
        realm=realm,
        source_kind=source.kind,
        source_id=source.id,
        part=source.part,
        entity=BookEntity.PAYMENT,
        object_id=found.decode(),
        created_at=now,
        updated_at=now,
        agreed=msgspec.json.encode(draft),
        total=f"{draft.total.amount:f}",
        status="deleted",
    )
    links.put(db, link)
    evidence.remove(db, location, _KIND, draft.reference)
