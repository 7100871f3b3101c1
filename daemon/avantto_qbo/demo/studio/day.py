"""The day itself: people at work in both vendors' pages. Every method is something a human would do there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from avantto_qbo.demo.company import Setting
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.studio import cast
from avantto_qbo.demo.studio.opening import bill_by_hand, pay_by_hand
from avantto_qbo.demo.studio.story import InvoicePlan, SalePlan, Story

_EXTRA_LINE: Final = {"name": "Express service", "qty": 1, "amount": "35.00", "taxes": []}
_FIRST_SHARE: Final = Decimal("0.4")
_CENT: Final = Decimal("0.01")


class Day:
    """One business day of `story`, played in `setting`."""

    def __init__(self, setting: Setting, story: Story) -> None:
        self.story, self.marks = story, setting.marks
        self.invoices: dict[str, str] = {}
        self._desk, self._customers, self._cut_off = setting.desk, setting.customers, setting.cut_off
        self._contacts: dict[int, str] = {}
        self._charges: dict[str, str] = {}
        self._subscriptions: dict[str, str] = {}

    # -- invoices in Avantto ---------------------------------------------------------------------------------------

    async def write_invoices(self, plans: Iterable[InvoicePlan]) -> None:
        """Write invoices and send them, but for drafts."""
        for plan in plans:
            made = await self._desk.at_desk(
                "create_invoice",
                contact=self._person(plan.who),
                items=plan.items,
                discount=plan.discount,
                number=plan.number,
                live=plan.fate != "test",
                created_at=_stamp(self._cut_off - timedelta(days=1)) if plan.fate == "old" else None,
            )
            self.invoices[plan.number] = made["_id"]
            self._contacts[plan.who] = made["contactDetails"]["id"]
            if plan.fate != "draft":
                await self._desk.at_desk("send_invoice", invoice=made["_id"])

    async def edit_invoices(self, plans: Iterable[InvoicePlan]) -> None:
        """Change what was sent: more of the first line, one line more, and for every other one a smaller discount."""
        for number, plan in enumerate(plan for plan in plans if plan.fate == "edited"):
            first = {**plan.items[0], "qty": int(plan.items[0]["qty"]) + 1}
            items = [first, *plan.items[1:], _EXTRA_LINE]
            discount = {"type": "percentage", "value": "7.5"} if number % 2 else None
            await self._desk.at_desk("edit_invoice", invoice=self.invoices[plan.number], items=items, discount=discount)

    async def take_money(self, plans: Iterable[InvoicePlan]) -> None:
        """Customers pay: by card in full, a first part, or at the counter."""
        for plan in plans:
            if plan.fate in {"paid", "test", "old"}:
                await self._pay(plan)
            elif plan.fate == "cash":
                await self._pay(plan, mode="cash" if plan.who % 2 else "cheque")
            elif plan.fate in {"parts", "mixed", "partial"}:
                await self._pay(plan, share=_FIRST_SHARE)

    async def take_the_rest(self, plans: Iterable[InvoicePlan]) -> None:
        """Those who paid a part pay the rest, some of them in cash; those whose invoice was edited pay it."""
        for plan in plans:
            if plan.fate in {"parts", "mixed", "edited"}:
                await self._pay(plan, mode="cash" if plan.fate == "mixed" else "card")

    async def void_invoices(self, plans: Iterable[InvoicePlan]) -> None:
        """Take back what nobody paid."""
        for plan in plans:
            if plan.fate == "void":
                await self._desk.at_desk("void_invoice", invoice=self.invoices[plan.number])

    async def pay_on_the_clock(self, plans: Iterable[InvoicePlan]) -> None:
        """Pay in full, noting when."""
        for plan in plans:
            invoice = await self._pay(plan)
            self.marks.on_the_clock[invoice["_id"]] = self.marks.paid[invoice["_id"]]

    async def _pay(self, plan: InvoicePlan, *, share: Decimal | None = None, mode: str = "card") -> Json:
        invoice, amount = self.invoices[plan.number], None
        if share is not None:
            amount = await self._share_of(invoice, share)
        answer = await self._desk.at_desk("pay_invoice", invoice=invoice, amount=amount, mode=mode)
        paid: Json = answer["invoice"]
        if paid["status"] == "paid" and mode == "card" and plan.fate not in {"test", "old"}:
            self.marks.paid[invoice] = datetime.fromisoformat(paid["updatedAt"])
        return paid

    async def _share_of(self, invoice: str, share: Decimal) -> str:
        state = await self._desk.at_desk("state")
        due = Decimal(state["invoices"][invoice]["amountDue"])
        return f"{(due * share).quantize(_CENT, ROUND_HALF_UP):f}"

    # -- sales in Avantto ------------------------------------------------------------------------------------------

    async def sell(self, plans: Iterable[SalePlan]) -> None:
        """Sell through order forms, the calendar and memberships; some charges stay pending, fail, or are tests."""
        statuses = {"pending": "pending", "bounced": "pending", "failed": "failed"}
        for plan in plans:
            wanted: Json = {"contact": self._person(plan.who), "live": plan.fate != "test"}
            wanted["status"] = statuses.get(plan.fate, "succeeded")
            if plan.kind.endswith("order_form"):
                form = {"items": plan.items, "sub_type": plan.kind, "coupon": plan.coupon}
                sold = await self._desk.at_desk("sell_order_form", **wanted, **form)
            else:
                line = plan.items[0]
                booked = {"name": line["name"], "amount": line["amount"], "taxes": line["taxes"]}
                action = "book_calendar" if plan.kind == "calendar" else "checkout_membership"
                sold = await self._desk.at_desk(action, **wanted, **booked)
            self._charges[plan.key] = sold["transaction"]["_id"]
            self._contacts[plan.who] = sold["order"]["contactId"]

    async def settle(self, plans: Iterable[SalePlan]) -> None:
        """Pending charges come through, or bounce."""
        for plan in plans:
            if plan.fate in {"pending", "bounced"} and plan.key in self._charges:
                status = "succeeded" if plan.fate == "pending" else "failed"
                charge = self._charges.pop(plan.key)
                await self._desk.at_desk("settle_transaction", transaction=charge, status=status)

    async def subscribe(self, plans: Iterable[SalePlan]) -> None:
        """Start subscriptions, every third with a setup fee."""
        for number, plan in enumerate(plans):
            fee = "49.00" if number % 3 == 0 else None
            begun = await self._desk.at_desk(
                "start_subscription",
                contact=self._person(plan.who),
                items=plan.items,
                setup_fee=fee,
                coupon=plan.coupon,
            )
            self._subscriptions[plan.key] = begun["subscription"]["_id"]
            self._contacts[plan.who] = begun["order"]["contactId"]

    async def renew(self, times: int) -> None:
        """Charge the next period of the subscriptions, in turn."""
        running = list(self._subscriptions.values())
        for number in range(times):
            await self._desk.at_desk("renew_subscription", subscription=running[number % len(running)])

    # -- QuickBooks ------------------------------------------------------------------------------------------------

    async def enter_customers(self, numbers: Iterable[int]) -> None:
        """The bookkeeper enters new customers."""
        for number in numbers:
            await self._desk.in_books("create", entity="Customer", body=cast.newcomer(number))

    async def enter_on_the_clock(self, numbers: Iterable[int]) -> None:
        """The bookkeeper enters customers, noting when."""
        for number in numbers:
            begun = datetime.now(UTC)
            made = await self._desk.in_books("create", entity="Customer", body=cast.newcomer(number))
            self.marks.customers[made["Id"]] = begun

    async def bill_in_books(self, positions: Iterable[int], *, share: str | None = None) -> None:
        """A human invoices existing customers in QuickBooks and enters their money, all of it or `share`."""
        for position in positions:
            invoice = await bill_by_hand(self._desk, self._customers[position], f"{90 + position}.00")
            await pay_by_hand(self._desk, invoice, amount=share)

    # -- the air between -------------------------------------------------------------------------------------------

    async def disturb(self) -> None:
        """From now on both vendors' webhooks come twice, in any order, or not at all."""
        await self._webhooks(duplicate="0.25", drop="0.12", reorder=True, reorder_seconds="1.5")

    async def calm_down(self) -> None:
        """Webhooks arrive once, at once, in order again."""
        await self._webhooks(duplicate="0", drop="0", reorder=False)

    async def _webhooks(self, **settings: object) -> None:
        await self._desk.crm.act("webhooks", **settings)
        await self._desk.books.act("webhooks", **settings)

    async def expire_tokens(self) -> None:
        """Every access token in use ends."""
        await self._desk.at_desk("expire_tokens")
        await self._desk.in_books("expire_tokens")

    def _person(self, number: int) -> str | Json:
        return self._contacts.get(number) or cast.person(number).as_contact()


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
