"""Read what both stand-ins hold: their own `state`, made easy to compare. Nothing of the daemon's is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

from avantto_qbo.demo.business import BY_HAND
from avantto_qbo.demo.control import Json

_ID: Final = re.compile(r"\b[0-9a-f]{24}\b")
_CONTACT: Final = re.compile(r"Avantto contact (\S+)")
_BETWEEN: Final = re.compile(r"[,;\s]+")
_CENTS: Final = Decimal(100)
FORMS: Final = ("Invoice", "SalesReceipt", "Payment", "RefundReceipt", "CreditMemo")


def cents(amount: object) -> int:
    """Return an amount in major units as whole cents."""
    return int((Decimal(str(amount)) * _CENTS).to_integral_value(ROUND_HALF_UP))


@dataclass(frozen=True)
class Crm:
    """What one location of Avantto holds."""

    state: Json

    @cached_property
    def contacts(self) -> tuple[Json, ...]:
        return tuple(self.state["contacts"].values())

    @cached_property
    def invoices(self) -> tuple[Json, ...]:
        return tuple(self.state["invoices"].values())

    @cached_property
    def charges(self) -> tuple[Json, ...]:
        """Every transaction that pays no invoice."""
        return tuple(row for row in self.state["transactions"].values() if not self.pays_invoice(row))

    def charges_of(self, invoice: Json) -> list[Json]:
        """The transactions that brought money for an invoice."""
        rows = self.state["transactions"].values()
        return [row for row in rows if row["entityId"] == invoice["_id"] and row["status"] == "succeeded"]

    def pays_invoice(self, charge: Json) -> bool:
        return bool(charge["entitySource"]["type"] == "invoice")

    def order_of(self, charge: Json) -> Json:
        order: Json = self.state["orders"][charge["entityId"]]
        return order

    def day(self, instant: str) -> str:
        """The calendar day of an instant where the business is."""
        zone = ZoneInfo(self.state["profile"]["timezone"])
        return datetime.fromisoformat(instant).astimezone(zone).date().isoformat()

    @cached_property
    def review_link(self) -> str:
        values = self.state["custom_values"].values()
        return next((str(entry["value"]) for entry in values if entry["name"] == "review_link"), "")

    def asked(self, contact: str) -> int:
        """How many messages with the review link a contact got."""
        return sum(1 for sent in self.requests if sent["contactId"] == contact)

    @cached_property
    def requests(self) -> tuple[Json, ...]:
        messages: Iterable[Json] = self.state["messages"]
        return tuple(sent for sent in messages if self.review_link in f"{sent.get('html')}{sent.get('message')}")


@dataclass(frozen=True)
class Books:
    """What one QuickBooks company holds."""

    state: Json

    @cached_property
    def customers(self) -> Mapping[str, Json]:
        return {row["Id"]: row for row in self.state["Customer"]}

    @cached_property
    def invoices(self) -> Mapping[str, Json]:
        return {row["Id"]: row for row in self.state["Invoice"]}

    @cached_property
    def payments(self) -> Mapping[str, Json]:
        return {row["Id"]: row for row in self.state["Payment"]}

    def rows(self, *entities: str) -> Iterator[Json]:
        for entity in entities:
            yield from self.state.get(entity, ())

    @cached_property
    def named(self) -> Mapping[str, tuple[Json, ...]]:
        """Sales receipts and payments by the first id their note names: the charge they stand for."""
        found: dict[str, list[Json]] = {}
        for row in self.rows("SalesReceipt", "Payment"):
            for name in ids_in(row)[:1]:
                found.setdefault(name, []).append(row)
        return {name: tuple(rows) for name, rows in found.items()}

    def copies_of(self, invoice: Json) -> list[Json]:
        """The invoices that stand for one of Avantto's: by its id, else (a void wipes the note) by its number."""
        return [row for row in self.invoices.values() if stands_for(row, invoice)]

    def received_for(self, invoice: Json) -> list[tuple[Json, int]]:
        """The payments linked to an invoice of the books, each with the cents it brings there."""
        linked = []
        for payment in self.payments.values():
            parts = [line for line in payment.get("Line", ()) if _links(line, invoice["Id"])]
            if parts:
                linked.append((payment, sum(cents(line["Amount"]) for line in parts)))
        return linked


def ids_in(row: Json) -> list[str]:
    """The Avantto ids in a document's note, in order."""
    return _ID.findall(row.get("PrivateNote") or "")


def by_hand(row: Json) -> bool:
    """Whether a human entered it, as the story's humans always note."""
    return bool((row.get("PrivateNote") or "").startswith(BY_HAND))


def stands_for(row: Json, invoice: Json) -> bool:
    """Whether an invoice of the books stands for one of Avantto's."""
    named = ids_in(row)
    if named:
        return bool(invoice["_id"] in named)
    return not by_hand(row) and row.get("DocNumber") == str(invoice["invoiceNumber"])


def maker_of(customer: Json) -> str:
    """The contact a customer was made from, "" for one that began in QuickBooks."""
    found = _CONTACT.search(customer.get("Notes") or "")
    return found[1] if found else ""


def emails_of(customer: Json) -> tuple[str, ...]:
    """A customer's addresses in lower case."""
    text = (customer.get("PrimaryEmailAddr") or {}).get("Address", "")
    return tuple(part.lower() for part in _BETWEEN.split(text) if part)


def phones_of(customer: Json) -> tuple[str, ...]:
    """A customer's phones in E.164; all of the story's are American."""
    raw = (customer.get("PrimaryPhone") or {}).get("FreeFormNumber", "")
    digits = re.sub(r"\D", "", raw)
    return (f"+{digits}" if len(digits) == 11 else f"+1{digits}",) if digits else ()


def tax_of(form: Json) -> int:
    """The sales tax of a form of the books in cents."""
    return cents((form.get("TxnTaxDetail") or {}).get("TotalTax", 0))


def discount_of(form: Json) -> int:
    """The discount of a form of the books in cents."""
    return sum(cents(line["Amount"]) for line in form["Line"] if line["DetailType"] == "DiscountLineDetail")


def sales_lines(form: Json) -> list[int]:
    """What the sales lines of a form amount to, in cents, smallest first."""
    return sorted(cents(line["Amount"]) for line in form["Line"] if line["DetailType"] == "SalesItemLineDetail")


def voided(form: Json) -> bool:
    """Whether a form was voided: nothing is left of it."""
    return cents(form["TotalAmt"]) == 0 and (form.get("PrivateNote") or "").startswith("Voided")


def _links(line: Any, identifier: str) -> bool:
    return any(one["TxnType"] == "Invoice" and one["TxnId"] == identifier for one in line.get("LinkedTxn", ()))
