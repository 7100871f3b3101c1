"""The two writes a review request can be: a message, or the contact's place in a workflow."""

from __future__ import annotations

from avantto_qbo.actors.desk import Desk
from avantto_qbo.avantto import encode
from avantto_qbo.model.drafts import MessageDraft
from avantto_qbo.model.ids import ContactId, review_chain
from avantto_qbo.model.operation import Kind, Operation, Source
from avantto_qbo.model.steps import ReviewCase
from avantto_qbo.rules.crm.sender import WORKFLOW


def message(desk: Desk, case: ReviewCase, draft: MessageDraft) -> Operation:
    """Write to the person by one channel."""
    customer = case.payment.customer_id
    return desk.operation(
        Kind.MESSAGE_SEND,
        review_chain(customer),
        Source("review", customer, draft.channel),
        encode.message_send(draft),
        draft,
        version=case.payment.updated_at.isoformat(),
    )


def enrolment(desk: Desk, case: ReviewCase, contact: ContactId, workflow: str) -> Operation:
    """Let the location's own workflow write."""
    customer = case.payment.customer_id
    return desk.operation(
        Kind.WORKFLOW_ADD,
        review_chain(customer),
        Source("review", customer, WORKFLOW),
        encode.workflow_add(contact, workflow),
        None,
        version=case.payment.updated_at.isoformat(),
        target=contact,
    )
