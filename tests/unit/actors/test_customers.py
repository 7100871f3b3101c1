from __future__ import annotations

from typing import Any

import anyio
import pytest

from avantto_qbo.actors.desk import Later
from avantto_qbo.journal import inbox, links
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.operation import Kind, State
from avantto_qbo.model.records import Lane, Topic
from stage import OTHER_PLACE, PLACE, REALM, Stage
from unit.actors.scenes import bob, books_fault, the_only


def names(stage: Stage) -> list[str]:
    return sorted(row["DisplayName"] for row in stage.in_books("Customer"))


def customer_of(stage: Stage, number: int = 0) -> str:
    return str(stage.in_books("Invoice")[number]["CustomerRef"]["value"])


def ann(stage: Stage, **members: Any) -> str:
    body = {"DisplayName": "Ann Lee", "PrimaryEmailAddr": {"Address": "ann@example.com"}, **members}
    return str(stage.books.play.create(REALM, "Customer", body)["Id"])


async def test_a_new_person_becomes_a_customer_that_names_its_contact(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    [customer] = stage.in_books("Customer")
    [contact] = stage.contacts()
    assert customer["Notes"] == f"Avantto contact {contact['id']}"
    assert customer["PrimaryEmailAddr"]["Address"] == "ann@example.com"
    back = await stage.link("contact", customer["Id"])
    assert back is not None
    assert back.object_id == contact["id"]


async def test_the_customer_of_this_e_mail_is_used_whatever_its_name(stage: Stage) -> None:
    known = ann(stage, DisplayName="Dr. A. Lee", PrimaryEmailAddr={"Address": "other@x.org, ANN@example.com"})
    await stage.mirror(stage.sent_invoice())
    assert customer_of(stage) == known
    assert names(stage) == ["Dr. A. Lee"]


async def test_a_customer_in_the_index_costs_no_look_up(stage: Stage) -> None:
    known = ann(stage)
    await stage.poll_changes()
    await stage.mirror(stage.sent_invoice())
    assert customer_of(stage) == known
    assert stage.asked("customer.query") == 1  # the backfill's page


async def test_a_second_document_asks_nobody(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    asked = stage.asked("customer.query")
    await stage.mirror(stage.sent_invoice())
    assert stage.asked("customer.query") == asked
    assert len({customer_of(stage, number) for number in (0, 1)}) == 1


async def test_an_e_mail_of_its_own_is_another_customer(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    [contact] = stage.contacts()
    other = {"id": contact["id"], "email": "office@example.com"}
    await stage.mirror(stage.sent_invoice(contact=other))
    assert len({customer_of(stage, number) for number in (0, 1)}) == 2


async def test_a_document_without_an_e_mail_belongs_to_the_contact_s_customer(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    [contact] = stage.contacts()
    stage.crm.play.update_contact(PLACE, contact["id"], email="", name="Ann Married")
    await stage.mirror(stage.sent_invoice(contact=contact["id"]))
    assert len(stage.in_books("Invoice")) == 2
    assert len({customer_of(stage, number) for number in (0, 1)}) == 1


async def test_without_an_e_mail_the_same_name_and_phone_are_the_same_person(stage: Stage) -> None:
    number = {"FreeFormNumber": "(212) 555-0123"}
    known = str(stage.books.play.create(REALM, "Customer", {"DisplayName": "Ann Lee", "PrimaryPhone": number})["Id"])
    await stage.mirror(stage.sent_invoice(contact={"name": "Ann Lee", "phone": "+12125550123"}))
    assert customer_of(stage) == known


async def test_the_same_name_with_another_phone_is_another_person(stage: Stage) -> None:
    number = {"FreeFormNumber": "(212) 555-9999"}
    stage.books.play.create(REALM, "Customer", {"DisplayName": "Ann Lee", "PrimaryPhone": number})
    await stage.mirror(stage.sent_invoice(contact={"name": "Ann Lee", "phone": "+12125550123"}))
    assert names(stage) == ["Ann Lee", "Ann Lee (+12125550123)"]


async def test_a_taken_name_gets_a_suffix_that_says_who(stage: Stage) -> None:
    ann(stage, PrimaryEmailAddr={"Address": "namesake@example.com"})
    await stage.mirror(stage.sent_invoice())
    assert names(stage) == ["Ann Lee", "Ann Lee (ann@example.com)"]
    assert len(stage.in_books("Invoice")) == 1


async def test_a_vendor_of_that_name_is_never_adopted(stage: Stage) -> None:
    stage.books.play.create(REALM, "Vendor", {"DisplayName": "Ann Lee"})
    await stage.mirror(stage.sent_invoice())
    assert names(stage) == ["Ann Lee (ann@example.com)"]


async def test_a_namesake_without_an_e_mail_and_with_the_same_phone_is_adopted(stage: Stage) -> None:
    number = {"FreeFormNumber": "212-555-0123"}
    known = ann(stage, PrimaryEmailAddr={}, PrimaryPhone=number)
    await stage.mirror(stage.sent_invoice())
    assert customer_of(stage) == known


async def test_a_name_taken_by_our_own_late_commit_is_adopted(stage: Stage) -> None:
    contact = stage.crm.play.create_contact(PLACE, name="Ann Lee")
    known = ann(stage, PrimaryEmailAddr={}, Notes=f"Avantto contact {contact['id']}")
    await stage.mirror(stage.sent_invoice(contact=contact["id"]))
    assert customer_of(stage) == known
    assert names(stage) == ["Ann Lee"]


async def test_a_name_that_is_taken_in_every_form_waits_for_a_person(stage: Stage) -> None:
    taken = '{"Fault":{"Error":[{"code":"6240","Message":"Duplicate Name Exists Error"}],"type":"ValidationFault"}}'
    books_fault(stage, "customer.create", action="status", status=400, body=taken, times=0)
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    await stage.work()
    assert await stage.held() == ["customer.name"]
    assert (await the_only(stage, State.HELD)).kind is Kind.CUSTOMER_CREATE
    stage.books.play.faults(clear=True)


async def two_documents(stage: Stage) -> None:
    """The same e-mail under two names, at two locations of one company."""
    await stage.open(OTHER_PLACE, share=True)
    await stage.tell(Topic.INVOICE, stage.sent_invoice(PLACE), PLACE)
    other = {"name": "A. M. Lee", "email": "ANN@example.com"}
    await stage.tell(Topic.INVOICE, stage.sent_invoice(OTHER_PLACE, contact=other, number="B-1"), OTHER_PLACE)


async def test_two_locations_of_one_company_make_one_customer(stage: Stage) -> None:
    """The claim is durable and held through doubt: whoever comes second waits for that customer only."""
    books_fault(stage, "customer.create", action="late", seconds=100.0)
    await two_documents(stage)
    await stage.work(PLACE)
    await stage.work(OTHER_PLACE)
    assert [op.state for op in await stage.operations() if op.kind is Kind.CUSTOMER_CREATE] == [State.DOUBT]
    await stage.work_off()
    assert names(stage) == ["Ann Lee"]
    assert stage.asked("customer.create") == 1
    assert len({customer_of(stage, number) for number in (0, 1)}) == 1


async def test_two_locations_racing_at_the_same_moment_make_one_customer(stage: Stage) -> None:
    stage.transport.latency = lambda: 1.0
    await two_documents(stage)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stage.work, PLACE)
        tasks.start_soon(stage.work, OTHER_PLACE)
    await stage.work_off()
    assert len(stage.in_books("Customer")) == 1
    assert len(stage.in_books("Invoice")) == 2


async def test_other_customers_do_not_wait_for_a_doubtful_one(stage: Stage) -> None:
    books_fault(stage, "customer.create", action="lost_after")
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    await stage.work()
    await stage.tell(Topic.INVOICE, stage.sent_invoice(contact={"name": "Bea", "email": "bea@example.com"}))
    await stage.work()
    assert len(stage.in_books("Invoice")) == 1
    assert len(await stage.operations(State.DOUBT)) == 1


async def test_a_customer_found_by_a_look_up_becomes_a_contact_of_every_location(stage: Stage) -> None:
    """Whoever looks a customer up first must not take the news away from the others."""
    await stage.work_off()
    await stage.open(OTHER_PLACE, share=True)
    bob(stage)
    person = {"name": "Bob Ray", "email": "bob@example.com"}
    await stage.mirror(stage.sent_invoice(OTHER_PLACE, contact=person, number="B-1"), OTHER_PLACE)
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.work_off()
    assert [contact["email"] for contact in stage.contacts(PLACE)] == ["bob@example.com"]


async def test_mail_that_begins_to_wait_when_all_is_over_is_not_forgotten(stage: Stage) -> None:
    """The other location's customer is finished between our look at its claim and our going to wait for it."""
    await stage.mirror(stage.sent_invoice())
    [done] = [op for op in await stage.operations() if op.kind is Kind.CUSTOMER_CREATE]
    actor = await stage.actor()
    await stage.tell(Topic.INVOICE, "x" * 24)
    now = stage.clock.now()
    envelope = await stage.journal.read(lambda db: inbox.take(db, PLACE, Lane.MONEY, now))
    assert envelope is not None
    await actor._close(envelope, Later(now.replace(year=2030), done.id))
    again = await stage.journal.read(lambda db: inbox.take(db, PLACE, Lane.MONEY, now))
    assert again is not None
    assert again.waiting_for == ""


@pytest.mark.parametrize("place", [PLACE, OTHER_PLACE])
async def test_links_are_kept_per_location(stage: Stage, place: LocationId) -> None:
    await stage.open(OTHER_PLACE, share=True)
    await stage.mirror(stage.sent_invoice(place), place)
    [contact] = stage.contacts(place)
    found = await stage.journal.read(lambda db: links.of_source(db, place, "customer", contact["id"]))
    assert [link.location for link in found] == [place]
    assert found[0].object_id == stage.in_books("Customer")[0]["Id"]
