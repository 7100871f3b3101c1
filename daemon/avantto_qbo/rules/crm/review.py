"""Who is asked for a review, once ever: the customer whose first invoice has just been paid in full (R1-R3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from avantto_qbo.errors import RefusedError
from avantto_qbo.model.avantto import Contact
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.quickbooks import InvoiceRow
from avantto_qbo.model.records import TAKEN_BACK, Review, ReviewState
from avantto_qbo.model.settings import Reviews
from avantto_qbo.model.steps import (
    AddToWorkflow,
    Hold,
    Ignore,
    NeedContact,
    NeedHistory,
    NeedPayments,
    NeedWorkflows,
    ReviewCase,
    ReviewStep,
    Settle,
    Wait,
)
from avantto_qbo.rules.crm.first import candidate, first_paid, paid_at, settles
from avantto_qbo.rules.crm.hours import parse_hours
from avantto_qbo.rules.crm.sender import by_message, by_workflow, channel_for
from avantto_qbo.rules.dates import day_of, zone_of
from avantto_qbo.rules.reasons import HeldError, held, setting

TOO_OLD: Final = timedelta(days=7)
STALE: Final = timedelta(hours=1)  # how long what was found about an invoice is believed


def plan_review(case: ReviewCase) -> tuple[ReviewStep, ...]:
    """Decide the next step of one customer's review request."""
    try:
        return (_left_out(case) or _next(case),)
    except HeldError as error:
        return (Hold(error.reason),)


def _left_out(case: ReviewCase) -> ReviewStep | None:
    """Why this payment asks for nothing, None when it may."""
    if case.review is not None and not _undecided(case, case.review):
        return Ignore(Reason("already_decided", f"This customer's request is {case.review.state} already."))
    if case.settings.reviews is Reviews.OFF:
        return _dropped(case, "reviews_off", "asks for nothing: the setting reviews is off")
    if not candidate(case.payment):
        return _perhaps_asked(case) or _dropped(case, TAKEN_BACK, "settles no invoice (any more)")
    if _too_old(case):
        return _dropped(case, "too_old", f"is older than {TOO_OLD.days} days")
    if case.refunded:
        return _dropped(case, "refunded", "was refunded in Avantto")
    return _perhaps_asked(case)


def _perhaps_asked(case: ReviewCase) -> Settle | None:
    """A restored journal knows of no request made after it was copied: whoever could have got one is not asked."""
    came = paid_at(case.payment) if case.review is None else min(paid_at(case.payment), case.review.paid_at)
    if case.forgotten_until is None or came > case.forgotten_until or not case.payment.customer_id:
        return None
    return _forgotten(f"Payment {case.payment.id} came before the journal was restored")


def _perhaps_paid_before(case: ReviewCase, invoice: InvoiceRow) -> Settle | None:
    """Of a deleted payment nobody can tell whose it was: an invoice of that time may have been paid once before."""
    if case.forgotten_until is None or not case.forgotten_gone or invoice.created_at > case.forgotten_until:
        return None
    return _forgotten(f"Before the journal was restored, a payment was deleted, maybe that of invoice {invoice.id}")


def _forgotten(why: str) -> Settle:
    return Settle(ReviewState.DECLINED, Reason("restored", f"{why}: its customer may have been asked already."))


def _next(case: ReviewCase) -> ReviewStep:
    """Ask for what is missing, else make the request."""
    if case.history is not None:
        if (step := _not_paid(case, first_paid(case.history, case.payment))) is not None:
            return step
    elif not _found_first(case):
        return NeedHistory(case.payment.customer_id)
    if case.contact is None:
        return NeedContact(case.payment.customer_id)
    return _request(case, case.contact)


