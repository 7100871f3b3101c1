"""Customers of the books become contacts, in time and once (C1 to C4)."""

from __future__ import annotations

from integration.business import ANN, Business
from integration.house import House
from integration.processes import Json


def contact_with(business: Business, email: str) -> Json | None:
    return next((contact for contact in business.contacts() if contact.get("email") == email), None)


def test_the_customers_that_were_there_become_contacts_with_the_tag(house: House) -> None:
    business = house.business()
    business.books(
        "create_many",
        entity="Customer",
        bodies=[
            {"DisplayName": f"Customer {number}", "PrimaryEmailAddr": {"Address": f"c{number}@example.com"}}
            for number in range(30)
        ],
    )
    business.connected()
    contacts = business.contacts()
    assert sorted(contact["email"] for contact in contacts) == sorted(f"c{number}@example.com" for number in range(30))
    assert all(contact["tags"] == ["quickbooks"] for contact in contacts)
    assert (business.show().backfill.state, business.show().backfill.done) == ("done", 30)
    business.disconnect()


def test_an_existing_contact_keeps_its_fields_and_gets_its_blanks_and_the_tag(business: Business) -> None:
    contact = business.crm("create_contact", name="Annie Bee", email="Ann@Example.com", tags=["vip"])
    body = {
        "DisplayName": "Bee, Ann (books)",
        "PrimaryEmailAddr": {"Address": "ann@example.com"},
        "PrimaryPhone": {"FreeFormNumber": "(202) 555-0111"},
    }
    business.books("create", entity="Customer", body=body)
    business.until(lambda: "quickbooks" in business.contacts()[0]["tags"], "the tag is there")
    business.all_quiet()
    (known,) = business.contacts()
    assert known["id"] == contact["id"]
    assert known["firstName"] == contact["firstName"]
    assert sorted(known["tags"]) == ["quickbooks", "vip"]
    assert known["phone"] == "+12025550111"


def test_a_customer_made_from_a_contact_makes_no_second_contact(business: Business) -> None:
    business.sent_invoice()
    business.until_in_books("Invoice")
    business.all_quiet()
    assert [contact["email"] for contact in business.contacts()] == [ANN["email"]]
    assert len(business.objects("Customer")) == 1


def test_projects_and_inactive_customers_are_left_out(business: Business) -> None:
    parent = business.new_customer("Parent", "parent@example.com")
    project = {"DisplayName": "Roof", "Job": True, "IsProject": True, "ParentRef": {"value": parent["Id"]}}
    business.books("create", entity="Customer", body={**project, "PrimaryEmailAddr": {"Address": "roof@example.com"}})
    business.until(lambda: contact_with(business, "parent@example.com"), "the parent is a contact")
    business.all_quiet()
    assert contact_with(business, "roof@example.com") is None
