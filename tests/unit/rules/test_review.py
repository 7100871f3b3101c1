from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from avantto_qbo.model.ids import CustomerId, LocationId
from avantto_qbo.model.records import TAKEN_BACK, Review, ReviewState
from avantto_qbo.model.settings import Channel, OnOff, Reviews, Settings
from avantto_qbo.model.steps import Ignore, NeedContact, NeedHistory, NeedPayments, SendMessage, Settle, Wait
from avantto_qbo.rules.crm.first import candidate, first_paid, lags, paid_at
from avantto_qbo.rules.crm.review import plan_review
from unit.rules.cases import (
    NOW,
    code,
    contact,
    held,
    invoice_row,
    location,
    operation,
    payment_row,
    review,
    review_case,
)

SMS_ONLY = contact(email="")
SMS_OK = Settings(review_sms_imported=OnOff.ON)


def sent(case: Any) -> SendMessage:
    (step,) = plan_review(case)
    assert isinstance(step, SendMessage), step
    return step


@pytest.mark.parametrize(
    ("payment", "is_candidate"),
    [
        (payment_row(), True),
        (payment_row(deleted=True), False),
        (payment_row(total=Decimal(0)), True),  # credits close what money began; the history tells
        (payment_row("900", ("500", "0"), total=Decimal(0)), False),  # voided
        (payment_row(invoices=()), False),
        (payment_row("900", ("500", "0")), False),
        (payment_row(customer_id=CustomerId("")), False),
    ],
)
def test_a_candidate_settles_an_invoice_with_money(payment: Any, is_candidate: bool) -> None:
    assert candidate(payment) == is_candidate


def first(*history: Any, payment: Any = None) -> str | None:
    row = first_paid(history, payment or payment_row())
    return row.id if row else None


def test_the_first_invoice_paid_in_full_is_found() -> None:
    assert first(invoice_row()) == "500"
    assert first(invoice_row(), invoice_row("501", "7", balance=Decimal(5))) == "500"


@pytest.mark.parametrize("changes", [{"balance": Decimal("0.01")}, {"total": Decimal(0), "note": "Voided"}])
def test_a_part_or_a_voided_invoice_is_not_paid_in_full(changes: dict[str, Any]) -> None:
    assert first(invoice_row(**changes)) is None


def test_an_invoice_settled_before_takes_the_chance_away() -> None:
    assert first(invoice_row(), invoice_row("400", "800")) is None
    assert first(invoice_row(), invoice_row("400", payments=())) is None  # by credits


def test_a_voided_or_free_invoice_before_does_not_count() -> None:
    assert first(invoice_row(), invoice_row("400", "800", total=Decimal(0), note="Voided - x")) == "500"


def test_a_later_payment_of_another_invoice_does_not_count() -> None:
    later = invoice_row("501", "1000")
    assert first(invoice_row(), later) == "500"
    assert first(invoice_row(), later, payment=payment_row("1000", ("501", "100"))) is None


def test_the_last_of_several_payments_is_the_one() -> None:
    both = invoice_row("500", "900", "901")
    assert first(both, payment=payment_row("900")) is None
    assert first(both, payment=payment_row("901")) == "500"


def test_one_payment_of_two_invoices_counts_for_the_older() -> None:
    older = invoice_row("499", created_at=NOW - timedelta(days=9))
    assert first(invoice_row(), older, payment=payment_row("900", ("500", "50"), ("499", "50"))) == "499"


@pytest.mark.parametrize(
    ("history", "minutes", "behind"),
    [
        ((), 1, True),
        ((invoice_row(balance=Decimal(100), payments=()),), 1, True),
        ((), 6, False),  # it was taken off again
        ((), -1, True),
        ((), -6, False),  # nothing that answers before the payment was made tells the time
        ((invoice_row(balance=Decimal(1)),), 1, False),  # it is there, and was a part
        ((invoice_row("400", "800"),), 1, False),  # whatever is not there yet, another was the first
        ((invoice_row(payments=()),), 1, False),  # settled by then
    ],
)
def test_a_history_without_the_payment_is_behind_it_for_some_minutes(
    history: tuple[Any, ...], minutes: int, behind: bool
) -> None:
    payment = payment_row()
    assert lags(history, payment, payment.updated_at + timedelta(minutes=minutes)) is behind


def test_a_history_may_show_an_earlier_version_of_a_payment_that_was_edited() -> None:
    edited, part = payment_row(created_at=NOW - timedelta(hours=1)), (invoice_row(balance=Decimal(1)),)
    for minutes, behind in ((1, True), (6, False)):
        assert lags(part, edited, edited.updated_at + timedelta(minutes=minutes)) is behind


