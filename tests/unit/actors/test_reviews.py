from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from avantto_qbo.journal import inbox, reviews
from avantto_qbo.journal import settings as stored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.http import HttpRequest
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.operation import Kind, State
from avantto_qbo.model.records import Envelope, Lane, Review, ReviewState, Status, Topic
from avantto_qbo.model.settings import Channel, Contacts, OnOff, Reviews, Settings
from stage import OTHER_PLACE, PLACE, REALM, Killed, Stage
from unit.actors.scenes import bill, bob, crm_fault, receive, skip, the_only

PHONE = {"PrimaryPhone": {"FreeFormNumber": "(212) 555-0188"}}
NO_SCOPE = '{"statusCode":401,"message":"The token is not authorized for this scope."}'
DND = '{"statusCode":400,"message":"Cannot send message as DND is active for Email."}'


async def feed(stage: Stage, *, within: timedelta = timedelta(hours=2)) -> None:
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.work_off(within=within)


def messages(stage: Stage, place: Any = PLACE) -> list[str]:
    return [message["type"] for message in stage.crm.play.messages(place)]


async def review(stage: Stage, customer: str) -> Review | None:
    return await stage.journal.read(lambda db: reviews.get(db, REALM, CustomerId(customer)))


async def state_of(stage: Stage, customer: str) -> ReviewState | None:
    found = await review(stage, customer)
    return found.state if found else None


def sms_too() -> Stage:
    return Stage(settings=Settings(review_hours="always", review_sms_imported=OnOff.ON))


async def test_the_first_paid_invoice_asks_once(stage: Stage) -> None:
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await feed(stage)
    assert messages(stage) == ["Email"]
    assert await state_of(stage, customer) is ReviewState.SENT
    receive(stage, bill(stage, customer))
    await feed(stage)
    assert len(messages(stage)) == 1


async def test_a_partial_payment_waits_for_the_rest(stage: Stage) -> None:
    customer = bob(stage)
    invoice = bill(stage, customer)
    receive(stage, invoice, 20)
    await feed(stage)
    assert not messages(stage)
    receive(stage, invoice, 30)
    await feed(stage)
    assert messages(stage) == ["Email"]


