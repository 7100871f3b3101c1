"""Take in rows of the transactions list: keep what they say, and tell whoever it is news for.

The list has no filter by change. A row is news when it differs from the copy kept of it: money that came, was given
back, failed, or was taken back by a bank, however long ago the row was made.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from avantto_qbo.journal import evidence, inbox, links
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.ids import ContactId, LocationId
from avantto_qbo.model.records import Lane, LocationRecord, Topic
from avantto_qbo.rules.books.sources import PENDING

TRANSACTION: Final = "transaction"
INVOICE_PAYMENT: Final = "invoice_payment"  # money that was attributed to an invoice by something else than its row
INVOICE_ROW: Final = "invoice_row"
WATCHED: Final = "watched"
_OFTEN: Final = timedelta(days=3)  # so long the passes come by every hour
_SOONEST: Final = timedelta(hours=1)


class PaymentRows:
    """The transactions of one location."""

    def __init__(self, record: LocationRecord, now: datetime) -> None:
        self._record, self._now = record, now

    def take(self, db: Connection, rows: Iterable[Transaction]) -> None:
        """Keep every row that says something new, and tell of it."""
        for row in rows:
            self._take(db, msgspec.structs.replace(row, contact_name="", contact_email=""))

    def _take(self, db: Connection, row: Transaction) -> None:
        kept = self.kept(db, TRANSACTION, row.id)
        if kept is None and row.charged_at < self._record.books_from:  # behind the cut-off (S5)
            if row.status in PENDING:
                self._watch(db, row)
            return
        if kept == row or not self._keep(db, TRANSACTION, row.entity_id, row):
            return
        if row.status in PENDING:
            self._watch(db, row)
        invoice = self._invoice_of(db, row)
        if invoice and invoice != row.entity_id:
            self._attribute(db, row, invoice)
        if kept is None or _says(kept, row) != _says(row, kept):
            self._tell(db, row, invoice, kept)

    def watch_pending(self, db: Connection, rows: Iterable[Transaction]) -> None:
        """Go on watching what is still pending, also when it did not change."""
        for row in rows:
            if row.status in PENDING:
                self._watch(db, row)

    def kept(self, db: Connection, kind: str, name: str) -> Transaction | None:
        """The copy of a transaction that was kept last."""
        body = evidence.get(db, self._record.id, kind, name)
        return msgspec.json.decode(body, type=Transaction) if body else None

    def _keep(self, db: Connection, kind: str, about: str, row: Transaction) -> bool:
        """Keep the row. False when it is older than the copy there is: a list may lag behind itself."""
        # A row dated in the future must not count as newer than all that follows.
        at = min(row.updated_at, self._now)
        return evidence.put(db, self._record.id, kind, row.id, about, msgspec.json.encode(row), at)

    def _invoice_of(self, db: Connection, row: Transaction) -> str:
        """The invoice the money is for, by whatever names it; "" when only its order can tell, or nothing does."""
        if row.entity_type.casefold() == "invoice":
            return row.entity_id
        attributed = self.kept(db, INVOICE_PAYMENT, row.id)
        if attributed is not None:
            return attributed.source_id
        named = (name for name in (row.source_id, row.entity_id) if name)
        return next((name for name in named if self._is_invoice(db, name)), "")

    def _is_invoice(self, db: Connection, name: str) -> bool:
        place = self._record.id
        seen = evidence.get(db, place, INVOICE_ROW, name) is not None
        return seen or links.get(db, place, "invoice", name) is not None

    def _attribute(self, db: Connection, row: Transaction, invoice: str) -> None:
        """Keep a copy beside the invoice, for whoever brings the invoice level.

        A list row does not say who else posted the money; what its detail once said stays true.
        """
        before = self.kept(db, INVOICE_PAYMENT, row.id) or row
        synced, test = row.qbo_synced or before.qbo_synced, row.test or before.test
        copy = msgspec.structs.replace(row, source_id=invoice, qbo_synced=synced, test=test)
        evidence.remove(db, self._record.id, INVOICE_PAYMENT, row.id)  # the row itself was found to be news already
        self._keep(db, INVOICE_PAYMENT, invoice, copy)

    def _tell(self, db: Connection, row: Transaction, invoice: str, kept: Transaction | None) -> None:
        place = self._record.id
        if not invoice:
            inbox.tell(db, place, Topic.TRANSACTION, row.id, Lane.MONEY, self._now)
        elif not self._in_books(db, row, invoice, kept):
            inbox.tell(db, place, Topic.INVOICE, invoice, Lane.MONEY, self._now)

    def _in_books(self, db: Connection, row: Transaction, invoice: str, kept: Transaction | None) -> bool:
        """Is all that the row says in the books already, because the invoice's own mail was quicker?"""
        posted = links.get(db, self._record.id, "payment", invoice, row.id)
        if posted is None or posted.status != "live" or row.status != "succeeded":
            return False
        return not row.amount_refunded and (kept is None or not kept.amount_refunded)

    def _watch(self, db: Connection, row: Transaction) -> None:
        """A bank debit can take days: look at it again from time to time, a tenth of its age apart (S2)."""
        if not row.entity_id:  # its own mail follows it by its id
            return
        soonest = row.created_at + _OFTEN if row.created_at >= self._record.books_from else self._now + _SOONEST
        watch(db, self._record.id, row.entity_id, max(soonest, self._now + (self._now - row.created_at) / 10))


def watch(db: Connection, location: LocationId, entity: str, at: datetime) -> None:
    """Look at all payments of one order or invoice at `at`, whatever was put down before."""
    evidence.remove(db, location, WATCHED, entity)
    evidence.put(db, location, WATCHED, entity, "", b"", at)


def _says(row: Transaction, other: Transaction) -> Transaction:
    """The row as far as the books depend on it: that a contact was merged into another changes no money."""
    plain = msgspec.structs.replace(row, contact_id=ContactId(""), merged_from=ContactId(""))
    same_person = (row.contact_id, row.merged_from) == (other.contact_id, other.merged_from)
    return plain if same_person else msgspec.structs.replace(plain, updated_at=plain.created_at)
