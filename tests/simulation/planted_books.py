"""Planted bugs in what is put into the books: wrong sums, wrong days, too much and too little."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import msgspec

from avantto_qbo.actors import performer
from avantto_qbo.actors.books.customers import Customers
from avantto_qbo.actors.polls.invoice_rows import InvoiceRows
from avantto_qbo.actors.polls.payment_rows import PaymentRows
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Operation
from avantto_qbo.model.outcome import Outcome
from avantto_qbo.rules.books import plan, receipt, refund
from avantto_qbo.rules.dates import day_of
from avantto_qbo.rules.settle import Verdict, judge
from simulation.narrowed import Patch, together


def play_money() -> Patch:
    """A payment is a payment, in whatever mode it was made."""
    return patch.object(plan, "is_real", lambda _: True)


def invoices_sold_again() -> Patch:
    """Every payment becomes a sales receipt, the payments of invoices too."""
    return together(
        patch.object(plan, "pays_invoice", lambda *_: False),
        patch.object(receipt, "switched_on", lambda _: True),
        patch.object(PaymentRows, "_invoice_of", lambda *_: ""),
    )


def money_through_float() -> Patch:
    """Cents are a float times a hundred, cut off."""

    def of(cls: type[Money], amount: Decimal | int | str, currency: str) -> Money:
        return cls(int(float(amount) * 100), currency.upper())

    return patch.object(Money, "of", classmethod(of))


def day_of_the_server() -> Patch:
    """The day of a sale is the day it is at the server."""

    def day(value: str | datetime, _: str) -> date | None:
        return day_of(value, "UTC")

    return patch.object(receipt, "day_of", day)


def first_refund_only() -> Patch:
    """A refund is known by its payment; the second of one was seen before."""
    refunds = refund._refunds

    def planned(case: Any, rows: Sequence[Transaction], agreed: Any, what: str) -> Any:
        known = {posted.transaction for posted in case.refunds}
        return refunds(case, [row for row in rows if row.id not in known], agreed, what)

    return patch.object(refund, "_refunds", planned)


def deleted_made_again() -> Patch:
    """What is missing in the books is put there again, whoever took it away."""
    standing = plan._standing

    def stands(case: Any) -> Any:
        if case.link is not None and case.link.status in ("deleted", "voided"):
            case = msgspec.structs.replace(case, link=None, agreed=None)
        return standing(case)

    return patch.object(plan, "_standing", stands)


def invoices_from_ever() -> Patch:
    """Everything that is listed goes into the books: more is better."""
    left_out = plan._left_out

    def left(case: Any, **posted: bool) -> Any:
        found = left_out(case, **posted)
        return None if found is not None and found.reason.code == "before_cut_off" else found

    def take(self: InvoiceRows, db: Connection, rows: Any) -> int:
        return sum([self._take(db, row) for row in rows])

    return together(patch.object(plan, "_left_out", left), patch.object(InvoiceRows, "take", take))


def total_not_compared() -> Patch:
    """What the books answered is fine, whatever total they came to."""

    def judged(op: Operation, outcome: Outcome, **rest: Any) -> Verdict:
        return judge(msgspec.structs.replace(op, expected=""), outcome, **rest)

    return patch.object(performer, "judge", judged)


def nothing_claimed() -> Patch:
    """Who finds no customer makes one; that two look at the same time is unlikely."""
    return patch.object(Customers, "_take", lambda *_: None)
