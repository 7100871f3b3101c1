"""Take in rows of the invoice list: tell of those whose `updatedAt` was not seen, and of those that are not listed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from avantto_qbo.actors.polls.passes import Pass
from avantto_qbo.actors.polls.payment_rows import INVOICE_ROW
from avantto_qbo.journal import evidence, inbox, links
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import InvoiceHead
from avantto_qbo.model.records import Lane, LocationRecord, Topic

# Invoices that a whole list did not show are looked at one by one, this far apart: a list may be wrong.
_APART: Final = timedelta(seconds=2)


class InvoiceRows:
    """The invoices of one location. `walk` names the look at all of them that is under way, or was the last."""

    def __init__(self, record: LocationRecord, now: datetime, walk: str) -> None:
        self._record, self._now, self._walk = record, now, walk

    def take(self, db: Connection, rows: Iterable[InvoiceHead]) -> int:
        """Keep what every row says and tell of those that moved; return how many did."""
        return sum([self._take(db, row) for row in rows if row.created_at >= self._record.books_from])

    def _take(self, db: Connection, row: InvoiceHead) -> bool:
        place = self._record.id
        seen = f"{row.status}@{row.updated_at.isoformat()}".encode()
        moved = evidence.get(db, place, INVOICE_ROW, row.id) != seen
        # A row dated in the future must not count as newer than all that follows; an older one is a list that lags.
        at = min(row.updated_at, self._now)
        if not evidence.put(db, place, INVOICE_ROW, row.id, self._walk, seen, at) or not moved:
            return False
        link = links.get(db, place, "invoice", row.id)
        if link is None or not _seen(link.version, row.updated_at):  # else a webhook was quicker
            inbox.tell(db, place, Topic.INVOICE, row.id, Lane.MONEY, self._now)
        return True

    def tell_of_unlisted(self, db: Connection, walk: Pass) -> None:
        """Tell of every invoice in the books that no page of `walk` showed: it may be deleted (I5)."""
        place = self._record.id
        unseen = evidence.unseen(db, place, INVOICE_ROW, walk.name, source_kind="invoice", before=walk.begun)
        for number, name in enumerate(unseen):
            inbox.tell(db, place, Topic.INVOICE, name, Lane.MONEY, self._now, due=self._now + _APART * number)


def _seen(version: str, changed_at: datetime) -> bool:
    """Say whether both sides agreed on an invoice when it had this change: its money may have made it a later one."""
    try:
        return datetime.fromisoformat(version) >= changed_at
    except ValueError:  # never agreed on
        return False
