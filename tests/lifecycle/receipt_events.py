"""What happens to a sale paid at once: every row of `receipt.md`."""

from __future__ import annotations

from typing import Any, Final

from lifecycle.receipt_states import by_hand, edited, refunding, settling
from lifecycle.world import Act, Acts, CannotHappenError, World
from stage import PLACE, REALM

EVENTS: Final = Acts()


def _row(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.crm.state(PLACE)["transactions"][world.document]
    return found


async def nothing(world: World) -> None:
    """The polls come by."""


@EVENTS("its order's webhook comes (again)")
async def announced(world: World) -> None:
    world.crm.announce_order(PLACE, world.order)


EVENTS["the polls come by"] = nothing


@EVENTS("it succeeds")
async def succeeds(world: World) -> None:
    await settling("succeeded")(world)


@EVENTS("it fails, or the bank takes it back")
async def fails(world: World) -> None:
    await settling("failed")(world)


def _refunded(amount: int | None) -> Act:
    async def act(world: World) -> None:
        row = _row(world)
        if row["status"] != "succeeded" or row["amount"] <= row["amountRefunded"]:
            raise CannotHappenError("nothing is left of it")
        await refunding(amount)(world)

    return act


EVENTS["10 refunded"] = _refunded(10)
EVENTS["the rest refunded"] = _refunded(None)


@EVENTS("10 refunded, then it is taken back")
async def refunded_and_taken_back(world: World) -> None:
    await _refunded(10)(world)
    await world.hear()
    await world.poll()
    await settling("failed")(world)


def _renewed(amount: int | None = None, status: str = "succeeded") -> Act:
    async def act(world: World) -> None:
        if not world.charges:
            raise CannotHappenError("no subscription")
        await world.stage.clock.sleep(30 * 86_400)
        world.crm.renew_subscription(PLACE, world.charges[0], amount, status)

    return act


EVENTS["a renewal"] = _renewed()
EVENTS["a renewal at 120"] = _renewed(120)
EVENTS["a renewal fails"] = _renewed(status="failed")


@EVENTS("50 more are charged for its order")
async def charged_again(world: World) -> None:
    world.crm.charge_order(PLACE, world.order, 50)


EVENTS["a person voids it in QuickBooks"] = by_hand("void")
EVENTS["a person deletes it in QuickBooks"] = by_hand("delete")
EVENTS["a person lowers it to 90 in QuickBooks"] = edited


@EVENTS("a person enters it again in QuickBooks")
async def restored(world: World) -> None:
    gone = world.books.state(REALM)["deleted"].get("SalesReceipt") or [
        row["Id"] for row in world.found("SalesReceipt") if not row["TotalAmt"]
    ]
    if not gone:
        raise CannotHappenError("it is there")
    world.books.restore(REALM, "SalesReceipt", gone[-1])


@EVENTS("its source is switched off")
async def switched_off(world: World) -> None:
    await world.set(**{f"sources__{_source(world)}": "off"})


@EVENTS("its source is switched on, and it is looked at")
async def switched_on(world: World) -> None:
    await world.set(**{f"sources__{_source(world)}": "on"})
    await world.look()


@EVENTS("the books are closed, then 10 refunded")
async def closed(world: World) -> None:
    await _refunded(10)(world)
    await world.close_books()


@EVENTS("`retry`")
async def retry(world: World) -> None:
    await world.decide("retry")


@EVENTS("its cause is mended, then `retry`")
async def mended(world: World) -> None:
    codes = {op.reason.code for op in await world.held() if op.reason}
    if "books_closed" not in codes:
        raise CannotHappenError("nothing is held that can be mended elsewhere")
    world.books.close_books(REALM)
    await world.decide("retry")


@EVENTS("`skip`")
async def skip(world: World) -> None:
    await world.decide("skip")


def _source(world: World) -> str:
    return "subscription" if world.charges else str(_row(world)["entitySource"]["type"])
