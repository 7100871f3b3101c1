"""Contacts made before the journal was restored, which it does not know: found again before another is made."""

from __future__ import annotations

import msgspec

from avantto_qbo.actors.desk import Desk
from avantto_qbo.avantto import reads
from avantto_qbo.journal import restored
from avantto_qbo.model.avantto import Contact
from avantto_qbo.model.quickbooks import CustomerRow
from avantto_qbo.model.records import Link
from avantto_qbo.model.steps import ContactCase
from avantto_qbo.rules.crm.contact import TAG, draft_contact


class Forgotten:
    """The contacts one location may have got from its books since the copy that came back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def named(self, case: ContactCase) -> Contact | None:
        """The contact of a customer that only its name can find again: it bears our tag, and no address either."""
        draft = draft_contact(case)
        if draft.email or draft.phone or case.searched or not await self._perhaps_made(case.row):
            return None
        found = await self._desk.crm.read(reads.contacts_named(self._desk.location, draft.name))
        nameless = (one for one in found if _ours(one) and not one.email and not one.phone)
        return next(nameless, None)

    async def as_made(self, case: ContactCase, link: Link) -> Link:
        """A contact that bears our tag already may have been made by us: then it never wrote, and gave no consent."""
        if case.found is None or not _ours(case.found) or not await self._perhaps_made(case.row):
            return link
        return msgspec.structs.replace(link, agreed=msgspec.json.encode(draft_contact(case)))

    async def _perhaps_made(self, row: CustomerRow) -> bool:
        at = await self._desk.house.journal.read(lambda db: restored.get(db, self._desk.realm.realm))
        return at is not None and row.created_at <= at.begins_at


def _ours(contact: Contact) -> bool:
    return TAG in {tag.casefold() for tag in contact.tags}
