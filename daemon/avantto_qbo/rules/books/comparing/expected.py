"""What should stand in the books, told from Avantto's own lists: each document once, or why it is not for the books.

This is arithmetic on the lists alone, so that it can disagree with the journal. Where a document is more than its list
row says (fees beside the total, money paid twice), the planner has the last word: whoever compares asks it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.operation import Source
from avantto_qbo.model.reconciliation import Expected, Group, LeftOut, LinkFact, ListedInvoice
from avantto_qbo.model.settings import OnOff, Settings
from avantto_qbo.rules.books.comparing.linked import Links
from avantto_qbo.rules.books.money.received import is_recorded
from avantto_qbo.rules.books.plan import GONE
from avantto_qbo.rules.books.sources import FAILED, PENDING, came, is_real, pays_invoice, switch_of
from avantto_qbo.rules.dates import day_of

_RECORDED: Final = "recorded"
_REFUNDED: Final = "refunded"


class Listing(msgspec.Struct, frozen=True):
    """Avantto's two lists: all invoices, and the payments made at or after `payments_from`.

    `attributed` says which invoice a payment is for where its own row does not (by id).
    """

    invoices: Sequence[ListedInvoice]
    payments: Sequence[Transaction]
    payments_from: datetime
    attributed: Mapping[str, str] = {}


class Terms(msgspec.Struct, frozen=True):
    """What decides whether a document is for the books: the cut-off, the calendar and the settings."""

    books_from: datetime
    time_zone: str
    settings: Settings


def expectations(listing: Listing, terms: Terms, links: Links) -> Iterator[Expected | LeftOut]:
    """Say of every document what should stand in the books for it, or that nothing should."""
    paid: dict[str, list[Transaction]] = {}
    known = {invoice.id for invoice in listing.invoices}
    for row in listing.payments:
        invoice = _invoice_of(row, listing.attributed, known)
        if invoice:
            paid.setdefault(invoice, []).append(row)
        else:
            yield from _Sale(terms, links).of(row)
    for listed in listing.invoices:
        whole = listed.created_at >= listing.payments_from  # all its payments are among those listed
        yield from _Invoice(terms, links, listed).with_money(paid.pop(listed.id, []), whole=whole)
    for invoice, rows in paid.items():
        yield from _Unlisted(terms, links).of(invoice, rows)


def _invoice_of(row: Transaction, attributed: Mapping[str, str], known: set[str]) -> str:
    """The invoice a payment is for, by whatever names it; "" for a sale paid at once."""
    if row.entity_type.casefold() == "invoice":
        return row.entity_id
    named = (attributed.get(row.id, ""), row.source_id, row.entity_id)
    found = next((name for name in named if name in known), "")
    return found or (attributed.get(row.id) or row.source_id or row.entity_id if pays_invoice(row) else "")


class _Refunds:
    """What was given back of one payment: one refund for each increase that is known, and what is beyond those."""

    def __init__(self, terms: Terms, links: Links) -> None:
        self._terms, self._links = terms, links

    def of(self, row: Transaction, about: Source) -> Iterator[Expected | LeftOut]:
        facts = sorted(self._links.of("refund", row.id), key=lambda fact: int(fact.source.part))
        back = refunded(row)
        if not back and not facts:
            return
        if self._terms.settings.refunds is OnOff.OFF and not facts:
            yield LeftOut(about, "refunds_off", _day(row.updated_at, self._terms))
            return
        done = Money.zero(back.currency)
        for fact in facts:
            upto = min(Money(int(fact.source.part), back.currency), back)
            yield self._one(row, about, upto - done, fact)
            done = upto
        if back > done:
            yield self._one(row, about, back - done, None, part=str(back.minor))

    def _one(self, row: Transaction, about: Source, amount: Money, fact: LinkFact | None, part: str = "") -> Expected:
        source = fact.source if fact is not None else Source("refund", row.id, part)
        # Avantto tells no date of a refund: the transaction changed last when it was made, as far as anybody knows.
        told = fact.day if fact is not None else None
        day = told or _day(row.updated_at, self._terms)
        return Expected(Group.REFUNDS, source, about, day, amount, f"The refund of payment {row.id}", fact)


class _Sale:
    """A payment that is no invoice's: one sales receipt."""

    def __init__(self, terms: Terms, links: Links) -> None:
        self._terms, self._links = terms, links

    def of(self, row: Transaction) -> Iterator[Expected | LeftOut]:
        source = Source("transaction", row.id)
        fact = self._links.by_source.get(source)
        day, code = _day(row.charged_at, self._terms), "" if fact is not None else self._left_out(row)
        if code:
            yield LeftOut(source, code, day)
            return
        amount = Money.rounded(row.amount, row.currency)
        group = Group.VOIDS if row.status in FAILED else Group.RECEIPTS
        yield Expected(group, source, source, day, amount, f"Payment {row.id}", fact)
        if group is Group.RECEIPTS:
            yield from _Refunds(self._terms, self._links).of(row, source)

    def _left_out(self, row: Transaction) -> str:
        settings = self._terms.settings
        switch = settings.sources.get(switch_of(row), OnOff.ON)  # an unknown source waits for a decision
        reasons = {
            "test_mode": not is_real(row),
            "before_cut_off": row.charged_at < self._terms.books_from,
            "pending_payment": row.status in PENDING,
            "not_paid": row.status in FAILED,
            "receipts_off": settings.receipts is OnOff.OFF,
            "zero": not row.amount,
            "source_off": switch is OnOff.OFF,
        }
        return next((code for code, holds in reasons.items() if holds), "")


