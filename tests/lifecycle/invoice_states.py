"""How an invoice comes into each state that is a column of `invoice.md`."""

from __future__ import annotations

from typing import Any, Final

from lifecycle.reading import DUE, NEW_DUE, THEIR_DUE
from lifecycle.world import Act, Acts, World, play
from stage import ANN, PLACE, REALM
from unit.actors.scenes import books_fault

ITEMS: Final = [{"name": "Wash", "amount": 60}, {"name": "Wax", "amount": 40}]
STATES: Final = Acts()


def priced(wash: int = 60, wax: int = 40, **more: Any) -> list[dict[str, Any]]:
    """The two lines at other prices."""
    return [{"name": "Wash", "amount": wash, **more}, {"name": "Wax", "amount": wax, **more}]


async def _then(world: World, act: Act) -> None:
    """A step of the way, which must be possible."""
    assert await play(world, act), act


def paying(amount: int | None = None, mode: str = "card", **more: Any) -> Act:
    """Somebody pays; money by hand leaves no transaction."""

    async def act(world: World) -> None:
        paid = world.crm.pay_invoice(PLACE, world.document, amount=amount, mode=mode, **more)
        if paid["transaction"]:
            world.charges.append(paid["transaction"]["_id"])

    return act


def refunding(amount: int | None = None) -> Act:
    """Money of the first payment goes back."""

    async def act(world: World) -> None:
        world.crm.refund(PLACE, world.charges[0], amount)
        await world.poll()  # no webhook tells of it

    return act


async def debit_begins(world: World) -> None:
    """A bank debit of all that is due gets under way."""
    begun = world.crm.start_processing(PLACE, world.document, mode="ach")
    world.charges.append(begun["transaction"]["_id"])


async def voiding(world: World) -> None:
    """Voided in Avantto."""
    world.crm.void_invoice(PLACE, world.document)


async def deleting(world: World) -> None:
    """Deleted in Avantto."""
    world.crm.delete_invoice(PLACE, world.document)


async def draft(world: World, **changes: Any) -> None:
    """Written, and not sent."""
    made = {"contact": ANN, "items": ITEMS, "due_date": DUE} | changes
    world.document = str(world.crm.create_invoice(PLACE, **made)["_id"])


async def sending(world: World) -> None:
    """Sent by hand in Avantto."""
    world.crm.send_invoice(PLACE, world.document)


async def posted(world: World, *acts: Act, **changes: Any) -> None:
    """Sent and in the books; then `acts`, one after the other."""
    await draft(world, **changes)
    for act in (sending, *acts):
        await _then(world, act)


def _posted_then(*acts: Act, **changes: Any) -> Act:
    async def state(world: World) -> None:
        await posted(world, *acts, **changes)

    return state


async def raised(world: World) -> None:
    """A line costs 10 more."""
    world.crm.edit_invoice(PLACE, world.document, items=priced(wax=50))


def by_hand(action: str, entity: str = "Invoice", **members: Any) -> Act:
    """A person does something to the newest object in QuickBooks."""

    async def act(world: World) -> None:
        getattr(world.books, action)(REALM, entity, {"Id": world.the(entity)["Id"], **members})

    return act


async def split(world: World) -> None:
    """A person splits the first line in QuickBooks."""
    world.books.split_line(REALM, "Invoice", world.the("Invoice")["Id"], [25, 35])


async def due_in_avantto(world: World) -> None:
    """Another due date in Avantto."""
    world.crm.edit_invoice(PLACE, world.document, due_date=NEW_DUE)


their_due: Final = by_hand("update", DueDate=THEIR_DUE)

STATES["draft"] = draft
STATES["posted"] = _posted_then()
STATES["edited"] = _posted_then(raised)
STATES["partly paid"] = _posted_then(paying(40))
STATES["debit pending"] = _posted_then(debit_begins)
STATES["partly paid, debit pending"] = _posted_then(paying(40), debit_begins)
STATES["paid by card"] = _posted_then(paying())
STATES["paid in cash"] = _posted_then(paying(mode="cash"))
STATES["paid with a tip"] = _posted_then(paying(tip=10), tips=[10])
STATES["paid too much"] = _posted_then(paying(120))
STATES["partly refunded"] = _posted_then(paying(), refunding(30))
STATES["refunded"] = _posted_then(paying(), refunding())
STATES["voided"] = _posted_then(voiding)
STATES["paid, then voided"] = _posted_then(paying(), voiding)
STATES["deleted"] = _posted_then(deleting)
STATES["voided by a person"] = _posted_then(by_hand("void"))
STATES["deleted by a person"] = _posted_then(by_hand("delete"))
STATES["payment deleted by a person"] = _posted_then(paying(), by_hand("delete", "Payment"))
STATES["edited by a person"] = _posted_then(split, their_due)
STATES["conflict"] = _posted_then(their_due, due_in_avantto)


@STATES("in a closed period")
async def in_a_closed_period(world: World) -> None:
    """Posted, and then the bookkeeper closed the month."""
    await posted(world)
    await world.close_books()


@STATES("edited in a closed period")
async def edited_in_a_closed_period(world: World) -> None:
    """A change that came too late."""
    await in_a_closed_period(world)
    await _then(world, raised)


@STATES("held")
async def held(world: World) -> None:
    """In a currency that the company does not keep."""
    await posted(world, currency="EUR")


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
    books_fault(world.stage, "invoice.create", action=action)
    await draft(world)
    await sending(world)
    await world.webhooks()
    await world.stage.work()