async def test_our_own_mirrored_payment_asks_too(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    await feed(stage)
    assert messages(stage) == ["Email"]


@pytest.mark.parametrize(
    "fault", [{"action": "lost_after"}, {"action": "reset_before"}, {"action": "status", "status": 502}]
)
async def test_a_lost_answer_is_never_sent_again(stage: Stage, fault: dict[str, Any]) -> None:
    crm_fault(stage, "conversations", **fault)
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await feed(stage)
    receive(stage, bill(stage, customer))
    await feed(stage)
    assert await state_of(stage, customer) is ReviewState.UNKNOWN
    assert len(messages(stage)) == (fault["action"] == "lost_after")
    assert not await stage.held()


async def test_a_refused_channel_leaves_the_other_one_its_one_chance() -> None:
    stage = sms_too()
    await stage.open()
    crm_fault(stage, "conversations", action="status", status=400, body=DND)
    customer = bob(stage, **PHONE)
    receive(stage, bill(stage, customer))
    await feed(stage)
    assert messages(stage) == ["SMS"]
    assert await state_of(stage, customer) is ReviewState.SENT
    found = await review(stage, customer)
    assert found is not None
    assert found.tried == ("email",)


async def test_both_channels_refused_is_the_end() -> None:
    stage = sms_too()
    await stage.open()
    crm_fault(stage, "conversations", action="status", status=400, body=DND, times=0)
    customer = bob(stage, **PHONE)
    receive(stage, bill(stage, customer))
    await feed(stage)
    assert messages(stage) == []
    assert await state_of(stage, customer) is ReviewState.DECLINED
    assert not await stage.held()


async def test_a_refusal_that_comes_later_leaves_the_other_channel_too() -> None:
    stage = sms_too()
    await stage.open()
    crm_fault(stage, "conversations", action="status", status=429)
    crm_fault(stage, "conversations", action="status", status=400, body=DND)
    receive(stage, bill(stage, bob(stage, **PHONE)))
    await feed(stage)
    assert messages(stage) == ["SMS"]


async def test_mail_that_comes_while_a_message_is_in_doubt_waits_for_its_end(stage: Stage) -> None:
    customer = bob(stage)
    paid = receive(stage, bill(stage, customer))
    await stage.clock.sleep(60)
    await stage.poll_changes()
    stage.transport.on_send = crash
    with pytest.raises(Killed):
        await stage.work()
    assert await stage.restart() == 1
    assert (await the_only(stage, State.DOUBT)).kind is Kind.MESSAGE_SEND
    stage.books.play.update(REALM, "Payment", {"Id": paid["Id"], "PrivateNote": "touched"})
    await feed(stage)
    assert messages(stage) == []
    assert await state_of(stage, customer) is ReviewState.UNKNOWN


def crash(request: HttpRequest) -> None:
    if "/conversations/" in request.url:
        raise Killed


async def test_a_throttled_request_is_sent_later(stage: Stage) -> None:
    crm_fault(stage, "conversations", action="status", status=429, times=3)
    receive(stage, bill(stage, bob(stage)))
    await feed(stage)
    assert messages(stage) == ["Email"]


async def test_the_same_e_mail_is_the_same_person(stage: Stage) -> None:
    receive(stage, bill(stage, bob(stage)))
    await feed(stage)
    other = bob(stage, DisplayName="Robert Ray")
    receive(stage, bill(stage, other))
    await feed(stage)
    assert messages(stage) == ["Email"]
    assert await state_of(stage, other) is ReviewState.DECLINED


async def test_two_locations_of_a_company_ask_once(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    await stage.journal.write(lambda db: stored.put(db, OTHER_PLACE, "contacts", b'"all"', stage.clock.now(), "test"))
    receive(stage, bill(stage, bob(stage)))
    await feed(stage)
    assert len(messages(stage, PLACE) + messages(stage, OTHER_PLACE)) == 1


async def test_who_is_not_to_be_a_contact_is_asked_for_nothing_and_not_looked_up_again() -> None:
    stage = Stage(settings=Settings(review_hours="always", contacts=Contacts.OFF))
    await stage.open()
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await feed(stage, within=timedelta(days=8))
    assert await state_of(stage, customer) is ReviewState.DECLINED
    assert stage.asked("customer.read") == 1
    assert stage.asked("invoice.query") == 1


async def test_a_payment_seen_before_its_customer_waits_for_the_contact(stage: Stage) -> None:
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.journal.write(lambda db: lose(db, customer))
    await stage.work_off()
    assert messages(stage) == ["Email"]
    assert stage.asked("customer.read") == 1


def lose(db: Connection, customer: str) -> Envelope:
    """Take the customer's own mail out of the inbox."""
    mail = inbox.get(db, PLACE, Topic.CUSTOMER, customer)
    assert mail is not None
    inbox.finish(db, mail)
    return mail


async def test_a_customer_still_in_the_backfill_is_brought_forward(stage: Stage) -> None:
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await stage.clock.sleep(60)
    await stage.poll_changes()
    later = stage.clock.now() + timedelta(hours=1)

    def put_back(db: Connection) -> None:
        payload, now = lose(db, customer).payload, stage.clock.now()
        inbox.tell(db, PLACE, Topic.CUSTOMER, customer, Lane.BACKFILL, now, payload=payload, due=later)

    await stage.journal.write(put_back)
    await stage.work_off(within=timedelta(minutes=10))
    assert messages(stage) == ["Email"]


async def test_a_contact_that_waits_for_a_person_is_waited_for(stage: Stage) -> None:
    crm_fault(stage, "contacts.create", action="status", status=422, body='{"message":"no"}')
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await feed(stage)
    assert await stage.held() == ["refused.invalid"]
    asked = stage.asked("invoice.query")
    await stage.work_off(within=timedelta(hours=12))
    assert stage.asked("invoice.query") == asked
    assert not messages(stage)


async def test_a_contact_deleted_since_is_not_asked(stage: Stage) -> None:
    customer = bob(stage)
    await feed(stage)
    [contact] = stage.contacts()
    stage.crm.play.delete_contact(PLACE, contact["id"])
    receive(stage, bill(stage, customer))
    await feed(stage)
    assert await state_of(stage, customer) is ReviewState.DECLINED


async def test_trouble_with_a_contact_is_not_its_absence(stage: Stage) -> None:
    receive(stage, bill(stage, bob(stage)))
    crm_fault(stage, "contacts.read", action="status", status=422, body='{"message":"no"}')
    await feed(stage)
    assert messages(stage) == ["Email"]


async def test_do_not_disturb_declines(stage: Stage) -> None:
    customer = bob(stage)
    await feed(stage)
    stage.crm.play.set_dnd(PLACE, stage.contacts()[0]["id"], all=True)
    receive(stage, bill(stage, customer))
    await feed(stage)
    assert await state_of(stage, customer) is ReviewState.DECLINED
    assert not messages(stage)


async def test_who_wrote_in_avantto_may_get_a_text_message() -> None:
    stage = Stage(settings=Settings(review_hours="always", review_channels=(Channel.SMS,)))
    await stage.open()
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    await feed(stage)
    assert messages(stage) == ["SMS"]


async def test_shadow_only_notes_what_it_would_have_done() -> None:
    stage = Stage(settings=Settings(review_hours="always", reviews=Reviews.SHADOW))
    await stage.open()
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await feed(stage)
    assert await state_of(stage, customer) is ReviewState.SHADOW
    assert not messages(stage)


async def test_quiet_hours_are_waited_out() -> None:
    stage = Stage(settings=Settings(review_hours="Mon-Sat 12:00-20:00"))
    await stage.open()
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await feed(stage, within=timedelta(minutes=30))
    assert not messages(stage)
    assert await state_of(stage, customer) is ReviewState.WAITING
    await stage.work_off(within=timedelta(hours=3))
    assert messages(stage) == ["Email"]


async def test_a_payment_taken_back_before_sending_cancels() -> None:
    stage = Stage(settings=Settings(review_hours="Mon-Sat 12:00-20:00"))
    await stage.open()
    customer = bob(stage)
    paid = receive(stage, bill(stage, customer))
    await feed(stage, within=timedelta(minutes=30))
    stage.books.play.void(REALM, "Payment", {"Id": paid["Id"]})
    await feed(stage, within=timedelta(hours=4))
    assert not messages(stage)
    assert await state_of(stage, customer) is ReviewState.DECLINED


async def test_without_a_link_the_owner_is_waited_for_and_nothing_else(stage: Stage) -> None:
    stage.crm.world.locations[PLACE].profile["social"] = {}
    await stage.clock.sleep(60)
    await stage.open()
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await feed(stage, within=timedelta(minutes=5))
    assert await state_of(stage, customer) is ReviewState.WAITING
    assert (await stage.record()).status is Status.CONNECTED
    stage.crm.play.set_custom_value(PLACE, "review_link", "https://example.com/review")
    await stage.work_off()
    assert messages(stage) == ["Email"]


async def test_a_payment_that_is_not_the_first_is_remembered(stage: Stage) -> None:
    customer = bob(stage)
    for _ in range(2):
        receive(stage, bill(stage, customer))
    await feed(stage)
    assert len(messages(stage)) == 1
    asked = stage.asked("invoice.query")
    for _ in range(3):
        receive(stage, bill(stage, customer))
        await feed(stage)
    assert stage.asked("invoice.query") == asked


async def test_reviews_off_asks_nobody() -> None:
    stage = Stage(settings=Settings(reviews=Reviews.OFF))
    await stage.open()
    receive(stage, bill(stage, bob(stage)))
    await feed(stage)
    assert stage.asked("invoice.query") == 0


async def test_two_locations_of_a_company_ask_once_also_after_a_throttled_message(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    await stage.journal.write(lambda db: stored.put(db, OTHER_PLACE, "contacts", b'"all"', stage.clock.now(), "test"))
    crm_fault(stage, "conversations", action="status", status=429, times=2)
    receive(stage, bill(stage, bob(stage)))
    await feed(stage)
    assert len(messages(stage, PLACE) + messages(stage, OTHER_PLACE)) == 1


async def test_a_second_payment_does_not_drop_the_request_of_the_first() -> None:
    stage = Stage(settings=Settings(review_hours="Mon-Sat 12:00-20:00"))
    await stage.open()
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await feed(stage, within=timedelta(minutes=10))
    assert await state_of(stage, customer) is ReviewState.WAITING
    receive(stage, bill(stage, customer))
    await feed(stage, within=timedelta(hours=4))
    assert messages(stage) == ["Email"]


async def test_a_message_a_person_let_go_is_never_sent(stage: Stage) -> None:
    crm_fault(stage, "conversations", action="status", status=401, body=NO_SCOPE, times=0)
    customer = bob(stage)
    paid = receive(stage, bill(stage, customer))
    await feed(stage)
    await skip(stage)
    stage.crm.play.faults(clear=True)
    stage.books.play.update(REALM, "Payment", {"Id": paid["Id"], "PrivateNote": "edited"})
    await feed(stage)
    assert not messages(stage)
    assert await state_of(stage, customer) is ReviewState.DECLINED
