"""What happens to an invoice: every row of `invoice.md`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lifecycle.invoice_states import (
    by_hand,
    debit_begins,
    deleting,
    due_in_avantto,
    paying,
    priced,
    sending,
    split,
    their_due,
    voiding,
)
from lifecycle.reading import NEW_DAY, NEW_MAIL, NEW_NUMBER
from lifecycle.world import RATE, Act, Acts, CannotHappenError, World, play
from stage import ANN, PLACE, REALM

EVENTS: Final = Acts()
BEN: Final = {"name": "Ben Low", "email": "ben@example.com", "phone": "+12125550199"}


def editing(**changes: Any) -> Act:
    """Somebody changes the invoice in Avantto."""

    async def act(world: World) -> None:
        world.crm.edit_invoice(PLACE, world.document, **changes)

    return act


async def nothing(world: World) -> None:
    """The polls come by."""


async def heard_again(world: World) -> None:
    """The same webhook, three times."""
    for _ in range(3):
        await world.stage.tell(world.topic, world.document)


EVENTS["sent (again)"] = sending
EVENTS["its webhook comes three times"] = heard_again
EVENTS["the polls come by"] = nothing
EVENTS["a line is raised: 120"] = editing(items=priced(wax=60))
EVENTS["a line is lowered: 90"] = editing(items=priced(wax=30))
EVENTS["lowered to 30"] = editing(items=priced(20, 10))
EVENTS["a discount of 10"] = editing(discount={"type": "fixed", "value": 10})
EVENTS[f"tax of {RATE} % on 100"] = editing(items=priced(taxes=[{"name": "Tax", "rate": RATE}]))
EVENTS["another number"] = editing(number=NEW_NUMBER)
EVENTS["another due date"] = due_in_avantto
EVENTS["another issue date"] = editing(issue_date=NEW_DAY)
EVENTS["another e-mail"] = editing(contact={**ANN, "email": NEW_MAIL})
EVENTS["another customer"] = editing(contact=BEN)


@EVENTS("25 paid by card")
async def paid_in_part(world: World) -> None:
    _can_be_paid(world)
    await paying(25)(world)


@EVENTS("the rest paid by card")
async def paid_rest(world: World) -> None:
    _can_be_paid(world)
    await paying()(world)


@EVENTS("the rest paid in cash")
async def paid_in_cash(world: World) -> None:
    _can_be_paid(world)
    await paying(mode="cash")(world)


@EVENTS("100 paid by card twice")
async def paid_twice(world: World) -> None:
    if _invoice(world)["status"] == "draft":
        raise CannotHappenError("nobody has it")
    await paying(100)(world)
    await paying(100)(world)


@EVENTS("the transaction of the cash turns up")
async def late_transaction(world: World) -> None:
    world.charges.append(world.crm.add_late_transaction(PLACE, world.document)["_id"])


@EVENTS("a bank debit begins")
async def debit(world: World) -> None:
    _can_be_paid(world)
    await debit_begins(world)


@EVENTS("the bank debit succeeds")
async def debit_succeeds(world: World) -> None:
    world.crm.settle_transaction(PLACE, _charge(world, "pending"))


@EVENTS("the bank debit fails")
async def debit_fails(world: World) -> None:
    world.crm.settle_transaction(PLACE, _charge(world, "pending"), "failed")


@EVENTS("the bank takes the first payment back")
async def called_back(world: World) -> None:
    world.crm.settle_transaction(PLACE, _charge(world, "succeeded"), "failed")


@EVENTS("10 of the first payment refunded")
async def refunded_in_part(world: World) -> None:
    world.crm.refund(PLACE, _refundable(world), 10)


@EVENTS("the rest of the first payment refunded")
async def refunded(world: World) -> None:
    world.crm.refund(PLACE, _refundable(world))


EVENTS["voided in Avantto"] = voiding
EVENTS["deleted in Avantto"] = deleting
EVENTS["a person voids it in QuickBooks"] = by_hand("void")
EVENTS["a person deletes it in QuickBooks"] = by_hand("delete")


@EVENTS("a person enters it again in QuickBooks, then another due date")
async def restored(world: World) -> None:
    gone = world.books.state(REALM)["deleted"].get("Invoice") or [
        row["Id"] for row in world.found("Invoice") if not row["TotalAmt"]
    ]
    if not gone:
        raise CannotHappenError("it is there")
    world.books.restore(REALM, "Invoice", gone[-1])
    await world.hear()
    await due_in_avantto(world)


@EVENTS("a person changes the due date in QuickBooks, then Avantto does")
async def same_field(world: World) -> None:
    await _both(world, their_due)


@EVENTS("a person splits a line in QuickBooks, then another due date")
async def another_field(world: World) -> None:
    await _both(world, split)


@EVENTS("the books are closed, then a line is raised: 120")
async def closed(world: World) -> None:
    await editing(items=priced(wax=60))(world)
    await world.close_books()


@EVENTS("`retry`")
async def retry(world: World) -> None:
    await world.decide("retry")


@EVENTS("its cause is mended, then `retry`")
async def mended(world: World) -> None:
    codes = {op.reason.code for op in await world.held() if op.reason}
    if "currency" in codes:
        world.books.set(REALM, multicurrency=True)
    elif "overpaid" in codes:
        world.crm.edit_invoice(PLACE, world.document, items=[*priced(), {"name": "Thank you", "amount": 20}])
    elif "books_closed" in codes:
        world.books.close_books(REALM)
    else:
        raise CannotHappenError("nothing is held that can be mended elsewhere")
    await world.decide("retry")


@EVENTS("`skip`")
async def skip(world: World) -> None:
    await world.decide("skip")


async def _both(world: World, act: Act) -> None:
    """A person in QuickBooks first, then Avantto."""
    if not await play(world, act):
        raise CannotHappenError("there is nothing to edit in QuickBooks")
    await due_in_avantto(world)


def _invoice(world: World) -> Mapping[str, Any]:
    found: Mapping[str, Any] = world.crm.state(PLACE)["invoices"][world.document]
    return found


def _can_be_paid(world: World) -> None:
    """Nobody pays a draft, and nobody begins a payment while a debit of all that is due is under way."""
    if _invoice(world)["status"] in {"draft", "payment_processing"}:
        raise CannotHappenError("nothing can be paid")
    if not _invoice(world)["amountDue"]:
        raise CannotHappenError("nothing is due")


def _charge(world: World, status: str) -> str:
    rows = world.crm.state(PLACE)["transactions"]
    found = [name for name in world.charges if rows[name]["status"] == status]
    if not found:
        raise CannotHappenError(f"no charge is {status}")
    return found[0]


def _refundable(world: World) -> str:
    name = _charge(world, "succeeded")
    row = world.crm.state(PLACE)["transactions"][name]
    if row["amount"] <= row["amountRefunded"]:
        raise CannotHappenError("nothing is left of it")
    return name
