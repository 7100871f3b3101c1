from __future__ import annotations

from typing import Any

import msgspec
import pytest

from avantto_qbo.model.avantto import Address
from avantto_qbo.model.drafts import ContactDraft
from avantto_qbo.model.ids import ContactId, CustomerId
from avantto_qbo.model.settings import Contacts, Settings
from avantto_qbo.model.steps import CreateContact, FillContact, FindContact, LinkContact
from avantto_qbo.rules.crm.contact import JOINED, plan_contact
from unit.rules.cases import code, contact, contact_case, customer_row, link, location

HOME = Address("1 Main St", "", "Austin", "TX", "78701", "US")


@pytest.mark.parametrize(
    ("row", "changes", "why"),
    [
        (customer_row(project=True, job=True), {}, "project"),
        (customer_row(active=False), {}, "inactive"),
        (customer_row(active=False), {"survivor": CustomerId("7")}, "merged"),
        (customer_row(job=True, emails=(), phones=()), {}, "sub_customer"),
        (customer_row(job=True, emails=("nonsense",), phones=("12",)), {}, "sub_customer"),
        (customer_row(), {"settings": Settings(contacts=Contacts.OFF)}, "contacts_off"),
        (customer_row(), {"settings": Settings(contacts=Contacts.OWN)}, "not_own"),
    ],
)
def test_a_customer_that_stays_out_has_a_reason(row: Any, changes: dict[str, Any], why: str) -> None:
    assert code(plan_contact(contact_case(row, **changes))) == ("Ignore", why)


def test_a_linked_customer_needs_nothing() -> None:
    assert plan_contact(contact_case(link=link("Contact"))) == ()


def test_our_own_customer_is_only_linked() -> None:
    case = contact_case(own_contact=ContactId("c1"), settings=Settings(contacts=Contacts.OWN))
    assert plan_contact(case) == (LinkContact(ContactId("c1")),)


def test_in_bulk_a_location_that_refuses_duplicates_is_asked_by_creating() -> None:
    (step,) = plan_contact(contact_case(bulk=True, location=location(allow_duplicates=False)))
    assert isinstance(step, CreateContact)
    careful = contact_case(bulk=True, location=location(allow_duplicates=True))
    assert isinstance(plan_contact(careful)[0], FindContact)


def test_avantto_is_asked_before_anything_is_created() -> None:
    assert plan_contact(contact_case()) == (FindContact("jane@example.com", "+15125550147"),)
    sub_customer = customer_row(job=True, emails=(), phones=("n/a", "512 555 0147"))
    assert plan_contact(contact_case(sub_customer)) == (FindContact("", "+15125550147"),)


def test_every_address_of_one_field_is_looked_for() -> None:
    row = customer_row(emails=("JANE@example.com", "nonsense", "jane@work.example", "jane@example.com"))
    assert plan_contact(contact_case(row)) == (FindContact("jane@example.com", "+15125550147", ("jane@work.example",)),)
    assert isinstance(plan_contact(contact_case(row, bulk=True))[0], FindContact)


def test_a_contact_found_by_the_second_address_is_the_same_person() -> None:
    row = customer_row(emails=("jane@example.com", "jane@work.example"), display_name="J. Doe", company_name="Acme")
    there = contact(name="Jane D.", email="Jane@Work.example", tags=("quickbooks",))
    assert plan_contact(contact_case(row, found=there)) == (FillContact(there.id, ContactDraft(company="Acme"), False),)


def test_who_is_not_there_is_created_with_the_tag() -> None:
    row = customer_row(company_name="Acme", address=msgspec.structs.replace(HOME, country="United States"))
    (step,) = plan_contact(contact_case(row, searched=True))
    assert isinstance(step, CreateContact)
    assert step.draft == ContactDraft(
        name="Jane Doe",
        first_name="Jane",
        last_name="Doe",
        email="jane@example.com",
        phone="+15125550147",
        company="Acme",
        address=msgspec.structs.replace(HOME, country=""),
        tags=("quickbooks",),
    )


def test_a_customer_with_neither_email_nor_phone_is_created_by_name() -> None:
    (step,) = plan_contact(contact_case(customer_row(emails=(), phones=())))
    assert isinstance(step, CreateContact)
    assert (step.draft.name, step.draft.email, step.draft.phone) == ("Jane Doe", "", "")


def test_a_complete_contact_with_the_tag_is_only_linked() -> None:
    there = contact(tags=("QuickBooks",))
    assert plan_contact(contact_case(found=there, searched=True)) == (LinkContact(there.id),)


def test_a_complete_contact_without_the_tag_gets_it() -> None:
    assert plan_contact(contact_case(found=contact())) == (FillContact(ContactId("c9"), None, True),)


def test_only_blanks_are_filled() -> None:
    row = customer_row(company_name="Acme", display_name="J. Doe", address=HOME)
    there = contact(phone="", tags=("quickbooks",))
    (step,) = plan_contact(contact_case(row, found=there))
    assert step == FillContact(there.id, ContactDraft(phone="+15125550147", company="Acme", address=HOME), False)


def test_an_address_is_never_mixed_from_two() -> None:
    there = contact(address=Address(city="Dallas"), tags=("quickbooks",))
    assert plan_contact(contact_case(customer_row(address=HOME), found=there)) == (LinkContact(there.id),)


def test_a_nameless_contact_is_named() -> None:
    there = contact(name="", first_name="", email="", tags=("quickbooks",))
    (step,) = plan_contact(contact_case(found=there))
    assert isinstance(step, FillContact)
    assert step.draft == ContactDraft(name="Jane Doe", first_name="Jane", last_name="Doe", email="jane@example.com")


def test_a_name_is_never_completed_from_another() -> None:
    there = contact(name="Janet", first_name="", tags=("quickbooks",))
    assert plan_contact(contact_case(found=there)) == (LinkContact(there.id),)


def test_nothing_is_written_to_another_person_on_the_same_phone() -> None:
    there = contact(name="John Doe", first_name="John", email="")
    (step,) = plan_contact(contact_case(customer_row(company_name="Acme"), found=there))
    assert step == FillContact(there.id, None, True)


def test_the_same_person_on_the_same_phone_gets_the_email() -> None:
    there = contact(name="", first_name="JANE", last_name="Doe", email="", tags=("quickbooks",))
    (step,) = plan_contact(contact_case(found=there))
    assert step == FillContact(there.id, ContactDraft(email="jane@example.com"), False)


def test_a_contact_joined_by_a_document_still_gets_its_blanks_and_its_tag() -> None:
    there = contact(phone="", tags=("vip",))
    pair = link("Contact", there.id, status=JOINED)
    (step,) = plan_contact(contact_case(link=pair, found=there, searched=True))
    assert isinstance(step, FillContact)
    assert (step.contact, step.tag) == (there.id, True)
    assert plan_contact(contact_case(link=msgspec.structs.replace(pair, status="live"))) == ()
