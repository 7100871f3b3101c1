"""Ask for a review once, when a customer's first invoice is paid in QuickBooks (R1-R3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from avantto_qbo.actors.crm.contact_first import ContactFirst
from avantto_qbo.actors.crm.review_book import ReviewBook
from avantto_qbo.actors.crm.review_facts import ReviewFacts
from avantto_qbo.actors.crm.review_requests import enrolment, message
from avantto_qbo.actors.desk import Desk, Done, Later, Turn
from avantto_qbo.actors.recording import ENDED
from avantto_qbo.errors import AvanttoQboError, RejectedError
from avantto_qbo.journal import links, operations, reviews
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import ContactId, CustomerId, LocationId, OperationId
from avantto_qbo.model.operation import Kind, Operation, Reason, State
from avantto_qbo.model.quickbooks import PaymentRow
from avantto_qbo.model.records import Envelope, Review, ReviewState
from avantto_qbo.model.settings import Contacts
from avantto_qbo.model.steps import (
    AddToWorkflow,
    Hold,
    Ignore,
    NeedContact,
    NeedHistory,
    NeedPayments,
    NeedWorkflows,
    ReviewCase,
    ReviewStep,
    SendMessage,
    Settle,
    Wait,
)
from avantto_qbo.rules.crm.first import lags, paid_before
from avantto_qbo.rules.crm.review import plan_review
from avantto_qbo.rules.crm.sender import WORKFLOW, refused_workflow
from avantto_qbo.rules.reasons import setting

_STEPS: Final = 10
_HELD_FOR: Final = timedelta(hours=1)
_QUERY_LAG: Final = 60  # seconds until a history that was behind its payment is asked for again
# The owner can grant it: held until then, no channel is used up.
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
        self._desk, self._facts, self._book = desk, ReviewFacts(desk), ReviewBook(desk)
        self._contact_first = ContactFirst(desk)

    async def handle(self, envelope: Envelope) -> Turn:
        """Decide about the payment row in the envelope."""
        row = msgspec.json.decode(envelope.payload, type=PaymentRow)
        payment, review = await self._facts.standing(row)
        case = await self._case(payment, review)
        if review is not None and _begun_elsewhere(review, self._desk.location):
            return Done()
        if review is not None and review.operation is not None:
            return await self._under_way(case, review, review.operation)
        if await self._somebody_elses(case):
            return Done()
        return await self._decide(case)

    async def _case(self, payment: PaymentRow, review: Review | None) -> ReviewCase:
        record, settings = await self._desk.place()
        until = await self._facts.forgotten_until()
        return ReviewCase(
            payment=payment,
            review=review,
            location=record,
            settings=settings,
            now=self._desk.now(),
            business=record.name,
            refunded=await self._facts.refunded(payment),
            forgotten_until=until,
            forgotten_gone=await self._facts.forgotten_gone(payment, until),
        )

    async def _somebody_elses(self, case: ReviewCase) -> bool:
        """In a shared company a location asks its own customers only; another one may ask this customer."""
        location = self._desk.location
        if case.settings.contacts is Contacts.ALL or not await self._facts.shared():
            return False
        link = await self._desk.house.journal.read(
            lambda db: links.get(db, location, "contact", case.payment.customer_id)
        )
        return link is None

    async def _under_way(self, case: ReviewCase, review: Review, name: OperationId) -> Turn:
        """A message was started: it ends by itself, or its refusal leaves the other channel."""
        op = await self._desk.house.journal.read(lambda db: operations.get(db, name))
        if op is None or op.state in ENDED:
            return Done()
        if op.state is not State.HELD or op.reason is None or op.reason.code == _NO_PERMISSION:
            return self._desk.waiting(op.id, op.state)
        done = await self._refused(case, review, op, op.reason)
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

    async def _do(self, case: ReviewCase, step: ReviewStep) -> Turn | ReviewCase:
        match step:
            case NeedHistory(customer=customer):
                history = await self._facts.history(customer)
                if lags(history.rows, case.payment, history.as_of or self._desk.now()):
                    return self._desk.later(_QUERY_LAG, "history_lags")
                return msgspec.structs.replace(case, history=history.rows)
            case NeedPayments(ids=ids):
                return msgspec.structs.replace(case, others=await self._facts.payments(ids))
            case NeedContact(customer=customer):
                return await self._with_contact(case, customer)
            case NeedWorkflows():
                return await self._with_workflows(case)
            case SendMessage(draft=draft):
                return await self._send(case, message(self._desk, case, draft), draft.channel)
            case AddToWorkflow(contact=contact, workflow=workflow):
                return await self._send(case, enrolment(self._desk, case, contact, workflow), WORKFLOW)
            case _:
                return await self._end(case, step)

    async def _end(self, case: ReviewCase, step: ReviewStep) -> Turn:
        match step:
            case Settle(state=state, reason=reason):
                return await self._book.settle(case, ReviewState(state), reason)
            case Wait(delay=delay, reason=reason):
                await self._book.settle(case, ReviewState.WAITING, reason)
                return self._desk.until_settings_change(delay, reason.code)
            case Hold(reason=reason):
                return await self._hold(case, reason)
            case Ignore(reason=reason) if not case.review and case.history and paid_before(case.history, case.payment):
                # The answer to the one query is kept: no later payment of this customer asks again.
                return await self._book.settle(case, ReviewState.DECLINED, reason)
            case _:
                return Done()

    async def _hold(self, case: ReviewCase, reason: Reason) -> Turn:
        """One feature waits for its owner; nothing else does. Looked at again every hour: a custom value may help."""
        await self._book.settle(case, ReviewState.WAITING, reason)
        return self._desk.until_settings_change(_HELD_FOR, reason.code)

    async def _with_contact(self, case: ReviewCase, customer: CustomerId) -> Turn | ReviewCase:
        location = self._desk.location
        link = await self._desk.house.journal.read(lambda db: links.get(db, location, "contact", customer))
        if link is None or not link.object_id:
            turn = await self._contact_first.ensure(case)
            if isinstance(turn, Ignore):
                return await self._book.settle(case, ReviewState.DECLINED, turn.reason)
            await self._book.settle(case, ReviewState.WAITING, Reason("contact", "The contact is made first."))
            return turn
        contact = await self._facts.contact(ContactId(link.object_id))
        if contact is None:
            return await self._book.settle(case, ReviewState.DECLINED, Reason("no_contact", "The contact is gone."))
        return msgspec.structs.replace(
            case,
            contact=contact,
            imported=await self._facts.imported(contact),
            link=await self._facts.link(case.location, case.settings),
        )

    async def _with_workflows(self, case: ReviewCase) -> Turn | ReviewCase:
        try:
            return msgspec.structs.replace(case, workflows=await self._facts.workflows())
        except RejectedError as error:
            if error.code != "scope":
                raise
            text = "Avantto does not let us see the location's workflows, which review_workflow needs."
            reason = Reason("review_workflow", text, f"avantto-qbo connect {self._desk.location}")
            return await self._hold(case, reason)

    async def _send(self, case: ReviewCase, op: Operation, channel: str) -> Turn | ReviewCase:
        review = self._book.sending(case, op, channel)
        keys = await self._facts.person_keys(case.payment.customer_id, case.contact)
        begins = case.review is None or not _reopened(case.review)

        def claim(db: Connection) -> None:
            if begins:
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
            return await self._book.settle(case, ReviewState.DECLINED, Reason("asked", "This person was asked before."))
        if verdict.state is State.HELD and verdict.fault is not None and verdict.fault.code != "scope":
            reason = Reason(f"refused.{verdict.fault.code}", verdict.fault.message)
            return await self._refused(case, review, op, reason)
        if verdict.state is State.SKIPPED and verdict.next_at is not None:  # not sent: decided about again
            return Later(verdict.next_at, reason="not_sent")
        return later or Done()

    async def _refused(self, case: ReviewCase, review: Review, op: Operation, reason: Reason) -> Turn | ReviewCase:
        """Do-not-disturb and unsubscribed are final for this channel; the other one gets its one chance."""
        now = self._desk.now()
        if op.kind is Kind.WORKFLOW_ADD and refused_workflow(reason.code):
            return await self._workflow_refused(review, op, reason)
        tried = msgspec.structs.replace(
            review,
            tried=(*review.tried, review.channel),
            reason=reason.text,
            code=reason.code,
            operation=None,
            updated_at=now,
        )
        await self._desk.let_go(op, Reason("final", reason.text), lambda db: reviews.put(db, tried))
        return msgspec.structs.replace(case, review=tried)

    async def _workflow_refused(self, review: Review, op: Operation, reason: Reason) -> Turn:
        """Not the person but the workflow was refused: its owner must look at it. Nothing was sent."""
        self._facts.forget_workflows()
        waits = msgspec.structs.replace(
            review,
            state=ReviewState.WAITING,
            reason=f"Avantto refused the workflow: {reason.text}.",
            code="review_workflow",
            mend=setting(self._desk.location, "review_workflow=…"),
            operation=None,
            updated_at=self._desk.now(),
        )
        await self._desk.let_go(op, Reason("final", reason.text), lambda db: reviews.put(db, waits))
        return self._desk.until_settings_change(_HELD_FOR, waits.code)
