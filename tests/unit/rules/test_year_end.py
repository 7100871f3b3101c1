"""The last night of a year: every document is dated by the day it was where the location is, never by the server's."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from avantto_qbo.model.settings import LateChanges, Settings
from avantto_qbo.model.steps import CreateReceipt, CreateRefund, Hold, RecordPayment, UpdateInvoice
from avantto_qbo.rules.books.plan import plan_invoice, plan_receipt
from unit.rules.cases import (
    drafted,
    invoice,
    invoice_case,
    link,
    location,
    paid_by,
    posted_case,
    receipt_case,
    transaction,
)

MOMENT = datetime(2027, 1, 1, 4, 30, tzinfo=UTC)
NIGHTS = [
    ("Pacific/Auckland", date(2027, 1, 1)),
    ("Europe/London", date(2027, 1, 1)),
    ("America/Chicago", date(2026, 12, 31)),
    ("Pacific/Honolulu", date(2026, 12, 31)),
]


@pytest.mark.parametrize(("zone", "day"), NIGHTS)
def test_an_invoice_whose_issue_date_is_an_instant(zone: str, day: date) -> None:
    case = invoice_case(invoice(issue_date=MOMENT.isoformat()), location=location(time_zone=zone))
    assert drafted(case).day == day


@pytest.mark.parametrize(("zone", "day"), NIGHTS)
def test_a_payment_and_the_sale_it_was_for(zone: str, day: date) -> None:
    place = location(time_zone=zone)
    paid = invoice(amount_paid=Decimal(100), status="paid", updated_at=MOMENT)
    row = paid_by("100", created_at=MOMENT, updated_at=MOMENT)
    case = posted_case(paid, before=invoice(), transactions=(row,), location=place, now=MOMENT)
    (payment,) = plan_invoice(case)
    assert isinstance(payment, RecordPayment)
    assert payment.draft.day == day
    (sale,) = plan_receipt(receipt_case(transaction(created_at=MOMENT, updated_at=MOMENT), location=place, now=MOMENT))
    assert isinstance(sale, CreateReceipt)
    assert sale.draft.day == day


@pytest.mark.parametrize(("zone", "day"), NIGHTS)
def test_a_refund_is_dated_by_its_own_day(zone: str, day: date) -> None:
    place = location(time_zone=zone)
    (sale,) = plan_receipt(receipt_case(location=place))
    assert isinstance(sale, CreateReceipt)
    back = transaction(amount_refunded=Decimal(40), updated_at=MOMENT)
    (step,) = plan_receipt(receipt_case(back, location=place, link=link("SalesReceipt"), agreed=sale.draft, now=MOMENT))
    assert isinstance(step, CreateRefund)
    assert step.draft.day == day


@pytest.mark.parametrize(("zone", "late"), [("Pacific/Auckland", True), ("America/Chicago", False)])
def test_december_is_over_when_it_is_over_there(zone: str, late: bool) -> None:
    issued = invoice(issue_date="2026-12-20")
    changed = msgspec.structs.replace(issued, due_date="2027-02-01")
    settings = Settings(late_changes=LateChanges.HOLD)
    case = posted_case(changed, before=issued, location=location(time_zone=zone), now=MOMENT, settings=settings)
    (step,) = plan_invoice(case)
    assert isinstance(step, Hold if late else UpdateInvoice)
