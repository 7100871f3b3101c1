"""Write down where a review request stands, and why: the journal's row and a line of activity."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from avantto_qbo.actors.desk import Desk, Done, Turn
from avantto_qbo.journal import activity, reviews
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import ContactId
from avantto_qbo.model.operation import Operation, Reason
from avantto_qbo.model.records import Activity, Review, ReviewState
from avantto_qbo.model.steps import ReviewCase
from avantto_qbo.rules.crm.first import first_paid

_BEGUN: Final = frozenset({ReviewState.SENDING, ReviewState.SENT, ReviewState.UNKNOWN})
_TOLD: Final = frozenset({ReviewState.SHADOW, ReviewState.DECLINED})
_USUAL: Final = "not_first"  # true of every customer the company had before us: no line of activity for each


class ReviewBook:
    """The review requests of one location, as the journal holds them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def sending(self, case: ReviewCase, op: Operation, channel: str) -> Review:
        """The row of a request that is begun with `op`."""
        row = self._row(case, ReviewState.SENDING, Reason("", ""))
        return msgspec.structs.replace(row, channel=channel, operation=op.id)

    async def settle(self, case: ReviewCase, state: ReviewState, reason: Reason) -> Turn:
        """Note that a request waits or ended, unless another location of the company is further with it."""
        review = self._row(case, state, reason)

        def put(db: Connection) -> None:
            current = reviews.get(db, review.realm, review.customer)
            if current is not None and self._leave(current):
                return
            reviews.put(db, review)
            if state in _TOLD and reason.code != _USUAL:
                activity.record(db, self._line(review))

        await self._desk.house.journal.write(put)
        return Done()

    def _leave(self, current: Review) -> bool:
        """What another location began, or waits with, is its own to end."""
        theirs = current.location != self._desk.location
        return theirs and (current.state in _BEGUN or current.state is ReviewState.WAITING)

    def _line(self, review: Review) -> Activity:
        text = f"review of customer {review.customer} → {review.state}: {review.reason}"
        return Activity(review.updated_at, self._desk.location, f"review.{review.state}", text, subject=review.customer)

    def _row(self, case: ReviewCase, state: ReviewState, reason: Reason) -> Review:
        before, payment = case.review, case.payment
        return Review(
            realm=self._desk.realm.realm,
            customer=payment.customer_id,
            location=self._desk.location,
            state=state,
            paid_at=payment.updated_at,
            updated_at=self._since(case, state, reason),
            invoice=_invoice(case),
            payment=payment.id,
            contact=case.contact.id if case.contact else ContactId(""),
            channel=before.channel if before else "",
            tried=before.tried if before else (),
            reason=reason.text,
            code=reason.code,
            mend=reason.mend,
        )

    def _since(self, case: ReviewCase, state: ReviewState, reason: Reason) -> datetime:
        """Since when it stands there: a request that goes on waiting for the same keeps its time."""
        before, now = case.review, self._desk.now()
        if before is None or (before.state, before.code, before.payment) != (state, reason.code, case.payment.id):
            return now
        return before.updated_at if before.paid_at >= case.payment.updated_at else now


def _invoice(case: ReviewCase) -> str:
    """The invoice that was paid in full, as found before where it was not looked up again."""
    found = first_paid(case.history, case.payment) if case.history is not None else None
    if found is not None:
        return found.id
    return case.review.invoice if case.review and case.review.payment == case.payment.id else ""
