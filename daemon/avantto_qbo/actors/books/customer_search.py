"""Look for the QuickBooks customer of a person: in the local index, by the contact's links, then by one look-up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from avantto_qbo.actors.desk import Desk
from avantto_qbo.journal import customers, links, merges
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Person
from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.quickbooks import Company, CustomerRow
from avantto_qbo.model.records import IndexedCustomer, Lane, Link
from avantto_qbo.quickbooks import encode_lists, reads
from avantto_qbo.rules.books import customer as rule
from avantto_qbo.rules.identity import main_email, normal_phone

_Row = TypeVar("_Row", CustomerRow, IndexedCustomer)


class Wanted(msgspec.Struct, frozen=True):
    """Whose customer is looked for. `part` tells it from others of the same contact: see `part_of`."""

    person: Person
    part: str
    currency: rule.Currency
    company: Company
    country: str

    @property
    def email(self) -> str:
        return main_email(self.person.email)

    def draft_name(self) -> str:
        """The name a customer of this person has in the books, as QuickBooks stores it."""
        draft = rule.draft_customer(self.person, 0, self.country, self.currency)
        return encode_lists.customer_name(draft, self.company)


class Hit(msgspec.Struct, frozen=True):
    """A customer that is used; `rivals` says how many could have been, 0 when it was the only one."""

    id: CustomerId
    rivals: int = 0


class CustomerSearch:
    """The ways one location finds the customers of its documents."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def wanted(self, person: Person, currency: str) -> Wanted:
        """Say whose customer is looked for; `currency` is the document's."""
        record, _ = await self._desk.place()
        company = await self._desk.realm.company()
        needed = rule.currency_of(company, currency)
        return Wanted(person, self._part(person, needed), needed, company, record.country)

    def _part(self, person: Person, currency: rule.Currency) -> str:
        """The e-mail; without one nothing, or without a contact either, name and phone; then a foreign currency."""
        email, marks = main_email(person.email), self._desk.house.fingerprints
        part = marks.email(email)
        if not email and not person.contact_id:
            part = f"{marks.name(rule.display_name(person))}:{marks.phone(person.phone)}"
        return f"{part}:{currency.mark}" if currency.mark else part

    async def linked(self, wanted: Wanted) -> CustomerId | None:
        """The customer of this very pair of contact and e-mail, if its link still holds. No request is made."""
        desk = self._desk

        def find(db: Connection) -> CustomerId | None:
            link = links.get(db, desk.location, "customer", wanted.person.contact_id, wanted.part)
            return self._held_by(db, link, wanted.currency) if link else None

        return await desk.house.journal.read(find)

    async def at_hand(self, wanted: Wanted) -> Hit | None:
        """The customer this person has in the books, as far as that is known without a request."""
        return await self._indexed(wanted) or await self._own(wanted)

    async def named(self, wanted: Wanted, name: str) -> CustomerId | None:
        """Who has a refused name: ours from a commit nobody told us of, or the same person without an e-mail."""
        rows = await self._asked(reads.customers_by_name(name))
        person, currency = wanted.person, wanted.currency
        own = next((row for row in rows if rule.made_for(row, person, currency)), None)
        hit = await self._taken_in(own or rule.on_name_taken(person, rows, wanted.country, currency))
        return hit.id if hit else None

    def _held_by(self, db: Connection, link: Link, currency: rule.Currency) -> CustomerId | None:
        """The customer a link leads to: the survivor of merges, None once that is inactive."""
        realm = self._desk.realm.realm
        customer = merges.survivor(db, realm, CustomerId(link.object_id))
        return customer if rule.trusted(customers.get(db, realm, customer), currency) else None

    async def _indexed(self, wanted: Wanted) -> Hit | None:
        return await self._desk.house.journal.read(lambda db: self.indexed(db, wanted))

    def indexed(self, db: Connection, wanted: Wanted) -> Hit | None:
        """By e-mail, without a request."""
        if not wanted.email:
            return None
        realm, key = self._desk.realm.realm, self._desk.house.fingerprints.email(wanted.email)
        rows = self._unmerged(db, customers.by_email_key(db, realm, key))
        chosen = rule.choose_customer(rows, key, wanted.currency)
        return Hit(chosen.id, rule.several(rows, key, wanted.currency)) if chosen else None

    async def _own(self, wanted: Wanted) -> Hit | None:
        """A document without an e-mail belongs to the contact's customer, whatever e-mail made that one."""
        if wanted.email or not wanted.person.contact_id:
            return None
        location = self._desk.location

        def find(db: Connection) -> CustomerId | None:
            linked = links.of_source(db, location, "customer", wanted.person.contact_id)
            oldest_first = sorted(linked, key=lambda link: (link.created_at, link.part))
            same = (link for link in oldest_first if _currency_mark(link.part) == wanted.currency.mark)
            return next(filter(None, (self._held_by(db, link, wanted.currency) for link in same)), None)

        found = await self._desk.house.journal.read(find)
        return Hit(found) if found else None

    async def looked_up(self, wanted: Wanted) -> Hit | None:
        """The one metered look-up a new customer is worth: it may be younger than the last poll."""
        if not wanted.email:
            return await self._by_name_and_phone(wanted)
        rows = await self._asked(reads.customers_by_email(wanted.email))
        chosen = rule.choose_customer(rows, wanted.email, wanted.currency)
        return await self._taken_in(chosen, rule.several(rows, wanted.email, wanted.currency))

    async def _by_name_and_phone(self, wanted: Wanted) -> Hit | None:
        """Without an e-mail only the same name and the same phone make it the same person."""
        phone = normal_phone(wanted.person.phone, wanted.country)
        if not phone:
            return None
        realm, name, marks = self._desk.realm.realm, wanted.draft_name(), self._desk.house.fingerprints
        rows = await self._desk.house.journal.read(
            lambda db: self._unmerged(db, customers.by_name_key(db, realm, marks.name(name)))
        )
        known = rule.indexed_by_phone(rows, marks.phone(phone), wanted.currency)
        if known is not None:
            return Hit(known.id)
        found = await self._asked(reads.customers_by_name(name))
        return await self._taken_in(rule.same_name_and_phone(found, wanted.person, wanted.country, wanted.currency))

    async def _asked(self, read: Read[tuple[CustomerRow, ...]]) -> list[CustomerRow]:
        """The customers QuickBooks shows, without those it should not show any more."""
        rows = await self._desk.realm.access.read(read, key=self._desk.location)
        return await self._desk.house.journal.read(lambda db: self._unmerged(db, rows))

    def _unmerged(self, db: Connection, rows: Iterable[_Row]) -> list[_Row]:
        """Leave out who was merged into another: the index, or a query that lags, may still show them as active."""
        realm = self._desk.realm.realm
        return [row for row in rows if merges.survivor(db, realm, row.id) == row.id]

    async def _taken_in(self, row: CustomerRow | None, rivals: int = 0) -> Hit | None:
        """Index what a look-up brought, and tell the location: it is a contact to be, like any other new customer."""
        if row is None:
            return None
        record, _ = await self._desk.place()
        realm = self._desk.realm
        await self._desk.house.journal.write(lambda db: realm.take_customer(db, [record], row, Lane.CONTACT))
        return Hit(row.id, rivals)


def _currency_mark(part: str) -> str:
    """What a link's part says of a foreign currency: three letters behind the last colon; hashes are in hex digits."""
    last = part.rpartition(":")[2]
    return last if last.isupper() and last.isalpha() else ""
