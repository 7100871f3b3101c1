"""The whole daemon on a virtual clock: in whichever order its mail comes, and however often, the books are the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

import anyio
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from avantto_qbo.model.records import Topic
from properties.drawing import documents
from stage import ALWAYS, ANN, PLACE, Stage

COUNT: Final = max(4, int(os.environ.get("DOCS", "0")) // 500)
MINUTE: Final = 60.0
BOB: Final = {"name": "Bob Ray", "email": "bob@example.com", "phone": "+12125550124"}
TAX: Final = [{"name": "Sales Tax", "rate": "8.25"}]
HAPPENINGS: Final = st.tuples(st.sampled_from(("card", "cash", "add", "due", "refund", "sale")), st.integers(0, 1))
BOOKS: Final = ("Invoice", "Payment", "SalesReceipt", "RefundReceipt")


class Business:
    """Two invoices and some checkouts of one location, and what the daemon is told of them."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.play: Any = stage.crm.play
        self.invoices = [stage.sent_invoice(contact=buyer, items=self._items(2)) for buyer in (ANN, BOB)]
        self.lines = [2, 2]
        self.sold: list[str] = []

    def happens(self, what: str, which: int) -> None:
        """Let something happen to one of the invoices, or a sale."""
        invoice = self.stage.crm.world.location(PLACE).invoices[self.invoices[which]]
        if what in {"card", "cash"} and invoice["amountDue"]:
            self.play.pay_invoice(PLACE, invoice["_id"], min(50, invoice["amountDue"]), what)
        elif what == "add":
            self.lines[which] += 1
            self.play.edit_invoice(PLACE, invoice["_id"], items=self._items(self.lines[which]))
        elif what == "due":
            self.play.edit_invoice(PLACE, invoice["_id"], due_date=f"2026-12-1{self.lines[which] % 10}")
        elif what == "sale":
            sold = self.play.sell(PLACE, (ANN, BOB)[which], [{"name": "Mug", "amount": 14, "taxes": TAX}])
            self.sold.append(str(sold["transaction"]["_id"]))
        elif what == "refund" and self.sold:
            row = self.stage.crm.world.location(PLACE).transactions[self.sold[-1]]
            if row["amountRefunded"] == 0:
                self.play.refund(PLACE, row["_id"], 5)

    def mail(self) -> list[tuple[Topic, str]]:
        """Everything there could be mail about."""
        return [(Topic.INVOICE, one) for one in self.invoices] + [(Topic.TRANSACTION, one) for one in self.sold]

    def _items(self, count: int) -> list[dict[str, Any]]:
        return [{"name": f"Wash {number}", "amount": 40 + number, "taxes": TAX} for number in range(count)]


async def lived(history: Sequence[tuple[str, int]], order: Sequence[int]) -> dict[str, list[tuple[Any, ...]]]:
    """Play a history; `order` says after which events which mail comes, and comes again at the end."""
    stage = Stage(msgspec.structs.replace(ALWAYS, refund_account="Checking"))
    await stage.open()
    business = Business(stage)
    for topic, name in business.mail():
        await stage.tell(topic, name)
    await stage.work_off()
    for (what, which), pick in zip(history, order, strict=True):
        await stage.clock.sleep(MINUTE)
        business.happens(what, which)
        mail = business.mail()
        for topic, name in (mail[pick % len(mail) :], mail)[pick % 2]:
            await stage.tell(topic, name)
        if pick % 3:
            await stage.work_off()
    for topic, name in reversed(business.mail()):
        await stage.tell(topic, name)
    await stage.work_off()
    assert await stage.held() == []
    return {entity: sorted(map(_told, stage.in_books(entity))) for entity in BOOKS}


def _told(body: dict[str, Any]) -> tuple[Any, ...]:
    """What a bookkeeper would compare; numbers of receipts tell the moment of the charge, and that differs."""
    number = body.get("DocNumber", "") if "DueDate" in body else ""
    return body["TotalAmt"], body.get("Balance", 0), number, body.get("DueDate", "")


@settings(documents, max_examples=COUNT)
@given(st.lists(HAPPENINGS, min_size=1, max_size=6).flatmap(lambda them: st.tuples(st.just(them), _orders(len(them)))))
def test_the_books_do_not_depend_on_the_order_of_mail(drawn: tuple[list[tuple[str, int]], list[int]]) -> None:
    history, order = drawn
    plain = anyio.run(lived, history, [1] * len(history))
    assert anyio.run(lived, history, order) == plain


def _orders(count: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, 11), min_size=count, max_size=count)
