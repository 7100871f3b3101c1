"""What was received on an invoice (I3): Avantto's `amountPaid` is the truth, its transactions say which money it was.

Whether a refund lowers `amountPaid` is not documented (UNVERIFIED): both readings are accepted, and where they lead to
different books a person is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import islice
from typing import Final

import msgspec

from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.drafts import InvoiceDraft
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.steps import InvoiceCase
from avantto_qbo.rules.books.checks import money, named
from avantto_qbo.rules.books.sources import FAILED, PENDING, came, given_back, is_real
from avantto_qbo.rules.reasons import RETRY, SKIP, UNKNOWN_STATUS, HeldError, held

_RECORDED: Final = "recorded:"
_SUMMANDS: Final = 12  # each doubles the sums there may be
_OR_SKIP: Final = f"{RETRY} (or skip ID)"


class Takings(msgspec.Struct, frozen=True):
    """The money of one invoice: the transactions it came by, oldest first, and what they and cash may add up to.

    `sums` are what `amountPaid` may stand for, smallest first: one value unless something was refunded.
    """

    rows: tuple[Transaction, ...]
    sums: tuple[Money, ...]

    @property
    def most(self) -> Money:
        return self.sums[-1]


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
    """What our payments on this invoice add up to, refunds not taken off.

    One that a person deleted counts, or it would come back unasked, unless its money went back to the bank.
    """
    failed = failed_parts(case)
    standing = (one for one in case.posted if one.draft is not None or one.part not in failed)
    return total((payment.amount for payment in standing), case.invoice.currency)


def booked(case: InvoiceCase) -> Money:
    """What Avantto received by the payments in the books: the amount of one may have been lowered there since."""
    by, currency = {row.id: row for row in attributed(case)}, case.invoice.currency
    return total((amount_of(case, by[one.part]) if one.part in by else one.amount for one in case.posted), currency)


def sums_of(amounts: Iterable[Money], most: Money) -> set[Money]:
    """What some or all of these come to, and nothing, as far as it is not above `most`; of very many only the first."""
    sums = {Money.zero(most.currency)}
    for amount in islice(amounts, _SUMMANDS):
        sums |= {one + amount for one in sums if one + amount <= most}
    return sums


def failed_parts(case: InvoiceCase) -> set[str]:
    """The transactions of this invoice that never brought money, or whose money the bank took back."""
    return {row.id for row in attributed(case) if row.status in FAILED}


def amount_of(case: InvoiceCase, row: Transaction) -> Money:
    """A transaction's amount before refunds."""
    return money(row.amount, case.invoice.currency, "amount", f"Payment {row.id}")


def gross_received(case: InvoiceCase) -> Money:
    """What came in for the invoice before anything was refunded, tips and fees included.

    Where `amountPaid` is less than the payments that are known, the refunds were taken off it.
    """
    bound = money(case.invoice.total, case.invoice.currency, "total", named(case))
    found = _read(case, bound)
    known = max(received(case), _sum(case, found.rows))
    return found.lowered if known > found.stated else found.stated


def takings(case: InvoiceCase, draft: InvoiceDraft) -> Takings:
    """Read what was received. `draft.total` is the bound, which tips and fees named on the invoice have raised.

    Raises HeldError when the sums contradict each other or nothing says what an excess was for.
    """
    found = _read(case, draft.total)
    gross = _sum(case, found.rows)
    if gross > draft.total:
        raise _overpaid(case, draft, found.rows, gross)
    if found.stated < received(case) <= draft.total < found.lowered:  # what was given back was paid once more
        raise _overpaid(case, draft, found.rows, found.lowered)
    sums = {one for one in (found.stated, found.lowered) if 0 <= one.minor <= draft.total.minor}
    if not sums:
        raise _overpaid(case, draft, found.rows, found.stated)
    return Takings(found.rows, tuple(sorted(sums)))


def unexplained(case: InvoiceCase, bound: Money, money_in: Takings, explained: Money) -> Money:
    """What was received beyond `explained`, the payments there are: cash, a cheque. A refund never makes any.

    Raises HeldError where both readings leave room for it.
    """
    if len(money_in.sums) == 1:
        return money_in.most - explained
    if case.invoice.status == "paid" and bound in money_in.sums:
        return bound - explained
    if explained in money_in.sums:
        return Money.zero(explained.currency)
    ways = " or ".join(str(one - explained) for one in money_in.sums if one > explained)
    text = (
        f"{named(case)}: payments of {explained} are known and part of them was refunded; amountPaid "
        f"can mean that {ways} more was received without a transaction."
    )
    raise held("refund_remainder", text, "enter the money in QuickBooks, then: avantto-qbo skip ID")


def _check_rows(case: InvoiceCase) -> None:
    """Hold what only a person can read: another currency, an unknown status."""
    what, currency = named(case), case.invoice.currency.upper()
    for row in attributed(case):
        if row.currency.upper() != currency:
            text = f"{what} is in {currency}, but payment {row.id} is in {row.currency}."
            raise held("payment_currency", text, "enter the payment in QuickBooks, then: avantto-qbo skip ID")
        if not came(row) and row.status not in PENDING | FAILED:
            text = f"{what}: payment {row.id} has the unknown status {row.status!r}."
            raise held("payment_status", text, UNKNOWN_STATUS)


