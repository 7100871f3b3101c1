"""The proof of `avantto-qbo demo` is sensitive: a cent, a document or a contact that is wrong makes a row unequal.

Both stand-ins hold a small business whose books are right, kept by hand; every test then spoils one thing.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import pytest

from avantto_qbo.demo.business import BY_HAND, DESK
from avantto_qbo.demo.claims import Row, Sides, case_of
from avantto_qbo.demo.studio import STUDIO
from avantto_qbo.sandbox.avantto import Avantto
from avantto_qbo.sandbox.http import decode_json, encode_json
from avantto_qbo.sandbox.quickbooks import QuickBooks

Json: TypeAlias = dict[str, Any]
Spoil: TypeAlias = Callable[[Sides], None]

LOCATION, REALM = STUDIO.business.location, STUDIO.business.realm
REVIEW_LINK = STUDIO.business.review_link
CUT_OFF = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
TODAY = "2026-03-02"
TAX = {"name": "Sales tax", "rate": "8.25"}


class Business:
    """A shop with both vendors' stand-ins, and a bookkeeper who copies by hand what the daemon would."""

    def __init__(self) -> None:
        self.now = CUT_OFF - timedelta(hours=1)
        self.crm = Avantto(lambda: self.now, random.Random(1)).play
        self.books = QuickBooks(lambda: self.now, random.Random(2)).play
        self.crm.add_location(LOCATION, "Shop", custom_values={"review_link": REVIEW_LINK})
        self.books.add_company(REALM)
        self.ada = self._customer("Ada Old", "ADA@example.com")
        self.knut = self._customer("Knut Known", "knut@example.com")
        self._customer("Ina Active", "ina@example.com", active=False)
        self.contact("Knut Known", "Knut@example.com", source=DESK, tags=["regular"])
        self.early = self.crm.book_calendar(LOCATION, self._person("gus@example.com"), "Too early", "20")
        self.before = self.sides()
        self.now = CUT_OFF + timedelta(minutes=5)

    def contact(self, name: str, email: str, **fields: Any) -> Json:
        return self.crm.create_contact(LOCATION, name=name, email=email, **fields)

    def sides(self) -> Sides:
        """Both states as a client of the control interface gets them."""
        return Sides(
            decode_json(encode_json(self.crm.state(LOCATION))), decode_json(encode_json(self.books.state(REALM)))
        )

    def prove(self, spoil: Spoil = lambda _: None) -> tuple[Row, ...]:
        now = copy.deepcopy(self.sides())
        spoil(now)
        return tuple(STUDIO.proof(case_of(now, self.before, CUT_OFF)))

    def trade(self) -> None:
        """One of everything, copied right."""
        self.contact("Ada Old", "ada@example.com", tags=["quickbooks"])
        known = self.crm.state(LOCATION)["contacts"].values()
        knut = next(contact for contact in known if contact["name"] == "Knut Known")
        self.crm.update_contact(LOCATION, knut["id"], tags=["regular", "quickbooks"])
        self._invoices()
        self._sales()
        self.crm.messages(LOCATION).append({"contactId": self.bea_contact, "html": f"Please: {REVIEW_LINK}"})

    def _invoices(self) -> None:
        items = [{"name": "Print", "qty": 2, "amount": "20.25", "taxes": [TAX]}, {"name": "Work", "amount": "30"}]
        discount = {"type": "fixed", "value": "5.50"}
        made = self.crm.create_invoice(LOCATION, self._person("bea@example.com"), items, discount, "INV-1")
        self.bea_contact = made["contactDetails"]["id"]
        self.bea = self._customer("Bea New", "bea@example.com", notes=f"Avantto contact {self.bea_contact}")
        self.crm.send_invoice(LOCATION, made["_id"])
        first = self.crm.pay_invoice(LOCATION, made["_id"], "40.00")["transaction"]
        paid = self.crm.pay_invoice(LOCATION, made["_id"], mode="cash")["invoice"]
        self._copy_of(paid, [(first["_id"], "40.00"), ("", str(Decimal(str(paid["total"])) - 40))])
        self.crm.create_invoice(LOCATION, self.bea_contact, items, None, "INV-2")
        void = self.crm.create_invoice(LOCATION, self.bea_contact, items, None, "INV-3")
        self.crm.send_invoice(LOCATION, void["_id"])
        self.books.void(REALM, "Invoice", {"Id": self._copy_of(void, [])["Id"]})
        self.crm.void_invoice(LOCATION, void["_id"])
        old = self.crm.create_invoice(
            LOCATION, self.bea_contact, items, None, "INV-0", created_at="2026-03-01T00:00:00.000Z"
        )
        self.crm.send_invoice(LOCATION, old["_id"])

    def _sales(self) -> None:
        items = [{"name": "Print", "amount": "50", "taxes": [TAX]}]
        coupon = {"code": "TEN", "type": "percentage", "value": "10"}
        sold = self.crm.sell_order_form(LOCATION, self._person("ada@example.com"), items, coupon=coupon)
        self._receipt(sold, self.ada)
        self.test = self.crm.sell_order_form(LOCATION, self._person("ada@example.com"), items, live=False)
        self.failed = self.crm.sell_order_form(LOCATION, self._person("ada@example.com"), items, status="failed")
        begun = self.crm.start_subscription(
            LOCATION,
            self._person("knut@example.com"),
            [{"name": "Pass", "amount": "10", "taxes": [TAX]}],
            setup_fee="5",
        )
        self._receipt(begun, self.knut)
        self.now += timedelta(minutes=1)
        renewed = self.crm.renew_subscription(LOCATION, begun["subscription"]["_id"])
        summary = {"tax": Decimal(str(renewed["amount"])) - 10, "discount": 0}
        self._receipt({"transaction": renewed, "order": {"amountSummary": summary}}, self.knut)

    def _copy_of(self, invoice: Json, money: list[tuple[str, str]]) -> Json:
        """Write the invoice into the books as it is, with its payments."""
        lines = [
            _line(item["name"], Decimal(str(item["qty"])) * Decimal(str(item["amount"])), bool(item["taxes"]))
            for item in invoice["invoiceItems"]
        ]
        summary = invoice["totalSummary"]
        made = self.books.create(
            REALM,
            "Invoice",
            {
                "CustomerRef": {"value": self.bea},
                "DocNumber": invoice["invoiceNumber"],
                "TxnDate": invoice["issueDate"],
                "DueDate": invoice["dueDate"],
                "BillEmail": {"Address": "bea@example.com"},
                "PrivateNote": f"Avantto invoice {invoice['invoiceNumber']} · {invoice['_id']}",
                **_figures(lines, summary),
            },
        )
        for number, (charge, amount) in enumerate(money):
            note = f"Avantto payment {charge} · invoice" if charge else f"recorded in Avantto · recorded:{number}"
            line = {"Amount": amount, "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]}
            body = {"CustomerRef": {"value": self.bea}, "TotalAmt": amount, "Line": [line], "TxnDate": TODAY}
            self.books.create(REALM, "Payment", {**body, "PrivateNote": f"{note} INV-1 · {invoice['_id']}"})
        return made

    def _receipt(self, sold: Json, customer: str) -> None:
        charge, summary = sold["transaction"], sold["order"]["amountSummary"]
        net = Decimal(str(charge["amount"])) - Decimal(str(summary["tax"])) + Decimal(str(summary["discount"]))
        body = {"CustomerRef": {"value": customer}, "TxnDate": TODAY, **_figures([_line("Sale", net, True)], summary)}
        self.books.create(REALM, "SalesReceipt", {**body, "PrivateNote": f"Avantto payment {charge['_id']} · shop"})

    def _customer(self, name: str, email: str, *, active: bool = True, notes: str = "") -> str:
        body = {"DisplayName": name, "PrimaryEmailAddr": {"Address": email}, "Notes": notes}
        made = self.books.create(REALM, "Customer", body)
        if not active:
            self.books.update(REALM, "Customer", {"Id": made["Id"], "Active": False})
        return str(made["Id"])

    def _person(self, email: str) -> Json:
        return {"name": email.partition("@")[0].title() + " New", "email": email, "source": DESK}


def _line(name: str, amount: Decimal, taxed: bool) -> Json:
    detail = {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "TAX" if taxed else "NON"}}
    return {"Amount": amount, "Description": name, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def _figures(lines: list[Json], summary: Json) -> Json:
    off = {
        "Amount": summary["discount"],
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"PercentBased": False},
    }
    return {
        "Line": [*lines, off] if summary["discount"] else lines,
        "TxnTaxDetail": {"TotalTax": summary["tax"]},
        "ApplyTaxAfterDiscount": True,
    }


