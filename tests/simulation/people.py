"""What people do meanwhile: they sell in Avantto, and they keep books in QuickBooks by hand."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from avantto_qbo.sandbox.avantto import Avantto
from avantto_qbo.sandbox.avantto.documents import VendorError
from avantto_qbo.sandbox.control import ControlError
from avantto_qbo.sandbox.quickbooks import QuickBooks
from simulation.watch import SALES, mark_of

HOMES: Final[Mapping[str, Mapping[str, Any]]] = {
    "us": {"timezone": "America/New_York", "country": "US", "currency": "USD"},
    "uk": {"timezone": "Europe/London", "country": "GB", "currency": "GBP"},
    "ca": {"timezone": "America/Vancouver", "country": "CA", "currency": "CAD"},
    "au": {"timezone": "Australia/Sydney", "country": "AU", "currency": "AUD"},
}
TAXES: Final[Mapping[str, Sequence[Sequence[Mapping[str, str]]]]] = {
    "us": ((), (), ({"name": "Sales Tax", "rate": "8.25"},)),
    "us_manual": ((), (), ({"name": "Colorado", "rate": "2.9"},)),
    "uk": ((), ({"name": "VAT", "rate": "20"},), ({"name": "Reduced VAT", "rate": "5"},)),
    "ca": ((), ({"name": "GST", "rate": "5"},), ({"name": "HST", "rate": "13"},)),
    "au": ((), ({"name": "GST", "rate": "10"},)),
}
_CHANCES: Final = (ControlError, VendorError, KeyError, ValueError, IndexError)
_PEOPLE: Final = 5


@dataclass
class Shop:
    """One location with what its people have made so far, by id."""

    place: str
    realm: str
    kind: str
    shared: bool = False
    invoices: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)  # older than the connection: never ours
    charges: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    subscriptions: list[str] = field(default_factory=list)


class People:
    """Acts of people, drawn one at a time. `touched` names documents that somebody changed in the books by hand."""

    def __init__(self, rng: random.Random, crm: Avantto, books: QuickBooks, shops: list[Shop], *, meddle: bool) -> None:
        self._rng, self._crm, self._books = rng, crm.play, books.play
        self._locations = crm.world.locations
        self._companies = books.companies
        self.shops, self._meddle = shops, meddle
        self.touched: set[str] = set()
        self.customers: dict[tuple[str, str], dict[str, Any]] = {}
        self.odd_customers: set[tuple[str, str]] = set()
        self.paid_first: list[tuple[str, str]] = []
        self.done: Counter[str] = Counter()
        self.cash: dict[str, Decimal] = {}  # by invoice
        self._made = 0
        self._acts = self._menu()

    def _menu(self) -> list[tuple[str, Callable[[Shop], object]]]:
        weighted: list[tuple[int, Callable[[Shop], object]]] = [
            (7, self.send_invoice),
            (6, self.sell),
            (4, self.pay),
            (2, self.pay_part),
            (1, self.pay_cash),
            (3, self.edit),
            (1, self.renumber),
            (1, self.void),
            (1, self.delete),
            (2, self.refund),
            (1, self.debit),
            (1, self.settle),
            (1, self.subscribe),
            (2, self.renew),
            (1, self.test_sale),
            (1, self.old_invoice),
            (3, self.new_customer),
            (2, self.first_paid),
        ]
        if self._meddle:
            weighted += [(2, self.meddle_with_document), (2, self.meddle_with_customer)]
        return [(act.__name__, act) for weight, act in weighted for _ in range(weight)]

    def act(self) -> str:
        """Let somebody do something; "" when it could not be done."""
        shop = self._rng.choice(self.shops)
        name, act = self._rng.choice(self._acts)
        try:
            act(shop)
        except _CHANCES:
            return ""
        self.done[name] += 1
        return f"{name} {shop.place[-3:]}"

    # -- at the shop ---------------------------------------------------------------------------------------------------

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
        for shop in self.shops:
            rows = [
                row["_id"] for row in self._locations[shop.place].transactions.values() if row["status"] == "pending"
            ]
            for name in rows:
                self._crm.settle_transaction(shop.place, name, "succeeded")

    # -- at the books --------------------------------------------------------------------------------------------------

    def new_customer(self, shop: Shop) -> str:
        """A bookkeeper enters a customer."""
        self._made += 1
        number = self._made
        body: dict[str, Any] = {"DisplayName": f"Customer {number}", "GivenName": "Pat", "FamilyName": f"No {number}"}
        if self._rng.random() < 0.8:
            body["PrimaryEmailAddr"] = {"Address": f"customer{number}@example.com"}
        if self._rng.random() < 0.4:
            body["PrimaryPhone"] = {"FreeFormNumber": f"+1212555{number:04d}"}
        made = self._books.create(shop.realm, "Customer", body)
        self.customers[shop.realm, made["Id"]] = body
        return str(made["Id"])

    def first_paid(self, shop: Shop) -> None:
        """A bookkeeper writes an invoice by hand, which is paid in full at once: somebody is to be asked."""
        customer = {"value": self.new_customer(shop)}
        line = {"DetailType": "SalesItemLineDetail", "Amount": 50, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
        billed = self._books.create(shop.realm, "Invoice", {"CustomerRef": customer, "Line": [line]})
        linked = [{"TxnId": billed["Id"], "TxnType": "Invoice"}]
        self._books.create(
            shop.realm,
            "Payment",
            {
                "CustomerRef": customer,
                "TotalAmt": billed["TotalAmt"],
                "Line": [{"Amount": billed["TotalAmt"], "LinkedTxn": linked}],
            },
        )
        self.paid_first.append((shop.realm, customer["value"]))

    def meddle_with_document(self, shop: Shop) -> None:
        """A bookkeeper changes one of our documents."""
        entity = self._rng.choice(SALES)
        rows = [row.body for row in self._companies[shop.realm].tables[entity].rows() if mark_of(entity, row.body)]
        row = self._rng.choice(rows)
        how = self._rng.choice(("memo", "delete", "void", "deposit", "split"))
        mark = mark_of(entity, row) or ()
        ids = {part for part in mark[1:] if len(part) == 24}
        note = str(row.get("PrivateNote", ""))
        self.touched |= ids | {word for word in note.replace("·", " ").split() if len(word) == 24}
        match how:
            case "memo":
                self._books.update(shop.realm, entity, {"Id": row["Id"], "CustomerMemo": {"value": "as agreed"}})
            case "delete":
                self._books.delete(shop.realm, entity, {"Id": row["Id"]})
            case "void":
                self._books.void(shop.realm, entity, {"Id": row["Id"]})
            case "deposit":
                self._books.deposit_payment(shop.realm, row["Id"], entity)
            case _:
                first = Decimal(str(row["Line"][0]["Amount"]))
                self._books.split_line(shop.realm, entity, row["Id"], [1, first - 1])

    def meddle_with_customer(self, shop: Shop) -> None:
        """A bookkeeper renames, deactivates or merges customers."""
        rows = [row.body for row in self._companies[shop.realm].tables["Customer"].rows()]
        row = self._rng.choice(rows)
        self.odd_customers.add((shop.realm, row["Id"]))
        match self._rng.choice(("rename", "rename", "deactivate", "merge")):
            case "rename":
                self._books.rename(shop.realm, "Customer", row["Id"], f"Renamed {self._rng.randrange(1000)}")
            case "deactivate":
                self._books.deactivate(shop.realm, "Customer", row["Id"])
            case _:
                winner = self._rng.choice(rows)
                if winner["Id"] != row["Id"]:
                    self.odd_customers.add((shop.realm, winner["Id"]))
                    self._books.merge_customers(shop.realm, winner["Id"], row["Id"])

    # -- drawn ---------------------------------------------------------------------------------------------------------

    def _payable(self, shop: Shop) -> str:
        """An invoice that nobody is paying already: Avantto cannot tell a sale paid twice from one paid once."""
        invoice = self._rng.choice(shop.invoices)
        rows = self._locations[shop.place].transactions.values()
        if any(row["status"] == "pending" and row.get("paysInvoice") == invoice for row in rows):
            raise ValueError("a debit is under way")
        return invoice

    def _buyer(self) -> dict[str, Any]:
        number = self._rng.randrange(_PEOPLE)
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
