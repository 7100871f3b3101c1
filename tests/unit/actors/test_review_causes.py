"""What lets a review request go out, and what stops it on the way (R1, R2)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec

from avantto_qbo.journal import inbox, reviews
from avantto_qbo.journal import settings as stored
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.records import Review, ReviewState
from avantto_qbo.model.settings import Channel, OnOff, Settings
from stage import ANN, OTHER_PLACE, PLACE, REALM, Stage
from unit.actors.scenes import bill, bob, receive

NOON = Settings(review_hours="Mon-Sat 12:00-20:00")  # the stage begins in the morning
TEXT_ONLY = Settings(review_hours="always", review_channels=(Channel.SMS,))
PHONE = {"PrimaryPhone": {"FreeFormNumber": "(212) 555-0188"}}


async def at_morning(settings: Settings = NOON) -> Stage:
    made = Stage(settings=settings)
    await made.open()
    return made


async def feed(stage: Stage, *, within: timedelta = timedelta(hours=2)) -> None:
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.work_off(within=within)


def messages(stage: Stage, place: Any = PLACE) -> list[str]:
    return [message["type"] for message in stage.crm.play.messages(place)]


async def review(stage: Stage, customer: str) -> Review | None:
    return await stage.journal.read(lambda db: reviews.get(db, REALM, CustomerId(customer)))


async def standing(stage: Stage, customer: str) -> tuple[ReviewState, str] | None:
    found = await review(stage, customer)
    return (found.state, found.code) if found else None


async def assign(stage: Stage, key: str, value: object, place: Any = PLACE) -> None:
    """What the command `settings` does."""
    now = stage.clock.now()

    def change(db: Any) -> None:
        stored.put(db, place, key, msgspec.json.encode(value), now, "test")
        inbox.wake(db, f"settings:{place}", now)

    await stage.journal.write(change)


def credit(stage: Stage, invoice: dict[str, Any], amount: int) -> None:
    """A credit memo that a bookkeeper makes and applies to an invoice."""
    item = {"SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    line = {"DetailType": "SalesItemLineDetail", "Amount": amount, **item}
    memo = stage.books.play.create(REALM, "CreditMemo", {"CustomerRef": invoice["CustomerRef"], "Line": [line]})
    applied = [
        {"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]},
        {"Amount": amount, "LinkedTxn": [{"TxnId": memo["Id"], "TxnType": "CreditMemo"}]},
    ]
    body = {"CustomerRef": invoice["CustomerRef"], "TotalAmt": 0, "Line": applied}
    stage.books.play.create(REALM, "Payment", body)


async def test_an_invoice_settled_by_credits_alone_asks_nobody(stage: Stage) -> None:
    customer = bob(stage)
    credit(stage, bill(stage, customer), 50)
    await feed(stage)
    assert not messages(stage)


async def test_a_credit_that_closes_what_money_began_asks(stage: Stage) -> None:
    customer = bob(stage)
    invoice = bill(stage, customer)
    receive(stage, invoice, 30)
    await feed(stage)
    assert not messages(stage)
    credit(stage, invoice, 20)
    await feed(stage)
    assert messages(stage) == ["Email"]


async def test_money_that_was_given_back_in_avantto_before_the_hour_cancels() -> None:
    stage = await at_morning()
    invoice = stage.sent_invoice()
    paid = stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    await feed(stage, within=timedelta(minutes=10))
    [row] = stage.in_books("Customer")
    assert await standing(stage, row["Id"]) == (ReviewState.WAITING, "quiet_hours")
    transaction = next(iter(stage.crm.world.locations[PLACE].transactions.values()))
    assert paid
    stage.crm.play.refund(PLACE, transaction["_id"], Decimal(10))
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off(within=timedelta(hours=5))
    assert not messages(stage)
    assert await standing(stage, row["Id"]) == (ReviewState.DECLINED, "refunded")


async def test_an_invoice_reopened_while_the_request_waited_cancels() -> None:
    stage = await at_morning()
    customer = bob(stage)
    invoice = bill(stage, customer)
    receive(stage, invoice)
    await feed(stage, within=timedelta(minutes=10))
    asked = stage.asked("invoice.query")
    dearer = [{**invoice["Line"][0], "Amount": 80}]
    stage.books.play.update(REALM, "Invoice", {"Id": invoice["Id"], "Line": dearer})
    await stage.work_off(within=timedelta(hours=5))  # nobody told of it: it is looked at again before it goes out
    assert not messages(stage)
    assert stage.asked("invoice.query") == asked + 1
    assert await standing(stage, customer) == (ReviewState.DECLINED, "not_first")


async def test_a_payment_deleted_while_the_request_waited_cancels() -> None:
    stage = await at_morning()
    customer = bob(stage)
    paid = receive(stage, bill(stage, customer))
    await feed(stage, within=timedelta(minutes=10))
    stage.books.play.delete(REALM, "Payment", {"Id": paid["Id"]})
    await feed(stage, within=timedelta(hours=5))
    assert not messages(stage)
    assert await standing(stage, customer) == (ReviewState.DECLINED, "not_a_payment")


async def test_a_payment_entered_anew_before_the_hour_asks_after_all() -> None:
    stage = await at_morning()
    customer = bob(stage)
    invoice = bill(stage, customer)
    wrong = receive(stage, invoice)
    await feed(stage, within=timedelta(minutes=10))
    stage.books.play.delete(REALM, "Payment", {"Id": wrong["Id"]})
    await feed(stage, within=timedelta(minutes=10))
    assert await standing(stage, customer) == (ReviewState.DECLINED, "not_a_payment")
    receive(stage, invoice)
    await feed(stage, within=timedelta(hours=5))
    assert messages(stage) == ["Email"]


async def test_a_payment_entered_under_the_wrong_customer_costs_that_one_nothing() -> None:
    stage = await at_morning()
    wrong = bob(stage)
    email = {"Address": "cid@example.com"}
    right = stage.books.play.create(REALM, "Customer", {"DisplayName": "Cid", "PrimaryEmailAddr": email})["Id"]
    unpaid, invoice = bill(stage, wrong), bill(stage, right)
    paid = receive(stage, unpaid)
    await feed(stage, within=timedelta(minutes=10))
    line = {"Amount": 50, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    moved = {"Id": paid["Id"], "CustomerRef": {"value": right}, "Line": [line]}
    stage.books.play.update(REALM, "Payment", moved)
    await feed(stage, within=timedelta(hours=5))
    assert await standing(stage, wrong) == (ReviewState.DECLINED, "not_a_payment")
    assert len(messages(stage)) == 1
    receive(stage, unpaid)
    await feed(stage)
    assert [(await standing(stage, one) or ("", ""))[0] for one in (wrong, right)] == [ReviewState.SENT] * 2
    assert len(messages(stage)) == 2


async def test_reviews_switched_off_cancels_what_waits() -> None:
    stage = await at_morning()
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await feed(stage, within=timedelta(minutes=10))
    await assign(stage, "reviews", "off")
    await stage.work_off(within=timedelta(hours=5))
    assert not messages(stage)
    assert await standing(stage, customer) == (ReviewState.DECLINED, "reviews_off")


async def test_a_request_that_waited_for_more_than_a_week_is_too_late(stage: Stage) -> None:
    stage.crm.world.locations[PLACE].profile["social"] = {}
    customer = bob(stage)
    await assign(stage, "review_workflow", "not there")
    receive(stage, bill(stage, customer))
    await feed(stage, within=timedelta(minutes=5))
    asked = stage.asked("invoice.query")
    await stage.work_off(within=timedelta(days=8))
    assert await standing(stage, customer) == (ReviewState.DECLINED, "too_old")
    assert stage.asked("invoice.query") == asked


async def test_a_link_given_later_lets_the_request_go_on() -> None:
    stage = Stage(settings=Settings(review_hours="always"))
    stage.furnish()
    stage.crm.world.locations[PLACE].profile["social"] = {}
    await stage.open()
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await feed(stage, within=timedelta(minutes=5))
    assert await standing(stage, customer) == (ReviewState.WAITING, "review_link")
    await assign(stage, "review_link", "https://example.com/r")
    await stage.work_off(within=timedelta(minutes=5))
    assert messages(stage) == ["Email"]


async def test_a_google_place_found_later_lets_the_request_go_on() -> None:
    stage = Stage(settings=Settings(review_hours="always"))
    stage.furnish()
    stage.crm.world.locations[PLACE].profile["social"] = {}
    await stage.open()
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await feed(stage, within=timedelta(minutes=5))
    stage.crm.world.locations[PLACE].profile["social"] = {"googlePlacesId": "PLACE"}
    await stage.work_off()
    assert messages(stage) == ["Email"]
    assert await standing(stage, customer) == (ReviewState.SENT, "")


async def test_a_person_who_paid_before_under_another_customer_is_no_first(stage: Stage) -> None:
    await assign(stage, "reviews", "off")
    receive(stage, bill(stage, bob(stage)))
    await feed(stage)
    await assign(stage, "reviews", "on")
    again = bob(stage, DisplayName="Robert Ray")
    receive(stage, bill(stage, again))
    await feed(stage)
    assert not messages(stage)
    assert await standing(stage, again) == (ReviewState.DECLINED, "not_first")


async def test_the_same_phone_is_the_same_person(stage: Stage) -> None:
    receive(stage, bill(stage, bob(stage, **PHONE)))
    await feed(stage)
    other = bob(stage, DisplayName="B. Ray", PrimaryEmailAddr={"Address": "ray@example.com"}, **PHONE)
    receive(stage, bill(stage, other))
    await feed(stage)
    assert messages(stage) == ["Email"]


async def test_two_customers_of_one_contact_are_one_person(stage: Stage) -> None:
    """QuickBooks shows no address they share; the contact both belong to does."""
    stage.crm.play.create_contact(PLACE, name="Bob Ray", email="bob@example.com", phone="+12125550188")
    receive(stage, bill(stage, bob(stage)))
    await feed(stage)
    other = bob(stage, DisplayName="B. Ray", PrimaryEmailAddr={"Address": ""}, **PHONE)
    receive(stage, bill(stage, other))
    await feed(stage)
    assert messages(stage) == ["Email"]
    assert await standing(stage, other) == (ReviewState.DECLINED, "asked")


async def test_one_payment_by_every_route_asks_once(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    for _ in range(3):  # the feed's overlap, a webhook's nudge, a bookkeeper's touch
        [paid] = stage.in_books("Payment")
        await feed(stage)
        stage.books.play.update(REALM, "Payment", {"Id": paid["Id"], "PrivateNote": f"{paid['PrivateNote']} ok"})
    assert messages(stage) == ["Email"]


async def test_who_came_from_quickbooks_gets_no_text_message_without_the_owners_word() -> None:
    stage = await at_morning(TEXT_ONLY)
    customer = bob(stage, **PHONE)
    receive(stage, bill(stage, customer))
    await feed(stage)
    assert await standing(stage, customer) == (ReviewState.DECLINED, "no_channel")
    allowed = await at_morning(msgspec.structs.replace(TEXT_ONLY, review_sms_imported=OnOff.ON))
    receive(allowed, bill(allowed, bob(allowed, **PHONE)))
    await feed(allowed)
    assert messages(allowed) == ["SMS"]


async def test_who_was_in_avantto_before_us_did_not_come_from_quickbooks() -> None:
    stage = await at_morning(TEXT_ONLY)
    stage.crm.play.create_contact(PLACE, name="Bob Ray", email="bob@example.com", phone="+12125550188")
    receive(stage, bill(stage, bob(stage)))
    await feed(stage)
    assert messages(stage) == ["SMS"]


async def test_of_two_locations_only_the_one_whose_customer_it_is_asks(stage: Stage) -> None:
    """The other takes its own documents' customers only: it neither asks nor spoils the request."""
    await stage.open(OTHER_PLACE, share=True)
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.work(OTHER_PLACE)
    await stage.work_off()
    assert (messages(stage, PLACE), messages(stage, OTHER_PLACE)) == (["Email"], [])
    assert stage.asked("invoice.query") == 1


