"""Ask for a review once, when a customer's first invoice is paid in QuickBooks (R1-R3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from avantto_qbo.actors.desk import Desk, Done, Later, Turn
from avantto_qbo.actors.recording import ENDED
from avantto_qbo.avantto import encode
from avantto_qbo.avantto import reads as crm_reads
from avantto_qbo.errors import AvanttoQboError, RejectedError
from avantto_qbo.journal import customers, inbox, links, operations, reviews
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Contact, CustomValue
from avantto_qbo.model.drafts import MessageDraft
from avantto_qbo.model.ids import ContactId, CustomerId, LocationId, OperationId, review_chain
from avantto_qbo.model.operation import Kind, Operation, Reason, Source, State
from avantto_qbo.model.quickbooks import PaymentRow
from avantto_qbo.model.records import Envelope, Lane, LocationRecord, Review, ReviewState, Topic
from avantto_qbo.model.settings import Settings
from avantto_qbo.model.steps import (
    ContactCase,
    Hold,
    Ignore,
    NeedContact,
    NeedHistory,
    ReviewCase,
    ReviewStep,
    SendMessage,
    Settle,
    Wait,
)
from avantto_qbo.quickbooks import reads as books_reads
from avantto_qbo.rules.crm.contact import plan_contact
from avantto_qbo.rules.crm.review import paid_before, plan_review, review_link
from avantto_qbo.rules.reference import contact_of

_STEPS: Final = 8
_HELD_FOR: Final = timedelta(hours=1)


# The owner can grant it: held until then, no channel is used up.
_VALUES_LAST: Final = timedelta(minutes=1)
_NO_PERMISSION: Final = "refused.scope"


class AlreadyAskedError(AvanttoQboError):
    """This person was asked before, under another customer or from another location of the realm."""


class NotOursError(AvanttoQboError):
    """The request was begun again by somebody else meanwhile."""


def _reopened(review: Review) -> bool:
    return review.state is ReviewState.SENDING and review.operation is None


def _begun_elsewhere(review: Review, location: LocationId) -> bool:
    """Another location of the company has claimed this person: its own mail goes on with it."""
    return review.state is ReviewState.SENDING and review.location != location


class Reviews:
    """The review requests of one location."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._values: tuple[CustomValue, ...] | None = None
        self._values_at = desk.now()

    async def handle(self, envelope: Envelope) -> Turn:
        """Decide about the payment row in the envelope."""
        payment = msgspec.json.decode(envelope.payload, type=PaymentRow)
        case = await self._case(payment)
        if case.review is not None and _begun_elsewhere(case.review, self._desk.location):
            return Done()
        if case.review is not None and case.review.operation is not None:
            return await self._under_way(case, case.review, case.review.operation)
        return await self._decide(case)

    async def _under_way(self, case: ReviewCase, review: Review, name: OperationId) -> Turn:
        """A message was started: it ends by itself, or its refusal leaves the other channel."""
        op = await self._desk.house.journal.read(lambda db: operations.get(db, name))
        if op is None or op.state in ENDED:
            return Done()
        if op.state is not State.HELD or op.reason is None or op.reason.code == _NO_PERMISSION:
            return self._desk.waiting(op.id, op.state)
        done = await self._refused(case, review, op, op.reason.text)
        return await self._decide(done) if isinstance(done, ReviewCase) else done

    async def _decide(self, case: ReviewCase) -> Turn:
        for _ in range(_STEPS):
            steps = plan_review(case)
            if not steps:
                return Done()
            done = await self._do(case, steps[0])
            if not isinstance(done, ReviewCase):
                return done
            case = done
        return self._desk.later(60, "many steps")

    async def _case(self, payment: PaymentRow) -> ReviewCase:
        record, settings = await self._desk.place()
        review = await self._review(payment.customer_id)
        return ReviewCase(
            payment=payment,
            review=review,
            location=record,
            settings=settings,
            now=self._desk.now(),
            business=record.name,
        )

    async def _review(self, customer: CustomerId) -> Review | None:
        realm = self._desk.realm.realm
        return await self._desk.house.journal.read(lambda db: reviews.get(db, realm, customer))

    async def _do(self, case: ReviewCase, step: ReviewStep) -> Turn | ReviewCase:
        match step:
            case NeedHistory(customer=customer):
                rows = await self._desk.realm.access.read(books_reads.invoices_of(customer), key=self._desk.location)
                return msgspec.structs.replace(case, history=rows)
            case NeedContact(customer=customer):
                return await self._with_contact(case, customer)
            case SendMessage(draft=draft):
                return await self._send(case, draft)
            case Settle(state=state, reason=reason):
                return await self._settle(case, ReviewState(state), reason)
            case Wait(delay=delay, reason=reason):
                await self._settle(case, ReviewState.WAITING, reason)
                return self._desk.until_settings_change(delay, reason.code)
            case Hold(reason=reason):
                return await self._hold(case, reason)
            case Ignore(reason=reason) if not case.review and case.history and paid_before(case.history, case.payment):
                # The answer to the one query is kept: no later payment of this customer asks again.
                return await self._settle(case, ReviewState.DECLINED, reason)
            case Ignore():
                return Done()

    async def _with_contact(self, case: ReviewCase, customer: CustomerId) -> Turn | ReviewCase:
        location = self._desk.location
        link = await self._desk.house.journal.read(lambda db: links.get(db, location, "contact", customer))
        if link is None or not link.object_id:
            return await self._make_contact_first(case, customer)
        contact = await self._contact(ContactId(link.object_id))
        if contact is None:
            return await self._settle(case, ReviewState.DECLINED, Reason("no_contact", "The contact is gone."))
        return msgspec.structs.replace(
            case,
            contact=contact,
            imported=await self._imported(contact),
            link=await self._link(case.location, case.settings),
        )

    async def _make_contact_first(self, case: ReviewCase, customer: CustomerId) -> Turn:
        """The change feed may show the payment before the customer: fetch the row, make the contact, come back.

        Who is not to be a contact (a project, `contacts = own`) is asked for nothing, and not looked up again.
        """
        desk = self._desk
        coming = await desk.house.journal.read(lambda db: inbox.get(db, desk.location, Topic.CUSTOMER, customer))
        if coming is not None:
            return await self._after(coming)
        row = await desk.realm.access.read(books_reads.customer(customer), key=desk.location)
        own = contact_of(row.notes)
        match plan_contact(ContactCase(row, case.location, case.settings, own_contact=own)):
            case (Ignore(reason=reason), *_):
                return await self._settle(case, ReviewState.DECLINED, reason)
        now, payload = desk.now(), msgspec.json.encode(row)
        await desk.house.journal.write(
            lambda db: inbox.tell(
                db,
                desk.location,
                Topic.CUSTOMER,
                customer,
                Lane.CONTACT,
                now,
                payload=payload,
                changed_at=row.updated_at,
            )
        )
        return desk.later(5, "contact first")

    async def _after(self, coming: Envelope) -> Turn:
        """Come back when the customer's own mail has been worked on, which then waits for no backfill."""
        desk, now = self._desk, self._desk.now()
        if coming.waiting_for:
            return desk.waiting(coming.waiting_for, "contact first")
        if coming.lane is Lane.BACKFILL:
            await desk.house.journal.write(
                lambda db: inbox.tell(db, desk.location, Topic.CUSTOMER, coming.object_id, Lane.CONTACT, now)
            )
            return desk.later(30, "contact first")
        return Later(max(coming.next_at, now) + timedelta(seconds=30), reason="contact first")

    async def _contact(self, contact: ContactId) -> Contact | None:
        try:
            return await self._desk.crm.read(crm_reads.contact(contact))
        except RejectedError as error:
            if error.code == "gone":
                return None
            raise

    async def _imported(self, contact: Contact) -> bool:
        """Did this contact come from QuickBooks? Whoever first came by a document of Avantto's gave their consent."""
        location = self._desk.location
        own = await self._desk.house.journal.read(lambda db: links.of_source(db, location, "customer", contact.id))
        return not own

    async def _link(self, record: LocationRecord, settings: Settings) -> str:
        if settings.review_link not in {"auto", ""}:
            return settings.review_link
        now = self._desk.now()
        if self._values is None or now - self._values_at > _VALUES_LAST:
            self._values = await self._desk.crm.read(crm_reads.custom_values(self._desk.location))
            self._values_at = now
        return review_link(settings, self._values, record.google_place_id)

    async def _send(self, case: ReviewCase, draft: MessageDraft) -> Turn | ReviewCase:
        op = self._desk.operation(
            Kind.MESSAGE_SEND,
            review_chain(case.payment.customer_id),
            Source("review", case.payment.customer_id, draft.channel),
            encode.message_send(draft),
            draft,
            version=case.payment.updated_at.isoformat(),
        )
        review = self._record(case, ReviewState.SENDING, "", channel=draft.channel, operation=op)
        keys = await self._person_keys(case)
        first = case.review is None or case.review.state is ReviewState.WAITING

        def claim(db: Connection) -> None:
            if first:
                if not reviews.claim(db, review, keys):
                    raise AlreadyAskedError
                return
            current = reviews.get(db, review.realm, review.customer)
            if current is None or not _reopened(current) or current.location != review.location:
                raise NotOursError
            reviews.put(db, review)

        try:
            later, verdict = await self._desk.carry_out(op, extra=claim)
        except NotOursError:
            return Done()
        except AlreadyAskedError:
            current = await self._review(case.payment.customer_id)
            if current is not None and current.state is not ReviewState.WAITING:
                return Done()
            return await self._settle(case, ReviewState.DECLINED, Reason("asked", "This person was asked before."))
        if verdict.state is State.HELD and verdict.fault is not None and verdict.fault.code != "scope":
            return await self._refused(case, review, op, verdict.fault.message)
        if verdict.state is State.SKIPPED and verdict.next_at is not None:  # not sent: decided about again
            return Later(verdict.next_at, reason="not_sent")
        return later or Done()

    async def _refused(self, case: ReviewCase, review: Review, op: Operation, text: str) -> ReviewCase:
        """Do-not-disturb and unsubscribed are final for this channel; the other one gets its one chance."""
        now = self._desk.now()
        tried = msgspec.structs.replace(
            review, tried=(*review.tried, review.channel), reason=text, operation=None, updated_at=now
        )

        await self._desk.let_go(op, Reason("final", text), lambda db: reviews.put(db, tried))
        return msgspec.structs.replace(case, review=tried)

    async def _person_keys(self, case: ReviewCase) -> tuple[str, ...]:
        """The same e-mail or phone in the realm is the same person, whatever the customer's id."""
        realm, marks = self._desk.realm.realm, self._desk.house.fingerprints
        row = await self._desk.house.journal.read(lambda db: customers.get(db, realm, case.payment.customer_id))
        keys: set[str] = set()
        if row is not None:
            keys |= {f"email:{key}" for key in row.email_keys} | {f"phone:{key}" for key in row.phone_keys}
        if case.contact is not None and case.contact.email:
            keys.add(f"email:{marks.email(case.contact.email.lower())}")
        return tuple(sorted(keys))

    def _record(
        self,
        case: ReviewCase,
        state: ReviewState,
        reason: str,
        *,
        channel: str = "",
        operation: Operation | None = None,
    ) -> Review:
        before = case.review
        return Review(
            realm=self._desk.realm.realm,
            customer=case.payment.customer_id,
            location=self._desk.location,
            state=state,
            paid_at=before.paid_at if before else case.payment.updated_at,
            updated_at=self._desk.now(),
            invoice=case.payment.invoices[0][0] if case.payment.invoices else "",
            payment=case.payment.id,
            contact=case.contact.id if case.contact else ContactId(""),
            channel=channel or (before.channel if before else ""),
            tried=before.tried if before else (),
            reason=reason,
            operation=operation.id if operation else None,
        )

    async def _settle(self, case: ReviewCase, state: ReviewState, reason: Reason) -> Turn:
        review = self._record(case, state, reason.text)
        await self._desk.house.journal.write(lambda db: reviews.put(db, review))
        return Done()

    async def _hold(self, case: ReviewCase, reason: Reason) -> Turn:
        """One feature waits for its owner; nothing else does. Looked at again every hour: a custom value may help."""
        await self._settle(case, ReviewState.WAITING, reason)
        return self._desk.until_settings_change(_HELD_FOR, reason.code)
