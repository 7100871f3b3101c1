"""What the bicycle shop sells: its rate in Avantto is not the one that the engine of its books would take."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from avantto_qbo.demo.company import Scene, Setting
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.counter import Counter

TAX: Final = {"name": "County sales tax", "rate": "7.125"}
PEOPLE: Final = {
    name: f"{name.replace(' ', '.').lower()}@example.org"
    for name in ("Jude Calloway", "Mara Stone", "Theo Lindgren", "Nell Ashby", "Omar Reyes")
}
JUDE, MARA, THEO, NELL, OMAR = PEOPLE
SPRING: Final = {"type": "percentage", "value": "12.5"}
TRADE_IN: Final = {"type": "fixed", "value": "40"}
HELMET: Final = {"code": "HELMET", "type": "percentage", "value": "10"}
TOUR, DEPOSIT, BALANCE = "240.00", "100.00", "157.10"  # the tour, and with its tax in two instalments


class Trade:
    """The day's documents, each made by a method of its own so that a scene reads as a list."""

    def __init__(self, counter: Counter, rng: random.Random) -> None:
        self._counter, self._rng = counter, rng

    async def first_invoice(self) -> None:
        """The first document with tax: the books answer another total."""
        await self._counter.bill("CC-201", JUDE, [self._goods("Touring bicycle"), self._work("Fitting")])

    async def invoices(self) -> None:
        """Taxed, untaxed and mixed lines, with and without discount."""
        bill = self._counter.bill
        await bill("CC-202", MARA, [self._goods("Wheel set", qty=2)])
        await bill("CC-203", THEO, [self._work("Overhaul"), self._work("Pick-up")])
        await bill("CC-204", NELL, [self._goods("City bicycle"), self._work("Insurance")], TRADE_IN)
        await bill("CC-205", OMAR, [self._goods("Panniers"), self._goods("Rack")], SPRING)
        await bill("CC-206", JUDE, [self._goods("Chain, by the link", qty="11.5")])
        await bill("CC-207", MARA, [self._work("Wheel building", qty=3)], SPRING)
        await bill("CC-208", THEO, [self._goods("Saddle"), self._goods("Lights", qty=2), self._work("Mounting")])

    async def money(self) -> None:
        """Cards, a cheque, a first part."""
        for number in ("CC-201", "CC-202", "CC-204", "CC-207"):
            await self._counter.take(number)
        await self._counter.take("CC-205", mode="cheque")
        await self._counter.take("CC-208", share="0.3")

    async def sales(self) -> None:
        """Order forms with and without tax, a coupon, a membership."""
        sell, form = self._counter.sell, {"source_type": "funnel", "sub_type": "one_step_order_form"}
        await sell("tools", NELL, [self._goods("Tool kit")], **form)
        await sell("course", OMAR, [self._work("Repair course")], **form)
        await sell("helmet", JUDE, [self._goods("Helmet"), self._work("Engraving")], coupon=HELMET, **form)
        await self._counter.sell_two_step("bundle", MARA, [self._goods("Child seat")], bump=self._goods("Bell"))
        await self._counter.join("club", THEO, "Riders' club", "60.00")

    async def deposit(self) -> None:
        """A tour is booked with a deposit."""
        await self._counter.book("tour", NELL, "Guided tour", TOUR, taxes=[TAX], deposit=DEPOSIT)

    async def balance(self) -> None:
        """The rest of the tour is paid."""
        await self._counter.charge_again("tour", BALANCE)

    async def subscription(self) -> None:
        """A service plan begins."""
        await self._counter.subscribe("plan", OMAR, [{"name": "Service plan", "amount": "35.00", "taxes": []}])

    async def renewals(self) -> None:
        """The plan renews as it was, then at a new price."""
        await self._counter.renew("plan")
        await self._counter.renew("plan", price="38.50")

    async def money_back(self) -> None:
        """A part of an invoice, all of a sale."""
        await self._counter.give_back("CC-202", "25.00")
        await self._counter.give_back("tools")

    def _goods(self, name: str, qty: int | str = 1) -> Json:
        return {"name": name, "qty": qty, "amount": self._price(), "taxes": [TAX]}

    def _work(self, name: str, qty: int = 1) -> Json:
        return {"name": name, "qty": qty, "amount": self._price(), "taxes": []}

    def _price(self) -> str:
        return f"{Decimal(self._rng.randint(2900, 39900)) / 100:.2f}"


def scenes(setting: Setting) -> Sequence[Scene]:
    """Return the day of the bicycle shop, scene by scene."""
    rng = random.Random(setting.seed)  # noqa: S311 - a story that must repeat itself
    day = Trade(Counter(setting.desk, PEOPLE), rng)
    return (
        Scene("09:00", "the first invoice: the books' engine computes another tax", day.first_invoice),
        Scene("09:30", "7 more invoices, taxed and untaxed lines", day.invoices),
        Scene("10:00", "a tour is booked with a deposit, a service plan begins", day.deposit),
        Scene("10:20", "a service plan begins", day.subscription),
        Scene("11:00", "money comes in: cards, a cheque, a first part", day.money),
        Scene("12:00", "5 sales: order forms, a coupon, a bump, a membership", day.sales),
        Scene("13:00", "the balance of the tour is paid", day.balance),
        Scene("14:00", "the plan renews, then once more at a new price", day.renewals),
        Scene("14:30", "the books catch up", setting.caught_up),
        Scene("15:00", "a part of one invoice and all of one sale are refunded", day.money_back),
    )
