"""Before money of a sale goes back in the books: does the sale still stand there?

A refund receipt beside a sale that a person took out would take it back twice. Nothing tells of that, so this look is
asked for: one read for each refund.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from avantto_qbo.actors.desk import Desk
from avantto_qbo.errors import TransientError
from avantto_qbo.journal import links
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.quickbooks import Found
from avantto_qbo.model.records import Link
from avantto_qbo.model.steps import Hold, ReceiptCase
from avantto_qbo.quickbooks import lookups
from avantto_qbo.rules.books.comparing.restore import Relink, is_voided, restored
from avantto_qbo.rules.reasons import SKIP

_QUERY_LAG: Final = timedelta(minutes=5)  # how far queries may be behind (UNVERIFIED): a new receipt may not show yet
_LOOK_AGAIN: Final = timedelta(minutes=1)


class ReceiptLooks:
    """Looks at one location's sales receipts as they stand."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def before_refund(self, case: ReceiptCase) -> Hold | None:
        """None when the receipt stands, under whatever id; else what a person must decide."""
        link = case.link
        if link is None or case.agreed is None:
            return None
        access, location = self._desk.realm.access, self._desk.location
        found = await access.read(lookups.by_id(link.entity, link.object_id), key=location)
        if found and not is_voided(found[0]):
            return None
        if case.agreed.number:
            candidates = await access.read(lookups.by_number(link.entity, case.agreed.number), key=location)
            stands = restored(candidates, case.agreed.note)
            if isinstance(stands, Relink):
                await self._relink(link, stands.found)
                return None
        if not found and self._desk.now() - link.created_at < _QUERY_LAG:
            raise TransientError("the sales receipt is not shown yet", _LOOK_AGAIN)
        what = "voided" if found else "deleted"
        text = f"Money of payment {case.transaction.id} was refunded, but its sales receipt was {what} in QuickBooks."
        return Hold(Reason("refund_of_gone", text, f"enter the refund in QuickBooks if it belongs there, then: {SKIP}"))

    async def _relink(self, link: Link, copy: Found) -> None:
        """A person restored it: it stands under another id now."""
        now = self._desk.now()
        moved = msgspec.structs.replace(link, object_id=copy.id, sync_token=copy.sync_token, updated_at=now)
        await self._desk.house.journal.write(lambda db: links.put(db, moved))
