"""Drafts, companies and recorded answers for tests of the QuickBooks edge; override what a test is about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from avantto_qbo.model.drafts import CustomerDraft, Draft, DraftLine, InvoiceDraft, PaymentDraft, ReceiptDraft
from avantto_qbo.model.ids import Chain, CustomerId, LocationId, OperationId, RealmId
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Call, Kind, Operation, Source, State
from avantto_qbo.model.quickbooks import Company, TaxCode, TaxRate

SAMPLES: Final = Path(__file__).parent / "samples" / "quickbooks"
NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def company(**overrides: Any) -> Company:
    facts: dict[str, Any] = {"realm": RealmId("9001"), "name": "Salon", "country": "US", "currency": "USD"}
    return Company(**{**facts, **overrides})


def canadian_company(**overrides: Any) -> Company:
    rates = (TaxRate("3", "GST", Decimal(5)), TaxRate("4", "QST", Decimal("9.975")))
    codes = (TaxCode("7", "GST/QST", ("3", "4")), TaxCode("8", "GST", ("3",)))
    facts = {"country": "CA", "currency": "CAD", "tax_rates": rates, "tax_codes": codes}
    return company(**{**facts, **overrides})


def line(amount: str | Money = "100.00", **overrides: Any) -> DraftLine:
    money = amount if isinstance(amount, Money) else usd(amount)
    return DraftLine(**{"item": "5", "amount": money, "description": "Haircut", "tax_code": "TAX", **overrides})


def invoice(**overrides: Any) -> InvoiceDraft:
    draft: dict[str, Any] = {
        "customer": CustomerId("63"),
        "number": "INV-1042",
        "day": date(2026, 11, 20),
        "due": date(2026, 12, 20),
        "email": "geeta@example.com",
        "lines": (line(quantity=Decimal(2), unit_price=Decimal("50.00")),),
        "discount": usd("10"),
        "discount_account": "86",
        "tax": usd("7.20"),
        "total": usd("97.20"),
        "memo": "Thank you",
        "note": "Avantto invoice INV-1042 · 64e2",
    }
    return InvoiceDraft(**{**draft, **overrides})


def receipt(**overrides: Any) -> ReceiptDraft:
    draft: dict[str, Any] = {
        "customer": CustomerId("63"),
        "number": "AV-9",
        "day": date(2026, 11, 20),
        "email": "geeta@example.com",
        "lines": (line("25.00", tax_code="NON"),),
        "discount": usd("0"),
        "discount_account": "",
        "tax": usd("0"),
        "total": usd("25.00"),
        "reference": "9g3k1",
        "note": "Avantto payment 6a1",
        "memo": "",
        "account": "4",
        "method": "2",
    }
    return ReceiptDraft(**{**draft, **overrides})


def payment(**overrides: Any) -> PaymentDraft:
    draft: dict[str, Any] = {
        "customer": CustomerId("63"),
        "invoice": "239",
        "total": usd("50.00"),
        "day": date(2026, 11, 21),
        "reference": "9g3k1",
        "note": "Avantto payment 6a1",
        "account": "4",
    }
    return PaymentDraft(**{**draft, **overrides})


def customer(**overrides: Any) -> CustomerDraft:
    draft: dict[str, Any] = {
        "display_name": "Geeta Kalapatapu",
        "notes": "Avantto contact 3bN9k",
        "email": "Geeta@Example.com",
        "phone": "+16505553311",
        "given_name": "Geeta",
        "family_name": "Kalapatapu",
    }
    return CustomerDraft(**{**draft, **overrides})


def operation(kind: Kind, draft: Draft, call: Call, **overrides: Any) -> Operation:
    facts: dict[str, Any] = {
        "id": OperationId("op-1"),
        "location": LocationId("loc-1"),
        "realm": RealmId("9001"),
        "kind": kind,
        "chain": Chain("chain"),
        "source": Source("invoice", "64e2"),
        "request_id": "op-1",
        "call": call,
        "intent": msgspec.json.encode(draft),
        "state": State.DOUBT,
        "created_at": NOW,
        "updated_at": NOW,
        "sent_at": NOW,
    }
    return Operation(**{**facts, **overrides})
