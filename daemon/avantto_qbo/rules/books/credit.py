"""Money that came for an invoice which is void or deleted before it was posted: it stays the customer's credit (I5).

Whether Avantto's payment or its void is seen first must not matter: the books end the same.
"""

from __future__ import annotations

from datetime import date

import msgspec

from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.steps import BookStep, InvoiceCase, RecordPayment
from avantto_qbo.rules.books.checks import money, named
from avantto_qbo.rules.books.payment import from_transaction, remainder
from avantto_qbo.rules.books.received import amount_of, attributed, received
from avantto_qbo.rules.books.sources import came, given_back


def plan_credit(case: InvoiceCase, customer: CustomerId, day: date) -> tuple[BookStep, ...]:
    """Record what came and is not in the books yet, on no invoice. What went back in full never came.

    `day` dates money that tells no day itself.
    """
    fresh: tuple[BookStep, ...] = tuple(from_transaction(case, customer, day, row) for row in _fresh(case))
    steps = fresh or remainder(case, customer, day, _rest(case))
    return tuple(_unlinked(step) if isinstance(step, RecordPayment) else step for step in steps)


def has_credit(case: InvoiceCase) -> bool:
    """Say whether money came that is not in the books yet."""
    return bool(_fresh(case)) or bool(_rest(case))


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
