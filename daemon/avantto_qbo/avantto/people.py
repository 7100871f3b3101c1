"""Contacts, the people documents name, and the location itself."""

from __future__ import annotations

from typing import Any

import msgspec

from avantto_qbo.avantto.leaves import Wire, decoder, first, flag, needed, text
from avantto_qbo.model.avantto import Address, Contact, CustomValue, Location, Person
from avantto_qbo.model.ids import ContactId, LocationId

_CLOSED = frozenset({"active", "permanent"})  # of a channel's do-not-disturb


class _Snapshot(Wire, frozen=True):
    """A contact as documents copy it: the webhooks in camelCase, the payments API in snake case."""

    id: Any = None
    name: Any = None
    first_name: Any = None
    last_name: Any = None
    snake_first_name: Any = msgspec.field(name="first_name", default=None)
    snake_last_name: Any = msgspec.field(name="last_name", default=None)
    email: Any = None
    phone: Any = None
    company_name: Any = None
    snake_company_name: Any = msgspec.field(name="company_name", default=None)
    address1: Any = None
    city: Any = None
    state: Any = None
    postal_code: Any = None
    snake_postal_code: Any = msgspec.field(name="postal_code", default=None)
    country: Any = None


class Snapshot(_Snapshot, frozen=True):
    """The copy of a contact inside a transaction or an order; every member may be missing."""

    def person(self, contact_id: Any = None, name: Any = None, email: Any = None) -> Person:
        """Return the person; the document's own contact id, name and e-mail go before the copy's."""
        given, family = self.given_name, self.family_name
        return Person(
            contact_id=ContactId(first(contact_id, self.id)),
            name=first(name, self.name, f"{given} {family}"),
            email=first(email, self.email),
            phone=text(self.phone),
            company=first(self.company_name, self.snake_company_name),
            first_name=given,
            last_name=family,
            address=self.address,
        )

    @property
    def given_name(self) -> str:
        return first(self.first_name, self.snake_first_name)

    @property
    def family_name(self) -> str:
        return first(self.last_name, self.snake_last_name)

    @property
    def address(self) -> Address:
        return Address(
            line1=text(self.address1),
            city=text(self.city),
            state=text(self.state),
            postal_code=first(self.postal_code, self.snake_postal_code),
            country=text(self.country),
        )


def snapshot_of(given: Snapshot | str | list[Any] | None) -> Snapshot:
    """Return the copy of a contact; anything that is no object tells nothing about the person."""
    return given if isinstance(given, Snapshot) else Snapshot()


class _Channel(Wire, frozen=True):
    status: Any = None


class _Contact(Snapshot, frozen=True):
    contact_name: Any = None
    source: Any = None
    tags: list[Any] | None = None
    dnd: Any = None
    dnd_settings: dict[str, _Channel | None] | None = None
    unsubscribe_email: Any = None

    def value(self) -> Contact:
        given, family = self.given_name, self.family_name
        return Contact(
            id=ContactId(needed(self.id, "contact.id")),
            name=first(self.name, self.contact_name, f"{given} {family}"),
            first_name=given,
            last_name=family,
            email=text(self.email),
            phone=text(self.phone),
            company=text(self.company_name),
            source=text(self.source),
            address=self.address,
            tags=tuple(text(tag) for tag in self.tags or () if text(tag)),
            no_disturb=self._no_disturb(),
        )

    def _no_disturb(self) -> frozenset[str]:
        settings = {name.lower(): channel for name, channel in (self.dnd_settings or {}).items() if channel}
        closed = {name for name in ("email", "sms") if name in settings and settings[name].status in _CLOSED}
        everything = {"all"} if flag(self.dnd) else set()
        return frozenset(closed | everything | ({"email"} if flag(self.unsubscribe_email) else set()))


class _ContactAnswer(Wire, frozen=True):
    contact: _Contact | None = None


class _ContactsAnswer(Wire, frozen=True):
    contacts: list[_Contact] | None = None


class _Place(Wire, frozen=True):
    google_places_id: Any = None


class _Switches(Wire, frozen=True):
    allow_duplicate_contact: Any = None


class _Business(Wire, frozen=True):
    timezone: Any = None


class _Location(Wire, frozen=True):
    id: Any = None
    name: Any = None
    timezone: Any = None
    country: Any = None
    social: _Place | None = None
    settings: _Switches | None = None
    business: _Business | None = None


class _LocationAnswer(Wire, frozen=True):
    location: _Location


class _NamedValue(Wire, frozen=True):
    name: Any = None
    value: Any = None


class _ValuesAnswer(Wire, frozen=True):
    custom_values: list[_NamedValue] | None = None


_CONTACT = decoder(_ContactAnswer)
_CONTACTS = decoder(_ContactsAnswer)
_LOCATION = decoder(_LocationAnswer)
_VALUES = decoder(_ValuesAnswer)


def decode_contact(body: bytes) -> Contact:
    """Read `{"contact": {...}}`."""
    found = decode_found_contact(body)
    if found is None:
        raise ValueError("contact is missing")
    return found


def decode_found_contact(body: bytes) -> Contact | None:
    """Read `{"contact": {...} | null}`, the answer of the duplicate search."""
    contact = _CONTACT.decode(body).contact
    return contact.value() if contact else None


def decode_contacts(body: bytes) -> tuple[Contact, ...]:
    """Read `{"contacts": [...]}`, a page of a list."""
    return tuple(contact.value() for contact in _CONTACTS.decode(body).contacts or ())


def decode_location(body: bytes) -> Location:
    """Read `{"location": {...}}`; a location without a time zone is an error, for every date depends on it."""
    location = _LOCATION.decode(body).location
    business = location.business or _Business()
    return Location(
        id=LocationId(needed(location.id, "location.id")),
        name=text(location.name),
        time_zone=needed(first(location.timezone, business.timezone), "location.timezone"),
        country=text(location.country),
        allow_duplicates=flag((location.settings or _Switches()).allow_duplicate_contact),
        google_place_id=text((location.social or _Place()).google_places_id),
    )


def decode_custom_values(body: bytes) -> tuple[CustomValue, ...]:
    """Read `{"customValues": [...]}`; values without a name are left out."""
    values = _VALUES.decode(body).custom_values or ()
    return tuple(CustomValue(text(entry.name), text(entry.value)) for entry in values if text(entry.name))
