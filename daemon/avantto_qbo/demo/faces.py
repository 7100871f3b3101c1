"""Who is who: contacts and customers by what identifies a person, e-mail, phone, or for want of both the name."""

from __future__ import annotations

from collections.abc import Iterable

from avantto_qbo.demo.control import Json
from avantto_qbo.demo.evidence import emails_of, maker_of, phones_of


class Faces:
    """Avantto's contacts by what identifies a person: e-mail, phone, or for want of both the name."""

    def __init__(self, contacts: Iterable[Json]) -> None:
        self.contacts = {contact["id"]: contact for contact in contacts}
        self._by_key: dict[str, dict[str, Json]] = {}
        for contact in self.contacts.values():
            for key in contact_keys(contact):
                self._by_key.setdefault(key, {})[contact["id"]] = contact

    def answering(self, keys: Iterable[str]) -> list[Json]:
        """Every contact that answers to one of the keys, each once."""
        found: dict[str, Json] = {}
        for key in keys:
            found |= self._by_key.get(key, {})
        return list(found.values())

    def of_customer(self, customer: Json) -> list[Json]:
        """The contacts a customer is: the one it was made from, and whoever else answers to its address or phone."""
        made_from = self.contacts.get(maker_of(customer))
        known = {contact["id"]: contact for contact in self.answering(customer_keys(customer))}
        return list((known | ({made_from["id"]: made_from} if made_from else {})).values())


def contact_keys(contact: Json) -> tuple[str, ...]:
    """What a contact answers to."""
    email, phone = str(contact.get("email") or "").lower(), str(contact.get("phone") or "")
    keys = [key for key, value in ((f"email:{email}", email), (f"phone:{phone}", phone)) if value]
    return tuple(keys) or (f"name:{contact.get('name', '').casefold()}",)


def customer_keys(customer: Json) -> tuple[str, ...]:
    """What a customer's contact answers to."""
    keys = [f"email:{email}" for email in emails_of(customer)] + [f"phone:{phone}" for phone in phones_of(customer)]
    return tuple(keys) or (f"name:{customer['DisplayName'].casefold()}",)
