"""Money that came for an invoice which is void or deleted before it was posted: it stays the customer's credit (I5).

Whether Avantto's payment or its void is seen first must not matter: the books end the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.steps import AdoptPayment, BookStep, InvoiceCase, RecordPayment
from avantto_qbo.rules.books.checks import money, named
from avantto_qbo.rules.books.money.payment import from_transaction, matched, remainder
from avantto_qbo.rules.books.money.received import (
    Takings,
    amount_of,
    attributed,
    fees_outside,
    is_recorded,
    received,
    sums_of,
    unexplained,
)
from avantto_qbo.rules.books.sources import came, given_back, is_real
from avantto_qbo.rules.reasons import LOWER_PAYMENTS, SKIP, held


def plan_credit(case: InvoiceCase, customer: CustomerId, day: date) -> tuple[BookStep, ...]:
    """Record what came and is not in the books yet, on no invoice. What went back in full never came.

    `day` dates money that tells no day itself. Raises HeldError where the sums leave open which money it was.
    """
    adopted, fresh = _late(case)
    steps: tuple[BookStep, ...] = (*adopted, *(from_transaction(case, customer, day, row) for row in fresh))
    steps = steps or remainder(case, customer, day, _rest(case))
    return tuple(_unlinked(step) if isinstance(step, RecordPayment) else step for step in steps)


def has_credit(case: InvoiceCase) -> bool:
    """Say whether money came that is not in the books yet, or stands there by another name. Raises as `plan_credit`."""
    return any(_late(case)) or bool(_rest(case))


def stranded(invoice: str, rows: Iterable[Transaction]) -> Reason | None:
    """Say why money needs a person: it came for an invoice that Avantto has deleted and the books never had.

    None when none came, or all of it went back.
    """
    for row in rows:
        if is_real(row) and row.status == "succeeded" and row.amount_refunded < row.amount:
            text = (
                f"Payment {row.id} of {row.amount} {row.currency} came for invoice {invoice}, which was deleted in "
                "Avantto before it was posted."
            )
            return Reason("payment_of_deleted", text, f"enter the payment in QuickBooks, then: {SKIP}")
    return None


def _late(case: InvoiceCase) -> tuple[tuple[AdoptPayment, ...], list[Transaction]]:
    """Transactions that are not in the books: those recorded there as cash, and those to record, which stayed.

    Where all of them were paid besides the cash, what went back in full leaves it alone.
    """
    unknown, room = _unknown(case), _amount_paid(case) - received(case)
    stayed = [row for row in unknown if given_back(row) != amount_of(case, row)]
    recorded = _recorded(case)
    if not recorded or _sum(case, unknown) <= room:
        adopted, late = matched(case, stayed)
        return adopted, list(late)
    adopted, late = matched(case, unknown)
    if late and _sum(case, late) > room:
        text = (
            f"{named(case)} is void, and {recorded} that Avantto showed without a transaction stands in QuickBooks; "
            f"was payment {' and '.join(row.id for row in late)} of {_sum(case, late)}, which turned up since, part of "
            "it?"
        )
        raise held("paid_less", text, LOWER_PAYMENTS)
    return adopted, [row for row in late if row in stayed]


def _unknown(case: InvoiceCase) -> list[Transaction]:
    known = {payment.part for payment in case.posted}
    return [row for row in attributed(case) if came(row) and row.amount and row.id not in known]


def _recorded(case: InvoiceCase) -> Money:
    return total((one.amount for one in case.posted if is_recorded(one.part)), case.invoice.currency)


def _rest(case: InvoiceCase) -> Money:
    """Cash and cheques: what `amountPaid` counts beyond transactions and payments."""
    paid = _amount_paid(case)
    explained = received(case) + _sum(case, _unknown(case))
    money_in = _takings(case, paid)
    if money_in.most > explained:
        return unexplained(case, paid, money_in, explained)
    if money_in.most < explained:
        _check_made_up(case, paid)
    return Money.zero(paid.currency)


def _check_made_up(case: InvoiceCase, paid: Money) -> None:
    """Hold a sum that nothing known makes up: cash beside a debit that came after the void, or cash that was none."""
    rows, currency = [row for row in attributed(case) if came(row)], paid.currency
    by_transaction = {one.part: one.amount for one in case.posted if not is_recorded(one.part)}
    by_transaction |= {row.id: amount_of(case, row) for row in rows}
    beside_cash = paid + fees_outside(case) - _recorded(case)
    readings = {beside_cash, beside_cash + total(map(given_back, rows), currency)}
    if case.deleted or readings & sums_of(by_transaction.values(), max(readings)):
        return  # of a deleted invoice nobody knows what was paid
    known = total(by_transaction.values(), currency) + _recorded(case)
    text = f"{named(case)} is void; payments of {known} are known, which do not make up its amountPaid of {paid}."
    raise held("paid_less", text, LOWER_PAYMENTS)


def _takings(case: InvoiceCase, paid: Money) -> Takings:
    """Both readings of `amountPaid` where a refund was made, the invoice's total as their bound."""
    rows = tuple(row for row in attributed(case) if came(row))
    sums = {paid, paid + total(map(given_back, rows), paid.currency)}
    bound = money(case.invoice.total, paid.currency, "total", named(case))
    return Takings(rows, tuple(sorted(one for one in sums if one <= max(paid, bound))))


def _sum(case: InvoiceCase, rows: Iterable[Transaction]) -> Money:
    return total((amount_of(case, row) for row in rows), case.invoice.currency)


def _amount_paid(case: InvoiceCase) -> Money:
    return money(case.invoice.amount_paid, case.invoice.currency, "amountPaid", named(case))


def _unlinked(step: RecordPayment) -> RecordPayment:
    return msgspec.structs.replace(step, draft=msgspec.structs.replace(step.draft, invoice=""))
