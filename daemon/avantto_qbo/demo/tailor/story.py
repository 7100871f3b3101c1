"""What the tailor sells: prices as Britons see them, with the VAT in them, and every exception to that."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from avantto_qbo.demo.company import Scene, Setting
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.counter import Counter
from avantto_qbo.demo.tailor.owner import mend_tax_codes

VAT: Final = {"name": "VAT", "rate": "20"}
REDUCED: Final = {"name": "Reduced VAT", "rate": "5"}
ZERO: Final = {"name": "0.0% Z", "rate": "0"}  # of three codes with this rate, the name tells which
PEOPLE: Final = {
    name: f"{name.replace(' ', '.').lower()}@example.co.uk"
    for name in ("Isla Fenwick", "Rory Maclean", "Anwen Pugh", "Callum Oduya", "Freya Hartley", "Tomos Beddoe")
}
ISLA, RORY, ANWEN, CALLUM, FREYA, TOMOS = PEOPLE
PROMOTION: Final = {"type": "percentage", "value": "15"}
LOYALTY: Final = {"type": "fixed", "value": "12.50"}
WELCOME: Final = {"code": "WELCOME", "type": "percentage", "value": "10"}
FIVER: Final = {"code": "FIVER", "type": "fixed", "value": "5"}


class Orders:
    """The day's documents, each made by a method of its own so that a scene reads as a list."""

    def __init__(self, counter: Counter, rng: random.Random) -> None:
        self._counter, self._rng = counter, rng
        self._jacket, self._trousers = self._gross("Dinner jacket"), self._gross("Trousers", qty=2)

    async def invoices_with_vat_in_the_price(self) -> None:
        """One rate, two rates, a discount off the price, a zero rate beside a full one."""
        bill = self._counter.bill
        await bill("TT-101", ISLA, [self._gross("Tweed jacket")])
        await bill("TT-102", RORY, [self._gross("Kilt, made to measure"), self._gross("Child seat cover", REDUCED)])
        await bill("TT-103", ANWEN, [self._gross("Waistcoat", qty=2), self._gross("Flat cap")], LOYALTY)
        await bill("TT-104", CALLUM, [self._gross("Christening gown", ZERO), self._gross("Shawl")])
        await bill("TT-105", FREYA, [self._gross("Overcoat"), self._gross("Thermal lining", REDUCED)], PROMOTION)

    async def invoices_with_vat_on_top(self) -> None:
        """Trade customers see prices before VAT, some of them beside prices with it."""
        bill = self._counter.bill
        await bill("TT-106", TOMOS, [self._net("Uniforms, trade", qty=6), self._net("Badges", qty=40)], PROMOTION)
        await bill("TT-107", ISLA, [self._net("Curtains, trade"), self._gross("Cushion", qty=3)])
        await bill("TT-108", RORY, [self._net("Upholstery"), self._gross("Tartan, by the metre", qty="2.75")], LOYALTY)

    async def invoices_without_vat(self) -> None:
        """Lines without any tax: a voucher, a donation."""
        bill = self._counter.bill
        await bill("TT-109", ANWEN, [self._gross("Alterations"), self._free("Gift voucher")])
        await bill("TT-110", CALLUM, [self._net("Repair"), self._free("Donation")], PROMOTION)

    async def invoices_that_will_change(self) -> None:
        """One will be voided though paid, one edited though paid."""
        bill = self._counter.bill
        await bill("TT-111", FREYA, [self._gross("Evening dress")])
        await bill("TT-112", TOMOS, [self._jacket, self._trousers])

    async def money(self) -> None:
        """Cards, cash, first parts."""
        take = self._counter.take
        for number in ("TT-101", "TT-105", "TT-106", "TT-111", "TT-112"):
            await take(number)
        await take("TT-103", mode="cash")
        for number in ("TT-102", "TT-107", "TT-110"):
            await take(number, share="0.4")

    async def rest_of_the_money(self) -> None:
        """Second parts, and invoices that were held for a while."""
        for number in ("TT-102", "TT-107", "TT-108", "TT-109"):
            await self._counter.take(number)

    async def changes(self) -> None:
        """A paid invoice is voided, a paid one edited."""
        await self._counter.void("TT-111")
        await self._counter.change("TT-112", [self._jacket, {**self._trousers, "qty": 4}])

    async def sales(self) -> None:
        """Order forms with VAT in the price, with coupons, with bump and upsell; a booking."""
        sell, two_step = self._counter.sell, self._counter.sell_two_step
        form = {"source_type": "funnel", "sub_type": "one_step_order_form"}
        await sell("form", RORY, [self._gross("Scarf", qty=2)], **form)
        await sell("coupon", ISLA, [self._gross("Gloves"), self._gross("Throw")], coupon=WELCOME, **form)
        await sell("fiver", ANWEN, [self._gross("Bow tie"), self._gross("Baby grow", ZERO)], coupon=FIVER, **form)
        await sell("wool", FREYA, [self._gross("Wool, by the box", qty=3), self._free("Pattern")], **form)
        await sell("reduced", CALLUM, [self._gross("Draught excluder", REDUCED), self._gross("Cushion")], **form)
        bump, upsell = self._net("Gift wrap"), self._gross("Care kit")
        await two_step("two-step", FREYA, [self._net("Sewing class")], bump=bump, upsell=upsell)
        await self._counter.book("fitting", TOMOS, "Fitting at home", self._price(), taxes=[VAT])

    async def sales_without_vat(self) -> None:
        """A membership and a raffle that bear no tax."""
        form = {"source_type": "funnel", "sub_type": "one_step_order_form"}
        await self._counter.join("club", ISLA, "Friends of the workshop", "45.00")
        await self._counter.sell("charity", RORY, [self._free("Charity raffle", qty=3)], **form)

    async def money_back(self) -> None:
        """What the edit added comes in; a part of a paid invoice and all of a sale go back."""
        await self._counter.take("TT-112")
        await self._counter.give_back("TT-101", "24.00")
        await self._counter.give_back("coupon")

    def _gross(self, name: str, tax: Json = VAT, qty: int | str = 1) -> Json:
        return {"name": name, "qty": qty, "amount": self._price(), "taxes": [tax], "taxInclusive": True}

    def _net(self, name: str, tax: Json = VAT, qty: int = 1) -> Json:
        return {"name": name, "qty": qty, "amount": self._price(), "taxes": [tax]}

    def _free(self, name: str, qty: int = 1) -> Json:
        return {"name": name, "qty": qty, "amount": self._price(), "taxes": []}

    def _price(self) -> str:
        return f"{Decimal(self._rng.randint(1500, 28900)) / 100:.2f}"


