"""Record what became of an operation, in one transaction: state, link, claim, who waits, and the activity line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import msgspec

from avantto_qbo.journal import activity, claims, customers, grants, inbox, links, locations, operations, reviews
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.sealing import Fingerprints
from avantto_qbo.model.drafts import CustomerDraft
from avantto_qbo.model.grant import Provider
from avantto_qbo.model.ids import CustomerId, LocationId, RealmId
from avantto_qbo.model.operation import Kind, Operation, Reason, State
from avantto_qbo.model.records import Activity, IndexedCustomer, Link, ReviewState, Status
from avantto_qbo.rules.crm.contact import JOINED
from avantto_qbo.rules.reasons import addressed
from avantto_qbo.rules.settle import RECONNECT, TO_A_PERSON, Verdict

Extra = Callable[[Connection], object]
# Taken back by us: told from what a person voided or deleted in the books, which is respected for good.
WITHDRAWN: Final = "withdrawn"
_VOIDS: Final = frozenset({Kind.INVOICE_VOID, Kind.PAYMENT_VOID, Kind.RECEIPT_VOID})
_CHANGES: Final = frozenset({Kind.INVOICE_UPDATE, Kind.PAYMENT_UPDATE})
ENDED: Final = frozenset({State.DONE, State.SKIPPED})

# Kind of operation → (kind of source in the link, entity in the books or the CRM).
_LINKED: Final = {
    Kind.CUSTOMER_CREATE: ("customer", "Customer"),
    Kind.ITEM_CREATE: ("item", "Item"),
    Kind.INVOICE_CREATE: ("invoice", "Invoice"),
    Kind.INVOICE_UPDATE: ("invoice", "Invoice"),
    Kind.INVOICE_VOID: ("invoice", "Invoice"),
    Kind.PAYMENT_CREATE: ("payment", "Payment"),
    Kind.PAYMENT_UPDATE: ("payment", "Payment"),
    Kind.PAYMENT_VOID: ("payment", "Payment"),
    Kind.RECEIPT_CREATE: ("transaction", "SalesReceipt"),
    Kind.RECEIPT_VOID: ("transaction", "SalesReceipt"),
    Kind.REFUND_CREATE: ("refund", "RefundReceipt"),
    Kind.CONTACT_CREATE: ("contact", "Contact"),
}


def record(db: Connection, op: Operation, verdict: Verdict, now: datetime, *, fingerprints: Fingerprints) -> Operation:
    """Move `op` along the verdict's path and make everything that follows from it true at once."""
    if verdict.reason is not None:
        verdict = msgspec.structs.replace(verdict, reason=addressed(verdict.reason, op.id))
    # A contact has no marker: one that was found after a doubt may be as old as the person, and without our tag (C3).
    found = op.kind is Kind.CONTACT_CREATE and op.state is not State.SENDING
    for state in verdict.path:
        op = operations.move(
            db, op.id, state, now, next_at=verdict.next_at, reason=verdict.reason, object_id=verdict.object_id or None
        )
    if op.state in {State.DONE, State.CORRECTING}:
        _link(db, op, verdict, now, found=found)
    if op.state is State.DONE:
        _after(db, op, verdict, now, fingerprints)
    if op.kind in TO_A_PERSON and op.state is State.SKIPPED:
        _reopen_review(db, op, now)
    if verdict.reason is not None and verdict.reason.code == RECONNECT:
        _stop(db, op, verdict.reason, now)
    if op.state in ENDED:
        claims.release(db, op.id)
    if op.state in ENDED or op.state is State.HELD:
        inbox.wake(db, op.id, now)
    if op.state in {State.DONE, State.HELD} or (verdict.reason and verdict.reason.code == "unknown"):
        activity.record(db, _line(op, verdict, now))
    return op


def _stop(db: Connection, op: Operation, reason: Reason, now: datetime) -> None:
    """The location waits for its owner, unless it was disconnected or connected anew while this was being sent."""
    record = locations.get(db, op.location)
    books = op.kind.side == "books"
    provider, subject = (Provider.QUICKBOOKS, op.realm) if books else (Provider.AVANTTO, op.location)
    if record is None or record.status is Status.DISCONNECTED:
        return
    if not grants.given_after(db, provider, subject, op.sent_at or op.created_at, now):
        text = f"{reason.text}: avantto-qbo connect {op.location}"
        locations.set_status(db, op.location, Status.BROKEN, text, now)


def link_of(db: Connection, op: Operation) -> Link | None:
    """The link this operation makes or changes."""
    if op.kind not in _LINKED:
        return None
    return links.get(db, op.location, _LINKED[op.kind][0], op.source.id, op.source.part)


def with_status(link: Link, status: str, now: datetime) -> Link:
    return msgspec.structs.replace(link, status=status, updated_at=now)