class _Invoice:
    """One invoice with its money."""

    def __init__(self, terms: Terms, links: Links, listed: ListedInvoice) -> None:
        self._terms, self._links, self._listed = terms, links, listed
        self._about = Source("invoice", listed.id)
        self._fact = links.by_source.get(self._about)

    def with_money(self, rows: Sequence[Transaction], *, whole: bool) -> Iterator[Expected | LeftOut]:
        code = self._left_out()
        if code:
            yield LeftOut(self._about, code, self._issued())
            yield from (_paid_for(row, code, self._terms) for row in rows)
            return
        if self._fact is not None or self._listed.status not in GONE:
            yield self._itself()
        real = [row for row in rows if is_real(row) and row.amount]
        yield from payments_of(self._terms, self._links, self._about, self._listed.number, real)
        yield from self._recorded([row for row in real if came(row)], whole=whole)
        if whole:
            yield from self._vanished({row.id for row in rows})

    def _left_out(self) -> str:
        listed, linked = self._listed, self._fact is not None
        reasons = {
            "invoices_off": self._terms.settings.invoices is OnOff.OFF,
            "test_mode": not listed.live,
            "draft": listed.status == "draft",
            "before_cut_off": listed.created_at < self._terms.books_from,
        }
        return "" if linked else next((code for code, holds in reasons.items() if holds), "")

    def _itself(self) -> Expected:
        listed = self._listed
        group = Group.VOIDS if listed.status in GONE else Group.INVOICES
        amount = Money.rounded(listed.total, listed.currency)
        shown = f"Invoice {listed.number}"
        return Expected(group, self._about, self._about, self._issued(), amount, shown, self._fact)

    def _issued(self) -> date:
        terms, listed = self._terms, self._listed
        return day_of(listed.issue_date, terms.time_zone) or _day(listed.created_at, terms)

    def _recorded(self, rows: Sequence[Transaction], *, whole: bool) -> Iterator[Expected]:
        """Money that Avantto knows without a transaction: what was paid beyond those there are."""
        listed, currency = self._listed, self._listed.currency
        facts = [fact for fact in self._links.of("payment", listed.id) if is_recorded(fact.source.part)]
        known = total((Money.rounded(row.amount, currency) for row in rows), currency)
        there = total((_in(currency, fact.total) for fact in facts if fact.total is not None), currency)
        rest, judged = Money.rounded(listed.amount_paid, currency) - known - there, listed.status not in GONE and whole
        # Whether `amountPaid` falls when money is given back is UNVERIFIED: only what is short beyond that is gone.
        short = rest + total((_in(currency, refunded(row)) for row in rows), currency)
        for fact in facts:
            amount = _in(currency, fact.total or Money.zero(currency))
            less = max(short, -amount) if judged and short.minor < 0 else Money.zero(currency)
            short -= less
            yield self._cash(amount + less, fact.day, fact)
        if judged and rest.minor > 0:
            yield self._cash(rest, None, None)

    def _vanished(self, rows: Collection[str]) -> Iterator[Expected]:
        """Payments in the books whose transaction Avantto lists no more: the planner says what becomes of them."""
        for fact in self._links.of("payment", self._listed.id):
            part = fact.source.part
            if part not in rows and not is_recorded(part) and fact.status == "live" and fact.total is not None:
                day, shown = fact.day or self._issued(), f"Payment {part} of invoice {self._listed.number}"
                yield Expected(Group.VOIDS, fact.source, self._about, day, fact.total, shown, fact)

    def _cash(self, amount: Money, day: date | None, fact: LinkFact | None) -> Expected:
        source = fact.source if fact is not None else Source("payment", self._listed.id, _RECORDED)
        when = day or _day(self._listed.updated_at, self._terms)
        shown = f"Money recorded for invoice {self._listed.number}"
        return Expected(Group.PAYMENTS, source, self._about, when, amount, shown, fact)


