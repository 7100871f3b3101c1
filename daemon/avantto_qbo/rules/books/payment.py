"""Money received on an invoice (I3): Avantto's `amountPaid` is the truth, its transactions say which money it was.

The sum of our payments is never above `amountPaid`; what no transaction explains is recorded after a short wait, and a
transaction of the same amount that turns up later takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.drafts import InvoiceDraft, PaymentDraft
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.steps import AdoptPayment, BookStep, InvoiceCase, PostedPayment, RecordPayment, Wait
from avantto_qbo.rules.books.defaults import deposit_account, payment_method
from avantto_qbo.rules.books.invoice import check_period, money, named
from avantto_qbo.rules.books.sources import FAILED, PENDING, is_real, pending_wait
from avantto_qbo.rules.dates import day_of
from avantto_qbo.rules.reasons import RETRY, held
from avantto_qbo.rules.reference import payment_note, payment_reference, recorded_note, recorded_reference

UNMATCHED: Final = "unmatched_payment"  # the code of the wait during which `first_seen_unmatched` counts
UNMATCHED_WAIT: Final = timedelta(seconds=20)
_LATE_SUM_WAIT: Final = timedelta(minutes=10)
_RECORDED: Final = "recorded:"


def is_recorded(part: str) -> bool:
    """Say whether a payment stands for money recorded without a transaction."""
    return part.startswith(_RECORDED)


def belongs(transaction: Transaction, invoice_id: str) -> bool:
    """Say whether a transaction pays this invoice. Never by `invoiceId`, which is the processor's."""
    return invoice_id in {transaction.entity_id, transaction.source_id}


def attributed(case: InvoiceCase) -> tuple[Transaction, ...]:
    """The real transactions of this invoice, in the order the money came."""
    ours = (row for row in case.transactions if belongs(row, case.invoice.id) and is_real(row))
    return tuple(sorted(ours, key=lambda row: (row.charged_at, row.id)))


def received(case: InvoiceCase) -> Money:
    """What our payments on this invoice add up to."""
    return total((payment.amount for payment in case.posted), case.invoice.currency)


def plan_payments(case: InvoiceCase, draft: InvoiceDraft) -> tuple[BookStep, ...]:
    """Decide which payments are still missing on a posted invoice. Raises HeldError when the sums contradict."""
    if case.invoice.status == "payment_processing":
        return ()
    rows = attributed(case)
    paid = money(case.invoice.amount_paid, case.invoice.currency, "amountPaid", named(case))
    _check_sums(case, rows, paid)
    adopted, fresh = _matched(case, _new(case, rows))
    room = paid - received(case)
    fitting = _fitting(case, fresh, room)
    steps: list[BookStep] = [*adopted, *(_from_transaction(case, draft, row) for row in fitting)]
    if len(fitting) < len(fresh):
        return (*steps, _too_early(case, fresh[len(fitting)], paid))
    if any(row.status in PENDING for row in rows):
        since = min(row.created_at for row in rows if row.status in PENDING)
        text = f"{named(case)}: a payment is pending."
        return (*steps, Wait(pending_wait(case.now - since), Reason("pending_payment", text)))
    rest = room - total((_amount(case, row) for row in fitting), room.currency)
    return (*steps, *_remainder(case, draft, rest))


def _new(case: InvoiceCase, rows: Sequence[Transaction]) -> tuple[Transaction, ...]:
    known = {payment.part for payment in case.posted}
    return tuple(row for row in rows if row.status == "succeeded" and row.amount and row.id not in known)


def _check_sums(case: InvoiceCase, rows: Sequence[Transaction], paid: Money) -> None:
    """Hold what later work covers, and what must not happen."""
    what, sum_of_ours = named(case), received(case)
    for row in rows:
        if row.currency.upper() != case.invoice.currency.upper():
            text = f"{what} is in {case.invoice.currency}, but payment {row.id} is in {row.currency}."
            raise held("payment_currency", text, "enter the payment in QuickBooks, then: avantto-qbo skip ID")
        if row.amount_refunded or row.status == "refunded":
            text = f"{what}: payment {row.id} was refunded ({row.amount_refunded}), which cannot be posted yet."
            raise held("refund", text, "enter the refund in QuickBooks, then: avantto-qbo skip ID")
        if row.status not in {"succeeded", *PENDING, *FAILED}:
            raise held("payment_status", f"{what}: payment {row.id} has the unknown status {row.status!r}.", RETRY)
    if sum_of_ours > paid:
        text = f"{what}: amountPaid is {paid}, but payments of {sum_of_ours} are in QuickBooks."
        raise held("paid_less", text, f"correct the payments in QuickBooks, then: {RETRY}")
    invoice_total = money(case.invoice.total, case.invoice.currency, "total", what)
    if paid > invoice_total:
        text = f"{what}: amountPaid is {paid}, more than the total of {invoice_total}."
        raise held("overpaid", text, "enter the excess in QuickBooks, then: avantto-qbo skip ID")