class _Reading(msgspec.Struct, frozen=True):
    """`stated` is what was received if a refund leaves `amountPaid` alone, `lowered` if it comes off it."""

    rows: tuple[Transaction, ...]
    stated: Money
    lowered: Money


def _read(case: InvoiceCase, bound: Money) -> _Reading:
    _check_rows(case)
    arrived = [row for row in attributed(case) if came(row) and row.amount]
    rows = _without_surplus(case, bound, arrived)
    paid = money(case.invoice.amount_paid, bound.currency, "amountPaid", named(case)) + fees_outside(case)
    left_out = _sum(case, arrived) - _sum(case, rows)
    return _Reading(rows, paid - left_out, paid + total((given_back(row) for row in rows), bound.currency))


def _without_surplus(case: InvoiceCase, bound: Money, rows: Sequence[Transaction]) -> tuple[Transaction, ...]:
    """Leave out what was paid once too often, was never posted, and went back in full: it never was for the invoice."""
    posted, surplus = {payment.part for payment in case.posted}, _sum(case, rows) - bound
    left_out = set[str]()
    for row in reversed(rows[1:]):
        amount = amount_of(case, row)
        if surplus.minor > 0 and row.id not in posted and given_back(row) == amount:
            left_out.add(row.id)
            surplus -= amount
    return tuple(row for row in rows if row.id not in left_out)


def fees_outside(case: InvoiceCase) -> Money:
    """The processing fees that stand neither in the total nor in `amountPaid`, only in the charge (UNVERIFIED).

    The charges tell where they are all known; else `amountPaid` and `amountDue` make up the total and whatever was
    paid on top of it.
    """
    if (charged := _fees_charged(case)) is not None:
        return charged
    invoice, fees = case.invoice, [fee.amount for fee in case.invoice.fees]
    sold = invoice.subtotal - invoice.discount_total
    if invoice.total not in {sold, sold + invoice.tax_total}:
        return Money.zero(invoice.currency)
    on_top, named_fees = invoice.amount_paid + invoice.amount_due - invoice.total, sum(fees, Decimal(0))
    outside = named_fees - (on_top if on_top in fees else 0)
    return Money.rounded(outside if on_top < named_fees else Decimal(0), invoice.currency)


def _fees_charged(case: InvoiceCase) -> Money | None:
    """The named fees, with or without those that are tips, where the charges exceed `amountPaid` by just those.

    Nothing where the charges are what `amountPaid` says, before or after refunds.
    """
    rows, currency = [row for row in attributed(case) if came(row)], case.invoice.currency
    paid, back = Money.rounded(case.invoice.amount_paid, currency), total(map(given_back, rows), currency)
    no_tips = [fee for fee in case.invoice.fees if "tip" not in fee.name.casefold()]
    sums = (sum((fee.amount for fee in fees), Decimal(0)) for fees in (case.invoice.fees, no_tips))
    gaps = {_sum(case, rows) - paid, _sum(case, rows) - paid - back}
    if rows and Money.zero(currency) in gaps:
        return Money.zero(currency)
    return next((fees for one in sums if (fees := Money.rounded(one, currency)) and fees in gaps), None)


def _overpaid(case: InvoiceCase, draft: InvoiceDraft, rows: Sequence[Transaction], paid: Money) -> HeldError:
    what, back = named(case), total(map(given_back, rows), paid.currency)
    if back and paid - back <= draft.total:
        text = (
            f"{what}: of {paid} received in Avantto {back} was refunded, and its total is {draft.total}: paid again "
            "after a refund? In QuickBooks a refund receipt does not open the invoice again."
        )
        return held("overpaid", text, f"enter the later payment in QuickBooks as a sale, then: {SKIP}")
    whole = [row.id for row in rows if amount_of(case, row) == draft.total]
    if len(whole) > 1:
        text = f"{what}: payments {' and '.join(whole)} are each of {draft.total}, its whole total: paid twice?"
        return held("paid_twice", text, f"refund the later one in Avantto, then: {_OR_SKIP}")
    text = (
        f"{what}: {paid} was received in Avantto, but its total is {draft.total}; "
        f"no tip or fee on it says what the other {paid - draft.total} is for."
    )
    # A payment refunded in full is left out; of one that stays in part nobody but a person can say what it was for.
    whole_excess = any(amount_of(case, row) == paid - draft.total for row in rows[1:])
    refunded = "refund the payment of the excess or " if whole_excess else ""
    by_hand = f"or enter the money in QuickBooks by hand, then: {SKIP}"
    return held("overpaid", text, f"{refunded}add a line for it in Avantto, then: {RETRY}; {by_hand}")


def _sum(case: InvoiceCase, rows: Iterable[Transaction]) -> Money:
    return total((amount_of(case, row) for row in rows), case.invoice.currency)
