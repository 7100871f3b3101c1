"""Have a customer made a contact before anybody writes to them."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from avantto_qbo.actors.desk import Desk, Later, Turn
from avantto_qbo.journal import inbox
from avantto_qbo.model.records import Envelope, Lane, Topic
from avantto_qbo.model.steps import ContactCase, Ignore, ReviewCase
from avantto_qbo.quickbooks import reads
from avantto_qbo.rules.crm.contact import plan_contact
from avantto_qbo.rules.reference import contact_of


class ContactFirst:
    """The change feed may show a payment before its customer: fetch the row, make the contact, come back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ensure(self, case: ReviewCase) -> Turn | Ignore:
        """Say when to come back, or why the customer is not to be a contact: then nobody is asked."""
        desk, customer = self._desk, case.payment.customer_id
        coming = await desk.house.journal.read(lambda db: inbox.get(db, desk.location, Topic.CUSTOMER, customer))
        if coming is not None:
            return await self._after(coming)
        row = await desk.realm.access.read(reads.customer(customer), key=desk.location)
        match plan_contact(ContactCase(row, case.location, case.settings, own_contact=contact_of(row.notes))):
            case (Ignore() as left_out, *_):
                return left_out
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
