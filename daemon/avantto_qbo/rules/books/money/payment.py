"""Payments on a posted invoice (I3, I5): which are missing, which must be moved, which the bank took back.

The sum of our payments is never above what was received; what no transaction explains is recorded after a short wait,
and a transaction of the same amount that turns up later takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.drafts import InvoiceDraft, PaymentDraft
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.steps import (
    AdoptPayment,
    BookStep,
    InvoiceCase,
    PostedPayment,
    RecordPayment,
    Wait,
)
from avantto_qbo.rules.books.checks import check_period, named
from avantto_qbo.rules.books.company.accounts import deposit_account, payment_method
from avantto_qbo.rules.books.money.moves import moves, posted_as, taken_back
from avantto_qbo.rules.books.money.received import (
    Takings,
    amount_of,
    attributed,
    is_recorded,
    received,
    sums_of,
    takings,
    unexplained,
)
from avantto_qbo.rules.books.sale.lines import check_precision
from avantto_qbo.rules.books.sources import PENDING, pending_wait
from avantto_qbo.rules.dates import day_of
from avantto_qbo.rules.reasons import LOWER_PAYMENTS, RETRY, HeldError, held
from avantto_qbo.rules.reference import payment_note, payment_reference, recorded_note, recorded_reference

UNMATCHED: Final = "unmatched_payment"  # the code of the wait during which `first_seen_unmatched` counts
UNMATCHED_WAIT: Final = timedelta(seconds=20)
_LATE_SUM_WAIT: Final = timedelta(minutes=10)


def plan_payments(case: InvoiceCase, draft: InvoiceDraft) -> tuple[BookStep, ...]:
    """Decide what is still to do about the payments of a posted invoice.

    Voids of what the bank took back come alone, then moves, then new payments; a Wait is always last. Raises HeldError
    when the sums contradict each other.
    """
    if voids := tuple(taken_back(case)):
        return voids
    moved = tuple(moves(case, draft))
    if case.invoice.status == "payment_processing":
        return moved
    money_in, ours = takings(case, draft), received(case)
    if ours > money_in.most:
        text = f"{named(case)}: amountPaid is {money_in.most} in Avantto, but payments of {ours} are in QuickBooks."
        raise held("paid_less", text, LOWER_PAYMENTS)
    return (*moved, *_missing(case, draft, money_in))


def _missing(case: InvoiceCase, draft: InvoiceDraft, money_in: Takings) -> tuple[BookStep, ...]:
    adopted, fresh = matched(case, _new(case, money_in))
    ours = received(case)
    fitting = _fitting(case, fresh, money_in.most - ours)
    steps: list[BookStep] = [*adopted, *(from_transaction(case, draft.customer, draft.day, row) for row in fitting)]
    if len(fitting) < len(fresh):
        return (*steps, _too_early(case, fresh[len(fitting)], money_in.most))
    pending = [row for row in attributed(case) if row.status in PENDING]
    if pending:
        text = f"{named(case)}: a payment is pending."
        age = case.now - min(row.created_at for row in pending)
        return (*steps, Wait(pending_wait(age), Reason("pending_payment", text)))
    explained = ours + total((amount_of(case, row) for row in fitting), ours.currency)
    try:
        rest = unexplained(case, draft.total, money_in, explained)
        return (*steps, *remainder(case, draft.customer, draft.day, rest))
    except HeldError:  # what is known is posted, and what is late has its chance, before a person is asked
        if waiting := (*steps, *_late_ones_chance(case, "money was received that no transaction explains so far")):
            return waiting
        raise


def _new(case: InvoiceCase, money_in: Takings) -> tuple[Transaction, ...]:
    known = {payment.part for payment in case.posted}
    return tuple(row for row in money_in.rows if row.id not in known)


def matched(
    case: InvoiceCase, fresh: Sequence[Transaction]
) -> tuple[tuple[AdoptPayment, ...], tuple[Transaction, ...]]:
    """Let transactions take the place of payments recorded without one, amount by amount.

    Only equal amounts are sure to be the same money; one that differs is held once it finds no room (`paid_differs`).
    """
    open_parts = [payment for payment in case.posted if is_recorded(payment.part)]
    adopted, left = [], []
    for row in fresh:
        match = next((payment for payment in open_parts if payment.amount == amount_of(case, row)), None)
        if match is None:
            left.append(row)
            continue
        open_parts.remove(match)
        adopted.append(AdoptPayment(match.part, row.id))
    return tuple(adopted), tuple(left)


def _fitting(case: InvoiceCase, fresh: Sequence[Transaction], room: Money) -> tuple[Transaction, ...]:
    """The first transactions that the sum received has room for."""
    taken: list[Transaction] = []
    for row in fresh:
        room -= amount_of(case, row)
        if room.minor < 0:
            break
        taken.append(row)
    return tuple(taken)


def _too_early(case: InvoiceCase, row: Transaction, paid: Money) -> Wait:
    """A transaction that `amountPaid` does not know yet is waited for, but not for ever."""
    text = f"{named(case)}: {paid} was paid, which leaves no room for payment {row.id} of {row.amount}."
    if case.now - row.updated_at > _LATE_SUM_WAIT:
        mend = f"correct the payments in Avantto, or lower those in QuickBooks, then: {RETRY} (or skip ID)"
        raise held("paid_differs", text, mend)
    return Wait(UNMATCHED_WAIT, Reason("amount_paid", text))


def remainder(case: InvoiceCase, customer: CustomerId, day: date, rest: Money) -> tuple[BookStep, ...]:
    """Record what no transaction explains (cash, a cheque), once a late transaction had its chance."""
    if not rest:
        return ()
    if rest in sums_of((payment.amount for payment in case.withdrawn), rest):
        text = f"{named(case)}: amountPaid still counts {rest}, the amount of payments that the bank took back."
        mend = "correct it in Avantto; or was it paid another way? Enter that in QuickBooks, then: avantto-qbo skip ID"
        raise held("reversed_paid", text, mend)
    if waiting := _late_ones_chance(case, f"{rest} was paid without a transaction so far"):
        return waiting
    part = f"recorded:{_last_number(case.posted) + 1}"
    invoice = case.invoice
    note = recorded_note(invoice.number, invoice.id, part)
    reference = recorded_reference(invoice.id, part)
    return (RecordPayment(part, _draft(case, customer, day, rest, reference, note)),)


def _late_ones_chance(case: InvoiceCase, what: str) -> tuple[Wait, ...]:
    """Wait for a transaction that may turn up late; nothing once it had its time."""
    waited = case.now - _unmatched_since(case)
    text = f"{named(case)}: {what}."
    return (Wait(UNMATCHED_WAIT - waited, Reason(UNMATCHED, text)),) if waited < UNMATCHED_WAIT else ()


def _unmatched_since(case: InvoiceCase) -> datetime:
    """Since when the remainder can have been there: not before the invoice last changed."""
    seen = case.first_seen_unmatched or case.now
    return max(seen, case.invoice.updated_at) if case.invoice.updated_at <= case.now else seen


def _last_number(posted: Sequence[PostedPayment]) -> int:
    """A number is never used twice, also when its payment was adopted since: two would share one marker."""
    numbers = (payment.part.rpartition(":")[2] for payment in posted if is_recorded(payment.part))
    return max([len(posted), *map(int, numbers)])


def from_transaction(case: InvoiceCase, customer: CustomerId, day: date, row: Transaction) -> RecordPayment:
    """Record one transaction; `day` is used where it tells none that can be read."""
    note = payment_note(row.id, case.invoice.number, case.invoice.id)
    amount, reference = amount_of(case, row), payment_reference(row.id)
    return RecordPayment(row.id, _draft(case, customer, day, amount, reference, note, row))


def _draft(
    case: InvoiceCase,
    customer: CustomerId,
    fallback: date,
    amount: Money,
    reference: str,
    note: str,
    row: Transaction | None = None,
) -> PaymentDraft:
    # Avantto tells no date for money recorded by hand: the day it was entered is the nearest.
    day = day_of(row.charged_at if row else case.invoice.updated_at, case.location.time_zone) or fallback
    check_period(case, [day], f"A payment of {named(case)}")
    check_precision(amount, f"A payment of {named(case)}")
    keys = (row.provider, row.method) if row else ("recorded", "cash")
    return PaymentDraft(
        customer=customer,
        invoice=posted_as(case),
        total=amount,
        day=day,
        reference=reference,
        note=note,
        account=deposit_account(case, *keys),
        method=payment_method(case.company, row.method, row.provider) if row else "",
    )