async def test_a_location_in_shadow_leaves_the_request_to_another_of_its_company(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    await assign(stage, "contacts", "all", OTHER_PLACE)
    await assign(stage, "reviews", "shadow", OTHER_PLACE)
    receive(stage, bill(stage, bob(stage)))
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.work(OTHER_PLACE)
    await stage.work_off()
    assert (messages(stage, PLACE), messages(stage, OTHER_PLACE)) == (["Email"], [])


async def test_a_location_that_may_not_write_leaves_what_waits_at_another_alone(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    await assign(stage, "contacts", "all", OTHER_PLACE)
    await assign(stage, "review_hours", "Mon-Sat 12:00-20:00")
    await assign(stage, "review_workflow", "none", OTHER_PLACE)
    receive(stage, bill(stage, bob(stage)))
    await feed(stage, within=timedelta(hours=5))
    assert (messages(stage, PLACE), messages(stage, OTHER_PLACE)) == (["Email"], [])


async def test_declines_are_told_with_ids_only() -> None:
    stage = await at_morning(TEXT_ONLY)
    customer = bob(stage, **PHONE)
    receive(stage, bill(stage, customer))
    await feed(stage)
    [line] = [line for line in await stage.activity() if line.event == "review.declined"]
    assert line.subject == customer
    assert f"customer {customer}" in line.text
    assert not {"Bob", "bob@example.com", ANN["name"]} & set(line.text.split())