class _Unlisted:
    """Payments of an invoice that Avantto does not list any more, or that is not an invoice at all."""

    def __init__(self, terms: Terms, links: Links) -> None:
        self._terms, self._links = terms, links

    def of(self, invoice: str, rows: Sequence[Transaction]) -> Iterator[Expected | LeftOut]:
        about = Source("invoice", invoice)
        linked = self._links.of("payment", invoice) or about in self._links.by_source
        if not linked:
            yield from (_paid_for(row, "invoice_gone", self._terms) for row in rows)
            return
        yield from payments_of(self._terms, self._links, about, "", [row for row in rows if is_real(row)])


def payments_of(
    terms: Terms, links: Links, about: Source, number: str, rows: Sequence[Transaction]
) -> Iterator[Expected | LeftOut]:
    """The payments of one invoice that came by transactions, and what was given back of them."""
    for row in rows:
        source = Source("payment", about.id, row.id)
        fact = links.by_source.get(source)
        if row.status in PENDING or (row.status in FAILED and fact is None):
            continue
        group = Group.VOIDS if row.status in FAILED else Group.PAYMENTS
        amount, day = Money.rounded(row.amount, row.currency), _day(row.charged_at, terms)
        shown = f"Payment {row.id} of invoice {number or about.id}"
        yield Expected(group, source, about, day, amount, shown, fact)
        if group is Group.PAYMENTS:
            yield from _Refunds(terms, links).of(row, about)


def refunded(row: Transaction) -> Money:
    """All that was given back so far; the status `refunded` without a sum means all of it."""
    whole = row.status == _REFUNDED and not row.amount_refunded
    return Money.rounded(row.amount if whole else max(row.amount_refunded, Decimal(0)), row.currency)


def _in(currency: str, amount: Money) -> Money:
    """The figure in an invoice's own currency: that it is of another one shows where the two sides are compared."""
    return Money.rounded(amount.amount, currency)


def _paid_for(row: Transaction, code: str, terms: Terms) -> LeftOut:
    """A payment of an invoice that is not for the books."""
    return LeftOut(Source("payment", row.id), code, _day(row.charged_at, terms))


def _day(moment: datetime, terms: Terms) -> date:
    return day_of(moment, terms.time_zone) or moment.date()
