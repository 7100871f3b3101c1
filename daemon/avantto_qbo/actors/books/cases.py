"""What the planner would see of one document now, for those who only look: nothing is written or sent."""

from __future__ import annotations

from typing import Final

from avantto_qbo.actors.books.customers import Customers
from avantto_qbo.actors.books.invoice_case import InvoiceCases, as_last_agreed
from avantto_qbo.actors.books.payments import Payments
from avantto_qbo.actors.books.receipt_case import ReceiptCases
from avantto_qbo.actors.desk import Desk
from avantto_qbo.actors.doubts import Doubts
from avantto_qbo.actors.house import House
from avantto_qbo.actors.location import LocationActor
from avantto_qbo.actors.performer import Performer
from avantto_qbo.avantto import reads
from avantto_qbo.errors import RejectedError
from avantto_qbo.model.avantto import Invoice
from avantto_qbo.model.records import Link
from avantto_qbo.model.steps import InvoiceCase, ReceiptCase

_GONE: Final = "gone"
# A deleted document may still be shown (UNVERIFIED): there is nothing left to book of it.
_DELETED: Final = frozenset({"delete", "deleted"})
_HITS: Final = 10


class Cases:
    """The documents of one location as Avantto shows them, read through its actor's own access."""

    def __init__(self, house: House, actor: LocationActor) -> None:
        performer = Performer(house, actor.realm, actor.crm)
        desk = Desk(house, actor.location, realm=actor.realm, crm=actor.crm, performer=performer)
        customers = Customers(desk)
        self._desk, self._payments = desk, Payments(desk, Doubts(house, actor.realm, actor.crm))
        self._invoices, self._receipts = InvoiceCases(desk, customers), ReceiptCases(desk, customers)

    async def invoice(self, invoice_id: str) -> InvoiceCase | None:
        """The case of an invoice, None when Avantto has none of this id. Raises as reads do."""
        invoice = await self._read(invoice_id)
        if invoice is None or invoice.status in _DELETED:
            return None
        return await self._invoices.of(invoice, await self._payments.of(invoice))

    async def gone(self, link: Link) -> InvoiceCase:
        """The case of an invoice that Avantto has no more, as the books know it. Raises as reads do."""
        invoice = as_last_agreed(link)
        return await self._invoices.of(invoice, await self._payments.of(invoice, asking=True), deleted=True)

    async def receipt(self, transaction_id: str) -> ReceiptCase | None:
        """The case of a transaction, None when Avantto has none of this id. Raises as reads do."""
        try:
            return await self._receipts.of(*await self._receipts.truth(transaction_id))
        except RejectedError as error:
            if error.code == _GONE:
                return None
            raise

    async def invoice_of_number(self, number: str) -> str:
        """The id of the newest invoice that bears this number in Avantto, "" when its search finds none."""
        page = await self._desk.crm.read(reads.invoices_page(self._desk.location, 0, search=number))
        # What the search looks at is the vendor's (by number: UNVERIFIED), so each hit is read before it is believed.
        for head in page.rows[:_HITS]:
            invoice = await self._read(head.id)
            if invoice is not None and invoice.number.casefold() == number.casefold():
                return invoice.id
        return ""

    async def _read(self, invoice_id: str) -> Invoice | None:
        try:
            return await self._desk.crm.read(reads.invoice(self._desk.location, invoice_id))
        except RejectedError as error:
            if error.code == _GONE:
                return None
            raise
