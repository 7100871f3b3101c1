"""Find the QuickBooks customer of a document's person, or create it; never two for one, never one for two (U1, U2)."""

from __future__ import annotations

from functools import partial
from typing import Final

from avantto_qbo.actors.desk import Desk, Later
from avantto_qbo.actors.recording import contact_link
from avantto_qbo.errors import AvanttoQboError
from avantto_qbo.journal import claims, customers, links
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Person
from avantto_qbo.model.drafts import CustomerDraft
from avantto_qbo.model.ids import Chain, CustomerId, OperationId
from avantto_qbo.model.operation import Kind, Operation, Reason, Source
from avantto_qbo.model.outcome import FaultClass
from avantto_qbo.model.quickbooks import Company, CustomerRow
from avantto_qbo.model.records import Lane, Link
from avantto_qbo.quickbooks import encode, reads
from avantto_qbo.rules.books import customer as rule
from avantto_qbo.rules.crm.contact import JOINED
from avantto_qbo.rules.identity import normal_email
from avantto_qbo.rules.reference import contact_of

_SUFFIXES: Final = 5  # a name taken this often wants a human


class ClaimTakenError(AvanttoQboError):
    """Another operation is creating the same customer; `holder` is its id. Nothing of ours was committed."""

    def __init__(self, holder: OperationId) -> None:
        super().__init__(holder)
        self.holder = holder


