"""What the people of a shop do in Avantto: they sell, send invoices, take money and give some of it back."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from avantto_qbo.sandbox.avantto import Avantto
from simulation.shops import Shop

TAXES: Final[Mapping[str, Sequence[Sequence[Mapping[str, str]]]]] = {
    "us": ((), (), ({"name": "Sales Tax", "rate": "8.25"},)),
    "us_manual": ((), (), ({"name": "Colorado", "rate": "2.9"},)),
    "uk": ((), ({"name": "VAT", "rate": "20"},), ({"name": "Reduced VAT", "rate": "5"},)),
    "ca": ((), ({"name": "GST", "rate": "5"},), ({"name": "HST", "rate": "13"},)),
    "au": ((), ({"name": "GST", "rate": "10"},)),
}
_BUYERS: Final = 5


class Sellers:
    """Acts of the people of all shops, drawn from `rng`. `cash` is money that leaves no transaction, by invoice."""

    def __init__(self, rng: random.Random, crm: Avantto, shops: Sequence[Shop]) -> None:
        self._rng, self._crm, self._shops = rng, crm.play, shops
        self._locations = crm.world.locations
        self.cash: dict[str, Decimal] = {}

    def send_invoice(self, shop: Shop) -> None:
        """Somebody sends an invoice."""
        made = self._crm.create_invoice(shop.place, self._buyer(), self._items(shop), discount=self._discount())
        shop.invoices.append(str(made["_id"]))
        self._crm.send_invoice(shop.place, made["_id"])

    def before_connecting(self, shop: Shop) -> None:
        """An invoice from before the cut-off, and a payment."""
        made = self._crm.create_invoice(shop.place, self._buyer(), self._items(shop))
        self._crm.send_invoice(shop.place, made["_id"])
        shop.before.append(str(made["_id"]))

    def old_invoice(self, shop: Shop) -> None:
        """Money comes for an invoice that is none of ours."""
        self._crm.pay_invoice(shop.place, self._rng.choice(shop.before))

    def pay(self, shop: Shop) -> None:
        """All that is due comes by card."""
        self._charged(shop, self._crm.pay_invoice(shop.place, self._payable(shop)))

    def pay_part(self, shop: Shop) -> None:
        """A part comes."""
        invoice = self._payable(shop)
        due = Decimal(str(self._locations[shop.place].invoices[invoice]["amountDue"]))
        part = min(due, Decimal(self._rng.randrange(100, 3000)) / 100)
        self._charged(shop, self._crm.pay_invoice(shop.place, invoice, amount=part))

    def pay_cash(self, shop: Shop) -> None:
        """Money that leaves no transaction."""
        invoice = self._payable(shop)
        due = Decimal(str(self._locations[shop.place].invoices[invoice]["amountDue"]))
        self._crm.pay_invoice(shop.place, invoice, mode="cash")
        self.cash[invoice] = self.cash.get(invoice, Decimal(0)) + due

    def edit(self, shop: Shop) -> None:
        """Other items, never worth less than what was paid."""
        invoice = self._rng.choice(shop.invoices)
        paid = Decimal(str(self._locations[shop.place].invoices[invoice]["amountPaid"]))
        items = self._items(shop)
        if paid:
            items.append({"name": "More", "qty": 1, "amount": paid + 1, "taxes": []})
        self._crm.edit_invoice(shop.place, invoice, items=items)

    def renumber(self, shop: Shop) -> None:
        """Another number and another day when it is due."""
        invoice, number = self._rng.choice(shop.invoices), f"N-{self._rng.randrange(10_000)}"
        self._crm.edit_invoice(shop.place, invoice, number=number, due_date="2026-12-24")

    def void(self, shop: Shop) -> None:
        """An invoice is voided, paid or not."""
        self._crm.void_invoice(shop.place, self._rng.choice(shop.invoices))

    def delete(self, shop: Shop) -> None:
        """An invoice nobody has paid is deleted."""
        invoice = self._rng.choice(shop.invoices)
        if not self._locations[shop.place].invoices[invoice]["amountPaid"]:
            self._crm.delete_invoice(shop.place, invoice)

    def sell(self, shop: Shop) -> None:
        """Something is sold and paid at once."""
        rng, buyer = self._rng, self._buyer()
        way = rng.randrange(4)
        if way == 0:
            amount = Decimal(rng.randrange(500, 20_000)) / 100
            sold = self._crm.book_calendar(shop.place, buyer, "Visit", amount)
        elif way == 1:
            sold = self._crm.checkout_membership(shop.place, buyer, "Club", Decimal(rng.randrange(500, 20_000)) / 100)
        else:
            sold = self._crm.sell_order_form(shop.place, buyer, self._items(shop))
        self._charged(shop, sold)

    def test_sale(self, shop: Shop) -> None:
        """A sale in test mode, which is none."""
        self._crm.sell_order_form(shop.place, self._buyer(), self._items(shop), live=False)

    def subscribe(self, shop: Shop) -> None:
        """A subscription begins."""
        items = [{"name": "Plan", "amount": Decimal(self._rng.randrange(900, 9900)) / 100}]
        begun = self._crm.start_subscription(shop.place, self._buyer(), items)
        shop.subscriptions.append(str(begun["subscription"]["_id"]))
        self._charged(shop, begun)

    def renew(self, shop: Shop) -> None:
        """A subscription is charged again."""
        row = self._crm.renew_subscription(shop.place, self._rng.choice(shop.subscriptions))
        shop.charges.append(str(row["_id"]))

    def refund(self, shop: Shop) -> None:
        """Money is given back, all or a part of it."""
        charge = self._rng.choice(shop.charges)
        self._crm.refund(shop.place, charge, self._rng.choice((None, 1, Decimal("2.5"))))

    def debit(self, shop: Shop) -> None:
        """A bank debit begins for an invoice."""
        self._charged(shop, self._crm.start_processing(shop.place, self._payable(shop), mode="ach"))

    def settle(self, shop: Shop) -> None:
        """A bank debit ends well, or badly."""
        status = self._rng.choice(("succeeded", "succeeded", "failed"))
        pending = [
            row["_id"] for row in self._locations[shop.place].transactions.values() if row["status"] == "pending"
        ]
        self._crm.settle_transaction(shop.place, self._rng.choice(pending), status)

    def settle_all(self) -> None:
        """Every bank debit ends."""
        for shop in self._shops:
            rows = [
                row["_id"] for row in self._locations[shop.place].transactions.values() if row["status"] == "pending"
            ]
            for name in rows:
                self._crm.settle_transaction(shop.place, name, "succeeded")

    # -- drawn ---------------------------------------------------------------------------------------------------------

    def _payable(self, shop: Shop) -> str:
        """An invoice that nobody is paying already: Avantto cannot tell a sale paid twice from one paid once."""
        invoice = self._rng.choice(shop.invoices)
        rows = self._locations[shop.place].transactions.values()
        if any(row["status"] == "pending" and row.get("paysInvoice") == invoice for row in rows):
            raise ValueError("a debit is under way")
        return invoice

    def _buyer(self) -> dict[str, Any]:
        number = self._rng.randrange(_BUYERS)
        buyer = {"name": f"Buyer {number}", "email": f"buyer{number}@example.com"}
        return buyer if self._rng.random() < 0.9 else {"name": f"Buyer {number}", "phone": f"+1212556{number:04d}"}

    def _items(self, shop: Shop) -> list[dict[str, Any]]:
        rng, taxes = self._rng, TAXES.get(shop.kind, TAXES["us"])
        return [
            {
                "name": rng.choice(("Wash", "Hours", "Seat")),
                "qty": rng.choice((1, 1, 1, 2, Decimal("1.5"))),
                "amount": Decimal(rng.randrange(100, 25_000)) / 100,
                "taxes": list(rng.choice(taxes)),
            }
            for _ in range(rng.choice((1, 1, 2, 3)))
        ]

    def _discount(self) -> dict[str, Any] | None:
        return self._rng.choice(
            (None, None, {"type": "percentage", "value": 10}, {"type": "fixed", "value": Decimal("0.55")})
        )

    def _charged(self, shop: Shop, done: Mapping[str, Any]) -> None:
        if done.get("transaction"):
            shop.charges.append(str(done["transaction"]["_id"]))
