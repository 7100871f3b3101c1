from __future__ import annotations

from avantto_qbo.actors import recording
from avantto_qbo.model.operation import Reason, State
from avantto_qbo.model.settings import Contacts, Settings
from avantto_qbo.rules.settle import Verdict
from stage import ANN, OTHER_PLACE, PLACE, REALM, Stage
from unit.actors.scenes import BOB, bob, crm_fault, resend, the_only

PHONE = {"PrimaryPhone": {"FreeFormNumber": "(212) 555-0188"}}


async def feed(stage: Stage) -> None:
    """The change feed brings the news, and it is worked off."""
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.work_off()


async def test_a_new_customer_becomes_a_tagged_contact(stage: Stage) -> None:
    customer = bob(stage, **PHONE)
    await feed(stage)
    [contact] = stage.contacts()
    assert (contact["email"], contact["phone"], contact["tags"]) == ("bob@example.com", "+12125550188", ["quickbooks"])
    link = await stage.link("contact", customer)
    assert link is not None
    assert link.object_id == contact["id"]
    assert not await stage.mail()


async def test_a_contact_that_is_there_keeps_its_fields_and_gets_the_blanks_and_the_tag(stage: Stage) -> None:
    stage.crm.play.create_contact(PLACE, name="Bobby", email="BOB@example.com", tags=["vip"])
    bob(stage, CompanyName="Ray Ltd", **PHONE)
    await feed(stage)
    [contact] = stage.contacts()
    assert contact["phone"] == "+12125550188"
    assert contact["firstName"] == "Bobby"
    assert sorted(contact["tags"]) == ["quickbooks", "vip"]


async def test_a_contact_that_lacks_nothing_is_only_linked(stage: Stage) -> None:
    stage.crm.play.create_contact(PLACE, name="Bob Ray", email="bob@example.com", tags=["quickbooks"])
    customer = bob(stage)
    await feed(stage)
    assert await stage.link("contact", customer) is not None
    assert not await stage.operations()


async def test_the_duplicate_refusal_names_the_contact_that_is_adopted(stage: Stage) -> None:
    """The look-up sees nothing, the create is refused: the location compares more than we do."""
    known = stage.crm.play.create_contact(PLACE, name="Bob", email="bob@example.com")
    crm_fault(stage, "contacts.duplicate", action="status", status=200, body="{}")
    customer = bob(stage)
    await feed(stage)
    link = await stage.link("contact", customer)
    assert link is not None
    assert link.object_id == known["id"]
    assert len(stage.contacts()) == 1
    assert [op.reason.code for op in await stage.operations(State.SKIPPED) if op.reason] == ["superseded.duplicate"]


async def test_a_refusal_that_names_nobody_waits_for_a_person(stage: Stage) -> None:
    refusal = '{"statusCode":400,"message":"This location does not allow duplicated contacts."}'
    crm_fault(stage, "contacts.create", action="status", status=400, body=refusal)
    bob(stage)
    await feed(stage)
    assert await stage.held() == ["contact.duplicate"]


async def test_a_refusal_that_names_somebody_gone_waits_for_a_person(stage: Stage) -> None:
    meta = '"meta":{"contactId":"nobody","matchingField":"email"}'
    refusal = f'{{"statusCode":400,"message":"This location does not allow duplicated contacts.",{meta}}}'
    crm_fault(stage, "contacts.create", action="status", status=400, body=refusal)
    bob(stage)
    await feed(stage)
    assert await stage.held() == ["contact.duplicate"]


async def test_a_blank_that_belongs_to_another_contact_is_left_blank(stage: Stage) -> None:
    stage.crm.play.create_contact(PLACE, name="Bob Ray", email="bob@example.com")
    stage.crm.play.create_contact(PLACE, name="Other", phone="+12125550188")
    customer = bob(stage, **PHONE)
    await feed(stage)
    assert await stage.link("contact", customer) is not None
    [bobs] = [contact for contact in stage.contacts() if contact.get("email")]
    assert "phone" not in bobs
    assert not await stage.held()


