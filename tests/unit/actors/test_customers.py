from __future__ import annotations

from functools import partial
from typing import Any

import anyio
import pytest

from avantto_qbo.actors.books.customers import Customers
from avantto_qbo.actors.desk import Desk, Later
from avantto_qbo.actors.performer import Performer
from avantto_qbo.journal import inbox, links, locations, merges
from avantto_qbo.model.avantto import Person
from avantto_qbo.model.ids import ContactId, CustomerId, LocationId
from avantto_qbo.model.operation import Kind, State
from avantto_qbo.model.records import Lane, Status, Topic
from stage import ANN, OTHER_PLACE, PLACE, REALM, Stage
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


# -- several of one e-mail, odd names ----------------------------------------------------------------------------------


async def flags(stage: Stage, event: str) -> list[str]:
    return [line.text for line in await stage.activity() if line.event == event]


@pytest.mark.parametrize("polled", [True, False])
async def test_the_oldest_of_several_customers_of_one_e_mail_is_used_and_said(stage: Stage, *, polled: bool) -> None:
    oldest = ann(stage)
    stage.clock.advance(60)
    ann(stage, DisplayName="Ann Lee II")
    if polled:
        await stage.poll_changes()
    await stage.mirror(stage.sent_invoice())
    assert customer_of(stage) == oldest
    [said] = await flags(stage, "customer.several")
    assert said.startswith("2 active customers have the e-mail of contact ")
    assert said.endswith(f"; {oldest} is the oldest.")


async def test_a_single_customer_of_an_e_mail_is_not_worth_a_word(stage: Stage) -> None:
    ann(stage)
    await stage.mirror(stage.sent_invoice())
    assert await flags(stage, "customer.several") == []


async def test_a_name_that_had_to_be_changed_is_said(stage: Stage) -> None:
    stage.books.play.create(REALM, "Vendor", {"DisplayName": "Ann Lee"})
    await stage.mirror(stage.sent_invoice())
    [said] = await flags(stage, "customer.suffix")
    assert said.endswith("is taken in QuickBooks: made with a suffix (try 1).")
    assert "Ann" not in said


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("O’Hara: Ann\t(VIP)", "O'Hara Ann (VIP)"),
        ("Łucja Žižková", "Lucja Zizková"),
        ("李雷", "ann@example.com"),
        ("x" * 600, "x" * 500),
        ("Ann Lee (deleted)", "Ann Lee (deleted)"),
    ],
)
async def test_whatever_a_person_is_called_one_customer_is_made(stage: Stage, typed: str, stored: str) -> None:
    person = {"name": typed, "email": "ANN@Example.com"}
    await stage.mirror(stage.sent_invoice(contact=person))
    assert names(stage) == [stored]
    assert stage.in_books("Customer")[0]["PrimaryEmailAddr"]["Address"] == "ann@example.com"


async def test_two_people_whose_names_become_the_same_in_the_us_are_two_customers(stage: Stage) -> None:
    for name, email in (("Łucja Lee", "l1@example.com"), ("Lucja Lee", "l2@example.com")):
        await stage.mirror(stage.sent_invoice(contact={"name": name, "email": email}))
    assert names(stage) == ["Lucja Lee", "Lucja Lee (l2@example.com)"]


async def test_two_namesakes_without_an_e_mail_are_two_customers(stage: Stage) -> None:
    for phone in ("+12125550123", "+12125550124", ""):
        await stage.mirror(stage.sent_invoice(contact={"name": "John Smith", "phone": phone}))
    assert len(names(stage)) == 3
    assert names(stage)[:2] == ["John Smith", "John Smith (+12125550124)"]
    assert len({customer_of(stage, number) for number in range(3)}) == 3


async def test_a_namesake_known_by_phone_costs_no_look_up(stage: Stage) -> None:
    known = ann(stage, PrimaryEmailAddr={}, PrimaryPhone={"FreeFormNumber": "(212) 555-0123"})
    await stage.poll_changes()
    asked = stage.asked("customer.query")
    await stage.mirror(stage.sent_invoice(contact={"name": "ann lee", "phone": "+12125550123"}))
    assert customer_of(stage) == known
    assert stage.asked("customer.query") == asked + 1  # the backfill's page


async def test_a_parent_goes_before_its_sub_customer_and_a_sub_customer_before_none(stage: Stage) -> None:
    parent = ann(stage, PrimaryEmailAddr={"Address": "office@example.com"})
    child = ann(stage, DisplayName="Ann's house", ParentRef={"value": parent})
    await stage.mirror(stage.sent_invoice())
    assert customer_of(stage) == child


