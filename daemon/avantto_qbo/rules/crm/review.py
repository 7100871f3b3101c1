"""Who is asked for a review, once ever: the customer whose first invoice has just been paid in full (R1-R3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from avantto_qbo.errors import RefusedError
from avantto_qbo.model.avantto import Contact, CustomValue
from avantto_qbo.model.drafts import MessageDraft
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.quickbooks import InvoiceRow, PaymentRow
from avantto_qbo.model.records import Review, ReviewState
from avantto_qbo.model.settings import Channel, OnOff, Reviews, Settings
from avantto_qbo.model.steps import (
    Hold,
    Ignore,
    NeedContact,
    NeedHistory,
    ReviewCase,
    ReviewStep,
    SendMessage,
    Settle,
    Wait,
)
from avantto_qbo.rules.crm.hours import parse_hours
from avantto_qbo.rules.crm.message import render
from avantto_qbo.rules.dates import day_of, zone_of
from avantto_qbo.rules.identity import normal_email
from avantto_qbo.rules.reasons import RETRY, HeldError, held, setting

TOO_OLD: Final = timedelta(days=7)
_WEB: Final = ("https://", "http://")
_KEY: Final = re.compile(r"[\s-]+")


def candidate(payment: PaymentRow) -> bool:
    """Say whether a payment can have paid an invoice: money, not only credits, and neither voided nor deleted."""
    settled = any(amount > 0 for _, amount in payment.invoices)
    return not payment.deleted and payment.total > 0 and settled and bool(payment.customer_id)


def first_paid(history: Sequence[InvoiceRow], payment: PaymentRow) -> InvoiceRow | None:
    """The invoice that `payment` settled in full, if no other of that customer ever was settled before it.

    `history` is all of the customer's invoices as they stand now. One settled by a later payment does not count:
    several payments can arrive in one poll.
    """
    ours = {invoice for invoice, amount in payment.invoices if amount > 0}
    if paid_before(history, payment):
        return None
    mine = (row for row in _settled(history) if row.id in ours and not _later(row, payment))
    return min(mine, key=lambda row: (row.created_at, len(row.id), row.id), default=None)


def paid_before(history: Sequence[InvoiceRow], payment: PaymentRow) -> bool:
    """Say whether another invoice of the customer was settled before `payment`: then no later one is the first."""
    ours = {invoice for invoice, amount in payment.invoices if amount > 0}
    return any(row.id not in ours and not _later(row, payment) for row in _settled(history))


def _settled(history: Sequence[InvoiceRow]) -> list[InvoiceRow]:
    return [row for row in history if row.balance == 0 and row.total > 0 and not row.voided]


def paid_at(payment: PaymentRow) -> datetime:
    """When the payment came into the books."""
    return payment.created_at or payment.updated_at


def review_link(settings: Settings, values: Iterable[CustomValue], google_place_id: str) -> str:
    """Where people leave a review: the setting, else the custom value `review_link`, else Google; "" for nowhere."""
    if settings.review_link not in {"auto", ""}:
        return settings.review_link
    own = (value.value.strip() for value in values if _KEY.sub("_", value.name.strip().casefold()) == "review_link")
    # A value may still be a template of the vendor's, which is no address.
    if link := next((link for link in own if link.startswith(_WEB)), ""):
        return link
    return f"https://search.google.com/local/writereview?placeid={quote(google_place_id)}" if google_place_id else ""


def plan_review(case: ReviewCase) -> tuple[ReviewStep, ...]:
    """Decide the next step of one customer's review request."""
    try:
        return (_left_out(case) or _next(case),)
    except HeldError as error:
        return (Hold(error.reason),)


def _left_out(case: ReviewCase) -> ReviewStep | None:
    """Why this payment asks for nothing, None when it may."""
    if case.settings.reviews is Reviews.OFF:
        return Ignore(Reason("reviews_off", "The setting reviews is off."))
    if case.review is not None and not _undecided(case.review):
        return Ignore(Reason("already_decided", f"This customer's request is {case.review.state} already."))
    if not candidate(case.payment):
        return _dropped(case, "not_a_payment", "settles no invoice with money (any more)")
    if _too_old(case):
        return _dropped(case, "too_old", f"is older than {TOO_OLD.days} days")
    return None


