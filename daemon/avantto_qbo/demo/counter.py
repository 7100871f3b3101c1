"""What the people of a small company do at Avantto; documents are known by the story's own keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from avantto_qbo.demo.business import DESK, Desk
from avantto_qbo.demo.control import Json

_CENT: Final = Decimal("0.01")


class Counter:
    """A till and a pile of invoices. `people` are the customers' e-mail addresses by name."""

    def __init__(self, desk: Desk, people: Mapping[str, str]) -> None:
        self._desk, self._people = desk, people
        self._invoices: dict[str, str] = {}
        self._charges: dict[str, str] = {}
        self._orders: dict[str, str] = {}
        self._subscriptions: dict[str, str] = {}

    # -- invoices --------------------------------------------------------------------------------------------------

    async def bill(self, number: str, who: str, items: Sequence[Json], discount: Json | None = None) -> None:
        """Write an invoice and send it."""
        contact = self._person(who)
        made = await self._desk.at_desk(
            "create_invoice", contact=contact, items=items, discount=discount, number=number
        )
        self._invoices[number] = made["_id"]
        await self._desk.at_desk("send_invoice", invoice=made["_id"])

    async def take(self, number: str, *, share: str | None = None, mode: str = "card") -> None:
        """Take the money of an invoice: all that is due, or a share of it."""
        invoice, amount = self._invoices[number], None
        if share is not None:
            due = Decimal((await self._desk.at_desk("state"))["invoices"][invoice]["amountDue"])
            amount = f"{(due * Decimal(share)).quantize(_CENT, ROUND_HALF_UP):f}"
        paid = await self._desk.at_desk("pay_invoice", invoice=invoice, amount=amount, mode=mode)
        if paid["transaction"]:
            self._charges[number] = paid["transaction"]["_id"]

    async def change(self, number: str, items: Sequence[Json], discount: Json | None = None) -> None:
        """Edit an invoice that was sent, whatever was paid of it."""
        await self._desk.at_desk("edit_invoice", invoice=self._invoices[number], items=items, discount=discount)

    async def void(self, number: str) -> None:
        """Void an invoice, paid or not."""
        await self._desk.at_desk("void_invoice", invoice=self._invoices[number])

    # -- sales -----------------------------------------------------------------------------------------------------

    async def sell(self, key: str, who: str, items: Sequence[Json], **form: Any) -> None:
        """Sell through an order form."""
        self._note(key, await self._desk.at_desk("sell", contact=self._person(who), items=items, **form))

    async def sell_two_step(self, key: str, who: str, items: Sequence[Json], **form: Any) -> None:
        """Sell through a two-step order form, with a bump and an upsell if wanted."""
        self._note(key, await self._desk.at_desk("sell_two_step", contact=self._person(who), items=items, **form))

    async def book(self, key: str, who: str, name: str, amount: str, **booking: Any) -> None:
        """Sell a booking of the calendar, charging all of it or a deposit."""
        wanted = {"name": name, "amount": amount, **booking}
        self._note(key, await self._desk.at_desk("book_calendar", contact=self._person(who), **wanted))

    async def join(self, key: str, who: str, name: str, amount: str, taxes: Sequence[Json] = ()) -> None:
        """Sell a membership."""
        wanted = {"name": name, "amount": amount, "taxes": taxes}
        self._note(key, await self._desk.at_desk("checkout_membership", contact=self._person(who), **wanted))

    async def charge_again(self, key: str, amount: str) -> None:
        """Charge an order once more, as for a balance."""
        await self._desk.at_desk("charge_order", order=self._orders[key], amount=amount)

    async def subscribe(self, key: str, who: str, items: Sequence[Json], **terms: Any) -> None:
        """Start a subscription."""
        begun = await self._desk.at_desk("start_subscription", contact=self._person(who), items=items, **terms)
        self._subscriptions[key] = begun["subscription"]["_id"]
        self._note(key, begun)

    async def renew(self, key: str, *, price: str | None = None) -> None:
        """Charge the next period, from now on at another price if one is given."""
        name = self._subscriptions[key]
        if price is not None:
            await self._desk.at_desk("change_subscription_price", subscription=name, amount=price)
        await self._desk.at_desk("renew_subscription", subscription=name)

    # -- money back ------------------------------------------------------------------------------------------------

    async def give_back(self, key: str, amount: str | None = None) -> None:
        """Refund the last charge of an invoice or sale, all of it or a part."""
        await self._desk.at_desk("refund", transaction=self._charges[key], amount=amount)

    def _note(self, key: str, sold: Json) -> None:
        self._charges[key] = sold["transaction"]["_id"]
        self._orders[key] = sold["order"]["_id"]

    def _person(self, who: str) -> Json:
        first, _, last = who.partition(" ")
        return {"name": who, "firstName": first, "lastName": last, "email": self._people[who], "source": DESK}
