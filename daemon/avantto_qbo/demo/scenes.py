"""The order of the day: what happens when, told as it happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import anyio

from avantto_qbo.demo import cast
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.day import Day
from avantto_qbo.demo.opening import REALM
from avantto_qbo.demo.story import RENEWALS, InvoicePlan, SalePlan

BREATH: Final = 1.6  # seconds between two scenes
MEASURED: Final = 3
POSTED_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that happens: the story's own time, the sentence that tells it, and the act."""

    clock: str
    text: str
    act: Callable[[], Awaitable[None]]


class Script:
    """The scenes of one day; `interlude` is played at half past twelve."""

    def __init__(self, day: Day, interlude: Scene | None) -> None:
        self._day, self._interlude = day, interlude
        plans, sales = day.story.invoices, day.story.sales
        clear = [plan for plan in plans if plan.fate == "paid"][:MEASURED]
        rest = [plan for plan in plans if plan not in clear]
        self._clear: Sequence[InvoicePlan] = clear
        self._batches = [rest[:16], rest[16:30], rest[30:]]
        third = len(sales) // 3
        self._sales: list[Sequence[SalePlan]] = [sales[:third], sales[third : 2 * third], sales[2 * third :]]

    def scenes(self) -> list[Scene]:
        """Return the day in order."""
        return [*self._morning(), *([self._interlude] if self._interlude else []), *self._afternoon()]

    def _morning(self) -> list[Scene]:
        day, (first, second, _) = self._day, self._batches
        return [
            Scene("08:00", f"{MEASURED} invoices are sent; all webhooks arrive", self._send_clear),
            Scene("08:30", "they are paid: the clock runs", lambda: day.pay_on_the_clock(self._clear)),
            Scene("08:40", f"{MEASURED} customers are entered in QuickBooks: the clock runs", self._enter_measured),
            Scene("09:00", "from now on webhooks come twice, late, in any order, or are lost", day.disturb),
            Scene("09:10", f"{len(first)} invoices are sent", lambda: day.write_invoices(first)),
            Scene("09:40", _selling(self._sales[0]), lambda: day.sell(self._sales[0])),
            Scene("10:00", f"{len(second)} more invoices are sent", lambda: day.write_invoices(second)),
            Scene("10:20", "first money comes in: cards, cash, cheques, parts", lambda: day.take_money(first)),
            Scene("10:45", "the bookkeeper enters new customers", lambda: day.enter_customers(cast.NEWCOMERS[:4])),
            Scene("11:00", "sent invoices are edited", lambda: day.edit_invoices([*first, *second])),
            Scene("11:15", "six subscriptions begin", lambda: day.subscribe(day.story.subscriptions)),
            Scene("12:00", "every access token of both vendors expires", day.expire_tokens),
        ]

    def _afternoon(self) -> list[Scene]:
        day, (first, second, third) = self._day, self._batches
        return [
            Scene("13:00", _selling(self._sales[1]), lambda: day.sell(self._sales[1])),
            Scene("13:20", "the rest of part payments comes in", lambda: day.take_the_rest(first)),
            Scene("13:40", "customers are invoiced and pay in QuickBooks itself", self._bill_in_books),
            Scene("14:00", f"{len(third)} more invoices are sent", lambda: day.write_invoices(third)),
            Scene("14:20", "money comes in for the second batch", lambda: day.take_money(second)),
            Scene("14:40", "subscriptions renew", lambda: day.renew(RENEWALS)),
            Scene("15:00", "unpaid invoices are voided", lambda: day.void_invoices(day.story.invoices)),
            Scene("15:20", _selling(self._sales[2]), lambda: day.sell(self._sales[2])),
            Scene("15:40", "the third batch is edited and paid", self._close_third),
            Scene("16:00", "pending charges come through, two bounce", lambda: day.settle(day.story.sales)),
            Scene("16:20", "more new customers in QuickBooks", lambda: day.enter_customers(cast.NEWCOMERS[4:])),
            Scene("16:40", "the last part payments", lambda: day.take_the_rest([*second, *third])),
        ]

    async def _send_clear(self) -> None:
        await self._day.write_invoices(self._clear)
        numbers = {plan.number for plan in self._clear}
        with anyio.move_on_after(POSTED_SECONDS):
            while not numbers <= {row.get("DocNumber") for row in await self._invoices_in_books()}:
                await anyio.sleep(0.3)

    async def _invoices_in_books(self) -> list[Json]:
        state = await self._day.books.act("state", realm=REALM)
        invoices: list[Json] = state["Invoice"]
        return invoices

    async def _enter_measured(self) -> None:
        for number in cast.ON_THE_CLOCK:
            await self._day.enter_customer_on_the_clock(number, datetime.now(UTC))
        await anyio.sleep(2 * BREATH)

    async def _bill_in_books(self) -> None:
        """First invoices, second ones, partly paid ones, and people who may not be written to."""
        await self._day.bill_in_books([0, 20, 90, 91, cast.BLOCKED, cast.PHONE_ONLY[5]])
        await self._day.bill_in_books([cast.REGULARS[0], cast.REGULARS[1]])
        await self._day.bill_in_books([92, 93], share="40.00")

    async def _close_third(self) -> None:
        third = self._batches[2]
        await self._day.edit_invoices(third)
        await self._day.take_money(third)


def _selling(plans: Sequence[SalePlan]) -> str:
    forms = sum(1 for plan in plans if plan.kind.endswith("order_form"))
    calendar = sum(1 for plan in plans if plan.kind == "calendar")
    return f"sales: {forms} order forms, {calendar} bookings, {len(plans) - forms - calendar} memberships"