@pytest.fixture(scope="module")
def business() -> Business:
    made = Business()
    made.trade()
    return made


def unequal(rows: tuple[Row, ...]) -> set[str]:
    return {f"{row.rule}: {row.what}" for row in rows if not row.equal}


def test_right_books_are_equal_in_every_row(business: Business) -> None:
    rows = business.prove()
    assert unequal(rows) == set()
    assert len(rows) > 25
    assert sum(row.avantto.count for row in rows) > 20  # the rows are about something


def _receipts(sides: Sides) -> list[Json]:
    receipts: list[Json] = sides.books["SalesReceipt"]
    return receipts


def _invoice(sides: Sides, number: str = "INV-1") -> Json:
    return next(row for row in sides.books["Invoice"] if row.get("DocNumber") == number)


def _a_cent(row: Json, member: str = "TotalAmt") -> None:
    row[member] += Decimal("0.01")


def _double(rows: list[Json], **changes: object) -> None:
    rows.append({**copy.deepcopy(rows[-1]), "Id": "9999", **changes})


def _without_contact(sides: Sides, name: str) -> None:
    contacts = sides.avantto["contacts"]
    del contacts[next(key for key, contact in contacts.items() if contact["name"] == name)]


def _second_contact(sides: Sides, name: str) -> None:
    contacts = sides.avantto["contacts"]
    contacts["second"] = {**next(row for row in contacts.values() if row["name"] == name), "id": "second"}


