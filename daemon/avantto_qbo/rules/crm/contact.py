"""Which contact a QuickBooks customer becomes (C1 to C5): its own, the one already there, or a new one."""

from __future__ import annotations

from typing import Final

from avantto_qbo.model.avantto import Address, Contact
from avantto_qbo.model.drafts import ContactDraft
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.quickbooks import CustomerRow
from avantto_qbo.model.settings import Contacts
from avantto_qbo.model.steps import (
    ContactCase,
    CreateContact,
    CrmStep,
    FillContact,
    FindContact,
    Ignore,
    LinkContact,
)
from avantto_qbo.rules.identity import normal_email, normal_phone
from avantto_qbo.rules.text import one_line

TAG: Final = "quickbooks"
JOINED: Final = "joined"  # the status of a link that a document made: the contact itself was not looked at yet
_NAME_LIMIT: Final = 100
_ADDRESS_LIMIT: Final = 200
_PERSONAL: Final = ("name", "first_name", "last_name", "email", "phone", "company")


def plan_contact(case: ContactCase) -> tuple[CrmStep, ...]:
    """Decide the next step for one customer; an empty plan means it is a contact already."""
    if (left_out := _left_out(case)) is not None:
        return (left_out,)
    if case.link is not None and case.link.status != JOINED:
        return ()
    if case.own_contact:
        return (LinkContact(case.own_contact),)
    if case.found is not None:
        return (_joined(case, case.found),)
    draft = draft_contact(case)
    if (draft.email or draft.phone) and not case.searched and not _refused_if_there(case):
        return (FindContact(draft.email, draft.phone, _emails(case)[1:]),)
    return (CreateContact(draft),)


def _refused_if_there(case: ContactCase) -> bool:
    """Say whether creating is asking as well: a location that takes no duplicates names the one it has (one call less).

    Only in bulk, right after the location said so: an owner may change that setting later. Creating asks for one
    address only.
    """
    return case.bulk and not case.location.allow_duplicates and len(_emails(case)) < 2


def _emails(case: ContactCase) -> tuple[str, ...]:
    """The customer's addresses in the form they are compared in, each once."""
    return tuple(dict.fromkeys(filter(None, map(normal_email, case.row.emails))))


def draft_contact(case: ContactCase) -> ContactDraft:
    """The contact that this customer makes."""
    row, country = case.row, case.location.country
    phones = filter(None, (normal_phone(phone, country) for phone in row.phones))
    return ContactDraft(
        name=one_line(row.display_name, _NAME_LIMIT),
        first_name=one_line(row.given_name, _NAME_LIMIT),
        last_name=one_line(row.family_name, _NAME_LIMIT),
        email=next(iter(_emails(case)), ""),
        phone=next(phones, ""),
        company=one_line(row.company_name, _NAME_LIMIT),
        address=_address(row.address),
        tags=(TAG,),
    )


def _left_out(case: ContactCase) -> Ignore | None:
    """Why a customer is no contact, None when it is one (C5)."""
    row, wanted = case.row, case.settings.contacts
    if row.project:
        return _ignore("project", row, "is a project")
    if not row.active and case.survivor is not None:
        return _ignore("merged", row, f"was merged into customer {case.survivor}")
    if not row.active:
        return _ignore("inactive", row, "is inactive")
    if wanted is Contacts.OFF:
        return _ignore("contacts_off", row, "stays out: the setting contacts is off")
    if wanted is Contacts.OWN and case.link is None and not case.own_contact:
        return _ignore("not_own", row, "has no document of this location, and the setting contacts is own")
    draft = draft_contact(case)
    if row.job and not (draft.email or draft.phone):
        return _ignore("sub_customer", row, "is a sub-customer without an e-mail or phone of its own")
    return None


def _ignore(code: str, row: CustomerRow, why: str) -> Ignore:
    return Ignore(Reason(code, f"Customer {row.id} {why}."))


def _joined(case: ContactCase, contact: Contact) -> CrmStep:
    """Join an existing contact: its fields stay, blanks are filled, the tag is added."""
    draft, tag = _blanks(case, contact), TAG not in {known.casefold() for known in contact.tags}
    if draft is None and not tag:
        return LinkContact(contact.id)
    return FillContact(contact.id, draft, tag)


def _blanks(case: ContactCase, contact: Contact) -> ContactDraft | None:
    """What the customer can add to the contact, None for nothing.

    People share phones: where only the phone matches and the names differ, nothing of one is written into the other.
    """
    draft = draft_contact(case)
    same_email = normal_email(contact.email) in _emails(case)
    if not same_email and _conflict(draft, contact):
        return None
    fields = {name: getattr(draft, name) for name in _PERSONAL if not getattr(contact, name).strip()}
    if _named(contact):  # a contact with any name keeps it as it is
        fields = {name: value for name, value in fields.items() if not name.endswith("name")}
    fields = {name: value for name, value in fields.items() if value}
    address = draft.address if contact.address == Address() else Address()
    if not fields and address == Address():
        return None
    return ContactDraft(**fields, address=address)


def _conflict(draft: ContactDraft, contact: Contact) -> bool:
    names = {_key(contact.name or f"{contact.first_name} {contact.last_name}")}
    ours = {_key(draft.name), _key(f"{draft.first_name} {draft.last_name}")}
    return _named(contact) and not names & ours


def _named(contact: Contact) -> bool:
    return bool(f"{contact.name}{contact.first_name}{contact.last_name}".strip())


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _address(address: Address) -> Address:
    """The address as Avantto takes it: its country is a code of two letters, QuickBooks' is free text."""
    country = address.country.strip().upper()
    return Address(
        line1=one_line(address.line1, _ADDRESS_LIMIT),
        line2=one_line(address.line2, _ADDRESS_LIMIT),
        city=one_line(address.city, _ADDRESS_LIMIT),
        state=one_line(address.state, _ADDRESS_LIMIT),
        postal_code=one_line(address.postal_code, _ADDRESS_LIMIT),
        country=country if len(country) == 2 and country.isalpha() else "",
    )
