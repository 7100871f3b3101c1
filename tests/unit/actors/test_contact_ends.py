"""Contacts that went away, customers that never become one, and settings that change who does (C3, C5)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from avantto_qbo.journal import cursors, left_out
from avantto_qbo.journal import settings as stored
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Lane, Topic
from stage import OTHER_PLACE, PLACE, REALM, Stage
from unit.actors.scenes import bob, crm_fault, resend, the_only

PHONE = {"PrimaryPhone": {"FreeFormNumber": "(212) 555-0188"}}
GONE = '{"statusCode":404,"message":"Contact not found"}'


async def feed(stage: Stage, *, after: float = 60) -> None:
    await stage.clock.sleep(after)
    await stage.poll_changes()
    await stage.work_off()


async def assign(stage: Stage, key: str, value: object, place: Any = PLACE) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: stored.put(db, place, key, msgspec.json.encode(value), now, "test"))


async def counts(stage: Stage) -> dict[str, int]:
    return await stage.journal.read(lambda db: left_out.counts(db, PLACE, REALM))


def touch(stage: Stage, customer: str, **members: Any) -> None:
    stage.books.play.update(REALM, "Customer", {"Id": customer, **members})


async def test_a_contact_deleted_in_avantto_is_made_again_when_the_customer_changes(stage: Stage) -> None:
    customer = bob(stage)
    await feed(stage)
    [first] = stage.contacts()
    stage.crm.play.delete_contact(PLACE, first["id"])
    await stage.clock.sleep(2 * 86_400)
    touch(stage, customer, **PHONE)
    await feed(stage)
    [second] = stage.contacts()
    assert second["id"] != first["id"]
    link = await stage.link("contact", customer)
    assert link is not None
    assert link.object_id == second["id"]


async def test_whether_a_contact_is_there_is_looked_at_once_a_day_at_most(stage: Stage) -> None:
    customer = bob(stage)
    await feed(stage)
    looked = 0
    for hours in (1, 30, 1):
        touch(stage, customer, CompanyName=f"Ray {hours}")
        sent = len(stage.transport.sent)
        await feed(stage, after=hours * 3600)
        looked += sum("/contacts/" in request.url for request in stage.transport.sent[sent:])
    assert looked == 1
    assert not [op for op in await stage.operations() if op.kind != "contact.create"]


@pytest.mark.parametrize("operation", ["contacts.update", "contacts.tags"])
async def test_a_contact_that_goes_away_before_the_write_is_looked_for_again(stage: Stage, operation: str) -> None:
    stage.crm.play.create_contact(PLACE, name="Bob Ray", email="bob@example.com")
    crm_fault(stage, operation, action="status", status=404, body=GONE)
    customer = bob(stage, **PHONE)
    await feed(stage)
    assert not await stage.held()
    assert await stage.link("contact", customer) is not None


async def test_a_write_that_finds_nobody_later_makes_the_contact_again(stage: Stage) -> None:
    known = stage.crm.play.create_contact(PLACE, name="Bob Ray", email="bob@example.com")
    crm_fault(stage, "contacts.update", action="status", status=422, body='{"message":"phone must be valid"}')
    customer = bob(stage, Notes=f"Avantto contact {known['id']}x", **PHONE)
    await feed(stage)
    held = await the_only(stage, State.HELD)
    crm_fault(stage, "contacts.update", action="status", status=404, body=GONE)
    stage.crm.play.delete_contact(PLACE, known["id"])
    await resend(stage, held.id)
    assert not await stage.held()
    [contact] = stage.contacts()
    link = await stage.link("contact", customer)
    assert link is not None
    assert link.object_id == contact["id"] != known["id"]


async def test_one_of_several_addresses_is_enough_to_know_a_person(stage: Stage) -> None:
    known = stage.crm.play.create_contact(PLACE, name="Bob", email="bob@work.example")
    customer = bob(stage, PrimaryEmailAddr={"Address": "BOB@Example.com, bob@work.example"})
    await feed(stage)
    [contact] = stage.contacts()
    assert (contact["id"], contact["email"]) == (known["id"], "bob@work.example")
    assert await stage.link("contact", customer) is not None


async def test_an_e_mail_of_ones_own_goes_before_somebody_elses_phone(stage: Stage) -> None:
    stage.crm.play.create_contact(PLACE, name="Other", phone="+12125550188")
    known = stage.crm.play.create_contact(PLACE, name="Bob", email="bob@work.example")
    customer = bob(stage, PrimaryEmailAddr={"Address": "bob@example.com, bob@work.example"}, **PHONE)
    await feed(stage)
    link = await stage.link("contact", customer)
    assert link is not None
    assert link.object_id == known["id"]


async def test_a_customer_without_addresses_is_made_by_name_once(stage: Stage) -> None:
    customer = bob(stage, PrimaryEmailAddr={"Address": ""})
    await feed(stage)
    touch(stage, customer, CompanyName="Ray Ltd")
    await feed(stage)
    [contact] = stage.contacts()
    assert (contact["firstName"], contact["lastName"]) == ("Bob", "Ray")


async def test_every_skip_is_told_once_with_its_reason(stage: Stage) -> None:
    parent = bob(stage)
    job = stage.books.play.create(
        REALM, "Customer", {"DisplayName": "Kitchen", "Job": True, "ParentRef": {"value": parent}}
    )
    left = stage.books.play.create(REALM, "Customer", {"DisplayName": "Gone"})
    touch(stage, left["Id"], Active=False)
    await feed(stage)
    touch(stage, job["Id"], CompanyName="Still no address")
    await feed(stage)
    told = {line.subject: line.text for line in await stage.activity() if line.event == "contact.left_out"}
    assert told == {
        job["Id"]: f"Customer {job['Id']} is a sub-customer without an e-mail or phone of its own.",
        left["Id"]: f"Customer {left['Id']} is inactive.",
    }
    assert await counts(stage) == {"inactive": 1, "sub_customer": 1}
    touch(stage, job["Id"], PrimaryEmailAddr={"Address": "kitchen@example.com"})
    await feed(stage)
    assert await counts(stage) == {"inactive": 1}
    assert len(stage.contacts()) == 2


async def test_the_many_of_the_first_copy_are_counted_not_told_one_by_one() -> None:
    stage = Stage()
    stage.furnish()
    left = stage.books.play.create(REALM, "Customer", {"DisplayName": "Gone"})
    touch(stage, left["Id"], Active=False)
    await stage.clock.sleep(86_400)
    await stage.open()
    await stage.work_off()
    assert await counts(stage) == {"inactive": 1}
    assert not [line for line in await stage.activity() if line.event == "contact.left_out"]


async def test_contacts_switched_on_later_take_everybody(stage: Stage) -> None:
    await assign(stage, "contacts", "off")
    bob(stage)
    await feed(stage)
    assert (len(stage.contacts()), await counts(stage)) == (0, {"contacts_off": 1})
    await assign(stage, "contacts", "all")
    await stage.tell(Topic.BACKFILL, "customers", lane=Lane.BACKFILL)
    await stage.journal.write(lambda db: again(db, stage))
    await stage.work_off()
    assert (len(stage.contacts()), await counts(stage)) == (1, {})


def again(db: Any, stage: Stage) -> None:
    """What the command `settings` does when contacts become all."""
    cursors.put(db, PLACE, "backfill", "1", stage.clock.now())


async def test_a_second_location_takes_the_customers_of_its_own_documents(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    bob(stage)
    await stage.mirror(stage.sent_invoice(OTHER_PLACE, number="B-1"), OTHER_PLACE)
    await feed(stage)
    assert [contact["email"] for contact in stage.contacts(OTHER_PLACE)] == ["ann@example.com"]
    assert {contact["email"] for contact in stage.contacts(PLACE)} == {"ann@example.com", "bob@example.com"}
