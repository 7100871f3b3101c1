"""Customers that a bookkeeper merged: one contact, one request (C5, R3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from avantto_qbo.actors import merging
from avantto_qbo.journal import reviews
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.records import Review, ReviewState, Topic
from avantto_qbo.model.settings import Settings
from stage import PLACE, REALM, Stage
from unit.actors.scenes import bill, bob, receive, sell

EMMA = {"DisplayName": "Emma Vane", "PrimaryEmailAddr": {"Address": "emma@example.com"}}


async def feed(stage: Stage, *, within: timedelta = timedelta(hours=2)) -> None:
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.work_off(within=within)


async def webhook(stage: Stage, loser: str, survivor: str) -> None:
    """What the intake does with a merge event."""
    now = stage.clock.now()
    await stage.journal.write(lambda db: merging.follow(db, REALM, CustomerId(loser), CustomerId(survivor), now))


async def review(stage: Stage, customer: str) -> Review | None:
    return await stage.journal.read(lambda db: reviews.get(db, REALM, CustomerId(customer)))


def messages(stage: Stage) -> int:
    return len(stage.crm.play.messages(PLACE))


async def test_the_survivor_keeps_the_contact_of_the_one_that_is_gone(stage: Stage) -> None:
    loser = bob(stage)
    await feed(stage)
    survivor = bob(stage, DisplayName="Bobby", PrimaryEmailAddr={"Address": ""})
    await webhook(stage, loser, survivor)
    stage.books.play.merge_customers(REALM, survivor, loser)
    await feed(stage)
    [contact] = stage.contacts()
    link = await stage.link("contact", survivor)
    assert link is not None
    assert link.object_id == contact["id"]
    assert f"Customer {loser} was merged into customer {survivor}." in [line.text for line in await stage.activity()]


@pytest.mark.parametrize("told", [True, False])
async def test_a_survivor_is_not_asked_again(stage: Stage, told: bool) -> None:
    loser = bob(stage)
    receive(stage, bill(stage, loser))
    await feed(stage)
    assert messages(stage) == 1
    survivor = bob(stage, **EMMA)
    await feed(stage)
    stage.books.play.merge_customers(REALM, survivor, loser)
    if told:
        await webhook(stage, loser, survivor)
    await feed(stage)
    receive(stage, bill(stage, survivor))
    await feed(stage)
    assert messages(stage) == 1
    found = await review(stage, survivor)
    assert found is not None
    assert (found.state, found.code) == (ReviewState.SENT, "merged")


@pytest.mark.parametrize("told", [True, False])
async def test_a_request_that_waits_goes_to_the_survivor_once(told: bool) -> None:
    stage = Stage(settings=Settings(review_hours="Mon-Sat 12:00-20:00"))
    await stage.open()
    loser, survivor = bob(stage), bob(stage, **EMMA)
    receive(stage, bill(stage, loser))
    await feed(stage, within=timedelta(minutes=30))
    stage.books.play.merge_customers(REALM, survivor, loser)
    if told:
        await webhook(stage, loser, survivor)
    await feed(stage, within=timedelta(hours=5))
    assert messages(stage) == 1
    gone, kept = await review(stage, loser), await review(stage, survivor)
    assert gone is not None
    assert (gone.state, gone.code) == (ReviewState.DECLINED, "merged")
    assert kept is not None
    assert kept.state is ReviewState.SENT


async def test_a_survivor_that_waits_too_ends_with_the_losers_request(stage: Stage) -> None:
    loser = bob(stage)
    receive(stage, bill(stage, loser))
    await feed(stage)
    survivor = bob(stage, **EMMA)
    asked = await review(stage, loser)
    assert asked is not None

    waits = Review(REALM, CustomerId(survivor), PLACE, ReviewState.WAITING, asked.paid_at, stage.clock.now())
    await stage.journal.write(lambda db: reviews.put(db, waits))
    await webhook(stage, loser, survivor)
    found = await review(stage, survivor)
    assert found is not None
    assert found.state is ReviewState.SENT


async def test_a_request_under_way_stays_with_the_customer_it_was_written_for(stage: Stage) -> None:
    loser, survivor, now = bob(stage), bob(stage, **EMMA), stage.clock.now()
    sending = Review(REALM, CustomerId(loser), PLACE, ReviewState.SENDING, now, now)
    await stage.journal.write(lambda db: reviews.claim(db, sending, []))
    await webhook(stage, loser, survivor)
    found = await review(stage, survivor)
    assert found is not None
    assert (found.state, found.reason) == (ReviewState.DECLINED, f"Merged with customer {loser}.")


async def test_a_payment_moved_by_hand_asks_nobody_twice_and_moves_no_contact(stage: Stage) -> None:
    first = bob(stage)
    paid = receive(stage, bill(stage, first))
    await feed(stage)
    other = bob(stage, **EMMA)
    await feed(stage)
    line = {"Amount": 50, "LinkedTxn": [{"TxnId": bill(stage, other)["Id"], "TxnType": "Invoice"}]}
    moved = {"Id": paid["Id"], "CustomerRef": {"value": other}, "Line": [line]}
    stage.books.play.update(REALM, "Payment", moved)
    await feed(stage)
    assert messages(stage) == 1
    mine, theirs = await stage.link("contact", first), await stage.link("contact", other)
    assert mine is not None
    assert theirs is not None
    assert mine.object_id != theirs.object_id


async def test_a_customer_merged_into_itself_or_unknown_changes_nothing(stage: Stage) -> None:
    await webhook(stage, "77", "77")
    await webhook(stage, "77", "78")
    assert await review(stage, "78") is None


# -- the money of merged customers ------------------------------------------------------------------------------------


async def merged(stage: Stage, *, told: bool) -> str:
    """Ann, who has a sale or an invoice in the books, goes into another customer; returns whom."""
    ann = next(row["Id"] for row in stage.in_books("Customer"))
    survivor = str(stage.books.play.create(REALM, "Customer", {"DisplayName": "Ann Stays"})["Id"])
    stage.books.play.merge_customers(REALM, survivor, ann)
    if told:
        await webhook(stage, ann, survivor)
    await feed(stage)
    return survivor


def owners(stage: Stage, entity: str) -> list[str]:
    return [row["CustomerRef"]["value"] for row in stage.in_books(entity)]


@pytest.fixture(params=[("inactive", True), ("inactive", False), ("gone", True), ("gone", False)])
async def books(request: pytest.FixtureRequest) -> tuple[Stage, bool]:
    """What is left of a merged customer, and whether a webhook tells of the merge."""
    leaves, told = request.param
    stage = Stage(settings=Settings(review_hours="always", refund_account="Checking"))
    await stage.open()
    stage.books.play.set(REALM, merge_leaves=leaves)
    return stage, told


async def test_a_payment_goes_to_whoever_its_customer_is_now(books: tuple[Stage, bool]) -> None:
    stage, told = books
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    survivor = await merged(stage, told=told)
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.mirror(invoice)
    assert owners(stage, "Payment") == [survivor]
    assert not await stage.held()


@pytest.mark.parametrize("paid_by", ["invoice", "sale"])
async def test_a_refund_goes_to_whoever_its_customer_is_now(books: tuple[Stage, bool], paid_by: str) -> None:
    stage, told = books
    transaction = await (paid_invoice(stage) if paid_by == "invoice" else sell(stage))
    await stage.work_off()
    survivor = await merged(stage, told=told)
    stage.crm.play.refund(PLACE, transaction)
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off()
    assert owners(stage, "RefundReceipt") == [survivor]
    assert not await stage.held()


async def paid_invoice(stage: Stage) -> str:
    invoice = stage.sent_invoice()
    transaction = stage.crm.play.pay_invoice(PLACE, invoice)["transaction"]["_id"]
    await stage.tell(Topic.INVOICE, invoice)
    return str(transaction)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("event", ["void", "called_back"])
async def test_the_payment_of_a_merged_customer_was_edited_by_nobody(stage: Stage, event: str, told: bool) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    transaction = stage.crm.play.pay_invoice(PLACE, invoice, amount=40, mode="ach")["transaction"]["_id"]
    await stage.mirror(invoice)
    await merged(stage, told=told)
    if event == "void":
        stage.crm.play.void_invoice(PLACE, invoice)
    else:
        stage.crm.play.settle_transaction(PLACE, transaction, "failed")
    await stage.mirror(invoice)
    assert not await stage.held()
    [payment] = stage.in_books("Payment")
    assert payment["UnappliedAmt"] == payment["TotalAmt"]


async def test_a_buyer_whose_survivor_went_inactive_gets_a_customer_again(books: tuple[Stage, bool]) -> None:
    """The index may show the merged customer as active for ever: nobody is led to it, and from it, in circles."""
    stage, told = books
    await sell(stage)
    await stage.work_off()
    survivor = await merged(stage, told=told)
    stage.books.play.update(REALM, "Customer", {"Id": survivor, "Active": False})
    await feed(stage)
    await sell(stage)
    await stage.work_off()
    _, again = owners(stage, "SalesReceipt")
    assert again != survivor
    [customer] = [row for row in stage.in_books("Customer") if row["Id"] == again]
    assert customer["Active"] is True
    assert not await stage.held()