async def test_our_own_customer_comes_back_to_its_contact(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    sent = len(stage.transport.sent)
    await feed(stage)
    assert len(stage.contacts()) == 1
    assert not [request for request in stage.transport.sent[sent:] if "avantto" in request.url]


async def test_our_marker_is_enough_when_the_link_was_lost(stage: Stage) -> None:
    contact = stage.crm.play.create_contact(PLACE, **ANN)
    customer = bob(stage, Notes=f"Avantto contact {contact['id']}")
    await feed(stage)
    link = await stage.link("contact", customer)
    assert link is not None
    assert link.object_id == contact["id"]
    assert len(stage.contacts()) == 1


async def test_an_inactive_customer_is_no_contact(stage: Stage) -> None:
    stage.books.play.update(REALM, "Customer", {"Id": bob(stage), "Active": False})
    await feed(stage)
    assert not stage.contacts()
    assert not await stage.mail()


async def test_contacts_off_is_respected() -> None:
    stage = Stage(settings=Settings(contacts=Contacts.OFF))
    await stage.open()
    bob(stage)
    await feed(stage)
    assert not stage.contacts()


async def test_a_change_of_a_known_customer_writes_nothing(stage: Stage) -> None:
    customer = bob(stage)
    await feed(stage)
    before = len(await stage.operations())
    stage.books.play.update(REALM, "Customer", {"Id": customer, **PHONE})
    await feed(stage)
    assert len(await stage.operations()) == before


async def test_a_refused_contact_is_held_until_the_customer_changes(stage: Stage) -> None:
    refusal = '{"statusCode":422,"message":["phone must be valid"]}'
    crm_fault(stage, "contacts.create", action="status", status=422, body=refusal)
    customer = bob(stage)
    await feed(stage)
    assert await stage.held() == ["refused.invalid"]
    stage.books.play.update(REALM, "Customer", {"Id": customer, **PHONE})
    await feed(stage)
    assert len(stage.contacts()) == 1
    assert not await stage.held()


async def test_a_skipped_contact_stays_skipped_until_the_customer_changes(stage: Stage) -> None:
    refusal = '{"statusCode":422,"message":["phone must be valid"]}'
    crm_fault(stage, "contacts.create", action="status", status=422, body=refusal)
    customer = bob(stage)
    await feed(stage)
    await skip(stage)
    await stage.work_off()
    assert not stage.contacts()
    stage.books.play.update(REALM, "Customer", {"Id": customer, **PHONE})
    await feed(stage)
    assert len(stage.contacts()) == 1


async def skip(stage: Stage) -> None:
    op, now = await the_only(stage, State.HELD), stage.clock.now()
    verdict = Verdict((State.SKIPPED,), Reason("skipped", "skipped by test"))
    await stage.journal.write(lambda db: recording.record(db, op, verdict, now, fingerprints=stage.house.fingerprints))


async def test_an_update_that_is_refused_is_held_and_links_after_a_retry(stage: Stage) -> None:
    stage.crm.play.create_contact(PLACE, name="Bob Ray", email="bob@example.com")
    refusal = '{"statusCode":422,"message":["phone must be valid"]}'
    crm_fault(stage, "contacts.update", action="status", status=422, body=refusal)
    customer = bob(stage, **PHONE)
    await feed(stage)
    assert await stage.held() == ["refused.invalid"]
    await resend(stage, (await the_only(stage, State.HELD)).id)
    assert await stage.link("contact", customer) is not None


async def test_a_tag_that_is_refused_is_held(stage: Stage) -> None:
    stage.crm.play.create_contact(PLACE, name="Bob Ray", email="bob@example.com")
    crm_fault(stage, "contacts.tags", action="status", status=422, body='{"message":"no"}')
    bob(stage)
    await feed(stage)
    assert await stage.held() == ["refused.invalid"]


async def test_a_row_that_says_the_same_again_is_no_news(stage: Stage) -> None:
    bob(stage)
    await feed(stage)
    handled = stage.counted.count("operation.contact.create.done")
    await stage.clock.sleep(60)
    actor = stage.directory.realm(REALM)
    assert await actor.poll() == 0
    assert handled == 1
    assert not await stage.mail()


async def test_of_two_locations_the_second_takes_its_own_customers_only(stage: Stage) -> None:
    await stage.work_off()
    await stage.clock.sleep(60)
    await stage.open(OTHER_PLACE, share=True)
    stage.books.play.create(REALM, "Customer", BOB)
    await feed(stage)
    assert (len(stage.contacts(PLACE)), len(stage.contacts(OTHER_PLACE))) == (1, 0)


async def test_a_customer_another_location_made_is_not_our_contact_by_its_marker(stage: Stage) -> None:
    """A shared company carries the markers of all its locations."""
    await stage.work_off()
    await stage.open(OTHER_PLACE, share=True)
    await stage.mirror(stage.sent_invoice(OTHER_PLACE, number="B-1"), OTHER_PLACE)
    await feed(stage)
    [theirs] = stage.contacts(OTHER_PLACE)
    [ours] = stage.contacts(PLACE)
    assert ours["id"] != theirs["id"]
    assert ours["email"] == "ann@example.com"


async def test_a_marker_of_a_contact_that_is_gone_means_nothing(stage: Stage) -> None:
    customer = bob(stage, Notes="Avantto contact gone00000000000000001")
    await feed(stage)
    [contact] = stage.contacts()
    link = await stage.link("contact", customer)
    assert link is not None
    assert link.object_id == contact["id"]


async def test_a_marker_that_cannot_be_looked_up_is_not_a_gone_one(stage: Stage) -> None:
    contact = stage.crm.play.create_contact(PLACE, **ANN)
    bob(stage, Notes=f"Avantto contact {contact['id']}")
    crm_fault(stage, "contacts.read", action="status", status=422, body='{"message":"odd"}')
    await feed(stage)
    assert len(stage.contacts()) == 1


async def test_a_contact_in_doubt_parks_its_own_customer_only(stage: Stage) -> None:
    crm_fault(stage, "contacts.create", action="reset_before")
    customer = bob(stage)
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.work()
    stage.books.play.update(REALM, "Customer", {"Id": customer, **PHONE})
    stage.books.play.create(REALM, "Customer", {"DisplayName": "Zoe", "PrimaryEmailAddr": {"Address": "z@ex.com"}})
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.work()
    assert [contact["email"] for contact in stage.contacts()] == ["z@ex.com"]
    await stage.work_off()
    assert len(stage.contacts()) == 2


async def test_a_document_without_a_contact_leaves_its_customer_a_contact_to_be(stage: Stage) -> None:
    customer = bob(stage)
    invoice = stage.sent_invoice()
    details = stage.crm.world.locations[PLACE].invoices[invoice]["contactDetails"]
    details |= {"id": "", "email": "bob@example.com"}
    await stage.mirror(invoice)
    await stage.poll_changes()
    await stage.work_off()
    link = await stage.link("contact", customer)
    assert link is not None
    assert link.object_id


async def test_a_contact_found_after_a_lost_answer_gets_the_blanks_and_the_tag_all_the_same(stage: Stage) -> None:
    """Whoever is found may have been there before: the answer that was lost may have been a refusal."""
    stage.crm.play.create_contact(PLACE, name="Bobby", email="bob@example.com", tags=["vip"])
    crm_fault(stage, "contacts.duplicate", action="status", status=200, body="{}")
    crm_fault(stage, "contacts.create", action="lost_after")
    customer = bob(stage, **PHONE)
    await feed(stage)
    [contact] = stage.contacts()
    assert (contact["phone"], sorted(contact["tags"])) == ("+12125550188", ["quickbooks", "vip"])
    link = await stage.link("contact", customer)
    assert link is not None
    assert link.status == "live"
    assert not await stage.mail()