def scenes(setting: Setting) -> Sequence[Scene]:
    """Return the day of the tailor, scene by scene."""
    rng = random.Random(setting.seed)  # noqa: S311 - a story that must repeat itself
    day = Orders(Counter(setting.desk, PEOPLE), rng)
    return (
        Scene("08:30", "5 invoices whose prices include VAT", day.invoices_with_vat_in_the_price),
        Scene("08:50", "2 invoices with lines that bear no tax", day.invoices_without_vat),
        Scene("09:20", "the owner looks whether anything waits", lambda: mend_tax_codes(setting)),
        Scene("10:00", "3 invoices to the trade: VAT on top, some of it in the price", day.invoices_with_vat_on_top),
        Scene("10:30", "2 invoices that will not stay as they are", day.invoices_that_will_change),
        Scene("11:00", "money comes in: cards, cash, first parts", day.money),
        Scene("12:00", "8 sales: VAT in the price, coupons, bump and upsell, a fitting", day.sales),
        Scene("13:00", "2 sales without VAT", day.sales_without_vat),
        Scene("14:00", "second parts are paid", day.rest_of_the_money),
        Scene("14:30", "the books catch up", setting.caught_up),
        Scene("15:00", "one paid invoice is voided, another edited", day.changes),
        Scene("15:30", "what the edit added is paid, a part of one invoice and one sale are refunded", day.money_back),
    )
