"""Which QuickBooks customer a document belongs to (U1): the one with this e-mail, else a new one, never two in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

import msgspec

from avantto_qbo.model.avantto import Person
from avantto_qbo.model.drafts import CustomerDraft
from avantto_qbo.model.quickbooks import Company, CustomerRow
from avantto_qbo.model.records import IndexedCustomer
from avantto_qbo.rules.identity import main_email, normal_phone
from avantto_qbo.rules.names import stored_name
from avantto_qbo.rules.reference import contact_of, customer_notes
from avantto_qbo.rules.text import one_line

_NAME_LIMIT: Final = 500  # DisplayName
_PIECE_LIMIT: Final = 100  # GivenName, FamilyName, CompanyName
_NAMELESS: Final = "Avantto customer"
_C = TypeVar("_C", CustomerRow, IndexedCustomer)


class ClaimKey(msgspec.Struct, frozen=True):
    """What a new customer is claimed by in its realm; `kind` is `email` or `name`, `value` its normal form."""

    kind: str
    value: str


class Currency(msgspec.Struct, frozen=True):
    """The currency a customer must have: QuickBooks never lets it change, and takes documents in no other.

    `code` is "" where the company has only one; `mark` tells foreign ones apart in names, claims and links.
    """

    code: str = ""
    mark: str = ""

    def fits(self, row: CustomerRow | IndexedCustomer) -> bool:
        """Say whether a customer has this currency; an index row that does not know its own never has."""
        return not self.code or row.currency == self.code


ONLY: Final = Currency()


def currency_of(company: Company, currency: str) -> Currency:
    """The currency a document's customer must have; `currency` is the document's, "" for the company's own."""
    if not company.multi_currency:
        return Currency()
    code = currency.upper() or company.currency
    return Currency(code, "" if code == company.currency else code)


def choose_customer(candidates: Iterable[_C], email: str, currency: Currency = ONLY) -> _C | None:
    """The oldest active customer with exactly this e-mail among its addresses; projects never.

    Rows of QuickBooks are compared by the address, rows of the local index by its keyed hash, which `email` then is.
    A customer of its own goes before a sub-customer.
    """
    return min(_usable(candidates, email, currency), key=_age, default=None)


def several(candidates: Iterable[_C], email: str, currency: Currency = ONLY) -> int:
    """How many customers could have been chosen, when that is more than one, which a person should know; else 0."""
    count = len(tuple(_usable(candidates, email, currency)))
    return count if count > 1 else 0


def same_name_and_phone(
    rows: Iterable[CustomerRow], person: Person, country: str, currency: Currency = ONLY
) -> CustomerRow | None:
    """For a person without an e-mail: the oldest customer with the same name and the same phone."""
    phone, name = normal_phone(person.phone, country), name_key(full_name(person, currency))
    usable = (
        row
        for row in rows
        if phone and _open(row, currency) and name_key(row.display_name) == name and _has(row, phone, country)
    )
    return min(usable, key=_age, default=None)


def indexed_by_phone(
    rows: Iterable[IndexedCustomer], phone_key: str, currency: Currency = ONLY
) -> IndexedCustomer | None:
    """The oldest of the index's rows of one name that has this phone; `phone_key` is its keyed hash, "" nobody's."""
    usable = (row for row in rows if phone_key and _open(row, currency) and phone_key in row.phone_keys)
    return min(usable, key=_age, default=None)


def on_name_taken(
    person: Person, rows: Iterable[CustomerRow], country: str, currency: Currency = ONLY
) -> CustomerRow | None:
    """After 6240: the customer of that name that may be adopted, None when the next suffix is due.

    Only one without an e-mail and with the same phone can be the same person; a vendor or employee never is.
    """
    return same_name_and_phone((row for row in rows if not row.emails), person, country, currency)


def made_for(row: CustomerRow, person: Person, currency: Currency = ONLY) -> bool:
    """Say whether a customer is the one we made for this very contact, e-mail and currency: each has its own (U1)."""
    email = main_email(person.email)
    fits = not email or not row.emails or email in row.emails
    return fits and row.active and currency.fits(row) and contact_of(row.notes) == person.contact_id


def trusted(known: IndexedCustomer | None, currency: Currency = ONLY) -> bool:
    """Say whether a link to this customer still holds: not once QuickBooks shows it inactive or in another currency.

    What the index does not know, or knows without a currency, is taken on trust: the link says it.
    """
    return known is None or (known.active and (not known.currency or currency.fits(known)))


def draft_customer(person: Person, suffix_level: int, country: str, currency: Currency = ONLY) -> CustomerDraft:
    """A customer to create for this person; `suffix_level` counts how often its name was refused as taken."""
    given, family = _name_pieces(person)
    return CustomerDraft(
        display_name=_suffixed(person, suffix_level, country, currency),
        notes=customer_notes(person.contact_id) if person.contact_id else "",
        email=main_email(person.email),
        phone=normal_phone(person.phone, country),
        given_name=given,
        family_name=family,
        company_name=one_line(person.company, _PIECE_LIMIT),
        address=person.address,
        currency=currency.code,
    )


def display_name(person: Person) -> str:
    """The best name there is, as QuickBooks takes it: no colon, tab or line break, never empty."""
    full = f"{person.first_name} {person.last_name}"
    names = (person.name, full, person.company, main_email(person.email), person.phone)
    return next(filter(None, map(_name, names)), _NAMELESS)


def full_name(person: Person, currency: Currency = ONLY) -> str:
    """The display name with what a foreign currency adds to it: the same person's two customers never collide."""
    return _with_marks(display_name(person), currency.mark)


def name_key(name: str) -> str:
    """The form in which names are compared: QuickBooks tells neither cases nor, in the US, many scripts apart."""
    return (stored_name(name, _NAME_LIMIT, latin=True) or _name(name)).casefold()


def claim_key(person: Person, currency: Currency = ONLY) -> ClaimKey:
    """What the creation of this person's customer is claimed by (U2)."""
    email = main_email(person.email)
    key = ClaimKey("email", email) if email else ClaimKey("name", name_key(display_name(person)))
    return msgspec.structs.replace(key, value=f"{key.value} {currency.mark}") if currency.mark else key


def _suffixed(person: Person, level: int, country: str, currency: Currency) -> str:
    if level == 0:
        return full_name(person, currency)
    marks = [main_email(person.email), normal_phone(person.phone, country), _name(person.contact_id), "customer"]
    ways = [mark for mark in marks if mark]
    mark = ways[level - 1] if level <= len(ways) else f"{ways[0]} {level}"
    return _with_marks(display_name(person), currency.mark, mark)


def _with_marks(name: str, *marks: str) -> str:
    told = ", ".join(filter(None, marks))
    suffix = f" ({told})" if told else ""
    return name[: _NAME_LIMIT - len(suffix)].rstrip() + suffix


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


def _usable(rows: Iterable[_C], email: str, currency: Currency) -> Iterator[_C]:
    return (row for row in rows if _addressed(row, email) and _open(row, currency))


def _open(row: CustomerRow | IndexedCustomer, currency: Currency) -> bool:
    return row.active and not row.project and currency.fits(row)


def _addressed(row: CustomerRow | IndexedCustomer, email: str) -> bool:
    if isinstance(row, IndexedCustomer):
        return email in row.email_keys
    return email.strip().casefold() in {known.casefold() for known in row.emails}


def _age(row: CustomerRow | IndexedCustomer) -> tuple[bool, object, int, str]:
    return row.job, row.created_at, len(row.id), row.id
