"""A journal that was restored does not know whom it asked: who could have been asked is not asked again (R3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.records import ReviewState
from avantto_qbo.model.steps import Ignore, ReviewStep, SendMessage, Settle
from avantto_qbo.rules.crm.first import paid_at
from avantto_qbo.rules.crm.review import plan_review
from unit.rules.cases import invoice_row, payment_row, review, review_case

PAID = payment_row()
A_SECOND = timedelta(seconds=1)


def decided(**changes: Any) -> ReviewStep:
    (step,) = plan_review(review_case(PAID, **changes))
    return step


def test_who_paid_before_the_journal_came_back_is_not_asked_and_never_will_be() -> None:
    step = decided(forgotten_until=paid_at(PAID))
    assert isinstance(step, Settle)
    assert (step.state, step.reason.code) == (ReviewState.DECLINED, "restored")


def test_a_request_that_only_waited_may_have_gone_out_since() -> None:
    step = decided(forgotten_until=paid_at(PAID), review=review(ReviewState.WAITING, payment=PAID.id))
    assert isinstance(step, Settle)
    assert step.reason.code == "restored"


def test_who_paid_afterwards_is_asked_as_ever() -> None:
    assert isinstance(decided(forgotten_until=paid_at(PAID) - A_SECOND), SendMessage)
    assert isinstance(decided(), SendMessage)


@pytest.mark.parametrize("state", [ReviewState.SENT, ReviewState.UNKNOWN, ReviewState.DECLINED])
def test_what_was_decided_before_stays_as_it_was(state: ReviewState) -> None:
    assert isinstance(decided(forgotten_until=paid_at(PAID), review=review(state)), Ignore)


def voided_since(**changes: Any) -> ReviewStep:
    (step,) = plan_review(review_case(payment_row(deleted=True), **changes))
    return step


def test_whose_payment_was_voided_since_may_have_been_asked_before_that() -> None:
    step = voided_since(forgotten_until=paid_at(PAID))
    assert isinstance(step, Settle)
    assert (step.state, step.reason.code) == (ReviewState.DECLINED, "restored")


def test_nobody_is_declined_for_a_deleted_payment_that_names_no_customer() -> None:
    nameless = payment_row(deleted=True, customer_id=CustomerId(""))
    (step,) = plan_review(review_case(nameless, forgotten_until=paid_at(PAID)))
    assert isinstance(step, Ignore)


def test_a_request_that_waited_when_the_journal_was_copied_goes_by_its_own_payment() -> None:
    before = paid_at(PAID) - A_SECOND
    waited = review(ReviewState.WAITING, payment=PAID.id, paid_at=before)
    step = voided_since(forgotten_until=before, review=waited)
    assert isinstance(step, Settle)
    assert step.reason.code == "restored"


def test_an_invoice_of_that_time_may_have_been_paid_by_a_payment_that_was_deleted() -> None:
    until = paid_at(PAID) - A_SECOND
    step = decided(forgotten_until=until, forgotten_gone=True)
    assert isinstance(step, Settle)
    assert (step.state, step.reason.code) == (ReviewState.DECLINED, "restored")
    assert isinstance(decided(forgotten_until=until), SendMessage)
    assert isinstance(decided(forgotten_gone=True), SendMessage)


def test_an_invoice_made_afterwards_was_never_paid_before() -> None:
    made_after = invoice_row(created_at=paid_at(PAID))
    step = decided(history=(made_after,), forgotten_until=paid_at(PAID) - A_SECOND, forgotten_gone=True)
    assert isinstance(step, SendMessage)
