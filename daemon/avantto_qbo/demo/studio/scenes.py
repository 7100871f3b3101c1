"""The order of the day: what happens when, told as it happens."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from avantto_qbo.demo.company import Act, Scene, Setting
from avantto_qbo.demo.studio import cast
from avantto_qbo.demo.studio.day import Day
from avantto_qbo.demo.studio.story import RENEWALS, InvoicePlan, SalePlan, make_story

# Seconds after a scene. The first copy of the customers may use half of a location's calls at Avantto: a slow morning
# leaves it that half, the rest of the day is as busy as people can make it.
MORNING: Final = 2.1
EVENING: Final = 0.3
MEASURED: Final = 3


def scenes(setting: Setting) -> list[Scene]:
    """Return the day of the studio, scene by scene."""
    story = make_story(random.Random(setting.seed))  # noqa: S311 - a story that must repeat itself
    return Script(Day(setting, story), caught_up=setting.caught_up, interlude=setting.interlude).scenes()


class Script:
    """The scenes of one day. `interlude` is played when most is under way; `caught_up` lets the evening begin."""

    def __init__(self, day: Day, *, caught_up: Act, interlude: Scene | None = None) -> None:
        self._day, self._caught_up, self._interlude = day, caught_up, interlude
        plans, sales = day.story.invoices, day.story.sales
        self._late: Sequence[InvoicePlan] = [plan for plan in plans if plan.fate == "paid"][-MEASURED:]
        rest = [plan for plan in plans if plan not in self._late]
        self._batches = [rest[:16], rest[16:30], rest[30:]]
        third = len(sales) // 3
        self._sales: list[Sequence[SalePlan]] = [sales[:third], sales[third : 2 * third], sales[2 * third :]]

    def scenes(self) -> list[Scene]:
        """Return the day in order."""
        morning = [replace(scene, breath=MORNING) for scene in self._morning()]
        evening = [replace(scene, breath=EVENING) for scene in self._evening()]
        interlude = [self._interlude] if self._interlude else []
        return [*morning, *self._noon(), *interlude, *self._afternoon(), *evening]

    def _morning(self) -> list[Scene]:
        day, first = self._day, self._batches[0]
        return [
            Scene("08:00", "today webhooks come twice, late, in any order, or never", day.disturb),
            Scene("08:30", f"{len(first)} invoices are sent", lambda: day.write_invoices(first)),
            Scene("09:00", "the bookkeeper enters new customers", lambda: day.enter_customers(cast.NEWCOMERS[:4])),
            Scene("09:30", "six subscriptions begin", lambda: day.subscribe(day.story.subscriptions)),
            Scene("10:00", "sent invoices are edited", lambda: day.edit_invoices(first)),
            Scene("10:30", "first money comes in: cards, cash, cheques, parts", lambda: day.take_money(first)),
            Scene("11:30", "every access token of both vendors expires", day.expire_tokens),
        ]

    def _noon(self) -> list[Scene]:
        day, (first, second, _) = self._day, self._batches
        return [
            Scene("12:00", _selling(self._sales[0]), lambda: day.sell(self._sales[0])),
            Scene("12:30", f"{len(second)} more invoices are sent", lambda: day.write_invoices(second)),
            Scene("13:00", _selling(self._sales[1]), lambda: day.sell(self._sales[1])),
            Scene("13:20", "edited invoices and the rest of others are paid", lambda: day.take_the_rest(first)),
        ]

    def _afternoon(self) -> list[Scene]:
        day, (_, second, third) = self._day, self._batches
        written = [*third, *self._late]
        return [
            Scene("13:40", "customers are invoiced and pay in QuickBooks itself", self._bill_in_books),
            Scene("14:00", f"{len(written)} more invoices are sent", lambda: day.write_invoices(written)),
            Scene("14:20", "money comes in for the second batch", lambda: day.take_money(second)),
            Scene("14:40", "subscriptions renew", lambda: day.renew(RENEWALS)),
            Scene("15:00", "unpaid invoices are voided", lambda: day.void_invoices(day.story.invoices)),
            Scene("15:20", _selling(self._sales[2]), lambda: day.sell(self._sales[2])),
            Scene("15:40", "money comes in for the third batch", lambda: day.take_money(third)),
            Scene("16:00", "pending charges come through, two bounce", lambda: day.settle(day.story.sales)),
            Scene("16:20", "more new customers in QuickBooks", lambda: day.enter_customers(cast.NEWCOMERS[4:])),
            Scene("16:40", "the last part payments", lambda: day.take_the_rest([*second, *third])),
        ]

    def _evening(self) -> list[Scene]:
        day, count = self._day, len(self._late)
        return [
            Scene("17:00", "closing time: the books catch up", self._caught_up),
            Scene("17:30", "webhooks arrive again, and a stop-watch runs", day.calm_down),
            Scene("17:40", f"{count} open invoices are paid", lambda: day.pay_on_the_clock(self._late)),
            Scene("17:50", "3 customers are entered", lambda: day.enter_on_the_clock(cast.ON_THE_CLOCK)),
        ]

    async def _bill_in_books(self) -> None:
        """First invoices, second ones, partly paid ones, and people who may not be written to."""
        await self._day.bill_in_books([0, 20, 90, 91, cast.BLOCKED, cast.PHONE_ONLY[5]])
        await self._day.bill_in_books([cast.REGULARS[0], cast.REGULARS[1]])
        await self._day.bill_in_books([92, 93], share="40.00")


def _selling(plans: Sequence[SalePlan]) -> str:
    forms = sum(1 for plan in plans if plan.kind.endswith("order_form"))
    calendar = sum(1 for plan in plans if plan.kind == "calendar")
    return f"sales: {forms} order forms, {calendar} bookings, {len(plans) - forms - calendar} memberships"
