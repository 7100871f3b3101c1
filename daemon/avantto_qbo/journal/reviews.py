"""Review requests: at most one per person and realm, ever."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from avantto_qbo.journal.connection import Connection, Row, Value
from avantto_qbo.journal.instants import to_instant, to_text
from avantto_qbo.model.ids import ContactId, CustomerId, LocationId, OperationId, RealmId
from avantto_qbo.model.records import Review, ReviewState

MERGED: Final = "merged"
_BEGUN: Final = frozenset({ReviewState.SENDING, ReviewState.SENT, ReviewState.UNKNOWN})


def claim(db: Connection, review: Review, person_keys: Iterable[str]) -> bool:
    """Begin a customer's review request in the name of the customer and of all its e-mail and phone keys.

    False, and nothing is claimed, when a request to the customer was begun or settled, or any of the keys was claimed
    for another customer in this realm before. A request that only waited was not claimed yet.
    """
    if not _open(get(db, review.realm, review.customer), review):
        return False
    keys = [f"customer:{review.customer}", *filter(None, person_keys)]
    if any(_claimed_by(db, review.realm, key) not in {"", review.customer} for key in keys):
        return False
    put(db, review)
    for key in keys:
        db.run("reviews.claim_person", realm=review.realm, key=key, customer=review.customer)
    return True


def _open(current: Review | None, review: Review) -> bool:
    """Only what waits, or was taken back before, may begin; what one location merely noted another may do."""
    if current is None or current.state is ReviewState.WAITING or current.taken_back:
        return True
    return current.state is ReviewState.SHADOW and current.location != review.location


def _claimed_by(db: Connection, realm: RealmId, key: str) -> str:
    rows = db.run("reviews.claimed", realm=realm, key=key)
    return str(rows[0]["customer"]) if rows else ""


def inherit(
    db: Connection, realm: RealmId, loser: CustomerId, survivor: CustomerId, now: datetime, ended: str = MERGED
) -> None:
    """Two customers were merged: what was decided for the one that is gone holds for the one that stays.

    A merge never allows a second request: a survivor that only waited ends with the loser's request. `ended` is the
    code of a request that waited for the loser.
    """
    gone, mine = get(db, realm, loser), get(db, realm, survivor)
    if gone is None or loser == survivor:
        return
    waits = gone.state is ReviewState.WAITING
    if mine is None or (mine.state is ReviewState.WAITING and not waits):
        put(db, _inherited(gone, survivor, now))
    if gone.state in _BEGUN:
        db.run("reviews.claim_person", realm=realm, key=f"customer:{survivor}", customer=survivor)
    if waits:
        end = {"state": ReviewState.DECLINED, "code": ended, "mend": "", "updated_at": now}
        put(db, msgspec.structs.replace(gone, reason=f"It is customer {survivor}'s now.", **end))


def _inherited(gone: Review, survivor: CustomerId, now: datetime) -> Review:
    """The survivor's copy; a message that is under way belongs to the customer it was written for."""
    under_way = gone.state is ReviewState.SENDING
    heir = msgspec.structs.replace(gone, customer=survivor, operation=None, updated_at=now)
    if gone.state is ReviewState.WAITING:
        return heir
    state = ReviewState.DECLINED if under_way else gone.state
    return msgspec.structs.replace(heir, state=state, code=MERGED, reason=f"Merged with customer {gone.customer}.")


def put(db: Connection, review: Review) -> None:
    """Bring a review request up to date."""
    db.run("reviews.put", **_columns(review))


def get(db: Connection, realm: RealmId, customer: CustomerId) -> Review | None:
    """Return the review request of a customer."""
    rows = db.run("reviews.get", realm=realm, customer=customer)
    return _review(rows[0]) if rows else None


def of_payment(db: Connection, realm: RealmId, payment: str) -> Review | None:
    """Return the request that a payment led to, whoever its customer was then."""
    rows = db.run("reviews.of_payment", realm=realm, payment=payment)
    return _review(rows[0]) if rows else None


def waiting(db: Connection, location: LocationId) -> list[Review]:
    """Return the requests of a location that wait, the longest waiting first."""
    return [_review(row) for row in db.run("reviews.waiting", location=location)]


def counts(db: Connection, location: LocationId) -> dict[ReviewState, int]:
    """Count a location's requests in every state (0 where there are none)."""
    found = db.run("reviews.counts", location=location)
    return dict.fromkeys(ReviewState, 0) | {ReviewState(row["state"]): int(row["requests"]) for row in found}


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
        "code": review.code,
        "mend": review.mend,
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
        code=row["code"],
        mend=row["mend"],
    )
