"""Review requests: at most one per person and realm, ever."""

from __future__ import annotations

from collections.abc import Iterable

from avantto_qbo.journal.connection import Connection, Row, Value
from avantto_qbo.journal.instants import to_instant, to_text
from avantto_qbo.model.ids import ContactId, CustomerId, LocationId, OperationId, RealmId
from avantto_qbo.model.records import Review, ReviewState


def claim(db: Connection, review: Review, person_keys: Iterable[str]) -> bool:
    """Begin a customer's review request in the name of the customer and of all its e-mail and phone keys.

    False, and nothing is claimed, when the customer or any of the keys was claimed in this realm before. A request
    that only waited was not claimed yet.
    """
    keys = [f"customer:{review.customer}", *filter(None, person_keys)]
    if any(db.run("reviews.claimed", realm=review.realm, key=key) for key in keys):
        return False
    put(db, review)
    for key in keys:
        db.run("reviews.claim_person", realm=review.realm, key=key, customer=review.customer)
    return True


def put(db: Connection, review: Review) -> None:
    """Bring a review request up to date."""
    db.run("reviews.put", **_columns(review))


def get(db: Connection, realm: RealmId, customer: CustomerId) -> Review | None:
    """Return the review request of a customer."""
    rows = db.run("reviews.get", realm=realm, customer=customer)
    return _review(rows[0]) if rows else None


def of_location(db: Connection, location: LocationId, limit: int) -> list[Review]:
    """Return up to `limit` review requests of a location, the latest touched first."""
    return [_review(row) for row in db.run("reviews.of_location", location=location, limit=limit)]


def _columns(review: Review) -> dict[str, Value]:
    return {
        "realm": review.realm,
        "customer": review.customer,
        "location": review.location,
        "state": review.state,
        "paid_at": to_text(review.paid_at),
        "updated_at": to_text(review.updated_at),
        "invoice": review.invoice,
        "payment": review.payment,
        "contact": review.contact,
        "channel": review.channel,
        "tried": " ".join(review.tried),
        "reason": review.reason,
        "operation": review.operation,
    }


def _review(row: Row) -> Review:
    return Review(
        realm=RealmId(row["realm"]),
        customer=CustomerId(row["customer"]),
        location=LocationId(row["location"]),
        state=ReviewState(row["state"]),
        paid_at=to_instant(row["paid_at"]),
        updated_at=to_instant(row["updated_at"]),
        invoice=row["invoice"],
        payment=row["payment"],
        contact=ContactId(row["contact"]),
        channel=row["channel"],
        tried=tuple(row["tried"].split()),
        reason=row["reason"],
        operation=None if row["operation"] is None else OperationId(row["operation"]),
    )