class Customers:
    """The customers that one location's documents need."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def known(self, person: Person) -> CustomerId | None:
        """The linked customer of this contact and this e-mail, if there is one already. No request is made."""
        location, part = self._desk.location, self._part(person)
        link = await self._desk.house.journal.read(
            lambda db: links.get(db, location, "customer", person.contact_id, part)
        )
        return CustomerId(link.object_id) if link else None

    async def ensure(self, person: Person) -> Later | None:
        """Make `known` true: by the local index, by one look-up, or by creating the customer. None when it is true."""
        chain = Chain(f"customer:{person.contact_id}:{self._part(person)}")
        busy = await self._desk.chain_busy(chain, "")
        if busy is not None:
            return busy
        found = await self._indexed(person) or await self._own(person) or await self._looked_up(person)
        if found is not None:
            await self._link(person, found)
            return None
        return await self._create(person, chain)

    def _part(self, person: Person) -> str:
        """What tells this customer from others of the contact: the e-mail; without a contact, name and phone."""
        email, marks = normal_email(person.email), self._desk.house.fingerprints
        if email:
            return marks.email(email)
        return "" if person.contact_id else f"{marks.name(rule.display_name(person))}:{marks.phone(person.phone)}"

    async def _indexed(self, person: Person) -> CustomerId | None:
        if not normal_email(person.email):
            return None
        key = self._part(person)
        realm = self._desk.realm.realm
        rows = await self._desk.house.journal.read(lambda db: customers.by_email_key(db, realm, key))
        chosen = rule.choose_customer(rows, key)
        return chosen.id if chosen else None

    async def _own(self, person: Person) -> CustomerId | None:
        """A document without an e-mail belongs to the contact's customer, whatever e-mail made that one."""
        if self._part(person) or not person.contact_id:
            return None
        location = self._desk.location
        linked = await self._desk.house.journal.read(
            lambda db: links.of_source(db, location, "customer", person.contact_id)
        )
        oldest = min(linked, key=lambda link: (link.created_at, link.part), default=None)
        return CustomerId(oldest.object_id) if oldest else None

    async def _looked_up(self, person: Person) -> CustomerId | None:
        """The one metered look-up a new customer is worth: it may be younger than the last poll."""
        realm, email = self._desk.realm, normal_email(person.email)
        if not email:
            return await self._by_name_and_phone(person)
        rows = await realm.access.read(reads.customers_by_email(email), key=self._desk.location)
        chosen = rule.choose_customer(rows, email)
        if chosen is None:
            return None
        await self._remember(chosen)
        return chosen.id

    async def _by_name_and_phone(self, person: Person) -> CustomerId | None:
        """Without an e-mail only the same name and the same phone make it the same person."""
        record, _ = await self._desk.place()
        draft = rule.draft_customer(person, 0, record.country)
        rows = await self._desk.realm.access.read(reads.customers_by_name(draft.display_name), key=self._desk.location)
        chosen = rule.same_name_and_phone(rows, person, record.country)
        return chosen.id if chosen else None

    async def _remember(self, row: CustomerRow) -> None:
        """Index what the look-up brought, and tell the location: it is a contact to be, like any other new customer."""
        record, _ = await self._desk.place()
        realm = self._desk.realm
        await self._desk.house.journal.write(lambda db: realm.take_customer(db, [record], row, Lane.CONTACT))

    async def _link(self, person: Person, customer: CustomerId) -> None:
        """Remember the pair both ways, so that the customer never becomes a second contact."""
        desk, now, part = self._desk, self._desk.now(), self._part(person)
        link = Link(
            location=desk.location,
            realm=desk.realm.realm,
            source_kind="customer",
            source_id=person.contact_id,
            part=part,
            entity="Customer",
            object_id=customer,
            created_at=now,
            updated_at=now,
        )

        def put(db: Connection) -> None:
            links.put(db, link)
            if person.contact_id and links.get(db, desk.location, "contact", customer) is None:
                links.put(db, contact_link(link.location, link.realm, customer, person.contact_id, now, status=JOINED))

        await desk.house.journal.write(put)

    async def _create(self, person: Person, chain: Chain) -> Later | None:
        record, _ = await self._desk.place()
        company = await self._desk.realm.company()
        for suffix in range(_SUFFIXES):
            draft = rule.draft_customer(person, suffix, record.country)
            op = self._operation(person, draft, chain, company)
            try:
                later, verdict = await self._desk.carry_out(op, extra=partial(self._take, op))
            except ClaimTakenError as taken:
                return self._desk.waiting(taken.holder, "the same customer is being made")
            if verdict.fault is None or verdict.fault.kind is not FaultClass.NAME_TAKEN:
                return later
            adopted = await self._adopt(person, encode.customer_name(draft, company), record.country)
            if adopted is not None:
                await self._link(person, adopted)
                return None
        return await self._name_impossible(person, chain)

    async def _name_impossible(self, person: Person, chain: Chain) -> Later:
        text = f"The name of contact {person.contact_id} is taken in QuickBooks in every form tried."
        reason = Reason("customer.name", text, "rename one of the two, then: avantto-qbo retry ID")
        source = _source(person, self._part(person))
        turn = await self._desk.hold(Kind.CUSTOMER_CREATE, chain, source, "", reason)
        return turn if isinstance(turn, Later) else self._desk.later(3600, reason.code)

    def _operation(self, person: Person, draft: CustomerDraft, chain: Chain, company: Company) -> Operation:
        key = rule.claim_key(person)
        claim = f"{key.kind}:{self._desk.house.fingerprints.name(key.value)}"
        source = _source(person, self._part(person))
        return self._desk.operation(
            Kind.CUSTOMER_CREATE, chain, source, encode.customer_create(draft, company), draft, claim=claim
        )

    def _take(self, op: Operation, db: Connection) -> None:
        holder = claims.take(db, op.realm, op.claim, op.id, op.created_at)
        if holder != op.id:
            raise ClaimTakenError(holder)

    async def _adopt(self, person: Person, name: str, country: str) -> CustomerId | None:
        """Who has the name: ours from a commit nobody told us of, the same person without an e-mail, or another."""
        rows = await self._desk.realm.access.read(reads.customers_by_name(name), key=self._desk.location)
        own = next((row for row in rows if row.active and _made_for(row, person)), None)
        chosen = own or rule.on_name_taken(person, rows, country)
        return chosen.id if chosen else None


def _made_for(row: CustomerRow, person: Person) -> bool:
    """Our own customer of this contact, and not the one of another e-mail: each has its own (U1)."""
    email = normal_email(person.email)
    fits = not email or not row.emails or email in row.emails
    return fits and contact_of(row.notes) == person.contact_id


def _source(person: Person, part: str) -> Source:
    return Source("customer", person.contact_id, part)
