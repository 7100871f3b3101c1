"""How a sale paid at once comes into each state that is a column of `receipt.md`."""

from __future__ import annotations

from typing import Any, Final

from lifecycle.world import RATE, Act, Acts, World, play
from stage import ANN, PLACE, REALM
from unit.actors.scenes import books_fault

KIT: Final = [{"name": "Kit", "amount": 100}]
TAXED: Final = [{"name": "Kit", "amount": 100, "taxes": [{"name": "Tax", "rate": RATE}]}]
STATES: Final = Acts()


def sold(*acts: Act, items: list[dict[str, Any]] = KIT, **changes: Any) -> Act:
    """A sale over 100; then `acts`, one after the other."""

    async def state(world: World) -> None:
        sell(world, items, **changes)
        await world.hear()
        await world.poll()
        for act in acts:
            assert await play(world, act), act
            await world.poll()

    return state


def sell(world: World, items: list[dict[str, Any]], **changes: Any) -> None:
    """Somebody buys through an order form."""
    sale = world.crm.sell(PLACE, ANN, items, **changes)
    world.document, world.order = sale["transaction"]["_id"], sale["order"]["_id"]


def refunding(amount: int | None = None) -> Act:
    """Money goes back, of which no webhook tells."""

    async def act(world: World) -> None:
        world.crm.refund(PLACE, world.document, amount)

    return act


def settling(status: str) -> Act:
    """The processor says how the charge ended."""

    async def act(world: World) -> None:
        world.crm.settle_transaction(PLACE, world.document, status)

    return act


def by_hand(action: str) -> Act:
    """A person does something to the newest receipt in QuickBooks."""

    async def act(world: World) -> None:
        getattr(world.books, action)(REALM, "SalesReceipt", {"Id": world.the("SalesReceipt")["Id"]})

    return act


async def edited(world: World) -> None:
    """A person lowers the receipt to 90 in QuickBooks."""
    world.books.edit_line(REALM, "SalesReceipt", world.the("SalesReceipt")["Id"], Amount=90)


STATES["pending"] = sold(status="pending")
STATES["failed"] = sold(status="failed")
STATES["posted"] = sold()
STATES["with tax"] = sold(items=TAXED)
STATES["partly refunded"] = sold(refunding(30))
STATES["refunded"] = sold(refunding())
STATES["taken back by the bank"] = sold(settling("failed"))
STATES["in test mode"] = sold(live=False)
STATES["voided by a person"] = sold(by_hand("void"))
STATES["deleted by a person"] = sold(by_hand("delete"))
STATES["edited by a person"] = sold(edited)
STATES["tax does not add up"] = sold(items=TAXED, charged=130)
STATES["unknown source"] = sold(source_type="raffle")


@STATES("first charge of a subscription")
async def subscribed(world: World) -> None:
    """The first of many; the subscription stands in for the order."""
    begun = world.crm.start_subscription(PLACE, ANN, KIT)
    world.document, world.order = begun["transaction"]["_id"], begun["order"]["_id"]
    world.charges = [begun["subscription"]["_id"]]
    await world.hear()
    await world.poll()


@STATES("source switched off")
async def switched_off(world: World) -> None:
    """The owner wants no receipts of it."""
    await world.set(sources__funnel="off")
    await sold()(world)


@STATES("order's webhook missing")
async def without_webhook(world: World) -> None:
    """Its tax is known to the order's webhook only, which is late."""
    sell(world, KIT, automatic_tax_rate=RATE, webhook="after")
    await world.stage.tell(world.topic, world.document)
    await world.stage.work()


@STATES("order's webhook missing for long")
async def still_without_webhook(world: World) -> None:
    """It was waited for, in vain."""
    await without_webhook(world)
    await world.hear()
    await world.poll()


@STATES("in a closed period")
async def in_a_closed_period(world: World) -> None:
    """Posted, and then the bookkeeper closed the month."""
    await sold()(world)
    await world.close_books()


@STATES("sold in a closed period")
async def sold_in_a_closed_period(world: World) -> None:
    """The bookkeeper was quicker."""
    await world.close_books()
    await sold()(world)


@STATES("in doubt, was posted")
async def in_doubt_posted(world: World) -> None:
    """QuickBooks took it, and its answer was lost."""
    await _doubt(world, "lost_after")


@STATES("in doubt, was not posted")
async def in_doubt_not_posted(world: World) -> None:
    """It never came to QuickBooks, and three looks brought nothing."""
    await _doubt(world, "reset_before")
    await world.hear()


async def _doubt(world: World, action: str) -> None:
    books_fault(world.stage, "salesreceipt.create", action=action)
    sell(world, KIT)
    await world.stage.tell(world.topic, world.document)
    await world.stage.work()
