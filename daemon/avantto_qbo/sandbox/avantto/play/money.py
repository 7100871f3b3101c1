"""Control actions about the money that comes for invoices, and about charges that fail, go back or turn up late."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from avantto_qbo.sandbox.avantto import charges, invoices, orders, transactions
from avantto_qbo.sandbox.avantto.baskets import Basket, Source
from avantto_qbo.sandbox.avantto.charges import Takings
from avantto_qbo.sandbox.avantto.documents import Json, exact
from avantto_qbo.sandbox.avantto.play.base import Amount, PlayBase, amount_or
from avantto_qbo.sandbox.avantto.world import Location

Mode = Literal["card", "ach", "cash", "cheque", "bank_transfer", "other"]
_NOTHING = Decimal(0)


class MoneyPlay(PlayBase):
    """Payments of invoices, refunds and reversals of any charge."""

    def pay_invoice(
        self,
        location: str,
        invoice: str,
        amount: Amount | None = None,
        mode: Mode = "card",
        source_type: str = "invoice",
        tip: Amount = 0,
        provider: str = "stripe",
    ) -> Json:
        """Take money (default: all that is due) and a tip besides; return `{invoice, transaction}`.

        Processing fees are added for cards and bank debits. Money by hand (cash, cheque, …) leaves no transaction
        unless the knob `cash_transactions` is on. `source_type` may be `text2Pay` or `document_contracts`, which also
        bill through invoices; `provider` is the processor of a card.
        """
        place, found = self._invoice(location, invoice)
        payment = self._takings(place, found, amount, tip, mode)
        paid = invoices.receive(self._world, place, found, payment)
        if mode in transactions.BY_HAND and not place.knobs.cash_transactions:
            return {"invoice": invoices.shown(place, paid), "transaction": None}
        means = _means(mode, provider)
        charged = self._charge(place, found, payment, Source(source_type), {**means, "status": "succeeded"})
        return {"invoice": invoices.shown(place, paid), "transaction": transactions.row(charged)}

    def pay_instalment(self, location: str, invoice: str, mode: Mode = "card", tip: Amount = 0) -> Json:
        """Pay the next instalment of the payment schedule (the last one is the rest); return as `pay_invoice`."""
        place, found = self._invoice(location, invoice)
        marked, amount = charges.next_instalment(found)
        place.invoices[invoice] = marked
        return self.pay_invoice(location, invoice, amount, mode, tip=tip)

    def start_processing(
        self,
        location: str,
        invoice: str,
        amount: Amount | None = None,
        source_type: str = "invoice",
        mode: Mode = "card",
    ) -> Json:
        """Begin a bank debit: status `payment_processing` and a pending transaction to settle later.

        Mode `ach` lets the transaction name a bank account as means of payment.
        """
        place, found = self._invoice(location, invoice)
        payment = self._takings(place, found, amount, 0, mode)
        waiting = invoices.begin_processing(self._world, place, found)
        means = _means(mode, "stripe")
        charged = self._charge(place, found, payment, Source(source_type), {**means, "status": "pending"})
        return {"invoice": invoices.shown(place, waiting), "transaction": transactions.row(charged)}

    def add_late_transaction(
        self,
        location: str,
        invoice: str,
        amount: Amount | None = None,
        mode: Mode = "card",
        source_type: str = "invoice",
        created_at: str = "",
    ) -> Json:
        """Let a transaction turn up for money the invoice shows already (default: all that has none); return its row.

        `created_at` dates it back; the invoice itself does not change.
        """
        place, found = self._invoice(location, invoice)
        payment = Takings(_positive(amount_or(amount, _unexplained(place, found))))
        details = {**_means(mode, "stripe"), "status": "succeeded", "created_at": created_at}
        return transactions.row(self._charge(place, found, payment, Source(source_type), details))

    def settle_transaction(self, location: str, transaction: str, status: str = "succeeded") -> Json:
        """Finish a pending charge (`succeeded` or `failed`); its invoice or order follows. Return the row.

        A succeeded charge can still become `failed`: a bank debit that was called back. What it paid goes off again.
        """
        place = self._world.location(location)
        found = self._document("transaction", place.transactions, transaction)
        called_back = found["status"] == "succeeded" and status == "failed"
        if found["status"] != "pending" and not called_back:
            raise ValueError(f"transaction {found['_id']} is {found['status']}, not pending")
        settled = transactions.settle(self._world, place, found, status)
        if settled["entityId"] in place.orders and status == "succeeded":
            orders.complete(self._world, place, place.orders[settled["entityId"]])
        if settled.get("paysInvoice") in place.invoices:
            self._follow(place, place.invoices[settled["paysInvoice"]], settled, called_back=called_back)
        return transactions.row(settled)

    def refund(self, location: str, transaction: str, amount: Amount | None = None) -> Json:
        """Give money back (default: what is left of it) and return the row; no webhook tells.

        With the knob `refund_lowers_paid` the invoice's `amountPaid` goes down by it, which is an InvoiceUpdate.
        """
        place = self._world.location(location)
        found = self._document("transaction", place.transactions, transaction)
        money = amount_or(amount, exact(found["amount"]) - exact(found["amountRefunded"]))
        refunded = transactions.refund(self._world, place, found, money)
        invoice = place.invoices.get(found.get("paysInvoice", ""))
        if invoice is not None and place.knobs.refund_lowers_paid:
            invoices.refund(self._world, place, invoice, money)
        return transactions.row(refunded)

    def mark_qbo_synced(self, location: str, transaction: str) -> Json:
        """Mark a charge as posted by the vendor's own QuickBooks integration."""
        place = self._world.location(location)
        found = self._document("transaction", place.transactions, transaction)
        return transactions.detail(transactions.mark_synced(self._world, place, found), self._world.ids.uuid())

    def _follow(self, place: Location, invoice: Json, transaction: Json, *, called_back: bool) -> None:
        payment = charges.remembered(transaction["takings"])
        if called_back:
            lowered = exact(transaction["amountRefunded"]) if place.knobs.refund_lowers_paid else _NOTHING
            invoices.reverse(self._world, place, invoice, payment, lowered)
        elif invoice["status"] != "void" and transaction["status"] == "succeeded":
            invoices.receive(self._world, place, invoice, payment)
        elif invoice["status"] != "void":
            invoices.end_processing(self._world, place, invoice)

    def _takings(self, place: Location, invoice: Json, amount: Amount | None, tip: Amount, mode: Mode) -> Takings:
        towards = _positive(amount_or(amount, exact(invoice["amountDue"])))
        by_card = mode not in transactions.BY_HAND
        return charges.takings(self._world, place, invoice, towards, exact(tip), by_card=by_card)

    def _charge(
        self, place: Location, invoice: Json, payment: Takings, source: Source, details: Mapping[str, Any]
    ) -> Json:
        buyer = orders.snapshot(_buyer(place, invoice))
        source = Source(source.type, "", invoice["_id"], invoice["name"])
        entity_type, entity = "invoice", invoice["_id"]
        if place.knobs.invoice_link != "entity":
            order = self._order_of(place, invoice, payment, source, paid=details["status"] == "succeeded")
            entity_type, entity = "order", order["_id"]
        if place.knobs.invoice_link == "order":
            source = Source(source.type, "", self._world.ids.document(), invoice["name"])
        charge = transactions.Charge(
            entity_type=entity_type,
            entity_id=entity,
            source=source,
            amount=payment.charged,
            live=invoice["liveMode"],
            currency=invoice["currency"],
            **details,
        )
        charged = transactions.create(self._world, place, buyer, charge)
        memory = {"paysInvoice": invoice["_id"], "takings": charges.plain(payment)}
        return transactions.keep(self._world, place, {**charged, **memory})

    def _order_of(self, place: Location, invoice: Json, payment: Takings, source: Source, *, paid: bool) -> Json:
        basket = Basket([{"name": invoice["name"], "amount": payment.charged}], currency=invoice["currency"])
        order = orders.create(self._world, place, _buyer(place, invoice), basket, source, live=invoice["liveMode"])
        return orders.complete(self._world, place, order) if paid else order


def _means(mode: Mode, provider: str) -> Json:
    return {"provider": mode if mode in transactions.BY_HAND else provider, "method": mode}


def _buyer(place: Location, invoice: Json) -> Json:
    details = invoice["contactDetails"]
    known = place.contacts.get(details["id"], {"id": details["id"], "firstName": details["name"]})
    return {**known, "email": details["email"]} if details.get("email") else dict(known)


def _unexplained(place: Location, invoice: Json) -> Decimal:
    """Return how much of what was paid no transaction accounts for."""
    rows = [row for row in place.transactions.values() if row.get("paysInvoice") == invoice["_id"]]
    known = sum((exact(row["amount"]) for row in rows if row["status"] in ("succeeded", "refunded")), _NOTHING)
    return exact(invoice["amountPaid"]) - known


def _positive(money: Decimal) -> Decimal:
    if money <= 0:
        raise ValueError("nothing is due, or the amount is not positive")
    return money
