"""What QuickBooks held of an invoice when it was last looked at: kept beside the link, for the next comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from avantto_qbo.actors.desk import Desk
from avantto_qbo.journal import evidence, links
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.records import Link
from avantto_qbo.model.steps import InvoiceCase
from avantto_qbo.quickbooks.snapshot import InvoiceSnapshot
from avantto_qbo.rules.books.comparing.conflict import Sight, looked_at
from avantto_qbo.rules.books.comparing.their_lines import with_their_lines

_SIGHT: Final = "books_sight"


class Sights:
    """The sights of one location's invoices."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def remembered(self, invoice: str) -> Sight | None:
        """What was seen last, None if the copy was never looked at."""
        location = self._desk.location
        body = await self._desk.house.journal.read(lambda db: evidence.get(db, location, _SIGHT, invoice))
        return msgspec.json.decode(body, type=Sight) if body else None

    async def keep(self, invoice: str, sight: Sight) -> None:
        """Remember a sight."""
        await self._desk.house.journal.write(lambda db: self.put(db, invoice, sight))

    async def settle(self, invoice: str, link: Link, sight: Sight) -> None:
        """Let both sides agree on what the sight says they do."""
        agreed = msgspec.structs.replace(link, agreed=msgspec.json.encode(sight.against), updated_at=self._desk.now())

        def put(db: Connection) -> None:
            links.put(db, agreed)
            self.put(db, invoice, sight)

        await self._desk.house.journal.write(put)

    async def take(
        self,
        case: InvoiceCase,
        link: Link,
        theirs: InvoiceSnapshot,
        also: Callable[[Connection], object] = lambda _: None,
    ) -> None:
        """Remember their side in link and sight, and take over what of our lines a person changed.

        `also` is done in the same transaction.
        """
        before, agreed = await self.remembered(case.invoice.id), case.agreed
        there = msgspec.structs.replace(
            link,
            object_id=theirs.row.id,
            sync_token=theirs.row.sync_token,
            total=f"{theirs.row.total:f}",
            updated_at=self._desk.now(),
        )

        def put(db: Connection) -> None:
            if agreed is None:
                links.put(db, there)
            else:
                ours = with_their_lines(agreed, theirs.draft)
                links.put(db, msgspec.structs.replace(there, agreed=msgspec.json.encode(ours)))
                self.put(db, case.invoice.id, looked_at(before, theirs.draft, ours))
            also(db)

        await self._desk.house.journal.write(put)

    def put(self, db: Connection, invoice: str, sight: Sight) -> None:
        """Remember a sight, as part of a transaction."""
        evidence.put(db, self._desk.location, _SIGHT, invoice, "", msgspec.json.encode(sight), self._desk.now())
