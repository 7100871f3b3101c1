"""Who was asked for a review, who will be, and why not: ids only, and what the owner must do for those that wait."""

from __future__ import annotations

from collections.abc import Sequence

from avantto_qbo.actors.house import House
from avantto_qbo.journal import locations, reviews
from avantto_qbo.journal import settings as stored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.location_settings import merge_settings
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Review
from avantto_qbo.server import api
from avantto_qbo.server.ports import UnknownObjectError


class ReviewDesk:
    """Answers what is asked about the review requests of a location."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def reviews(self, location: LocationId, limit: int) -> api.ReviewsAnswer:
        """Up to `limit` requests, the latest touched first. Raises UnknownObjectError."""
        return await self._house.journal.read(lambda db: self._look(db, location, limit))

    def _look(self, db: Connection, location: LocationId, limit: int) -> api.ReviewsAnswer:
        if locations.get(db, location) is None:
            raise UnknownObjectError(f"there is no location {location}", "avantto-qbo locations", field="location")
        return api.ReviewsAnswer(
            location=location,
            mode=merge_settings(self._house.defaults, stored.of(db, location)).reviews,
            counts=reviews.counts(db, location),
            rows=tuple(_row(review) for review in reviews.of_location(db, location, limit)),
            waiting=tuple(owner_waits(db, location)),
        )


def owner_waits(db: Connection, location: LocationId) -> list[api.AttentionItem]:
    """What a person must do before waiting requests can go out: one line for each cause."""
    causes: dict[str, list[Review]] = {}
    for review in reviews.waiting(db, location):
        if review.mend:  # the rest waits for its hour or its contact
            causes.setdefault(review.code, []).append(review)
    return [_item(location, code, waiting) for code, waiting in causes.items()]


def _item(location: LocationId, code: str, waiting: Sequence[Review]) -> api.AttentionItem:
    newest = waiting[-1]
    many = "1 review request waits" if len(waiting) == 1 else f"{len(waiting)} review requests wait"
    text = f"{many}: {newest.reason}"
    return api.AttentionItem(location=location, code=code, text=text, mend=newest.mend, since=waiting[0].updated_at)


def _row(review: Review) -> api.ReviewRow:
    return api.ReviewRow(
        customer=review.customer,
        state=review.state,
        since=review.updated_at,
        reason=review.reason,
        code=review.code,
        mend=review.mend,
        channel=review.channel,
        contact=review.contact,
        invoice=review.invoice,
        payment=review.payment,
        paid_at=review.paid_at,
        operation=review.operation,
    )
