"""Does Avantto's own QuickBooks integration post this location's payments? Looked at once for each connection."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from avantto_qbo.actors.desk import Desk
from avantto_qbo.actors.polls.payment_rows import PaymentRows
from avantto_qbo.avantto import reads
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import cursors
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.http import Read
from avantto_qbo.model.operation import Reason, Source
from avantto_qbo.model.page import Page
from avantto_qbo.model.records import LocationRecord
from avantto_qbo.rules.books.sources import PENDING, is_real

CHECKED: Final = "built_in_checked"  # the connection it was looked at for
# From so long before the cut-off: the integration's last posts, and bank debits that are still on their way.
_BEFORE: Final = timedelta(days=10)
_PAGES: Final = 10
_LOOK_AT: Final = 5


class BuiltIn:
    """The look at the payments made before the cut-off."""

    def __init__(self, desk: Desk, record: LocationRecord) -> None:
        self._desk, self._record = desk, record

    async def check(self) -> None:
        """Look once after each connection: pause the money where it is posted twice, follow what is pending."""
        place, connection = self._record.id, self._record.connected_at.isoformat()
        journal, now = self._desk.house.journal, self._desk.now()
        if await journal.read(lambda db: cursors.get(db, place, CHECKED)) == connection:
            return
        await self._look_at_newest()
        pending = await self._pending_before()

        def note(db: Connection) -> None:
            PaymentRows(self._record, now).take(db, pending)
            cursors.put(db, place, CHECKED, connection, now)

        await journal.write(note)

    async def _look_at_newest(self) -> None:
        """Up to now: what comes later is looked at when it is booked."""
        page = await self._desk.crm.read(self._page(0, self._record.connected_at))
        for row in [row for row in page.rows if row.status == "succeeded" and is_real(row)][:_LOOK_AT]:
            await self._look_at(row)

    async def _pending_before(self) -> list[Transaction]:
        """Payments begun before the cut-off whose money may come after it, and then is ours (S5)."""
        found = list[Transaction]()
        for number in range(_PAGES):
            page = await self._desk.crm.read(self._page(number, self._record.books_from))
            found += [row for row in page.rows if row.status in PENDING and row.created_at < self._record.books_from]
            if (number + 1) * reads.PAGE >= page.total:
                break
        return found

    def _page(self, number: int, end: datetime) -> Read[Page[Transaction]]:
        start = self._record.books_from - _BEFORE
        return reads.transactions_page(self._record.id, number * reads.PAGE, reads.PAGE, start=start, end=end)

    async def _look_at(self, row: Transaction) -> None:
        """Only the detail says who else posted a payment; one that cannot be read says nothing."""
        try:
            detail = await self._desk.crm.read(reads.transaction(self._record.id, row.id))
        except RejectedError as error:
            if error.code == "scope":
                raise
            return
        if detail.qbo_synced:
            text = f"Payment {row.id} was also posted by Avantto's own QuickBooks integration."
            mend = f"Turn off QuickBooks in Avantto, then: avantto-qbo resume {self._record.id}"
            await self._desk.pause(Source("transaction", row.id), Reason("built_in_integration", text, mend))
