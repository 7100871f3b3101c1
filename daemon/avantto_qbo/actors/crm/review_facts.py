"""What a review request is decided from, beside the payment itself: whoever paid, and how they can be reached."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from avantto_qbo.actors import merging
from avantto_qbo.actors.desk import Desk
from avantto_qbo.avantto import reads as crm_reads
from avantto_qbo.avantto.workflows import workflows
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import customers, evidence, links, locations, merges, restored, reviews
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.reviews import MERGED
from avantto_qbo.model.avantto import Contact, CustomValue, Location, Transaction, Workflow
from avantto_qbo.model.ids import ContactId, CustomerId
from avantto_qbo.model.quickbooks import History, PaymentRow
from avantto_qbo.model.records import TAKEN_BACK, LocationRecord, Review, Status
from avantto_qbo.model.settings import Settings
from avantto_qbo.quickbooks import reads as books_reads
from avantto_qbo.rules.crm.sender import review_link

T = TypeVar("T")
_LAST: Final = timedelta(minutes=1)  # many requests may be decided about in a row
_GONE: Final = "forgotten_payment"
_PERSONS: Final = 50  # customers that share an e-mail or phone; more is a switchboard, not a person


class Remembered:
    """Answers of Avantto about the location, kept for a minute."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._kept: dict[str, tuple[datetime, object]] = {}

    async def get(self, name: str, kind: type[T], ask: Callable[[], Awaitable[T]]) -> T:
        """Return what is remembered as `name`, or ask."""
        at, value = self._kept.get(name, (None, None))
        if at is not None and self._now() - at <= _LAST and isinstance(value, kind):
            return value
        asked = await ask()
        self._kept[name] = (self._now(), asked)
        return asked

    def forget(self, name: str) -> None:
        self._kept.pop(name, None)