def _not_paid(case: ReviewCase, invoice: InvoiceRow | None) -> ReviewStep | None:
    """Why the invoice is no first one paid with money, or what must be known to tell; None when it is."""
    payment = case.payment
    if invoice is None:
        return _dropped(case, "not_first", "paid no first invoice in full")
    if (asked := _perhaps_paid_before(case, invoice)) is not None:
        return asked
    if payment.total > 0:
        return None
    others = tuple(other for other in invoice.payments if other != payment.id)
    if others and case.others is None:
        return NeedPayments(others)
    if any(other.total > 0 and settles(other, invoice) for other in case.others or ()):
        return None
    return _dropped(case, "credits_only", "settled the invoice by credits, without money")


def _request(case: ReviewCase, contact: Contact) -> ReviewStep:
    channel = channel_for(case, contact)
    if channel is None:
        return Settle(ReviewState.DECLINED, Reason("no_channel", "No channel of review_channels may be used."))
    step = by_workflow(case, contact) if case.settings.review_workflow else by_message(case, channel, contact)
    if isinstance(step, NeedWorkflows):
        return step
    if case.settings.reviews is Reviews.SHADOW:
        way = "a workflow" if isinstance(step, AddToWorkflow) else channel
        return Settle(ReviewState.SHADOW, Reason("shadow", f"Would have been sent by {way}."))
    return _closed(case) or _looked_at_again(case) or step


def _looked_at_again(case: ReviewCase) -> NeedHistory | None:
    """Before a request that has waited goes out, the invoice may have been voided, deleted or reopened (R1)."""
    review = case.review
    if review is None or review.state is not ReviewState.WAITING or case.history is not None:
        return None
    return NeedHistory(case.payment.customer_id) if case.now - review.updated_at >= STALE else None


def _found_first(case: ReviewCase) -> bool:
    """Say whether this very version of the payment was found to be the first before, so that nobody is asked twice.

    By QuickBooks' time alone: our clock may be hours ahead of it.
    """
    review = case.review
    return review is not None and review.payment == case.payment.id and review.paid_at >= case.payment.updated_at


def _dropped(case: ReviewCase, code: str, why: str) -> ReviewStep:
    """End a request that was waiting; what never began is only left out."""
    reason = Reason(code, f"Payment {case.payment.id} {why}.")
    ours = case.review is not None and case.review.payment == case.payment.id
    return Settle(ReviewState.DECLINED, reason) if ours else Ignore(reason)


def _undecided(case: ReviewCase, review: Review) -> bool:
    """Say whether nothing was sent yet: waiting, or refused for good on one channel so that the other has its turn.

    What another location of the company would have done if it were not for `shadow` leaves this one free; so does a
    payment that was taken back before anything was sent.
    """
    refused = review.state is ReviewState.SENDING and review.operation is None
    elsewhere = review.state is ReviewState.SHADOW and review.location != case.location.id
    entered_anew = review.taken_back and review.payment != case.payment.id
    return review.state is ReviewState.WAITING or refused or elsewhere or entered_anew


def _too_old(case: ReviewCase) -> bool:
    """Say whether asking would come too late: by when it was entered, and by the day it states."""
    if case.now - paid_at(case.payment) > TOO_OLD:
        return True
    today = day_of(case.now, case.location.time_zone)
    return bool(case.payment.day and today and today - case.payment.day > TOO_OLD)


def _closed(case: ReviewCase) -> Wait | None:
    """Wait for the location's hours, None when they are open."""
    zone = zone_of(case.location.time_zone)
    if zone is None:
        always = setting(case.location.id, "review_hours=always")
        text = f"The time zone {case.location.time_zone!r} is unknown, so nobody can say when review_hours are."
        raise held("time_zone", text, f"set it in Avantto, or do without: {always}")
    try:
        opening = parse_hours(case.settings.review_hours).next_opening(case.now, zone)
    except RefusedError as error:
        text = f"{error.problem}; {error.mend}."
        raise held("review_hours", text, setting(case.location.id, "review_hours=…")) from None
    if opening <= case.now:
        return None
    when = f"{opening.astimezone(zone):%A %Y-%m-%d %H:%M} ({zone.key})"
    text = f"review_hours is {case.settings.review_hours}: it goes out on {when}."
    return Wait(opening - case.now, Reason("quiet_hours", text))
