"""Avantto's documents against the books, one by one: equal, missing, extra or different, and why where it shows.

A link says which object a document became; the marker finds what no link leads to. What carries neither is not ours
and is not counted, but for a copy: the same number, customer and total as a document of ours. An entry without a cause
is for the planner to explain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.model.ledger import BookRow
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Source
from avantto_qbo.model.reconciliation import (
    Cause,
    Entry,
    Expected,
    Group,
    LeftOut,
    LinkFact,
    Standing,
)
from avantto_qbo.rules.books.comparing.causes import (
    copied,
    edited,
    entered_again,
    gone,
    not_wanted,
    stands_again,
    twice,
    unknown_document,
    unlinked,
)
from avantto_qbo.rules.books.comparing.linked import GROUPS, Links, about_of
from avantto_qbo.rules.books.plan import WITHDRAWN

_UNSETTLED: Final = "does not settle"
_BY_A_PERSON: Final = frozenset({"deleted", "voided"})
# What was left out for these reasons is no sale at all; the others may have been posted when settings were different.
_NEVER_SOLD: Final = {"not_paid": "its payment failed in Avantto", "test_mode": "it is a test in Avantto"}
Key = tuple[str, str]


class Books(msgspec.Struct, frozen=True):
    """The rows that concern a location, by entity and id; `sources` are the documents that their markers name.

    `gone` do not exist any more; an object that is in neither did not change since it was last compared, or cannot be
    read. `elsewhere` are the keys that other locations of the realm, or former ones, made or link to, `own` those that
    this location has tried to make. `currency` is that of rows that name none.
    """

    rows: Mapping[Key, BookRow]
    sources: Mapping[Key, Source]
    currency: str
    gone: frozenset[Key] = frozenset()
    elsewhere: frozenset[Key] = frozenset()
    own: frozenset[Key] = frozenset()

    def amount(self, row: BookRow) -> Money:
        """What a row is about."""
        return Money.rounded(row.total, row.currency or self.currency)


class Comparison:
    """One comparison of one location. `location` is its id, for the commands in the causes.

    `known` are the sources of all that is expected, also of what is not compared this time.
    """

    def __init__(
        self, location: str, books: Books, links: Links, left_out: Sequence[LeftOut], known: Collection[Source] = ()
    ) -> None:
        self._location, self._books, self._links, self._known = location, books, links, known
        self._left_out: Final = {one.about.id: one.code for one in left_out}
        self._unlinked: dict[Source, list[BookRow]] = {}
        for key, row in books.rows.items():
            source = books.sources.get(key)
            if source is not None and not row.voided and key not in links.by_object and key not in books.elsewhere:
                self._unlinked.setdefault(source, []).append(row)

    def entries(self, expected: Iterable[Expected], *, unknown: bool = True) -> Iterator[Entry]:
        """Compare every document, then say what is in the books beyond them.

        `unknown`: also what carries the marker of a document that is in none of Avantto's lists.
        """
        numbers: dict[str, tuple[Expected, BookRow]] = {}
        for one in expected:
            yield self._entry(one)
            row = self._row(one)
            if row is not None and row.number and not row.voided:
                numbers[row.number] = one, row
        yield from self._beyond(unknown=unknown)
        yield from self._copies(numbers)

    # -- what Avantto has ----------------------------------------------------------------------------------------------

    def _entry(self, one: Expected) -> Entry:
        plain = Entry(one.group, one.source, one.about, one.day, one.shown, Standing.EQUAL, one.amount)
        if one.group is Group.VOIDS:
            return self._void(one, plain)
        if one.link is None:
            return self._never_linked(plain)
        row = self._row(one)
        if one.link.status in _BY_A_PERSON or (one.link.status == "live" and self._is_gone(one.link, row)):
            return self._taken_out(plain, one.link)
        if one.link.status != "live":
            return msgspec.structs.replace(plain, standing=Standing.MISSING)
        plain = msgspec.structs.replace(plain, object_id=one.link.object_id)
        if row is None:  # not changed since both sides were found equal
            return self._trusted(one, plain)
        return self._compared(one, row, plain)

    def _row(self, one: Expected) -> BookRow | None:
        return self._books.rows.get(one.link.key) if one.link is not None else None

    def _is_gone(self, link: LinkFact, row: BookRow | None) -> bool:
        return row.voided if row is not None else link.key in self._books.gone

    def _never_linked(self, plain: Entry) -> Entry:
        twins = self._unlinked.pop(plain.source, [])
        if not twins:
            return msgspec.structs.replace(plain, standing=Standing.MISSING)
        booked, ids = self._books.amount(twins[0]), tuple(row.id for row in twins)
        cause = unlinked(self._location, plain.shown, ids)
        standing, found = Standing.DIFFERENT, msgspec.structs.replace(plain, booked=booked, object_id=ids[0])
        return msgspec.structs.replace(found, standing=standing, cause=cause)

    def _taken_out(self, plain: Entry, link: LinkFact) -> Entry:
        """A person deleted or voided our object; what carries our marker in its place was restored by them."""
        twins = self._unlinked.pop(plain.source, [])
        row = self._books.rows.get(link.key)
        if len(twins) == 1:
            booked = self._books.amount(twins[0])
            again = msgspec.structs.replace(plain, booked=booked, object_id=twins[0].id)
            if booked == plain.amount:
                return again
            cause = stands_again(self._location, plain.shown, twins[0].id, plain.about.id)
            return msgspec.structs.replace(again, standing=Standing.DIFFERENT, cause=cause)
        voided = link.status == "voided" or (row is not None and row.voided)
        cause = gone(plain.shown, "voided" if voided else "deleted")
        if len(twins) > 1:
            cause = twice(self._location, plain.shown, tuple(one.id for one in twins))
        return msgspec.structs.replace(plain, standing=Standing.MISSING, object_id=link.object_id, cause=cause)

    def _trusted(self, one: Expected, plain: Entry) -> Entry:
        booked = one.link.total if one.link is not None and one.link.total is not None else one.amount
        standing = Standing.EQUAL if booked == one.amount else Standing.DIFFERENT
        return msgspec.structs.replace(plain, booked=booked, standing=standing)

    def _compared(self, one: Expected, row: BookRow, plain: Entry) -> Entry:
        link = one.link
        booked, agreed = self._books.amount(row), link.total if link is not None else None
        found = msgspec.structs.replace(plain, booked=booked)
        different = msgspec.structs.replace(found, standing=Standing.DIFFERENT)
        if booked != one.amount:
            if agreed != one.amount:  # what both sides agreed on is not what Avantto's list says
                return different
            what = f"its total is {booked} there instead of {one.amount}"
            return msgspec.structs.replace(different, cause=edited(self._location, one, what, needed=True))
        if link is None or link.day is None:  # nothing was agreed on beside the sum
            return found
        changes = tuple(_changed_by_hand(link, row))
        if changes:
            needed = any(change.startswith(f"it {_UNSETTLED}") for change in changes)
            cause = edited(self._location, one, " and ".join(changes), needed=needed)
            return msgspec.structs.replace(different, cause=cause)
        return different if one.group is Group.INVOICES and link.day != one.day else found

    def _void(self, one: Expected, plain: Entry) -> Entry:
        """Taken back in Avantto: nothing of it may stand in the books."""
        none = Money.zero(one.amount.currency)
        plain = msgspec.structs.replace(plain, amount=none)
        row = self._row(one)
        object_id = one.link.object_id if one.link is not None else ""
        found = msgspec.structs.replace(plain, booked=none, object_id=object_id)
        if row is not None:
            if row.voided:
                return found
            booked = self._books.amount(row)
            return msgspec.structs.replace(found, booked=booked, standing=Standing.DIFFERENT)
        taken = one.link is None or one.link.status in WITHDRAWN | _BY_A_PERSON or self._is_gone(one.link, None)
        return found if taken else msgspec.structs.replace(found, booked=one.amount, standing=Standing.DIFFERENT)

    # -- what the books have beyond it ---------------------------------------------------------------------------------

    def _beyond(self, *, unknown: bool) -> Iterator[Entry]:
        for source, rows in self._unlinked.items():
            link = self._links.by_source.get(source)
            for row in rows:
                if link is not None and link.status == "live":
                    yield self._extra(row, source, twice(self._location, _shown(row), (link.object_id, row.id)))
                elif link is not None:
                    yield self._extra(row, source, entered_again(self._location, _shown(row), row.id))
                elif source in self._known:
                    yield self._extra(row, source, unlinked(self._location, _shown(row), (row.id,)))
                elif (code := self._left_out.get(source.id, "")) in _NEVER_SOLD:
                    cause = not_wanted(self._location, _shown(row), source, _NEVER_SOLD[code])
                    yield self._extra(row, source, cause)
                elif not code and (unknown or (row.entity, row.id) in self._books.own):
                    yield self._extra(row, source, unknown_document(self._location, _shown(row), source))

    def _copies(self, numbers: Mapping[str, tuple[Expected, BookRow]]) -> Iterator[Entry]:
        """A document without our marker that is the same as one of ours: somebody else posts them, too."""
        for key, row in self._books.rows.items():
            ours = numbers.get(row.number)
            if ours is None or key in self._links.by_object or row.voided or key in self._books.sources:
                continue
            one, own = ours
            if (row.entity, row.customer, row.total) == (own.entity, own.customer, own.total):
                yield self._extra(row, one.source, copied(self._location, _shown(row), (own.id, row.id)), one.about)

    def _extra(self, row: BookRow, source: Source, cause: Cause, about: Source | None = None) -> Entry:
        return Entry(
            group=GROUPS[source.kind],
            source=source,
            about=about or about_of(source),
            day=row.day or row.created_at.date(),
            shown=_shown(row),
            standing=Standing.EXTRA,
            booked=self._books.amount(row),
            object_id=row.id,
            cause=cause,
        )


def _changed_by_hand(link: LinkFact, row: BookRow) -> Iterator[str]:
    """What a person changed of an object of ours, beside its total: it is not as both sides agreed on it."""
    if row.day is not None and row.day != link.day:
        yield f"its date is {row.day} there instead of {link.day}"
    if link.customer and row.customer != link.customer:
        yield f"it is under another customer there (id {row.customer} instead of {link.customer})"
    if link.number and row.number and row.number != link.number:
        yield f"its number is {row.number} there instead of {link.number}"
    if link.invoice and link.total is not None:
        settled = sum((amount for invoice, amount in row.linked if invoice == link.invoice), Decimal(0))
        if settled < link.total.amount:
            yield f"it {_UNSETTLED} its invoice there (id {link.invoice}) but for {settled}"


def _shown(row: BookRow) -> str:
    return f"{row.entity} {row.number or row.ref or row.id}"