def _matched(
    case: InvoiceCase, fresh: Sequence[Transaction]
) -> tuple[tuple[AdoptPayment, ...], tuple[Transaction, ...]]:
    """Let transactions take the place of payments recorded without one, amount by amount."""
    open_parts = [payment for payment in case.posted if is_recorded(payment.part)]
    adopted, left = [], []
    for row in fresh:
        match = next((payment for payment in open_parts if payment.amount == _amount(case, row)), None)
        if match is None:
            left.append(row)
            continue
        open_parts.remove(match)
        adopted.append(AdoptPayment(match.part, row.id))
    return tuple(adopted), tuple(left)


def _fitting(case: InvoiceCase, fresh: Sequence[Transaction], room: Money) -> tuple[Transaction, ...]:
    """The first transactions that `amountPaid` has room for."""
    taken: list[Transaction] = []
    for row in fresh:
        room -= _amount(case, row)
        if room.minor < 0:
            break
        taken.append(row)
    return tuple(taken)


def _too_early(case: InvoiceCase, row: Transaction, paid: Money) -> Wait:
    """A transaction that `amountPaid` does not know yet is waited for, but not for ever."""
    text = f"{named(case)}: amountPaid is {paid}, which leaves no room for payment {row.id} of {row.amount}."
    if case.now - row.updated_at > _LATE_SUM_WAIT:
        raise held("paid_differs", text, f"compare the payments in Avantto, then: {RETRY}")
    return Wait(UNMATCHED_WAIT, Reason("amount_paid", text))


def _remainder(case: InvoiceCase, draft: InvoiceDraft, rest: Money) -> tuple[BookStep, ...]:
    """Record what no transaction explains (cash, a cheque), once a late transaction had its chance."""
    if not rest:
        return ()
    waited = case.now - _unmatched_since(case)
    if waited < UNMATCHED_WAIT:
        text = f"{named(case)}: {rest} was paid without a transaction so far."
        return (Wait(UNMATCHED_WAIT - waited, Reason(UNMATCHED, text)),)
    part = f"{_RECORDED}{_last_number(case.posted) + 1}"
    invoice = case.invoice
    note = recorded_note(invoice.number, invoice.id, part)
    return (RecordPayment(part, _draft(case, draft, rest, recorded_reference(invoice.id, part), note)),)


def _unmatched_since(case: InvoiceCase) -> datetime:
    """Since when the remainder can have been there: not before the invoice last changed."""
    seen = case.first_seen_unmatched or case.now
    return max(seen, case.invoice.updated_at) if case.invoice.updated_at <= case.now else seen


def _last_number(posted: Sequence[PostedPayment]) -> int:
    """A number is never used twice, also when its payment was adopted since: two would share one marker."""
    numbers = (payment.part.removeprefix(_RECORDED) for payment in posted if is_recorded(payment.part))
    return max([len(posted), *map(int, numbers)])


def _from_transaction(case: InvoiceCase, draft: InvoiceDraft, row: Transaction) -> RecordPayment:
    note = payment_note(row.id, case.invoice.number, case.invoice.id)
    return RecordPayment(row.id, _draft(case, draft, _amount(case, row), payment_reference(row.id), note, row))


def _draft(
    case: InvoiceCase,
    draft: InvoiceDraft,
    amount: Money,
    reference: str,
    note: str,
    row: Transaction | None = None,
) -> PaymentDraft:
    # Avantto tells no date for money recorded by hand: the day it was entered is the nearest.
    day = day_of(row.charged_at if row else case.invoice.updated_at, case.location.time_zone) or draft.day
    check_period(case, [day], f"A payment of {named(case)}")
    return PaymentDraft(
        customer=draft.customer,
        invoice=case.link.object_id if case.link else "",
        total=amount,
        day=day,
        reference=reference,
        note=note,
        account=deposit_account(case),
        method=payment_method(case.company, row.method, row.provider) if row else "",
    )


def _amount(case: InvoiceCase, row: Transaction) -> Money:
    return money(row.amount, case.invoice.currency, "amount", f"Payment {row.id}")