class ReviewFacts:
    """Looks things up for the review requests of one location."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._remembered = Remembered(desk.now)

    async def standing(self, payment: PaymentRow) -> tuple[PaymentRow, Review | None]:
        """The payment in the name of whoever its customer is now, and the request it or that customer led to.

        A payment that was seen under another customer tells of a merge, or was moved by hand: no second request.
        """
        realm, now = self._desk.realm.realm, self._desk.now()

        def look(db: Connection) -> tuple[CustomerId, Review | None, Review | None]:
            before = reviews.of_payment(db, realm, payment.id)
            if not payment.customer_id:  # the stub of a deleted payment has nothing but its id
                return (before.customer if before else payment.customer_id), before, before
            customer = merges.survivor(db, realm, payment.customer_id)
            return customer, before, reviews.get(db, realm, customer)

        customer, before, review = await self._desk.house.journal.read(look)
        if before is not None and before.customer != customer and before.code not in {MERGED, TAKEN_BACK}:
            await self._desk.house.journal.write(lambda db: merging.moved(db, realm, before.customer, customer, now))
            review = await self._desk.house.journal.read(lambda db: reviews.get(db, realm, customer))
        return msgspec.structs.replace(payment, customer_id=customer), review

    async def shared(self) -> bool:
        """Say whether other locations work for the same company."""
        realm = self._desk.realm.realm
        members = await self._desk.house.journal.read(lambda db: locations.of_realm(db, realm))
        return sum(member.status is not Status.DISCONNECTED for member in members) > 1

    async def history(self, customer: CustomerId) -> History:
        """All invoices of this person, in one query: the same e-mail or phone in the realm is the same person."""
        same = await self._desk.house.journal.read(lambda db: self._same_person(db, customer))
        return await self._desk.realm.access.read(books_reads.invoices_of(*same), key=self._desk.location)

    def _same_person(self, db: Connection, customer: CustomerId) -> tuple[CustomerId, ...]:
        realm = self._desk.realm.realm
        row = customers.get(db, realm, customer)
        found = [customer]
        for email in row.email_keys if row else ():
            found += [other.id for other in customers.by_email_key(db, realm, email)]
        for phone in row.phone_keys if row else ():
            found += [other.id for other in customers.by_phone_key(db, realm, phone)]
        return tuple(dict.fromkeys(found))[:_PERSONS]

    async def payments(self, ids: tuple[str, ...]) -> tuple[PaymentRow, ...]:
        """The payments with these ids; those that are gone are left out."""
        found = [await self._payment(one) for one in ids]
        return tuple(row for row in found if row is not None)

    async def _payment(self, payment: str) -> PaymentRow | None:
        try:
            return await self._desk.realm.access.read(books_reads.payment(payment), key=self._desk.location)
        except RejectedError as error:
            if error.code == "610":  # deleted meanwhile
                return None
            raise

    async def refunded(self, payment: PaymentRow) -> bool:
        """Say whether the payment stands for money that Avantto gave back."""
        realm = self._desk.realm.realm
        return await self._desk.house.journal.read(
            lambda db: any(
                _given_back(evidence.get(db, link.location, "transaction", link.part))
                for link in links.by_object(db, realm, "Payment", payment.id)
            )
        )

    async def forgotten_until(self) -> datetime | None:
        """Up to when requests may have been made that a restored journal does not know; None where it never was."""
        at = await self._desk.house.journal.read(lambda db: restored.get(db, self._desk.realm.realm))
        return at.begins_at if at is not None else None

    async def forgotten_gone(self, payment: PaymentRow, until: datetime | None) -> bool:
        """Say whether payments unknown to a restored journal were deleted before it came back; `payment` may be one."""
        location, now = self._desk.location, self._desk.now()
        if until is None:
            return False
        journal = self._desk.house.journal
        if payment.deleted and payment.updated_at <= until:
            await journal.write(lambda db: evidence.put(db, location, _GONE, payment.id, "", b"", now))
        return bool(await journal.read(lambda db: evidence.of_kind(db, location, _GONE)))

    async def contact(self, contact: ContactId) -> Contact | None:
        """The contact, None when it was deleted."""
        try:
            return await self._desk.crm.read(crm_reads.contact(contact))
        except RejectedError as error:
            if error.code == "gone":
                return None
            raise

    async def imported(self, contact: Contact) -> bool:
        """Say whether this contact came from QuickBooks and bought nothing in Avantto: no consent to text messages.

        A contact of ours was made with a draft; one that was there before is only linked.
        """
        location, realm = self._desk.location, self._desk.realm.realm

        def look(db: Connection) -> bool:
            made = any(link.agreed for link in links.by_object(db, realm, "Contact", contact.id))
            return made and not links.of_source(db, location, "customer", contact.id)

        return await self._desk.house.journal.read(look)

    async def link(self, record: LocationRecord, settings: Settings) -> str:
        """Where people leave a review: setting, custom value, Google place; "" for nowhere."""
        if settings.review_link not in {"auto", ""}:
            return settings.review_link
        values = await self._remembered.get("values", tuple, self._custom_values)
        if found := review_link(settings, values, record.google_place_id):
            return found
        place = await self._remembered.get("place", Location, self._place)  # its owner may have found it meanwhile
        return review_link(settings, values, place.google_place_id)

    async def _custom_values(self) -> tuple[CustomValue, ...]:
        return await self._desk.crm.read(crm_reads.custom_values(self._desk.location))

    async def _place(self) -> Location:
        return await self._desk.crm.read(crm_reads.location(self._desk.location))

    async def workflows(self) -> tuple[Workflow, ...]:
        """The location's workflows."""
        return await self._remembered.get("workflows", tuple, self._workflows)

    async def _workflows(self) -> tuple[Workflow, ...]:
        return await self._desk.crm.read(workflows(self._desk.location))

    def forget_workflows(self) -> None:
        """One that was listed was refused."""
        self._remembered.forget("workflows")

    async def person_keys(self, customer: CustomerId, contact: Contact | None) -> tuple[str, ...]:
        """The e-mails and phones that stand for this person in the realm, as keyed hashes."""
        realm, marks = self._desk.realm.realm, self._desk.house.fingerprints
        row = await self._desk.house.journal.read(lambda db: customers.get(db, realm, customer))
        keys: set[str] = set()
        if row is not None:
            keys |= {f"email:{key}" for key in row.email_keys} | {f"phone:{key}" for key in row.phone_keys}
        if contact is not None and contact.email:
            keys.add(f"email:{marks.email(contact.email.lower())}")
        if contact is not None and contact.phone:
            keys.add(f"phone:{marks.phone(contact.phone)}")
        return tuple(sorted(keys))


def _given_back(kept: bytes | None) -> bool:
    """Some of the money, or all: a row as the poll of payments last saw it."""
    return kept is not None and msgspec.json.decode(kept, type=Transaction).amount_refunded > 0
