"""Control actions about contacts and the messages they got."""

from __future__ import annotations

from typing import Any

from avantto_qbo.sandbox.avantto import contacts, conversations, merging
from avantto_qbo.sandbox.avantto.documents import Json
from avantto_qbo.sandbox.avantto.play.base import Person, PlayBase

_BLOCKS: dict[bool | str, Json] = {
    True: {"status": "active"},
    False: {"status": "inactive"},
    "permanent": {"status": "permanent"},
    "unsubscribed": {"status": "permanent", "code": "unsubscribed"},
}


class PeoplePlay(PlayBase):
    """Contacts as somebody edits them by hand."""

    def create_contact(self, location: str, **fields: Any) -> Json:
        """Create a contact with the API's members (name, email, phone, tags, …) and return it."""
        return contacts.create(self._world, self._world.location(location), fields)

    def update_contact(self, location: str, contact: Person, **fields: Any) -> Json:
        """Overwrite members of a contact and return it."""
        place = self._world.location(location)
        return contacts.update(self._world, place, self._person(place, contact), fields)

    def delete_contact(self, location: str, contact: Person) -> Json:
        """Delete a contact."""
        place = self._world.location(location)
        found = self._person(place, contact)
        contacts.delete(self._world, place, found)
        return found

    def merge_contacts(self, location: str, survivor: Person, merged: Person) -> Json:
        """Merge a contact into another and return the survivor; transactions tell by `mergedFromContactId`."""
        place = self._world.location(location)
        kept, gone = self._person(place, survivor), self._person(place, merged)
        if kept["id"] == gone["id"]:
            raise ValueError("a contact cannot be merged into itself")
        return merging.merge(self._world, place, kept, gone)

    def receive_message(self, location: str, contact: Person, channel: str = "SMS", text: str = "Hello") -> Json:
        """Let a contact write to the location (`SMS` or `Email`): an InboundMessage event, and they did write once."""
        place = self._world.location(location)
        return conversations.receive(self._world, place, self._person(place, contact), channel, text)

    def set_dnd(
        self,
        location: str,
        contact: Person,
        sms: bool | str | None = None,
        email: bool | str | None = None,
        all: bool | None = None,  # noqa: A002  # the vendor's own word for every channel
    ) -> Json:
        """Block channels: true, false, "permanent" or "unsubscribed" each; `all` is the overall switch."""
        place = self._world.location(location)
        found = self._person(place, contact)
        chosen = {"SMS": sms, "Email": email}
        settings = {channel: _BLOCKS[block] for channel, block in chosen.items() if block is not None}
        everything = bool(found["dnd"]) if all is None else all
        merged = {**found.get("dndSettings", {}), **settings}
        return contacts.set_do_not_disturb(self._world, place, found, merged, everything=everything)

    def messages(self, location: str) -> list[Json]:
        """Return every message accepted for the location's contacts, oldest first."""
        return self._world.location(location).messages

    def enrolments(self, location: str) -> list[Json]:
        """Return who was added to which workflow, oldest first: `{contactId, workflowId, dateAdded}`."""
        return self._world.location(location).enrolments
