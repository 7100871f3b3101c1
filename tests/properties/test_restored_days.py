"""Any day, any moment a copy is made and comes back: the books, the contacts and who was asked stay as they were."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from properties.drawing import documents
from stage import ALWAYS, ANN, PLACE, REALM, Stage
from unit.actors.backups import copied, relink, restore
from unit.actors.scenes import bill, receive
from unit.actors.test_restored import books, settle_down

Act = tuple[str, int]
SETTINGS: Final = msgspec.structs.replace(ALWAYS, refund_account="Checking")
ACTS: Final = ("invoice", "pay", "edit", "void", "sale", "refund", "customer", "walk_in", "billed")


def acts(most: int) -> st.SearchStrategy[list[Act]]:
    """What people do; a number chooses whom and how much."""
    return st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 9)), max_size=most)


class Day:
    """One business and the people who work in both places."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._crm = stage, stage.crm.play
        self.invoices: list[str] = []
        self.sales: list[str] = []
        self._numbers = Counter[str]()

    async def through(self, wanted: list[Act]) -> None:
        """Let it all happen, and the daemon see it."""
        for what, number in wanted:
            self._happen(what, number)
            await self._stage.clock.sleep(120)
            await settle_down(self._stage)

    def _happen(self, what: str, number: int) -> None:
        doing: dict[str, Callable[[int], object]] = {
            "invoice": self._invoice,
            "sale": self._sale,
            "customer": lambda _: self._customer(email=True),
            "walk_in": lambda _: self._customer(email=False),
            "billed": self._billed,
        }
        if what in doing:
            doing[what](number)
        elif what == "refund" and self.sales:
            self._refund(self.sales[number % len(self.sales)])
        elif self.invoices:
            self._change(what, self.invoices[number % len(self.invoices)], number)

    def _invoice(self, number: int) -> None:
        contact = ANN if number % 2 else {"name": f"Guest {number}", "email": f"guest{number}@example.com"}
        items = [{"name": "Wash", "amount": 10 + number}]
        self.invoices.append(self._stage.sent_invoice(contact=contact, items=items))

    def _sale(self, number: int) -> None:
        sold = self._crm.sell_order_form(PLACE, ANN, [{"name": "Kit", "amount": 50 + number}])
        self.sales.append(str(sold["transaction"]["_id"]))

    def _refund(self, sale: str) -> None:
        transaction = self._stage.crm.world.location(PLACE).transactions[sale]
        if not transaction["amountRefunded"]:
            self._crm.refund(PLACE, sale, 20)

    def _change(self, what: str, invoice: str, number: int) -> None:
        shown = self._stage.crm.world.location(PLACE).invoices[invoice]
        if shown["status"] == "void":
            return
        if what == "pay" and shown["amountDue"]:
            self._crm.pay_invoice(PLACE, invoice)
        elif what == "edit" and not shown["amountPaid"]:
            self._crm.edit_invoice(PLACE, invoice, items=[{"name": "Wash", "amount": 70 + number}])
        elif what == "void" and not shown["amountPaid"]:
            self._crm.void_invoice(PLACE, invoice)

    def _customer(self, *, email: bool) -> str:
        self._numbers["customer"] += 1
        name = f"Person {self._numbers['customer']}"
        address = {"PrimaryEmailAddr": {"Address": f"{name.replace(' ', '').lower()}@example.com"}} if email else {}
        return str(self._stage.books.play.create(REALM, "Customer", {"DisplayName": name, **address})["Id"])

    def _billed(self, number: int) -> None:
        invoice = bill(self._stage, self._customer(email=True), 20 + number)
        receive(self._stage, invoice, 20 + number)


def standing(stage: Stage) -> tuple[Any, ...]:
    """What must not change: the books to the cent, the contacts, the messages."""
    sums = [(row["Id"], row["TotalAmt"]) for entity in ("Invoice", "Payment") for row in stage.in_books(entity)]
    return books(stage), sums, len(stage.contacts()), len(stage.crm.play.messages(PLACE))


async def lived_twice(morning: list[Act], afternoon: list[Act], evening: list[Act]) -> None:
    stage = Stage(settings=SETTINGS)
    await stage.open()
    stage.crm.play.set(PLACE, search_lag=0)
    await stage.work_off()
    day = Day(stage)
    await day.through(morning)
    copy = await copied(stage)
    await day.through(afternoon)
    before, held = standing(stage), sorted(await stage.held())
    await restore(stage, copy)
    await relink(stage)
    await settle_down(stage)
    assert standing(stage) == before
    assert sorted(await stage.held()) == held
    await day.through(evening)
    notes = Counter(
        f"{entity} {row['PrivateNote']}"
        for entity in ("Invoice", "Payment", "SalesReceipt", "RefundReceipt")
        for row in stage.in_books(entity)
        if row.get("PrivateNote") and row["TotalAmt"]
    )
    assert [note for note, count in notes.items() if count > 1] == []
    for invoice in day.invoices:
        shown = stage.crm.world.location(PLACE).invoices[invoice]
        link = await stage.link("invoice", invoice)
        if link is not None and shown["status"] != "void":
            [row] = [row for row in stage.in_books("Invoice") if row["Id"] == link.object_id]
            assert (row["TotalAmt"], row["Balance"]) == (shown["total"], shown["amountDue"])


@documents
@given(acts(4), acts(5), acts(3))
def test_a_copy_that_comes_back_changes_nothing(morning: list[Act], afternoon: list[Act], evening: list[Act]) -> None:
    asyncio.run(lived_twice(morning, afternoon, evening))
