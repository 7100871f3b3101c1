"""Factories for both sides of a reconciliation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.ledger import BookEntity, BookRow
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Source
from avantto_qbo.model.reconciliation import Cause, Entry, Expected, Group, LeftOut, LinkFact, ListedInvoice, Standing
from avantto_qbo.model.settings import Settings
from avantto_qbo.rules.books.comparing.expected import Listing, Terms, expectations
from avantto_qbo.rules.books.comparing.linked import Links
from avantto_qbo.rules.books.comparing.marked import source_of
from avantto_qbo.rules.books.comparing.reconcile import Books, Comparison
from unit.rules.cases import BOOKS_FROM, INVOICE_ID, NOW, PLACE, TXN_ID

DAY = date(2026, 11, 18)
INVOICE = Source("invoice", INVOICE_ID)
SALE = Source("transaction", TXN_ID)
PAYMENT = Source("payment", INVOICE_ID, TXN_ID)
ENTITIES = {
    "invoice": BookEntity.INVOICE,
    "payment": BookEntity.PAYMENT,
    "transaction": BookEntity.RECEIPT,
    "refund": BookEntity.REFUND,
}
NOTES = {
    "invoice": f"Avantto invoice INV-1042 · {INVOICE_ID}",
    "payment": f"Avantto payment {TXN_ID} · invoice INV-1042 · {INVOICE_ID}",
    "transaction": f"Avantto payment {TXN_ID} · Spring offer",
    "refund": f"Avantto refund {TXN_ID} · 40.00 USD",
}


def usd(amount: str | int) -> Money:
    return Money.of(amount, "USD")


def listed(**changes: Any) -> ListedInvoice:
    """A sent invoice over 100."""
    fields: dict[str, Any] = {
        "id": INVOICE_ID,
        "status": "sent",
        "live": True,
        "number": "INV-1042",
        "currency": "USD",
        "total": Decimal(100),
        "amount_paid": Decimal(0),
        "issue_date": "2026-11-18",
        "created_at": datetime(2026, 11, 18, 17, 0, tzinfo=UTC),
        "updated_at": datetime(2026, 11, 19, 17, 0, tzinfo=UTC),
    }
    return ListedInvoice(**fields | changes)


def fact(source: Source = INVOICE, object_id: str = "145", total: str | None = "100", **changes: Any) -> LinkFact:
    """A live link to an object that was agreed on at 100."""
    fields: dict[str, Any] = {
        "source": source,
        "entity": ENTITIES[source.kind],
        "object_id": object_id,
        "status": "live",
        "created_at": NOW,
        "total": usd(total) if total is not None else None,
        "day": DAY,
        "number": "",
        "customer": "20",
    }
    return LinkFact(**fields | changes)


def row(kind: str = "invoice", object_id: str = "145", total: str = "100", **changes: Any) -> BookRow:
    """A row of the books that carries our marker."""
    fields: dict[str, Any] = {
        "entity": ENTITIES[kind],
        "id": object_id,
        "sync_token": "0",
        "total": Decimal(total),
        "created_at": NOW,
        "updated_at": NOW,
        "day": DAY,
        "customer": "20",
        "note": NOTES[kind],
        "currency": "USD",
    }
    return BookRow(**fields | changes)


def told(
    *rows: Transaction,
    invoices: Iterable[ListedInvoice] = (),
    facts: Iterable[LinkFact] = (),
    settings: Settings | None = None,
    payments_from: datetime = BOOKS_FROM,
    attributed: dict[str, str] | None = None,
) -> list[Expected | LeftOut]:
    """What should stand in the books for these documents."""
    listing = Listing(tuple(invoices), rows, payments_from, attributed or {})
    terms = Terms(BOOKS_FROM, "America/Chicago", settings or Settings())
    return list(expectations(listing, terms, Links(list(facts))))


def expected(link: LinkFact | None = None, **changes: Any) -> Expected:
    """An invoice over 100 that should stand in the books."""
    fields: dict[str, Any] = {
        "group": Group.INVOICES,
        "source": INVOICE,
        "about": INVOICE,
        "day": DAY,
        "amount": usd(100),
        "shown": "Invoice INV-1042",
        "link": link,
    }
    return Expected(**fields | changes)


def entries(
    *documents: Expected, rows: Iterable[BookRow] = (), facts: Iterable[LinkFact] = (), **more: Any
) -> list[Entry]:
    """What a comparison of these says."""
    unknown, left_out, known = more.pop("unknown", True), more.pop("left_out", ()), more.pop("known", ())
    keyed = {(one.entity, one.id): one for one in rows}
    sources = {key: source for key, one in keyed.items() if (source := source_of(one)) is not None}
    linked = [one.link for one in documents if one.link is not None]
    if more.pop("complete", True):  # what is not among the rows was asked for by its id, and is not there
        more["gone"] = frozenset(link.key for link in linked) - keyed.keys()
    books = Books(keyed, sources, "USD", **more)
    comparison = Comparison(PLACE, books, Links([*linked, *facts]), left_out, known)
    return list(comparison.entries(documents, unknown=unknown))


def entry(**changes: Any) -> Entry:
    """An invoice that is missing from the books."""
    fields: dict[str, Any] = {
        "group": Group.INVOICES,
        "source": INVOICE,
        "about": INVOICE,
        "day": DAY,
        "shown": "Invoice INV-1042",
        "standing": Standing.MISSING,
        "amount": usd(100),
    }
    return Entry(**fields | changes)


def cause_of(found: Entry) -> Cause:
    assert found.cause is not None
    return found.cause
