"""Which QuickBooks customer a document belongs to (U1): the one with this e-mail, else a new one, never two in one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec

from avantto_qbo.model.avantto import Person
from avantto_qbo.model.drafts import CustomerDraft
from avantto_qbo.model.quickbooks import CustomerRow
from avantto_qbo.model.records import IndexedCustomer
from avantto_qbo.rules.identity import normal_email, normal_phone
from avantto_qbo.rules.reference import customer_notes
from avantto_qbo.rules.text import one_line

_NAME_LIMIT: Final = 500  # DisplayName
_PIECE_LIMIT: Final = 100  # GivenName, FamilyName, CompanyName
_NAMELESS: Final = "Avantto customer"
_C = TypeVar("_C", CustomerRow, IndexedCustomer)


class ClaimKey(msgspec.Struct, frozen=True):
    """What a new customer is claimed by in its realm; `kind` is `email` or `name`, `value` its normal form."""

    kind: str
    value: str


def choose_customer(candidates: Iterable[_C], email: str) -> _C | None:
    """The oldest active customer with exactly this e-mail among its addresses; projects never.

    Rows of QuickBooks are compared by the address, rows of the local index by its keyed hash, which `email` then is.
    A customer of its own goes before a sub-customer.
    """
    usable = (row for row in candidates if _addressed(row, email) and row.active and not row.project)
    return min(usable, key=_age, default=None)


def several(candidates: Iterable[CustomerRow], email: str) -> bool:
    """Say whether more than one customer could have been chosen, which a person should know."""
    rows = tuple(candidates)
    first = choose_customer(rows, email)
    return choose_customer((row for row in rows if row is not first), email) is not None


def same_name_and_phone(rows: Iterable[CustomerRow], person: Person, country: str) -> CustomerRow | None:
    """For a person without an e-mail: the oldest customer with the same name and the same phone."""
    phone, name = normal_phone(person.phone, country), name_key(display_name(person))
    usable = (
        row
        for row in rows
        if phone and row.active and not row.project and name_key(row.display_name) == name and _has(row, phone, country)
    )
    return min(usable, key=_age, default=None)


def on_name_taken(person: Person, rows: Iterable[CustomerRow], country: str) -> CustomerRow | None:
    """After 6240: the customer of that name that may be adopted, None when the next suffix is due.

    Only one without an e-mail and with the same phone can be the same person; a vendor or employee never is.
    """
    return same_name_and_phone((row for row in rows if not row.emails), person, country)


def draft_customer(person: Person, suffix_level: int, country: str) -> CustomerDraft:
    """A customer to create for this person; `suffix_level` counts how often its name was refused as taken."""
    given, family = _name_pieces(person)
    return CustomerDraft(
        display_name=_suffixed(person, suffix_level, country),
        notes=customer_notes(person.contact_id) if person.contact_id else "",
        email=normal_email(person.email),
        phone=normal_phone(person.phone, country),
        given_name=given,
        family_name=family,
        company_name=one_line(person.company, _PIECE_LIMIT),
        address=person.address,
    )


def display_name(person: Person) -> str:
    """The best name there is, as QuickBooks takes it: no colon, tab or line break, never empty."""
    full = f"{person.first_name} {person.last_name}"
    names = (person.name, full, person.company, normal_email(person.email), person.phone)
    return next(filter(None, map(_name, names)), _NAMELESS)


def name_key(name: str) -> str:
    """The form in which names are compared: QuickBooks does not tell cases apart."""
    return _name(name).casefold()


def claim_key(person: Person) -> ClaimKey:
    """What the creation of this person's customer is claimed by (U2)."""
    email = normal_email(person.email)
    return ClaimKey("email", email) if email else ClaimKey("name", name_key(display_name(person)))


def _suffixed(person: Person, level: int, country: str) -> str:
    if level == 0:
        return display_name(person)
    marks = [normal_email(person.email), normal_phone(person.phone, country), _name(person.contact_id), "customer"]
    ways = [mark for mark in marks if mark]
    mark = ways[level - 1] if level <= len(ways) else f"{ways[0]} {level}"
    suffix = f" ({mark})"
    return display_name(person)[: _NAME_LIMIT - len(suffix)].rstrip() + suffix


def _name_pieces(person: Person) -> tuple[str, str]:
    """Given and family name: as stated, else the name split at its last blank, unless it is the company's."""
    given, family = _piece(person.first_name), _piece(person.last_name)
    if given or family or name_key(person.name) == name_key(person.company):
        return given, family
    first, _, last = _name(person.name).rpartition(" ")
    return (_piece(first), _piece(last)) if first else (_piece(last), "")


def _name(text: str) -> str:
    return one_line(text.replace(":", " "), _NAME_LIMIT)


def _piece(text: str) -> str:
    return _name(text)[:_PIECE_LIMIT].rstrip()


def _has(row: CustomerRow, phone: str, country: str) -> bool:
    return phone in {normal_phone(number, country) for number in row.phones}


def _addressed(row: CustomerRow | IndexedCustomer, email: str) -> bool:
    if isinstance(row, IndexedCustomer):
        return email in row.email_keys
    return email.strip().casefold() in {known.casefold() for known in row.emails}


def _age(row: CustomerRow | IndexedCustomer) -> tuple[bool, object, int, str]:
    return row.job, row.created_at, len(row.id), row.id