def link_for(op: Operation, object_id: str, sync_token: str, now: datetime, before: Link | None = None) -> Link:
    """The link between the document `op` speaks for and the object made from it."""
    source_kind, entity = _LINKED[op.kind]
    # A change that came out with another total is no agreement: the next plan must see the difference again.
    unsettled = op.state is State.CORRECTING and op.kind in _CHANGES
    kept = before if op.kind in _VOIDS or unsettled else None
    return Link(
        location=op.location,
        realm=op.realm,
        source_kind=source_kind,
        source_id=op.source.id,
        part=op.source.part,
        entity=entity,
        object_id=object_id,
        created_at=before.created_at if before else now,
        updated_at=now,
        sync_token=sync_token or (before.sync_token if before else ""),
        agreed=kept.agreed if kept else op.intent,
        total=kept.total if kept else op.expected,
        version=op.version,
        status=_status(op),
    )


def note_flags(db: Connection, location: LocationId, subject: str, flags: Iterable[Reason], now: datetime) -> None:
    """Say what a bookkeeper should know about document `subject`, one activity line for each flag."""
    for flag in flags:
        text = f"{flag.text} {flag.mend}".strip()
        activity.record(db, Activity(now, location, f"flag.{flag.code}", text, subject=subject))


def _link(db: Connection, op: Operation, verdict: Verdict, now: datetime, *, found: bool) -> None:
    if op.kind in _LINKED and op.object_id:
        link = link_for(op, op.object_id, verdict.sync_token, now, link_of(db, op))
        links.put(db, with_status(link, JOINED, now) if found else link)


def _status(op: Operation) -> str:
    if op.state is State.CORRECTING:
        return "correcting"
    return WITHDRAWN if op.kind in _VOIDS else "live"


def _after(db: Connection, op: Operation, verdict: Verdict, now: datetime, fingerprints: Fingerprints) -> None:
    match op.kind:
        case Kind.CUSTOMER_CREATE:
            _index_customer(db, op, now, fingerprints)
        case Kind.MESSAGE_SEND | Kind.WORKFLOW_ADD:
            unknown = verdict.reason is not None and verdict.reason.code == "unknown"
            _close_review(db, op, ReviewState.UNKNOWN if unknown else ReviewState.SENT, now)
        case _:
            pass


def _index_customer(db: Connection, op: Operation, now: datetime, fingerprints: Fingerprints) -> None:
    """Know our own customer at once, and know its contact (C4: nothing is created when it comes back)."""
    draft = msgspec.json.decode(op.intent, type=CustomerDraft)
    customers.remember(
        db,
        IndexedCustomer(
            realm=op.realm,
            id=CustomerId(op.object_id),
            updated_at=op.created_at,
            created_at=op.created_at,
            sync_token="",
            active=True,
            job=False,
            project=False,
            name_key=fingerprints.name(draft.display_name),
            email_keys=(fingerprints.email(draft.email),) if draft.email else (),
            phone_keys=(fingerprints.phone(draft.phone),) if draft.phone else (),
            currency=draft.currency,
        ),
    )
    if op.source.kind == "customer" and op.source.id:
        links.put(db, contact_link(op.location, op.realm, op.object_id, op.source.id, now))


def contact_link(
    location: LocationId, realm: RealmId, customer: str, contact: str, now: datetime, *, status: str = "live"
) -> Link:
    """The pair of a QuickBooks customer and the contact it came from or became.

    `joined`: a document brought the two together; the contact still gets its blanks filled and its tag (C3).
    """
    return Link(
        location=location,
        realm=realm,
        source_kind="contact",
        source_id=customer,
        part="",
        entity="Contact",
        object_id=contact,
        created_at=now,
        updated_at=now,
        status=status,
    )


def _close_review(db: Connection, op: Operation, state: ReviewState, now: datetime) -> None:
    review = reviews.get(db, op.realm, CustomerId(op.source.id))
    if review is not None:
        reviews.put(db, msgspec.structs.replace(review, state=state, updated_at=now))


def _reopen_review(db: Connection, op: Operation, now: datetime) -> None:
    """A message that was not sent is decided about again: the payment may be void by then, or the hours closed."""
    review = reviews.get(db, op.realm, CustomerId(op.source.id))
    if review is None or review.operation != op.id:
        return
    dropped = op.reason is not None and op.reason.code.startswith("skipped")  # by a person, for good
    state = ReviewState.DECLINED if dropped else review.state
    reviews.put(db, msgspec.structs.replace(review, state=state, operation=None, updated_at=now))


def _line(op: Operation, verdict: Verdict, now: datetime) -> Activity:
    reason = verdict.reason
    text = f"{op.kind} {op.source.kind} {op.source.id} → {op.state}"
    if op.object_id:
        text += f" (id {op.object_id})"
    if reason is not None:
        text += f": {reason.text}"
    return Activity(at=now, location=op.location, event=f"{op.kind}.{op.state}", text=text, subject=op.source.id)