def _contact(sides: Sides, name: str) -> Json:
    return next(row for row in sides.avantto["contacts"].values() if row["name"] == name)


def _posted(sides: Sides, note: str, entity: str = "SalesReceipt") -> None:
    sides.books[entity].append({**copy.deepcopy(sides.books[entity][0]), "Id": "9999", "PrivateNote": note})


SPOILED: dict[str, tuple[str, Spoil]] = {
    "an invoice's total by a cent": ("I1: invoices sent", lambda now: _a_cent(_invoice(now))),
    "a payment's share by a cent": (
        "I3: payments of",
        lambda now: _a_cent(now.books["Payment"][0]["Line"][0], "Amount"),
    ),
    "a payment's total by a cent": ("all: money of the day", lambda now: _a_cent(now.books["Payment"][0])),
    "a receipt's total by a cent": ("S1: one-step order forms", lambda now: _a_cent(_receipts(now)[0])),
    "a renewal's total by a cent": ("S1: subscriptions", lambda now: _a_cent(_receipts(now)[-1])),
    "a receipt's tax by a cent": ("S4: sales tax", lambda now: _a_cent(_receipts(now)[0]["TxnTaxDetail"], "TotalTax")),
    "an invoice's tax by a cent": ("I1: sales tax", lambda now: _a_cent(_invoice(now)["TxnTaxDetail"], "TotalTax")),
    "a receipt doubled": ("S1: subscriptions", lambda now: _double(_receipts(now))),
    "a receipt doubled without its note": ("all: nothing else", lambda now: _double(_receipts(now), PrivateNote="")),
    "a receipt missing": ("S1: one-step order forms", lambda now: now.books["SalesReceipt"].pop(0)),
    "a receipt on another day": ("S1: one-step", lambda now: _receipts(now)[0].update(TxnDate="2026-03-03")),
    "an invoice doubled": (
        "I1: invoices sent",
        lambda now: now.books["Invoice"].append({**_invoice(now), "Id": "9999"}),
    ),
    "an invoice's number": ("I1: invoices sent", lambda now: _invoice(now).update(DocNumber="1")),
    "an invoice's due date": ("I1: invoices sent", lambda now: _invoice(now).update(DueDate="2026-12-24")),
    "an invoice's discount missing": ("I1: discounts", lambda now: _invoice(now)["Line"].pop()),
    "an invoice's line missing": ("I2: lines", lambda now: _invoice(now)["Line"].pop(0)),
    "a void that stands": ("I2: voids", lambda now: _invoice(now, "INV-3").update(TotalAmt=Decimal(9), PrivateNote="")),
    "a contact missing": ("C1: existing", lambda now: _without_contact(now, "Ada Old")),
    "a contact doubled": ("C1: existing", lambda now: _second_contact(now, "Ada Old")),
    "a name overwritten": ("C3: people", lambda now: _contact(now, "Knut Known").update(firstName="Kay")),
    "a tag lost": ("C3: people", lambda now: _contact(now, "Knut Known").update(tags=["quickbooks"])),
    "a customer come back as a contact": ("C4: customers", lambda now: _second_contact(now, "Bea New")),
    "a review request twice": ("R1, R3", lambda now: now.avantto["messages"].extend(now.avantto["messages"])),
    "a review request never sent": ("R1, R3", lambda now: now.avantto["messages"].clear()),
    "a customer doubled": ("U1: no person", lambda now: _double(now.books["Customer"])),
}


@pytest.mark.parametrize("what", SPOILED)
def test_one_wrong_thing_makes_its_row_unequal(business: Business, what: str) -> None:
    expected, spoil = SPOILED[what]
    assert any(name.startswith(expected) for name in unequal(business.prove(spoil)))


def test_what_must_stay_out_of_the_books_is_noticed_there(business: Business) -> None:
    charges = {
        "S2: failed": business.failed["transaction"]["_id"],
        "S3: test-mode charges": business.test["transaction"]["_id"],
        "S5: charges before": business.early["transaction"]["_id"],
    }
    for expected, charge in charges.items():
        rows = business.prove(lambda now, charge=charge: _posted(now, f"Avantto payment {charge} · shop"))
        assert any(name.startswith(expected) for name in unequal(rows))


def test_invoices_that_must_stay_out_are_noticed_in_the_books(business: Business) -> None:
    numbers = {row["invoiceNumber"]: row["_id"] for row in business.sides().avantto["invoices"].values()}
    for expected, number in {"I1: drafts": "INV-2", "I4: invoices before": "INV-0"}.items():
        note = f"Avantto invoice {number} · {numbers[number]}"
        rows = business.prove(lambda now, note=note: _posted(now, note, "Invoice"))
        assert any(name.startswith(expected) for name in unequal(rows))


def test_what_a_human_enters_into_the_books_is_no_difference(business: Business) -> None:
    assert unequal(business.prove(lambda now: _double(_receipts(now), PrivateNote=BY_HAND))) == set()
