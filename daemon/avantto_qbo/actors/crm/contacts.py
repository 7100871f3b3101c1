"""Make a contact of one QuickBooks customer: match before create, fill only blanks, never a second one (C1-C5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from avantto_qbo.actors.crm.forgotten import Forgotten
from avantto_qbo.actors.desk import Desk, Done, Turn
from avantto_qbo.actors.recording import contact_link
from avantto_qbo.avantto import encode, reads
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import activity, left_out, links, merges, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.avantto import Contact
from avantto_qbo.model.drafts import ContactDraft
from avantto_qbo.model.ids import ContactId, contact_chain
from avantto_qbo.model.operation import Kind, Reason, Source, State
from avantto_qbo.model.outcome import Fault, FaultClass
from avantto_qbo.model.quickbooks import CustomerRow
from avantto_qbo.model.records import Activity, Envelope, Link
from avantto_qbo.model.steps import (
    ContactCase,
    CreateContact,
    CrmStep,
    FillContact,
    FindContact,
    Hold,
    Ignore,
    LinkContact,
)
from avantto_qbo.rules.crm.contact import JOINED, TAG, plan_contact
from avantto_qbo.rules.reference import contact_of
from avantto_qbo.rules.settle import Verdict

_STEPS: Final = 8
_GONE: Final = "refused.gone"
_LOOK_AGAIN: Final = timedelta(days=1)  # a customer that changes is a chance to see whether its contact still exists


class Contacts:
    """The contacts one location gets from its books; `bulk` for the many at connect."""

    def __init__(self, desk: Desk, *, bulk: bool = False) -> None:
        self._desk, self._bulk, self._forgotten = desk, bulk, Forgotten(desk)

    async def handle(self, envelope: Envelope) -> Turn:
        """Bring Avantto level with the customer row in the envelope (the row is the truth; it is never re-read)."""
        row = msgspec.json.decode(envelope.payload, type=CustomerRow)
        gone = await self._let_go_of_the_gone(row)
        case = await self._case(row)
        if gone:  # our marker still names it
            case = msgspec.structs.replace(case, own_contact=None)
        for _ in range(_STEPS):
            busy = await self._desk.chain_busy(contact_chain(row.id), _version(row))
            if busy is not None:
                return busy
            steps = plan_contact(case)
            if not steps:
                return Done()
            done = await self._do(case, steps[0])
            if not isinstance(done, ContactCase):
                return done
            case = done
        return self._desk.later(60, "many steps")

    async def _case(self, row: CustomerRow) -> ContactCase:
        record, settings = await self._desk.place()
        location, realm = self._desk.location, self._desk.realm.realm
        link = await self._desk.house.journal.read(lambda db: links.get(db, location, "contact", row.id))
        own = await self._own_contact(row) if link is None else None
        survivor = await self._desk.house.journal.read(lambda db: merges.survivor(db, realm, row.id))
        case = ContactCase(row, record, settings, link=link, own_contact=own, bulk=self._bulk)
        case = msgspec.structs.replace(case, survivor=survivor if survivor != row.id else None)
        return case if link is None else await self._seen(case, link)

    async def _seen(self, case: ContactCase, link: Link) -> ContactCase:
        """Look at a contact a document joined, and now and then whether a linked one is still there."""
        now = self._desk.now()
        if link.status != JOINED and now - link.updated_at < _LOOK_AGAIN:
            return case
        there = await self._contact(ContactId(link.object_id))
        if there is None:
            await self._drop(case.row)
            return msgspec.structs.replace(case, link=None)
        if link.status == JOINED:
            return msgspec.structs.replace(case, searched=True, found=there)
        seen = msgspec.structs.replace(link, updated_at=now)
        await self._desk.house.journal.write(lambda db: links.put(db, seen))
        return case

    async def _drop(self, row: CustomerRow) -> None:
        """The contact was deleted in Avantto: the pair is no pair any more, and the next plan makes a new one."""
        location = self._desk.location
        await self._desk.house.journal.write(lambda db: links.remove(db, location, "contact", row.id))

    async def _let_go_of_the_gone(self, row: CustomerRow) -> bool:
        """A change of a contact that is not there any more needs no person: the contact is made again (C3)."""
        location, chain = self._desk.location, contact_chain(row.id)
        op = await self._desk.house.journal.read(lambda db: operations.open_in_chain(db, location, chain))
        gone = op is not None and op.state is State.HELD and op.reason is not None and op.reason.code == _GONE
        if op is not None and gone:
            await self._desk.let_go(op, Reason("superseded.gone", "The contact was deleted in Avantto."))
            await self._drop(row)
        return gone

    async def _own_contact(self, row: CustomerRow) -> ContactId | None:
        """The contact our marker names, if it is this location's: a shared company has other locations' too (C4)."""
        contact = contact_of(row.notes)
        if contact is None:
            return None
        realm, location = self._desk.realm.realm, self._desk.location
        makers = await self._desk.house.journal.read(lambda db: links.locations_of(db, realm, "customer", contact))
        if makers:
            return contact if location in makers else None
        return contact if await self._contact(contact) is not None else None

    async def _do(self, case: ContactCase, step: CrmStep) -> Turn | ContactCase:
        match step:
            case FindContact():
                return msgspec.structs.replace(case, searched=True, found=await self._find(step))
            case CreateContact(draft=draft):
                return await self._create(case, draft)
            case FillContact(contact=contact, draft=draft, tag=tag):
                return await self._fill(case, contact, draft, tag=tag)
            case LinkContact(contact=contact):
                return await self._link(case, contact)
            case Hold(reason=reason):
                return await self._hold(case, reason)
            case Ignore(reason=reason):
                return await self._leave_out(case.row, reason)

    async def _find(self, wanted: FindContact) -> Contact | None:
        """The contact that one of the e-mails or the phone belongs to; one field may hold several e-mails."""
        found = await self._desk.crm.read(reads.find_contact(self._desk.location, wanted.email, wanted.phone))
        by_email = found is not None and found.email.casefold() == wanted.email.casefold()
        for email in wanted.others:
            if by_email:
                break
            other = await self._desk.crm.read(reads.find_contact(self._desk.location, email))
            found, by_email = (other, True) if other is not None else (found, False)
        return found

    async def _leave_out(self, row: CustomerRow, reason: Reason) -> Turn:
        """Keep why this customer is no contact; the many of the first copy are counted, not told one by one."""
        now, location, realm = self._desk.now(), self._desk.location, self._desk.realm.realm
        line = Activity(now, location, "contact.left_out", reason.text, subject=row.id)

        def note(db: Connection) -> None:
            if left_out.put(db, location, realm, row.id, reason.code, now) and not self._bulk:
                activity.record(db, line)

        await self._desk.house.journal.write(note)
        return Done()

    async def _create(self, case: ContactCase, draft: ContactDraft) -> Turn | ContactCase:
        known = await self._forgotten.named(case)
        if known is not None:
            return msgspec.structs.replace(case, searched=True, found=known)
        call = encode.contact_create(self._desk.location, draft)
        op = self._desk.operation(
            Kind.CONTACT_CREATE,
            contact_chain(case.row.id),
            Source("contact", case.row.id),
            call,
            draft,
            version=_version(case.row),
        )
        later, verdict = await self._desk.carry_out(
            op, extra=lambda db: left_out.remove(db, op.location, op.realm, case.row.id)
        )
        if verdict.fault is not None and verdict.fault.kind is FaultClass.DUPLICATE:
            return await self._adopt(case, verdict.fault)
        return later or Done()

    async def _adopt(self, case: ContactCase, refusal: Fault) -> Turn | ContactCase:
        """The location has this person already, under the id the refusal names."""
        found = await self._contact(ContactId(refusal.existing)) if refusal.existing else None
        if found is None:
            text = "Avantto says this contact exists but does not say which."
            return await self._hold(case, Reason("contact.duplicate", text, "avantto-qbo retry ID"))
        return msgspec.structs.replace(case, searched=True, found=found)

    async def _contact(self, contact: ContactId) -> Contact | None:
        try:
            return await self._desk.crm.read(reads.contact(contact))
        except RejectedError as error:
            if error.code in {"gone", "scope"}:  # not there, or not ours to see
                return None
            raise

    async def _fill(
        self, case: ContactCase, contact: ContactId, draft: ContactDraft | None, *, tag: bool
    ) -> Turn | ContactCase:
        """Fill blanks, then add the tag by its own endpoint (an update would overwrite the tags)."""
        chain, source, version = contact_chain(case.row.id), Source("contact", case.row.id, "fill"), _version(case.row)
        if draft is not None:
            call = encode.contact_update(contact, draft)
            op = self._desk.operation(Kind.CONTACT_UPDATE, chain, source, call, draft, version=version, target=contact)
            later, verdict = await self._desk.carry_out(op)
            if _is_gone(verdict):
                return await self._again(case)
            if later is not None:
                return later
            if verdict.fault is not None:  # the blank we wanted to fill belongs to another contact
                case = msgspec.structs.replace(case, found=None)
        if tag:
            call = encode.contact_tag(contact, (TAG,))
            op = self._desk.operation(Kind.CONTACT_TAG, chain, source, call, None, version=version, target=contact)
            later, verdict = await self._desk.carry_out(op)
            if _is_gone(verdict):
                return await self._again(case)
            if later is not None:
                return later
        return await self._link(case, contact)

    async def _again(self, case: ContactCase) -> ContactCase:
        """The contact went away between the look and the write: look again."""
        await self._let_go_of_the_gone(case.row)
        return msgspec.structs.replace(case, link=None, own_contact=None, found=None, searched=False)

    async def _link(self, case: ContactCase, contact: ContactId) -> Turn:
        made = contact_link(self._desk.location, self._desk.realm.realm, case.row.id, contact, self._desk.now())
        link = await self._forgotten.as_made(case, made)

        def put(db: Connection) -> None:
            links.put(db, link)
            left_out.remove(db, link.location, link.realm, case.row.id)

        await self._desk.house.journal.write(put)
        return Done()

    async def _hold(self, case: ContactCase, reason: Reason) -> Turn:
        chain, source = contact_chain(case.row.id), Source("contact", case.row.id)
        return await self._desk.hold(Kind.CONTACT_CREATE, chain, source, _version(case.row), reason)


def _is_gone(verdict: Verdict) -> bool:
    return verdict.fault is not None and verdict.fault.kind is FaultClass.GONE


def _version(row: CustomerRow) -> str:
    return row.updated_at.isoformat()
