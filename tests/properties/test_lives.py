"""What happens to an invoice in Avantto, seen step by step or late and all at once: the same books in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avantto_qbo.avantto.invoices import decode_invoice
from avantto_qbo.avantto.rows import decode_transaction
from avantto_qbo.model.steps import Hold
from avantto_qbo.sandbox.avantto import invoices, transactions
from avantto_qbo.sandbox.avantto.documents import exact
from properties.claims import check_sums
from properties.count import tally
from properties.drawing import documents
from properties.ground import BUYER, PLACE, wire
from properties.mirror import Mirror
from properties.places import KINDS, Place, places

Event = tuple[str, int]
CENT: Final = Decimal("0.01")
MINUTE: Final = timedelta(minutes=1)
TAXES: Final = {
    "us_manual": [{"name": "State", "rate": "6.25"}, {"name": "City", "rate": "2"}],
    "uk": [{"name": "VAT", "rate": "20"}],
    "ca": [{"name": "GST", "rate": "5"}, {"name": "PST", "rate": "7"}],
    "au": [{"name": "GST", "rate": "10"}],
}
AMERICAN: Final = [{"name": "Sales Tax", "rate": "8.25"}]
# How much of amountPaid was cash cannot be told once a part of the rest was refunded.
UNDECIDED: Final = frozenset({"refund_remainder"})
EVENTS: Final = ("card", "cash", "tip", "add", "due", "late", "refund", "email", "void")


def events() -> st.SearchStrategy[list[Event]]:
    """What people do with an invoice; a number says how much of it, in percent."""
    return st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(1, 99)), min_size=1, max_size=6)


class Life:
    """One invoice in Avantto and its copy in the books."""

    def __init__(self, place: Place) -> None:
        self.ground = place.ground()
        self.taxes = TAXES.get(place.kind, AMERICAN)
        self.items: list[dict[str, Any]] = [self._line(100)]
        made = self.ground.play.create_invoice(
            PLACE, BUYER, self.items, tips=[10], late_fee={"value": "5"}, currency=place.home
        )
        self.id = str(made["_id"])
        self.ground.play.send_invoice(PLACE, self.id)
        self.mirror = Mirror.of(self.ground, place.settings)

    def happens(self, what: str, percent: int) -> None:
        """Let one event happen in Avantto, where it is possible there."""
        invoice = self.ground.crm.world.location(PLACE).invoices[self.id]
        if invoice["status"] == "void":
            return
        self.ground.clock.at += MINUTE
        due = exact(invoice["amountDue"])
        if what in {"card", "cash", "tip"}:
            if due > 0:
                self._pay(what, due if percent > 60 else max(CENT, due * percent / 100))
        elif what == "refund":
            self._refund(percent)
        elif what == "void":
            if not invoice["amountPaid"]:
                self.ground.play.void_invoice(PLACE, self.id)
        elif what == "late":
            self.ground.play.charge_late_fee(PLACE, self.id, "5")
        else:
            self._edit(what, percent)

    def level(self) -> tuple[Any, ...]:
        """Bring the books level."""
        place = self.ground.crm.world.location(PLACE)
        shown = decode_invoice(PLACE, wire(invoices.shown(place, place.invoices[self.id])))
        rows = [decode_transaction(PLACE, wire(transactions.row(row))) for row in place.transactions.values()]
        return self.mirror.invoice(shown, *rows)

    def books(self) -> dict[str, Any]:
        """What stands in the books, without the order it came in."""
        state = self.ground.books.play.state(self.ground.company().realm)
        invoice = state["Invoice"][0]
        standing = self.mirror.status == "live"
        return {
            "standing": standing,
            "total": invoice["TotalAmt"],
            "balance": invoice["Balance"],
            "due": standing and invoice["DueDate"],
            "paid": sum(row["TotalAmt"] for row in state["Payment"]),
            "by card": sorted(row["TotalAmt"] for row in state["Payment"] if row.get("PaymentMethodRef")),
            "refunded": sum(row["TotalAmt"] for row in state["RefundReceipt"]),
        }

    def _pay(self, what: str, amount: Decimal) -> None:
        mode = "cash" if what == "cash" else "card"
        tip = "3" if what == "tip" else 0
        self.ground.play.pay_invoice(PLACE, self.id, amount.quantize(CENT), mode, tip=tip)

    def _refund(self, percent: int) -> None:
        rows = self.ground.crm.world.location(PLACE).transactions.values()
        for row in rows:
            left = exact(row["amount"]) - exact(row["amountRefunded"])
            part = (left * percent / 100).quantize(CENT)
            if part:
                self.ground.play.refund(PLACE, row["_id"], part)
                return

    def _edit(self, what: str, percent: int) -> None:
        if what == "add":
            self.items = [*self.items, self._line(percent)]
        changes: dict[str, dict[str, Any]] = {
            "add": {"items": self.items},
            "due": {"due_date": f"2026-12-{1 + percent % 28:02d}"},
            "email": {"email": f"ann{percent % 2}@example.com"},
        }
        self.ground.play.edit_invoice(PLACE, self.id, **changes[what])

    def _line(self, amount: int) -> dict[str, Any]:
        return {"name": "Wash", "amount": amount, "taxes": self.taxes}


def lived(place: Place, history: Sequence[Event], seen: Sequence[bool]) -> tuple[Life, tuple[Any, ...]]:
    """Play a history; the books are brought level once it is sent, after every event that is `seen`, and at the end."""
    life = Life(place)
    life.level()
    for (what, percent), at_once in zip(history, seen, strict=True):
        life.happens(what, percent)
        if at_once:
            life.level()
    return life, life.level()


@pytest.mark.parametrize("kind", KINDS)
def test_books_do_not_depend_on_when_changes_were_seen(kind: str) -> None:
    @documents
    @given(places(kind), events(), st.integers(0, 63))
    def same(place: Place, history: list[Event], glances: int) -> None:
        place = replace(place, mapped=True)  # what is held for a code waits for a person, whenever it was seen
        one, end = lived(place, history, [True] * len(history))
        other, late = lived(place, history, [bool(glances >> bit & 1) for bit in range(len(history))])
        held = next((step for step in end if isinstance(step, Hold)), None)
        tally(kind, held, UNDECIDED if held else frozenset())
        assert [step.reason.code for step in end] == [step.reason.code for step in late]
        assert one.books() == other.books() or held is not None
        assert one.level() == end
        if not end:
            form = one.ground.standing("Invoice", one.mirror._copy().object_id)
            check_sums(form, form["TotalAmt"])

    same()
