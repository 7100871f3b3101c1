"""Find the QuickBooks customer of a document's person, or create it; never two for one, never one for two (U1, U2)."""

from __future__ import annotations

from functools import partial
from typing import Final

from avantto_qbo.actors.books.customer_search import CustomerSearch, Hit, Wanted
from avantto_qbo.actors.desk import Desk, Later
from avantto_qbo.actors.recording import contact_link
from avantto_qbo.errors import AvanttoQboError, TransientError
from avantto_qbo.journal import activity, claims, customers, links, locations, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Person
from avantto_qbo.model.drafts import CustomerDraft
from avantto_qbo.model.ids import Chain, CustomerId, OperationId
from avantto_qbo.model.operation import WAITING, Kind, Operation, Reason, Source, State
from avantto_qbo.model.outcome import FaultClass
from avantto_qbo.model.records import Activity, Link, Status
from avantto_qbo.quickbooks import encode_lists
from avantto_qbo.rules.books import customer as rule
from avantto_qbo.rules.books.doubts.doubt import LOOKS
from avantto_qbo.rules.crm.contact import JOINED
from avantto_qbo.rules.reasons import RETRY

_CLAIMED: Final = "the same customer is being made"
_SUFFIXES: Final = 5  # a name taken this often wants a human


class ClaimTakenError(AvanttoQboError):
    """Another operation is creating the same customer; `holder` is its id. Nothing of ours was committed."""

    def __init__(self, holder: OperationId) -> None:
        super().__init__(holder)
        self.holder = holder


class MadeMeanwhileError(AvanttoQboError):
    """Another location of the company made this customer between our look and our claim. Nothing was committed."""


