"""What bookkeepers do in QuickBooks by hand: customers, a paid invoice of their own, and changes to what we made."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from avantto_qbo.sandbox.quickbooks import QuickBooks
from simulation.marks import SALES, mark_of
from simulation.shops import Shop


class Bookkeepers:
    """Acts of the bookkeepers of all companies, drawn from `rng`.

    `customers` are those they entered, `odd_customers` those they changed afterwards, `paid_first` those whose first
    invoice they saw paid: each by company and id. `touched` names documents that somebody changed by hand.
    """

    def __init__(self, rng: random.Random, books: QuickBooks) -> None:
        self._rng, self._books = rng, books.play
        self._companies = books.companies
        self.touched: set[str] = set()
        self.customers: dict[tuple[str, str], dict[str, Any]] = {}
        self.odd_customers: set[tuple[str, str]] = set()
        self.paid_first: list[tuple[str, str]] = []
        self._made = 0

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
