from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from avantto_qbo.model.ids import CustomerId, RealmId
from avantto_qbo.model.quickbooks import Company, InvoiceRow
from unit.rules.cases import transaction

LATER = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)


def test_a_payment_is_dated_by_when_the_money_moved() -> None:
    assert transaction(fulfilled_at=LATER).charged_at == LATER
    pending = transaction(fulfilled_at=None)
    assert pending.charged_at == pending.created_at


@pytest.mark.parametrize(
    ("total", "balance", "note", "voided"),
    [("0", "0", "Voided - x", True), ("0", "0", "x", False), ("5", "0", "Voided", False), ("0", "5", "Voided", False)],
)
def test_a_void_is_told_by_its_sums_and_its_note(total: str, balance: str, note: str, voided: bool) -> None:
    row = InvoiceRow("1", "0", CustomerId("2"), Decimal(total), Decimal(balance), LATER, LATER, note=note)
    assert row.voided is voided


def test_only_the_united_states_are_american() -> None:
    assert Company(RealmId("1"), "A", "US", "USD").american
    assert not Company(RealmId("1"), "A", "CA", "CAD").american
