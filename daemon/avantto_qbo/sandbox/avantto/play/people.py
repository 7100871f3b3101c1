"""Control actions about contacts and the messages they got."""

from __future__ import annotations

from typing import Any

from avantto_qbo.sandbox.avantto import contacts
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
