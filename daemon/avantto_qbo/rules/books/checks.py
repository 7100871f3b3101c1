"""What every document is checked for before anything is planned, and how a person recognises it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from avantto_qbo.model.money import Money
from avantto_qbo.model.steps import InvoiceCase, SaleCase
from avantto_qbo.rules.reasons import REOPEN, RETRY, SKIP, held


def named(case: InvoiceCase) -> str:
    """How a person recognises the invoice."""
    return f"Invoice {case.invoice.number or case.invoice.id}"


def check_currency(case: SaleCase, currency: str, what: str) -> None:
    """Refuse a currency the company cannot hold."""
    if currency.upper() != case.company.currency and not case.company.multi_currency:
        text = f"{what} is in {currency}, but the company keeps {case.company.currency} only."
        raise held("currency", text, f"turn on multicurrency in QuickBooks, then: {RETRY}")


def check_period(case: SaleCase, days: Sequence[date], what: str) -> None:
    """Refuse to touch a period the bookkeeper closed."""
    closed = case.company.books_closed
    if closed and any(day <= closed for day in days):
        text = f"{what} is dated {min(days)}, but the books are closed up to {closed}."
        raise held("books_closed", text, REOPEN)


def money(value: Decimal, currency: str, field: str, what: str) -> Money:
    """Take an amount of Avantto's exactly, or hold naming its field."""
    try:
        return Money.of(value, currency)
    except ValueError:
        text = f"{what}: {field} is {value}, which has more decimals than {currency} allows."
        raise held("amount", text, f"correct it in Avantto, or enter it in QuickBooks, then: {SKIP}") from None