class Customers:
    """The customers that one location's documents need."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._search = desk, CustomerSearch(desk)

    async def known(self, person: Person, currency: str = "") -> CustomerId | None:
        """The linked customer of this contact, this e-mail and this currency, if there is one that still is active.

        `currency` is the document's, "" for the company's own. A merged customer's survivor takes its place.
        """
        return await self._search.linked(await self._search.wanted(person, currency))

    async def ensure(self, person: Person, currency: str = "") -> Later | None:
        """Make `known` true: by the local index, by one look-up, or by creating the customer. None when it is true."""
        wanted = await self._search.wanted(person, currency)
        busy = await self._desk.chain_busy(_chain(wanted), "")
        if busy is not None:
            return busy
        found = await self._search.at_hand(wanted)
        if found is None and (maker := await self._maker(wanted)) is not None:
            return await self._until_made(maker)
        found = found or await self._search.looked_up(wanted)
        if found is None:
            return await self._create(wanted)
        await self._link(wanted, found)
        return None

    async def forget(self, person: Person, currency: str = "") -> None:
        """QuickBooks refused this person's customer as inactive or gone: trust it no more, here nor in the index."""
        wanted = await self._search.wanted(person, currency)
        refused = await self._search.linked(wanted)
        location, realm = self._desk.location, self._desk.realm.realm

        def drop(db: Connection) -> None:
            link = links.get(db, location, "customer", person.contact_id, wanted.part)
            if link is not None:
                links.drop(db, link)
            if refused is not None:
                customers.retire(db, realm, refused)

        await self._desk.house.journal.write(drop)

    async def _maker(self, wanted: Wanted) -> OperationId | None:
        """Whoever is making this very customer: asking QuickBooks for it meanwhile would only cost a read."""
        realm, claim = self._desk.realm.realm, self._claim(wanted)
        return await self._desk.house.journal.read(lambda db: claims.holder(db, realm, claim))

    async def _until_made(self, maker: OperationId) -> Later:
        """Wait for whoever makes the customer; where that location is not at work, go on with it from here."""
        now = self._desk.now()

        def look(db: Connection) -> tuple[Operation | None, bool]:
            op = operations.get(db, maker)
            place = locations.get(db, op.location) if op is not None else None
            return op, place is not None and place.status is not Status.CONNECTED

        op, stopped = await self._desk.house.journal.read(look)
        if op is None or not stopped or op.state not in WAITING:
            return self._desk.waiting(maker, _CLAIMED)
        if op.next_at is None or op.next_at <= now:
            op, _ = await self._desk.performer.go_on(op)
        next_at = op.next_at if op.state in WAITING else None
        return Later(next_at, maker, _CLAIMED) if next_at else self._desk.waiting(maker, _CLAIMED)

    async def _link(self, wanted: Wanted, found: Hit) -> None:
        """Remember the pair both ways, so that the customer never becomes a second contact."""
        desk, now, contact = self._desk, self._desk.now(), wanted.person.contact_id
        link = Link(
            location=desk.location,
            realm=desk.realm.realm,
            source_kind="customer",
            source_id=contact,
            part=wanted.part,
            entity="Customer",
            object_id=found.id,
            created_at=now,
            updated_at=now,
        )

        def put(db: Connection) -> None:
            links.put(db, link)
            if contact and links.get(db, desk.location, "contact", found.id) is None:
                links.put(db, contact_link(link.location, link.realm, found.id, contact, now, status=JOINED))
            if found.rivals:
                text = f"{found.rivals} active customers have the e-mail of {_who(contact)}; {found.id} is the oldest."
                activity.record(db, self._flag("customer.several", text, found.id))

        await desk.house.journal.write(put)

    async def _create(self, wanted: Wanted) -> Later | None:
        for suffix in range(_SUFFIXES):
            draft = rule.draft_customer(wanted.person, suffix, wanted.country, wanted.currency)
            op = self._operation(wanted, draft)
            try:
                later, verdict = await self._desk.carry_out(op, extra=partial(self._take, wanted, op, suffix))
            except ClaimTakenError as taken:
                return self._desk.waiting(taken.holder, _CLAIMED)
            except MadeMeanwhileError:
                return await self.ensure(wanted.person, wanted.currency.code)
            if verdict.fault is None or verdict.fault.kind is not FaultClass.NAME_TAKEN:
                return later
            adopted = await self._search.named(wanted, encode_lists.customer_name(draft, wanted.company))
            if adopted is not None:
                await self._link(wanted, Hit(adopted))
                return None
            await self._await_holder(wanted)
        return await self._name_impossible(wanted)

    async def _await_holder(self, wanted: Wanted) -> None:
        """A lost answer, and now the name is taken by whom no query shows yet: most likely by our first attempt.

        Raises TransientError then: under another name it would stand twice.
        """
        location, settle = self._desk.location, self._desk.house.pace.settle
        tried = await self._desk.house.journal.read(lambda db: operations.of_chain(db, location, _chain(wanted)))
        soon = self._desk.now() - settle * LOOKS[-1]
        if any(op.lookups and op.state is State.SKIPPED and op.updated_at > soon for op in tried):
            raise TransientError("its name is taken, and no query shows yet by whom", settle)

    async def _name_impossible(self, wanted: Wanted) -> Later:
        text = f"The name of {_who(wanted.person.contact_id)} is taken in QuickBooks in every form tried."
        mend = f"rename the contact in Avantto or whoever has its name in QuickBooks, then: {RETRY}"
        reason = Reason("customer.name", text, mend)
        turn = await self._desk.hold(Kind.CUSTOMER_CREATE, _chain(wanted), _source(wanted), "", reason)
        return turn if isinstance(turn, Later) else self._desk.later(3600, reason.code)

    def _operation(self, wanted: Wanted, draft: CustomerDraft) -> Operation:
        call, claim = encode_lists.customer_create(draft, wanted.company), self._claim(wanted)
        return self._desk.operation(Kind.CUSTOMER_CREATE, _chain(wanted), _source(wanted), call, draft, claim=claim)

    def _claim(self, wanted: Wanted) -> str:
        key = rule.claim_key(wanted.person, wanted.currency)
        return f"{key.kind}:{self._desk.house.fingerprints.name(key.value)}"

    def _take(self, wanted: Wanted, op: Operation, suffix: int, db: Connection) -> None:
        """Claim the customer with the intent, and say aloud that its name had to be changed."""
        holder = claims.take(db, op.realm, op.claim, op.id, op.created_at)
        if holder != op.id:
            raise ClaimTakenError(holder)
        if self._search.indexed(db, wanted) is not None:
            raise MadeMeanwhileError
        if suffix:
            text = f"The name of {_who(op.source.id)} is taken in QuickBooks: made with a suffix (try {suffix})."
            activity.record(db, self._flag("customer.suffix", text, op.source.id))

    def _flag(self, event: str, text: str, subject: str) -> Activity:
        return Activity(self._desk.now(), self._desk.location, event, text, subject)


def _chain(wanted: Wanted) -> Chain:
    return Chain(f"customer:{wanted.person.contact_id}:{wanted.part}")


def _source(wanted: Wanted) -> Source:
    return Source("customer", wanted.person.contact_id, wanted.part)


def _who(contact: str) -> str:
    return f"contact {contact}" if contact else "a buyer without a contact"
