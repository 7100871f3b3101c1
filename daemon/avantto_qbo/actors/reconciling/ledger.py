"""The books' side of a reconciliation: whole windows a thousand rows a page, or what changed since the last night.

Each page is one metered read, so what is read is read once for all locations of a company; of the rows only those are
kept that a link leads to, that carry a marker of ours, or that bear a number of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from functools import partial
from typing import Final

from avantto_qbo.actors.access import Access
from avantto_qbo.actors.reconciling.listing import Report
from avantto_qbo.errors import RejectedError
from avantto_qbo.model.ledger import BookChanges, BookEntity, BookRow
from avantto_qbo.model.operation import Source
from avantto_qbo.model.page import Page
from avantto_qbo.model.reconciliation import Progress
from avantto_qbo.quickbooks.ledger import MANY_IDS, BookPage, book_changes, book_rows, book_rows_dated, book_rows_of
from avantto_qbo.quickbooks.queries import PAGE
from avantto_qbo.rules.books.comparing.marked import source_of

Key = tuple[str, str]
_OTHERS: Final = (BookEntity.PAYMENT, BookEntity.RECEIPT, BookEntity.REFUND)


class Ledger:
    """The rows of one company that carry our marker, and those that `wanted` says matter. Gathers while it reads."""

    def __init__(self, access: Access, wanted: Callable[[BookRow], bool], report: Report) -> None:
        self._access, self._wanted, self._report = access, wanted, report
        self.rows: Final[dict[Key, BookRow]] = {}
        self.sources: Final[dict[Key, Source]] = {}
        self.gone: Final[set[Key]] = set()
        self.unreadable: Final[set[str]] = set()
        self.refused: Final[set[str]] = set()
        self.untold: Final[set[BookEntity]] = set()  # kinds of whose deletions nobody tells: no page shows them
        self.as_of: datetime | None = None  # up to when the feed told of changes, by QuickBooks' own clock
        self._read = 0

    async def dated(self, first: date, last: date, entities: Iterable[BookEntity] = BookEntity) -> None:
        """Read every transaction of these days; a kind that QuickBooks does not list is noted in `refused`.

        Raises TransientError and AuthError as reads do.
        """
        for entity in entities:
            await self._pages(entity, partial(book_rows_dated, entity, first, last))

    async def changed(self, since: datetime) -> None:
        """Read what changed since, deletions too: two requests, or pages where those cannot hold it all."""
        for entities in ((BookEntity.INVOICE,), _OTHERS):
            changes = await self._changes(entities, since)
            if changes is None or changes.overflowed:
                for entity in entities:
                    await self._pages(entity, partial(book_rows, entity, since))
            if changes is None:
                self.untold.update(entities)
                continue
            self.as_of = min(self.as_of or changes.as_of, changes.as_of)
            self._take(changes.rows)
            self.gone.update(changes.gone)
            self.unreadable.update(changes.unreadable)

    async def verify(self, keys: Iterable[Key]) -> None:
        """Ask for these objects by id, many in a request: what is not in the answer does not exist."""
        by_entity: dict[str, list[str]] = {}
        for entity, name in keys:
            by_entity.setdefault(entity, []).append(name)
        for entity, names in by_entity.items():
            for start in range(0, len(names), MANY_IDS):
                await self._some(BookEntity(entity), names[start : start + MANY_IDS])

    async def _some(self, entity: BookEntity, names: Collection[str]) -> None:
        page = await self._asked(entity, book_rows_of(entity, tuple(names)))
        if page is None:
            return
        for row in page.rows:
            self._keep(row, source_of(row))
        self.unreadable.update(page.unreadable)
        found = {row.id for row in page.rows} | set(page.unreadable)
        self.gone.update((entity, name) for name in names if name not in found)

    async def _changes(self, entities: Collection[BookEntity], since: datetime) -> BookChanges | None:
        """None where the feed refuses: one malformed e-mail on an invoice fails the whole answer."""
        try:
            return await self._access.read(book_changes(tuple(entities), since))
        except RejectedError:
            return None

    async def _pages(self, entity: BookEntity, ask: Callable[[int], BookPage]) -> None:
        start = 1
        while True:
            page = await self._asked(entity, ask(start))
            if page is None:
                return
            self._take(page.rows)
            self.unreadable.update(page.unreadable)
            self._read += page.size
            await self._report(Progress(f"QuickBooks' {entity} rows", self._read))
            if page.size < PAGE:
                return
            start += page.size

    async def _asked(self, entity: BookEntity, ask: BookPage) -> Page[BookRow] | None:
        """One malformed e-mail can fail the whole list of invoices; the other kinds are read all the same."""
        try:
            return await self._access.read(ask)
        except RejectedError:
            self.refused.add(entity)
            return None

    def _take(self, rows: Iterable[BookRow]) -> None:
        for row in rows:
            source = source_of(row)
            if source is not None or self._wanted(row):
                self._keep(row, source)

    def _keep(self, row: BookRow, source: Source | None) -> None:
        self.rows[row.entity, row.id] = row
        if source is not None:
            self.sources[row.entity, row.id] = source
