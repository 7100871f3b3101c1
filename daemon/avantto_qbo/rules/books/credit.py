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
from avantto_qbo.model.steps import BookStep, InvoiceCase, RecordPayment
from avantto_qbo.rules.books.checks import money, named
from avantto_qbo.rules.books.payment import from_transaction, matched, remainder
from avantto_qbo.rules.books.received import amount_of, attributed, received
from avantto_qbo.rules.books.sources import came, given_back, is_real
from avantto_qbo.rules.reasons import SKIP


def plan_credit(case: InvoiceCase, customer: CustomerId, day: date) -> tuple[BookStep, ...]:
    """Record what came and is not in the books yet, on no invoice. What went back in full never came.

    `day` dates money that tells no day itself.
    """
    adopted, fresh = matched(case, _fresh(case))
    steps: tuple[BookStep, ...] = (*adopted, *(from_transaction(case, customer, day, row) for row in fresh))
    steps = steps or remainder(case, customer, day, _rest(case))
    return tuple(_unlinked(step) if isinstance(step, RecordPayment) else step for step in steps)


def has_credit(case: InvoiceCase) -> bool:
    """Say whether money came that is not in the books yet."""
    return bool(_fresh(case)) or bool(_rest(case))


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


def _fresh(case: InvoiceCase) -> list[Transaction]:
    known = {payment.part for payment in case.posted}
    rows = (row for row in attributed(case) if came(row) and row.amount and row.id not in known)
    return [row for row in rows if given_back(row) != amount_of(case, row)]


def _rest(case: InvoiceCase) -> Money:
    """Cash and cheques: what `amountPaid` counts beyond transactions and payments."""
    currency = case.invoice.currency
    paid = money(case.invoice.amount_paid, currency, "amountPaid", named(case))
    known = {payment.part for payment in case.posted}
    rows = (amount_of(case, row) for row in attributed(case) if came(row) and row.id not in known)
    rest = paid - received(case) - total(rows, currency)
    return rest if rest.minor > 0 else Money.zero(currency)


def _unlinked(step: RecordPayment) -> RecordPayment:
    return msgspec.structs.replace(step, draft=msgspec.structs.replace(step.draft, invoice=""))