def _next(case: ReviewCase) -> ReviewStep:
    """Ask for what is missing, else make the request."""
    if not _found_first(case):
        if case.history is None:
            return NeedHistory(case.payment.customer_id)
        if first_paid(case.history, case.payment) is None:
            return _dropped(case, "not_first", "paid no first invoice in full")
    if case.contact is None:
        return NeedContact(case.payment.customer_id)
    return _request(case, case.contact)


def _request(case: ReviewCase, contact: Contact) -> ReviewStep:
    if case.settings.review_workflow:
        text = "review_workflow is set; requests through a workflow are not sent yet."
        raise held("review_workflow", text, setting(case.location.id, "review_workflow="))
    channel = _channel(case, contact)
    if channel is None:
        return Settle(ReviewState.DECLINED, Reason("no_channel", "No channel of review_channels may be used."))
    if not case.link.startswith(_WEB):
        text = "No review_link: neither the setting, nor a custom value review_link, nor a Google place in Avantto."
        raise held("review_link", text, setting(case.location.id, "review_link=https://…"))
    draft = _message(case, channel, contact)
    if case.settings.reviews is Reviews.SHADOW:
        return Settle(ReviewState.SHADOW, Reason("shadow", f"Would have been sent by {channel}."))
    return _closed(case) or SendMessage(draft)


def _found_first(case: ReviewCase) -> bool:
    """Say whether this very version of the payment was found to be the first before, so that nobody is asked twice."""
    review = case.review
    return review is not None and review.payment == case.payment.id and review.updated_at >= case.payment.updated_at


def _dropped(case: ReviewCase, code: str, why: str) -> ReviewStep:
    """End a request that was waiting; what never began is only left out."""
    reason = Reason(code, f"Payment {case.payment.id} {why}.")
    ours = case.review is not None and case.review.payment == case.payment.id
    return Settle(ReviewState.DECLINED, reason) if ours else Ignore(reason)


def _undecided(review: Review) -> bool:
    """Say whether nothing was sent yet: waiting, or refused for good on one channel so that the other has its turn."""
    refused = review.state is ReviewState.SENDING and review.operation is None
    return review.state is ReviewState.WAITING or refused


def _too_old(case: ReviewCase) -> bool:
    """Say whether asking would come too late: by when it was entered, and by the day it states."""
    if case.now - paid_at(case.payment) > TOO_OLD:
        return True
    today = day_of(case.now, case.location.time_zone)
    return bool(case.payment.day and today and today - case.payment.day > TOO_OLD)


def _later(row: InvoiceRow, payment: PaymentRow) -> bool:
    """Say whether an invoice was settled by a payment entered after this one: ids are counted upwards."""
    return any(_counted(other) > _counted(payment.id) for other in row.payments)


def _counted(object_id: str) -> tuple[int, str]:
    return len(object_id), object_id


def _channel(case: ReviewCase, contact: Contact) -> Channel | None:
    tried = case.review.tried if case.review else ()
    usable = (channel for channel in case.settings.review_channels if channel not in tried)
    return next((channel for channel in usable if _allowed(case, channel, contact)), None)


def _allowed(case: ReviewCase, channel: Channel, contact: Contact) -> bool:
    if contact.no_disturb & {"all", channel}:
        return False
    if channel is Channel.EMAIL:
        return bool(normal_email(contact.email))
    # They gave no consent to text messages: only where the owner vouches for it (R2).
    consented = not case.imported or case.settings.review_sms_imported is OnOff.ON
    return bool(contact.phone) and consented


def _message(case: ReviewCase, channel: Channel, contact: Contact) -> MessageDraft:
    try:
        return render(case.settings, channel, contact, business=case.business, link=case.link)
    except RefusedError as error:
        mend = setting(case.location.id, f"{error.field}=…")
        raise held("review_message", f"{error.problem}; {error.mend}.", mend) from None


def _closed(case: ReviewCase) -> Wait | None:
    """Wait for the location's hours, None when they are open."""
    zone = zone_of(case.location.time_zone)
    if zone is None:
        raise held("time_zone", f"The time zone {case.location.time_zone!r} is unknown.", f"set it in Avantto: {RETRY}")
    try:
        opening = parse_hours(case.settings.review_hours).next_opening(case.now, zone)
    except RefusedError as error:
        text = f"{error.problem}; {error.mend}."
        raise held("review_hours", text, setting(case.location.id, "review_hours=…")) from None
    if opening <= case.now:
        return None
    return Wait(opening - case.now, Reason("quiet_hours", f"review_hours is {case.settings.review_hours}."))