def test_an_unrelated_history_has_no_first() -> None:
    assert first() is None


def test_the_first_payment_in_full_sends_one_email() -> None:
    draft = sent(review_case()).draft
    assert (draft.contact, draft.channel) == ("c9", "email")
    assert "https://g.page/r/bright" in draft.text


def test_what_is_missing_is_asked_for_one_at_a_time() -> None:
    assert plan_review(review_case(history=None, contact=None)) == (NeedHistory(CustomerId("20")),)
    assert plan_review(review_case(contact=None)) == (NeedContact(CustomerId("20")),)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"settings": Settings(reviews=Reviews.OFF)}, "reviews_off"),
        ({"payment": payment_row(deleted=True)}, "not_a_payment"),
        ({"payment": payment_row(created_at=NOW - timedelta(days=8))}, "too_old"),
        ({"payment": payment_row(day=date(2026, 11, 1))}, "too_old"),  # entered late
        ({"history": (invoice_row(balance=Decimal(1)),)}, "not_first"),
        ({"review": review(ReviewState.SENT)}, "already_decided"),
        ({"review": review(ReviewState.UNKNOWN)}, "already_decided"),
        ({"review": review(ReviewState.DECLINED)}, "already_decided"),
        ({"review": review(ReviewState.SHADOW)}, "already_decided"),
        ({"review": review(ReviewState.SENDING, operation=operation().id)}, "already_decided"),
    ],
)
def test_nothing_is_asked_twice_or_too_late(changes: dict[str, Any], why: str) -> None:
    assert code(plan_review(review_case(**changes))) == ("Ignore", why)


# Changed after it was found to be the first: only then is the history asked for again.
CHANGED = payment_row(updated_at=NOW + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"payment": payment_row(deleted=True)}, "not_a_payment"),
        ({"payment": payment_row(created_at=NOW - timedelta(days=8))}, "too_old"),
        ({"settings": Settings(reviews=Reviews.OFF)}, "reviews_off"),
        ({"refunded": True}, "refunded"),
        ({"history": (invoice_row(total=Decimal(0), note="Voided"),)}, "not_first"),
        ({"payment": CHANGED, "history": (invoice_row(total=Decimal(0), note="Voided"),)}, "not_first"),
    ],
)
def test_a_request_that_waits_is_cancelled_by_a_void_or_by_time(changes: dict[str, Any], why: str) -> None:
    (step,) = plan_review(review_case(review=review(), **changes))
    assert isinstance(step, Settle)
    assert (step.state, step.reason.code) == ("declined", why)


@pytest.mark.parametrize(
    ("others", "invoice", "expected"),
    [
        (None, invoice_row("500", "899", "900"), ("NeedPayments", "")),
        (
            (payment_row("899", ("500", "60"), total=Decimal(60)),),
            invoice_row("500", "899", "900"),
            ("SendMessage", ""),
        ),
        (
            (payment_row("899", ("500", "60"), total=Decimal(0)),),
            invoice_row("500", "899", "900"),
            ("Ignore", "credits_only"),
        ),
        (
            (payment_row("899", ("7", "60"), total=Decimal(60)),),
            invoice_row("500", "899", "900"),
            ("Ignore", "credits_only"),
        ),
        (None, invoice_row("500", "900"), ("Ignore", "credits_only")),
    ],
)
def test_credits_that_close_an_invoice_count_only_after_money(
    others: Any, invoice: Any, expected: tuple[str, str]
) -> None:
    (step,) = plan_review(review_case(payment_row(total=Decimal(0)), history=(invoice,), others=others))
    why = step.reason.code if isinstance(step, Ignore) else ""
    assert (type(step).__name__, why) == expected


def test_the_other_payments_of_an_invoice_are_asked_for_by_id() -> None:
    case = review_case(payment_row(total=Decimal(0)), history=(invoice_row("500", "899", "900"),))
    assert plan_review(case) == (NeedPayments(("899",)),)


def waiting_since(minutes: int) -> Review:
    return msgspec.structs.replace(review(), updated_at=NOW - timedelta(minutes=minutes))


def test_a_request_that_waited_long_looks_at_the_invoice_again_before_it_goes_out() -> None:
    waited = waiting_since(60)
    payment = payment_row(updated_at=NOW - timedelta(hours=2))
    assert plan_review(review_case(payment, review=waited, history=None)) == (NeedHistory(CustomerId("20")),)
    sent(review_case(payment, review=waited))
    sent(review_case(payment, review=waiting_since(59), history=None))


