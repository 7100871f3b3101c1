"""Control actions about invoices and the money that comes for them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from avantto_qbo.sandbox.avantto import invoices, orders, transactions
from avantto_qbo.sandbox.avantto.documents import Json, exact
from avantto_qbo.sandbox.avantto.play.base import Amount, Items, Person, PlayBase, amount_or
from avantto_qbo.sandbox.avantto.world import Location

Mode = Literal["card", "cash", "cheque"]


class BillingPlay(PlayBase):
    """Invoices from draft to paid."""

    def create_invoice(
        self,
        location: str,
        contact: Person,
        items: Items,
        discount: Json | None = None,
        number: str | None = None,
        issue_date: str | None = None,
        due_date: str | None = None,
        live: bool = True,
        created_at: str | None = None,
    ) -> Json:
        """Create a draft and return it in full.

        Items are `{name, qty=1, amount, taxes=[{name, rate}], productId?, sku?, taxInclusive?}`; a discount is
        `{type: percentage|fixed, value, validOnProductIds?}`. `contact` with an id and an e-mail bills that e-mail.
        """
        place = self._world.location(location)
        invoice = invoices.create(
            self._world,
            place,
            self._billed(place, contact),
            items,
            discount=discount,
            invoice_number=number,
            issue_date=issue_date,
            due_date=due_date,
            live=live,
            created_at=created_at,
        )
        return invoices.shown(place, invoice)

    def edit_invoice(
        self,
        location: str,
        invoice: str,
        items: Items | None = None,
        discount: Json | None = None,
        due_date: str | None = None,
        number: str | None = None,
        contact: Person | None = None,
        issue_date: str | None = None,
    ) -> Json:
        """Change what is given; totals, amount due and status follow."""
        place, found = self._invoice(location, invoice)
        wanted: Json = {
            "invoiceItems": None if items is None else invoices.lines(self._world, place, items),
            "discount": discount,
            "dueDate": due_date,
            "issueDate": issue_date,
            "invoiceNumber": number,
            "contactDetails": None if contact is None else invoices.contact_details(self._billed(place, contact)),
        }
        changes = {name: value for name, value in wanted.items() if value is not None}
        return invoices.shown(place, invoices.edit(self._world, place, found, changes))

    def send_invoice(self, location: str, invoice: str) -> Json:
        """Mark as sent."""
        place, found = self._invoice(location, invoice)
        return invoices.shown(place, invoices.send(self._world, place, found))

    def pay_invoice(
        self,
        location: str,
        invoice: str,
        amount: Amount | None = None,
        mode: Mode = "card",
        source_type: str = "invoice",
    ) -> Json:
        """Take money (default: all that is due); return `{invoice, transaction}`.

        Cash and cheque leave no transaction unless the knob `cash_transactions` is on. `source_type` may be
        `text2Pay` or `document_contracts`, which also bill through invoices.
        """
        place, found = self._invoice(location, invoice)
        money = _positive(amount_or(amount, exact(found["amountDue"])))
        paid = invoices.receive(self._world, place, found, money)
        if mode != "card" and not place.knobs.cash_transactions:
            return {"invoice": invoices.shown(place, paid), "transaction": None}
        charged = self._charge(place, found, money, mode, source_type, "succeeded")
        return {"invoice": invoices.shown(place, paid), "transaction": transactions.row(charged)}

    def start_processing(
        self, location: str, invoice: str, amount: Amount | None = None, source_type: str = "invoice"
    ) -> Json:
        """Begin a bank debit: status `payment_processing` and a pending transaction to settle later."""
        place, found = self._invoice(location, invoice)
        money = _positive(amount_or(amount, exact(found["amountDue"])))
        waiting = invoices.begin_processing(self._world, place, found)
        charged = self._charge(place, found, money, "card", source_type, "pending")
        return {"invoice": invoices.shown(place, waiting), "transaction": transactions.row(charged)}

    def void_invoice(self, location: str, invoice: str) -> Json:
        """Void, paid or not."""
        place, found = self._invoice(location, invoice)
        return invoices.shown(place, invoices.void(self._world, place, found))

    def delete_invoice(self, location: str, invoice: str) -> Json:
        """Delete; reading it answers 404 from now on."""
        place, found = self._invoice(location, invoice)
        return invoices.shown(place, invoices.delete(self._world, place, found))

    def settle_transaction(self, location: str, transaction: str, status: str = "succeeded") -> Json:
        """Finish a pending charge (`succeeded` or `failed`); its invoice or order follows. Return the row."""
        place = self._world.location(location)
        found = self._document("transaction", place.transactions, transaction)
        if found["status"] != "pending":
            raise ValueError(f"transaction {found['_id']} is {found['status']}, not pending")
        settled = transactions.settle(self._world, place, found, status)
        if settled["entityId"] in place.orders and status == "succeeded":
            orders.complete(self._world, place, place.orders[settled["entityId"]])
        if settled.get("paysInvoice") in place.invoices:
            self._follow(place, place.invoices[settled["paysInvoice"]], settled)
        return transactions.row(settled)

    def refund(self, location: str, transaction: str, amount: Amount | None = None) -> Json:
        """Give money back (default: what is left of it) and return the row; no webhook tells."""
        place = self._world.location(location)
        found = self._document("transaction", place.transactions, transaction)
        left = exact(found["amount"]) - exact(found["amountRefunded"])
        return transactions.row(transactions.refund(self._world, place, found, amount_or(amount, left)))

    def mark_qbo_synced(self, location: str, transaction: str) -> Json:
        """Mark a charge as posted by the vendor's own QuickBooks integration."""
        place = self._world.location(location)
        found = self._document("transaction", place.transactions, transaction)
        return transactions.detail(transactions.mark_synced(self._world, place, found), self._world.ids.uuid())

    def _follow(self, place: Location, invoice: Json, transaction: Json) -> None:
        if invoice["status"] == "void":
            return
        if transaction["status"] == "succeeded":
            invoices.receive(self._world, place, invoice, exact(transaction["amount"]))
        else:
            invoices.end_processing(self._world, place, invoice)

    def _invoice(self, location: str, invoice: str) -> tuple[Location, Json]:
        place = self._world.location(location)
        return place, self._document("invoice", place.invoices, invoice)

    def _billed(self, place: Location, contact: Person) -> Json:
        """Return the contact with the members this document gives it."""
        found = self._person(place, contact)
        given: Mapping[str, Any] = {} if isinstance(contact, str) else contact
        return {**found, **{name: given[name] for name in ("name", "email", "phone") if given.get(name)}}

    def _charge(
        self, place: Location, invoice: Json, money: Decimal, mode: Mode, source_type: str, status: str
    ) -> Json:
        buyer = orders.snapshot(self._buyer(place, invoice))
        source = orders.Source(source_type, "", invoice["_id"], invoice["name"])
        entity_type, entity = "invoice", invoice["_id"]
        if place.knobs.invoice_link != "entity":
            order = self._order_of(place, invoice, money, source, status)
            entity_type, entity = "order", order["_id"]
        if place.knobs.invoice_link == "order":
            source = orders.Source(source_type, "", self._world.ids.document(), invoice["name"])
        charge = transactions.Charge(
            entity_type=entity_type,
            entity_id=entity,
            source=source,
            amount=money,
            status=status,
            live=invoice["liveMode"],
            provider="stripe" if mode == "card" else mode,
        )
        charged = transactions.create(self._world, place, buyer, charge)
        return transactions.keep(self._world, place, {**charged, "paysInvoice": invoice["_id"]})

    def _order_of(self, place: Location, invoice: Json, money: Decimal, source: orders.Source, status: str) -> Json:
        basket = orders.Basket([{"name": invoice["name"], "amount": money}])
        buyer = self._buyer(place, invoice)
        order = orders.create(self._world, place, buyer, basket, source, live=invoice["liveMode"])
        return orders.complete(self._world, place, order) if status == "succeeded" else order

    def _buyer(self, place: Location, invoice: Json) -> Json:
        details = invoice["contactDetails"]
        known = place.contacts.get(details["id"], {"id": details["id"], "firstName": details["name"]})
        return {**known, "email": details["email"]} if details.get("email") else dict(known)


def _positive(money: Decimal) -> Decimal:
    if money <= 0:
        raise ValueError("nothing is due, or the amount is not positive")
    return money
