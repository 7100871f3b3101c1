"""The test documents that prove whether a company takes the same write twice: small, marked, and taken back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import msgspec

from avantto_qbo.model.drafts import CustomerDraft, DraftLine, InvoiceDraft, PaymentDraft, ReceiptDraft, RefundDraft
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.model.records import LocationRecord
from avantto_qbo.model.settings import Settings
from avantto_qbo.rules.books.company.accounts import deposit_account_of, refund_account_of
from avantto_qbo.rules.dates import day_of
from avantto_qbo.rules.reasons import REOPEN, HeldError, held
from avantto_qbo.rules.reference import test_note

_SOLD: Final = frozenset({"Service", "NonInventory"})
_WORDS: Final = "Test of avantto-qbo: it is taken back by itself within the hour and concerns nobody"
_ADD_ITEM: Final = "add a service item in QuickBooks, then run the test again"


class Ground(msgspec.Struct, frozen=True):
    """What the documents of one run are made of; `refund` is "" where no account is known that money leaves from."""

    run: str
    company: Company
    day: date
    item: str
    deposit: str
    refund: str

    @property
    def short(self) -> str:
        """The part of the run's id that differs from run to run."""
        return self.run[-8:]


def ground(run: str, company: Company, settings: Settings, record: LocationRecord, day: date) -> Ground:
    """Find item and accounts for a run on `day`. Raises HeldError with what has to be mended first."""
    if company.books_closed is not None and day <= company.books_closed:
        raise held("books_closed", f"The books are closed up to {company.books_closed}; a test needs today.", REOPEN)
    sold = [item.id for item in company.items if item.active and item.kind in _SOLD]
    if not sold:
        raise held("canary_item", "The company has no active service item a test document could name.", _ADD_ITEM)
    item = company.default_item if company.default_item in sold else sold[0]
    deposit = deposit_account_of(company, settings, record.id)
    try:
        refund = refund_account_of(company, settings, record.id)
    except HeldError:  # refunds wait for the owner anyway; the rest can be proven
        refund = ""
    return Ground(run, company, day, item, deposit, refund)


def customer(on: Ground) -> CustomerDraft:
    """The customer that only test documents have: without an address, so that nobody is ever written to."""
    currency = on.company.currency if on.company.multi_currency else ""
    return CustomerDraft(customer_name(on.run), test_note(on.run), currency=currency)


def customer_name(run: str) -> str:
    """What a run's customer is called."""
    return f"avantto-qbo test {run[-8:]}"


def invoice(on: Ground, whose: CustomerId) -> InvoiceDraft:
    """An invoice over one unit of the currency."""
    zero, one = Money.zero(on.company.currency), _one(on)
    return InvoiceDraft(
        customer=whose,
        number=_number(on, "I"),
        day=on.day,
        due=None,
        email="",
        lines=_lines(on),
        discount=zero,
        discount_account="",
        tax=zero,
        total=one,
        memo="",
        note=test_note(on.run),
    )


def payment(on: Ground, whose: CustomerId, invoice_id: str) -> PaymentDraft:
    """A payment that settles all of the invoice, so that another one is beyond its balance."""
    return PaymentDraft(whose, invoice_id, _one(on), on.day, f"TEST-{on.short}", test_note(on.run), on.deposit)


def receipt(on: Ground, whose: CustomerId) -> ReceiptDraft:
    """A sales receipt over one unit of the currency."""
    zero = Money.zero(on.company.currency)
    return ReceiptDraft(
        customer=whose,
        number=_number(on, "S"),
        day=on.day,
        email="",
        lines=_lines(on),
        discount=zero,
        discount_account="",
        tax=zero,
        total=_one(on),
        reference=f"TEST-{on.short}",
        note=test_note(on.run),
        memo="",
        account=on.deposit,
    )


def refund(on: Ground, whose: CustomerId) -> RefundDraft:
    """The same in reverse."""
    sold = msgspec.structs.asdict(receipt(on, whose))
    return RefundDraft(**sold | {"number": _number(on, "R"), "account": on.refund}, refunded=_one(on))


def today(record: LocationRecord, now: datetime) -> date:
    """The day of the documents, where the location is."""
    return day_of(now, record.time_zone) or now.date()


def _one(on: Ground) -> Money:
    return Money.of(1, on.company.currency)


def _lines(on: Ground) -> tuple[DraftLine, ...]:
    return (DraftLine(on.item, _one(on), description=_WORDS),)


def _number(on: Ground, letter: str) -> str:
    return f"TEST-{on.short}-{letter}" if on.company.custom_numbers else ""