# -- customers that are gone -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("polled", [True, False])
async def test_an_inactive_customer_is_not_used_again(stage: Stage, *, polled: bool) -> None:
    """Whether the feed said so or only the refusal does."""
    await stage.mirror(stage.sent_invoice())
    [old] = stage.in_books("Customer")
    stage.clock.advance(60)
    stage.books.play.deactivate(REALM, "Customer", old["Id"])
    if polled:
        stage.clock.advance(600)
        await stage.poll_changes()
    await stage.mirror(stage.sent_invoice())
    assert names(stage) == ["Ann Lee", "Ann Lee (deleted)"]
    assert await stage.held() == []
    assert customer_of(stage, 1) != old["Id"]


async def test_an_inactive_customer_with_the_name_and_the_e_mail_is_left_alone(stage: Stage) -> None:
    old = ann(stage)
    stage.books.play.deactivate(REALM, "Customer", old)
    await stage.mirror(stage.sent_invoice())
    assert customer_of(stage) != old
    assert names(stage) == ["Ann Lee", "Ann Lee (deleted)"]


async def test_documents_of_a_merged_customer_go_to_the_survivor(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    [loser] = stage.in_books("Customer")
    winner = ann(stage, DisplayName="Dr. Lee", PrimaryEmailAddr={"Address": "dr@example.com"})
    stage.clock.advance(60)
    stage.books.play.merge_customers(REALM, winner, loser["Id"])
    now = stage.clock.now()
    follow = partial(merges.put, realm=REALM, loser=CustomerId(loser["Id"]), survivor=CustomerId(winner), now=now)
    await stage.journal.write(follow)
    await stage.mirror(stage.sent_invoice())
    assert customer_of(stage, 1) == winner


async def test_a_forgotten_customer_is_trusted_nowhere(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    for place, number in ((PLACE, "A-1"), (OTHER_PLACE, "B-1")):
        await stage.mirror(stage.sent_invoice(place, number=number), place)
    handlers = {place: await customers_of(stage, place) for place in (PLACE, OTHER_PLACE)}
    people = {place: person_of(stage.contacts(place)[0]) for place in (PLACE, OTHER_PLACE)}
    known = {await handlers[place].known(people[place]) for place in (PLACE, OTHER_PLACE)}
    assert known == {stage.in_books("Customer")[0]["Id"]}
    for _ in range(2):  # twice does no harm
        await handlers[PLACE].forget(people[PLACE])
        assert [await handlers[place].known(people[place]) for place in (PLACE, OTHER_PLACE)] == [None, None]


async def customers_of(stage: Stage, place: LocationId) -> Customers:
    actor = await stage.actor(place)
    performer = Performer(stage.house, actor.realm, actor.crm)
    return Customers(Desk(stage.house, place, realm=actor.realm, crm=actor.crm, performer=performer))


def person_of(contact: dict[str, Any]) -> Person:
    return Person(ContactId(contact["id"]), name="Ann Lee", email=contact["email"], phone=contact["phone"])


# -- currencies --------------------------------------------------------------------------------------------------------


def hold_currencies(stage: Stage) -> None:
    """Turn on multicurrency in the company, and let the daemon know."""
    stage.books.play.set(REALM, multicurrency=True)
    stage.directory.realm(REALM).forget_company()


def currencies(stage: Stage) -> dict[str, str]:
    return {row["DisplayName"]: row["CurrencyRef"]["value"] for row in stage.in_books("Customer")}


@pytest.mark.parametrize("order", [("USD", "EUR"), ("EUR", "USD")])
async def test_a_person_has_one_customer_for_each_currency_in_any_order(stage: Stage, order: tuple[str, str]) -> None:
    hold_currencies(stage)
    await stage.mirror(stage.sent_invoice(currency=order[0]))
    await stage.mirror(stage.sent_invoice(currency=order[1]))
    await stage.mirror(stage.sent_invoice(currency="EUR"))
    assert currencies(stage) == {"Ann Lee": "USD", "Ann Lee (EUR)": "EUR"}
    by_id = {row["Id"]: row["CurrencyRef"]["value"] for row in stage.in_books("Customer")}
    assert [by_id[customer_of(stage, number)] for number in range(3)] == [*order, "EUR"]


@pytest.mark.parametrize("polled", [True, False])
async def test_a_bookkeeper_s_customer_of_that_currency_is_used(stage: Stage, *, polled: bool) -> None:
    hold_currencies(stage)
    ann(stage)
    european = ann(stage, DisplayName="Ann in Europe", CurrencyRef={"value": "EUR"})
    if polled:
        await stage.poll_changes()
    await stage.mirror(stage.sent_invoice(currency="EUR"))
    assert customer_of(stage) == european


async def test_a_document_without_an_e_mail_goes_to_the_contact_s_customer_of_its_currency(stage: Stage) -> None:
    hold_currencies(stage)
    for currency in ("USD", "EUR"):
        await stage.mirror(stage.sent_invoice(currency=currency))
    [contact] = stage.contacts()
    stage.crm.play.update_contact(PLACE, contact["id"], email="")
    for currency in ("EUR", "USD"):
        await stage.mirror(stage.sent_invoice(contact=contact["id"], currency=currency))
    used = [customer_of(stage, number) for number in range(4)]
    assert used == [used[0], used[1], used[1], used[0]]
    assert len(stage.in_books("Customer")) == 2


async def test_a_lost_answer_never_joins_two_currencies(stage: Stage) -> None:
    hold_currencies(stage)
    await stage.mirror(stage.sent_invoice())
    books_fault(stage, "customer.create", action="drop")
    await stage.mirror(stage.sent_invoice(currency="EUR"))
    assert currencies(stage) == {"Ann Lee": "USD", "Ann Lee (EUR)": "EUR"}
    assert len(stage.in_books("Invoice")) == 2


async def test_a_sale_in_a_foreign_currency_goes_to_the_customer_of_that_currency(stage: Stage) -> None:
    hold_currencies(stage)
    stage.crm.play.add_location(OTHER_PLACE, "Shop 2", currency="EUR")
    await stage.open(OTHER_PLACE, share=True)
    sold = stage.crm.play.sell_order_form(OTHER_PLACE, ANN, [{"name": "Kit", "amount": 99}])
    await stage.tell(Topic.TRANSACTION, sold["transaction"]["_id"], OTHER_PLACE)
    await stage.work_off()
    assert currencies(stage) == {"Ann Lee (EUR)": "EUR"}
    assert len(stage.in_books("SalesReceipt")) == 1


# -- waiting for each other --------------------------------------------------------------------------------------------


async def test_a_second_document_of_a_doubtful_customer_waits_for_it(stage: Stage) -> None:
    books_fault(stage, "customer.create", action="lost_after")
    for _ in range(2):
        await stage.tell(Topic.INVOICE, stage.sent_invoice())
    await stage.work()
    assert len(await stage.operations(State.DOUBT)) == 1
    await stage.work_off()
    assert names(stage) == ["Ann Lee"]
    assert len(stage.in_books("Invoice")) == 2


async def test_two_that_looked_up_at_the_same_moment_make_one_customer(stage: Stage) -> None:
    """Only the claim, committed with the intent, tells them apart."""
    await stage.open(OTHER_PLACE, share=True)
    stage.transport.latency = lambda: 1.0
    person = Person(ContactId("c1"), name="Ann Lee", email="ann@example.com")
    async with anyio.create_task_group() as tasks:
        for place in (PLACE, OTHER_PLACE):
            tasks.start_soon((await customers_of(stage, place)).ensure, person)
    assert names(stage) == ["Ann Lee"]
    assert stage.asked("customer.create") == 1


async def test_one_that_was_finished_between_the_look_up_and_the_claim_is_used(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim is free again by then: what was made meanwhile is looked for with it, in the same transaction."""
    await stage.open(OTHER_PLACE, share=True)
    person = Person(ContactId("c1"), name="Ann Lee", email="ann@example.com")
    other = Person(ContactId("c2"), name="A. M. Lee", email="ANN@example.com")
    slow, quick = await customers_of(stage, PLACE), await customers_of(stage, OTHER_PLACE)
    look = slow._search.looked_up

    async def looked_up(wanted: Any) -> Any:
        found = await look(wanted)
        assert await quick.ensure(other) is None
        return found

    monkeypatch.setattr(slow._search, "looked_up", looked_up)
    assert await slow.ensure(person) is None
    assert names(stage) == ["A. M. Lee"]
    assert await slow.known(person) == await quick.known(other)


@pytest.mark.parametrize(("phone", "count"), [("+12125550123", 1), ("+12125550124", 2)])
async def test_buyers_without_a_contact_are_told_apart_by_name_and_phone(stage: Stage, phone: str, count: int) -> None:
    customers = await customers_of(stage, PLACE)
    for number in ("+12125550123", phone):
        buyer = Person(ContactId(""), name="Bo Day", phone=number)
        assert await customers.ensure(buyer) is None
        assert await customers.known(buyer) is not None
    assert len(stage.in_books("Customer")) == count
    assert all("contact" not in row.get("Notes", "") for row in stage.in_books("Customer"))


@pytest.mark.parametrize("action", ["lost_after", "reset_before"])
@pytest.mark.parametrize("stopped", ["disconnected", "paused"])
async def test_a_customer_half_made_by_a_location_at_rest_is_finished_by_another(
    stage: Stage, stopped: str, action: str
) -> None:
    await stage.open(OTHER_PLACE, share=True)
    books_fault(stage, "customer.create", action=action)
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    await stage.work()
    if stopped == "disconnected":
        await stage.connecting.disconnect(PLACE, "test")
    else:
        now = stage.clock.now()
        await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.PAUSED, "", now))
    await stage.mirror(stage.sent_invoice(OTHER_PLACE), OTHER_PLACE)
    assert names(stage) == ["Ann Lee"]
    assert len(stage.in_books("Invoice")) == 1
    assert not await stage.mail(OTHER_PLACE)