def test_a_request_refused_on_one_channel_is_not_looked_up_again() -> None:
    refused = msgspec.structs.replace(waiting_since(120), state=ReviewState.SENDING, tried=("email",))
    payment = payment_row(updated_at=NOW - timedelta(hours=3))
    assert sent(review_case(payment, review=refused, history=None, imported=False)).draft.channel == "sms"


def test_what_another_location_only_would_have_done_leaves_this_one_free() -> None:
    elsewhere = msgspec.structs.replace(review(ReviewState.SHADOW), location=LocationId("other"))
    assert sent(review_case(review=elsewhere)).draft.channel == "email"


def test_a_payment_that_was_taken_back_before_anything_was_sent_leaves_another_one_free() -> None:
    taken_back = review(ReviewState.DECLINED, code=TAKEN_BACK, payment="899")
    sent(review_case(review=taken_back))
    for decided in (msgspec.structs.replace(taken_back, payment="900"), review(ReviewState.SENT, code=TAKEN_BACK)):
        (step,) = plan_review(review_case(review=decided))
        assert isinstance(step, Ignore)


def test_a_version_that_was_found_before_is_told_by_the_books_own_time() -> None:
    payment, ahead = payment_row(), NOW + timedelta(hours=3)
    known = review(paid_at=payment.updated_at, updated_at=ahead)
    sent(review_case(payment, review=known, history=None, now=ahead))
    later = payment_row(updated_at=payment.updated_at + timedelta(minutes=1))
    (step,) = plan_review(review_case(later, review=known, history=None, now=ahead))
    assert isinstance(step, NeedHistory)


def test_a_payment_without_a_creation_time_goes_by_its_last_change() -> None:
    payment = payment_row(created_at=None, day=None)
    assert paid_at(payment) == payment.updated_at
    sent(review_case(payment))


def test_a_request_that_waited_goes_on() -> None:
    assert sent(review_case(review=review())).draft.channel == "email"


@pytest.mark.parametrize(
    "changes",
    [
        {"contact": contact(no_disturb=frozenset({"all"}))},
        {"contact": contact(no_disturb=frozenset({"email", "sms"})), "settings": SMS_OK},
        {"contact": SMS_ONLY},  # came from QuickBooks: gave no consent
        {"contact": contact(email="nonsense", phone=""), "settings": SMS_OK},
        {"settings": Settings(review_channels=())},
    ],
)
def test_who_may_not_be_written_to_is_declined(changes: dict[str, Any]) -> None:
    (step,) = plan_review(review_case(**changes))
    assert isinstance(step, Settle)
    assert (step.state, step.reason.code) == ("declined", "no_channel")


@pytest.mark.parametrize(
    "changes",
    [
        {"contact": SMS_ONLY, "settings": SMS_OK},
        {"contact": SMS_ONLY, "imported": False},
        {"contact": contact(no_disturb=frozenset({"email"})), "imported": False},
        {"review": review(tried=("email",)), "imported": False},
        {"review": review(ReviewState.SENDING, tried=("email",)), "imported": False},
        {"settings": Settings(review_channels=(Channel.SMS, Channel.EMAIL)), "imported": False},
    ],
)
def test_text_messages_go_where_email_cannot_and_consent_is_given(changes: dict[str, Any]) -> None:
    assert sent(review_case(**changes)).draft.channel == "sms"


def test_shadow_decides_everything_and_sends_nothing() -> None:
    (step,) = plan_review(review_case(settings=Settings(reviews=Reviews.SHADOW)))
    assert isinstance(step, Settle)
    assert step.state == "shadow"


def test_quiet_hours_are_waited_for() -> None:
    (step,) = plan_review(review_case(now=NOW - timedelta(hours=6)))  # 3:00 in Chicago
    assert isinstance(step, Wait)
    assert (step.delay, step.reason.code) == (timedelta(hours=6), "quiet_hours")
    assert "Friday 2026-11-20 09:00 (America/Chicago)" in step.reason.text


@pytest.mark.parametrize(
    ("changes", "why", "mend"),
    [
        ({"link": ""}, "review_link", "review_link="),
        ({"link": "{{custom_values.review}}"}, "review_link", "review_link="),
        ({"settings": Settings(review_message={"email": "{nobody}"})}, "review_message", "review_message="),
        ({"settings": Settings(review_hours="late")}, "review_hours", "review_hours="),
        ({"location": location(time_zone="Mars/Olympus")}, "time_zone", "in Avantto"),
    ],
)
def test_what_the_owner_must_set_is_named(changes: dict[str, Any], why: str, mend: str) -> None:
    reason = held(plan_review(review_case(**changes)))
    assert reason.code == why
    assert why in reason.text or "time zone" in reason.text
    assert mend in reason.mend
