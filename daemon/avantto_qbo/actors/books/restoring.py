"""When a person deleted or voided our object in QuickBooks: respected, unless they restored or copied it (I2, I5)."""

from __future__ import annotations

from typing import Final

from avantto_qbo.actors import recording
from avantto_qbo.actors.books.sights import Sights
from avantto_qbo.actors.desk import Desk, Turn
from avantto_qbo.journal import activity, links, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import invoice_chain
from avantto_qbo.model.operation import Kind, Reason, Source
from avantto_qbo.model.quickbooks import Found
from avantto_qbo.model.records import Activity, Link
from avantto_qbo.model.steps import InvoiceCase, PostedPayment
from avantto_qbo.quickbooks import lookups
from avantto_qbo.quickbooks.reads import snapshot_of
from avantto_qbo.rules.books.comparing.restore import Relink, Several, restored
from avantto_qbo.rules.reasons import RETRY

_RESPECTED: Final = "which is respected: later changes in Avantto are left alone"


class Restoring:
    """The invoices and payments of one location that are not where they were."""

    def __init__(self, desk: Desk, sights: Sights) -> None:
        self._desk, self._sights = desk, sights

    async def invoice(self, case: InvoiceCase, link: Link, status: str) -> Turn | None:
        """Our copy is gone or void (`status`: deleted | voided): look once for what stands in its place.

        None: the link says now what is true, and the plan is to be made anew.
        """
        match restored(await self._candidates(case, link), case.agreed.note if case.agreed else ""):
            case Relink(found=found):
                await self._relink(case, link, found)
            case Several(ids=ids):
                text = f"Invoice {case.invoice.number} is in QuickBooks {len(ids)} times now (ids {', '.join(ids)})."
                mend = f"delete all but one in QuickBooks, then: {RETRY}"
                return await self._hold(case, Reason("relink_several", text, mend))
            case _:
                await self._respect(case, link, status)
        return None

    async def payment(self, case: InvoiceCase, payment: PostedPayment) -> Turn | None:
        """A person deleted a payment of ours: its invoice is open there again, and nobody posts it twice unasked."""
        await self.payment_left(case, payment.part, "deleted")
        text = (
            f"Invoice {case.invoice.number}: its payment of {payment.amount} (id {payment.object_id}) was deleted"
            " or voided in QuickBooks, so the invoice is open there."
        )
        mend = "avantto-qbo retry ID (post the payment again) or avantto-qbo skip ID (leave the invoice open)"
        source = Source("payment", case.invoice.id, payment.part)
        return await self._hold(case, Reason("payment_gone", text, mend), Kind.PAYMENT_CREATE, source)

    async def payment_left(self, case: InvoiceCase, part: str, status: str) -> None:
        """Note what became of a payment of ours that is not in the books any more."""
        location, now = self._desk.location, self._desk.now()

        def mark(db: Connection) -> None:
            link = links.get(db, location, "payment", case.invoice.id, part)
            if link is not None:
                links.put(db, recording.with_status(link, status, now))

        await self._desk.house.journal.write(mark)

    async def wanted_again(self, invoice: str) -> None:
        """Forget deleted payments that a person wants posted again, and ask again where nobody answered."""
        location, now = self._desk.location, self._desk.now()

        def forget(db: Connection) -> None:
            gone = (link for link in links.of_source(db, location, "payment", invoice) if link.status == "deleted")
            for link in gone:
                last = operations.last_for(db, location, Source("payment", invoice, link.part))
                if last is None or last.reason is None or last.sendable:
                    continue
                if last.reason.code == "retried":
                    links.put(db, recording.with_status(link, "undone", now))
                elif last.reason.code == "superseded":  # nobody answered: it is found missing and asked about again
                    links.put(db, recording.with_status(link, "live", now))

        await self._desk.house.journal.write(forget)

    async def _candidates(self, case: InvoiceCase, link: Link) -> tuple[Found, ...]:
        """One read: by number, or by customer where QuickBooks numbers its invoices itself."""
        agreed = case.agreed
        if agreed is None:
            return ()
        by_customer = lookups.by_customer("Invoice", agreed.customer, link.created_at)
        read = lookups.by_number("Invoice", agreed.number) if agreed.number else by_customer
        found = await self._desk.realm.access.read(read, key=self._desk.location)
        return tuple(one for one in found if one.id != link.object_id)

    async def _relink(self, case: InvoiceCase, link: Link, found: Found) -> None:
        text = f"Invoice {case.invoice.number} stands in QuickBooks under another id now: {found.id}."
        line = self._line(case, "invoice.relinked", text)
        theirs = snapshot_of(found.raw, case.company.currency)
        live = recording.with_status(link, "live", self._desk.now())
        await self._sights.take(case, live, theirs, lambda db: activity.record(db, line))

    async def _respect(self, case: InvoiceCase, link: Link, status: str) -> None:
        text = f"Invoice {case.invoice.number} was {status} in QuickBooks, {_RESPECTED}."
        line = self._line(case, "invoice.gone_in_books", text)
        gone = recording.with_status(link, status, self._desk.now())

        def put(db: Connection) -> None:
            links.put(db, gone)
            activity.record(db, line)

        await self._desk.house.journal.write(put)

    def _line(self, case: InvoiceCase, event: str, text: str) -> Activity:
        return Activity(self._desk.now(), self._desk.location, event, text, subject=case.invoice.id)

    async def _hold(
        self,
        case: InvoiceCase,
        reason: Reason,
        kind: Kind = Kind.INVOICE_UPDATE,
        source: Source | None = None,
    ) -> Turn:
        chain, version = invoice_chain(case.invoice.id), case.invoice.updated_at.isoformat()
        return await self._desk.hold(kind, chain, source or Source("invoice", case.invoice.id), version, reason)
