"""What comes into the books of one document, in which order: money after its invoice, nothing after a void."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from avantto_qbo.sandbox.http import Reply, decode_json
from simulation.marks import ID, SALES, mark_of
from simulation.network import Exchange
from simulation.once import Taken

_INVOICE_OF: Final = re.compile(rf"· invoice .*· {ID}")
_MONEY_VERBS: Final = frozenset({"create", "update", "void"})


class Succession:
    """Remembers every write to the books; `owner` tells whose a document of Avantto is, `heard_of` is `Taken`'s."""

    def __init__(self, owner: Callable[[str], Any], heard_of: Callable[[str, str, str], bool]) -> None:
        self._owner, self._taken = owner, Taken(heard_of)
        self._history: dict[tuple[str, str], set[str]] = {}
        self._marks: dict[tuple[str, str, str], tuple[tuple[str, ...], str]] = {}

    def came(self, realm: str, exchange: Exchange, reply: Reply, tables: Any) -> str:
        """A company took a write; the complaint when it came out of order or a second time, "" when all is well."""
        entity, _, verb = exchange.operation.partition(".")
        name = next((sale for sale in SALES if sale.lower() == entity), "")
        if not name or verb not in _MONEY_VERBS:
            return ""
        row = decode_json(reply.body).get(name) or {}
        note, key = str(row.get("PrivateNote", "")), (realm, name, str(row.get("Id")))
        voided = not row.get("TotalAmt") and note.startswith("Voided")
        ours = mark_of(name, row)
        if ours is None:  # a void writes over the marker
            ours, note = self._marks.get(key, (None, ""))
        if ours is None:
            return ""
        self._marks[key] = (ours, note)
        if verb == "create" and (complaint := self._taken.came(realm, ours, key[2], tables[name])):
            return complaint
        invoice = ours[1] if name == "Invoice" else next(iter(_INVOICE_OF.findall(note)), "")
        linked = any(line.get("LinkedTxn") for line in row.get("Line", ()))
        return self._judge(realm, name, verb, invoice, ours, voided=voided, linked=linked)

    def _judge(
        self, realm: str, name: str, verb: str, invoice: str, ours: tuple[str, ...], *, voided: bool, linked: bool
    ) -> str:
        before = self._history.setdefault((realm, invoice or ours[1]), set())
        if name == "Payment" and verb == "create" and "Invoice.create" not in before and self._stands(invoice):
            return f"a payment came into the books before its invoice {invoice}"
        if name == "RefundReceipt" and verb == "create":
            whole = self._history.get((realm, ours[1]), set()) | self._history.get((realm, self._paid(ours[1])), set())
            if not whole & {"Payment.create", "SalesReceipt.create"}:
                return f"a refund of {ours[1]} came into the books before the money it gives back"
        after = (name == "Invoice" and verb == "update") or (name == "Payment" and verb == "create" and linked)
        if "Invoice.void" in before and after and not voided:
            return f"{name}.{verb} of invoice {invoice} came into the books after its void"
        before.add(f"{name}.{'void' if voided else verb}")
        if name == "Payment" and len(ours) > 1:
            self._history.setdefault((realm, ours[1]), set()).add(f"{name}.{verb}")
        return ""

    def _stands(self, invoice: str) -> bool:
        """Whether Avantto still has the invoice: money for one that is void stays as credit, without a copy of it."""
        place = self._owner(invoice)
        return place is not None and place.invoices.get(invoice, {}).get("status", "void") != "void"

    def _paid(self, transaction: str) -> str:
        """The invoice that a transaction paid, "" for none."""
        place = self._owner(transaction)
        return str(place.transactions[transaction].get("paysInvoice", "")) if place is not None else ""
