"""Avantto now, QuickBooks now, and what both last agreed on: a person's changes in the books are kept (I2).

QuickBooks' side costs a metered read, so it is looked at only when a write was refused as stale, once, and remembered
until the next time. A field that both sides changed is held with both versions; the person's answer is used by the
next plan.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.actors.books.restoring import Restoring
from avantto_qbo.actors.books.sights import Sights
from avantto_qbo.actors.desk import Desk, Turn
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.drafts import InvoiceDraft
from avantto_qbo.model.ids import OperationId, invoice_chain
from avantto_qbo.model.operation import Kind, Operation, Reason, Source
from avantto_qbo.model.records import Link
from avantto_qbo.model.steps import InvoiceCase, UpdateInvoice
from avantto_qbo.quickbooks import reads
from avantto_qbo.quickbooks.parts import restated
from avantto_qbo.rules.books.comparing import conflict
from avantto_qbo.rules.books.comparing.conflict import Sight
from avantto_qbo.rules.books.comparing.their_lines import changed_in_place
from avantto_qbo.rules.reasons import RETRY, SKIP

_PART: Final = "conflict"  # so that a person's `skip` of a conflict is no skip of the whole document
_GONE: Final = frozenset({"610", "no-object"})


class Ready(msgspec.Struct, frozen=True):
    """Send `changed` of `draft`; the books shall answer with `total`."""

    draft: InvoiceDraft
    changed: frozenset[str]
    total: Decimal


class Conflicts:
    """The invoices of one location that people change in QuickBooks too."""

    def __init__(self, desk: Desk, sights: Sights, restoring: Restoring) -> None:
        self._desk, self._sights, self._restoring = desk, sights, restoring

    async def ready(self, case: InvoiceCase, link: Link, step: UpdateInvoice) -> Ready | Turn | None:
        """What of a planned change may be sent; a turn while a person decides; None: make the plan anew."""
        agreed = case.agreed or step.draft
        sight = await self._sights.remembered(case.invoice.id)
        if sight is None:
            return _ready(case, link, agreed, step.draft, step.changed)
        sight = conflict.onto(sight, agreed)
        both = conflict.disputed(sight, step.draft, step.changed)
        answer = await self._answer(case, sight, both) if both else ""
        if both and answer == "skipped":
            await self._sights.settle(case.invoice.id, link, conflict.accepting(sight, step.draft, both))
            return None
        if both and answer != "retried":
            return await self._ask(case, sight, step.draft, both)
        changed = step.changed - conflict.made_already(sight, step.draft, step.changed)
        if not changed:  # a person made all of the change in QuickBooks already
            await self._sights.settle(case.invoice.id, link, conflict.onto(sight, step.draft))
            return None
        await self._sights.keep(case.invoice.id, sight)
        return _ready(case, link, agreed, conflict.with_their_words(sight, step.draft), changed)

    async def look(self, case: InvoiceCase, link: Link, *, voiding: bool = False) -> Turn | None:
        """Look at the copy, which moved on: by our own payment, or by a person. None: make the plan anew."""
        try:
            read = reads.invoice(link.object_id, case.company.currency)
            theirs = await self._desk.realm.access.read(read, key=self._desk.location)
        except RejectedError as error:
            if error.code not in _GONE:
                raise
            return await self._restoring.invoice(case, link, "deleted")
        if theirs.row.voided:
            return await self._restoring.invoice(case, link, "voided")
        if voiding and theirs.row.payments:
            return await self._paid_there(case)
        await self._sights.take(case, link, theirs)
        return None

    async def _ask(self, case: InvoiceCase, sight: Sight, draft: InvoiceDraft, both: frozenset[str]) -> Turn:
        versions = conflict.both_versions(draft, sight.theirs, both)
        text = f"Invoice {case.invoice.number} was changed in Avantto and in QuickBooks. {versions}."
        mend = "avantto-qbo retry ID (Avantto's version goes in) or avantto-qbo skip ID (QuickBooks' version stays)"
        source = Source("invoice", case.invoice.id, _PART)

        def note(db: Connection, op: Operation) -> None:
            self._sights.put(db, case.invoice.id, msgspec.structs.replace(sight, held=op.id, fields=both))

        chain, version = invoice_chain(case.invoice.id), case.invoice.updated_at.isoformat()
        reason = Reason("invoice.conflict", text, mend)
        return await self._desk.hold(Kind.INVOICE_UPDATE, chain, source, version, reason, note)

    async def _answer(self, case: InvoiceCase, sight: Sight, both: frozenset[str]) -> str:
        """What a person said to this very conflict: `retried`, `skipped`, or nothing that covers it."""
        if not sight.held or not both <= sight.fields:
            return ""
        op = await self._desk.house.journal.read(lambda db: operations.get(db, OperationId(sight.held)))
        if op is None or op.reason is None or op.version != case.invoice.updated_at.isoformat():
            return ""
        return op.reason.code

    async def _paid_there(self, case: InvoiceCase) -> Turn:
        text = f"Invoice {case.invoice.number} was voided in Avantto, but a payment entered in QuickBooks is on it."
        mend = f"take the payment off the invoice in QuickBooks, then: {RETRY}; or void it there, then: {SKIP}"
        source, version = Source("invoice", case.invoice.id), case.invoice.updated_at.isoformat()
        chain, reason = invoice_chain(case.invoice.id), Reason("void_paid", text, mend)
        return await self._desk.hold(Kind.INVOICE_VOID, chain, source, version, reason)


def _ready(case: InvoiceCase, link: Link, agreed: InvoiceDraft, draft: InvoiceDraft, changed: frozenset[str]) -> Ready:
    """Where no line is sent the books keep their total, which a person may have changed."""
    if "lines" not in changed:
        return Ready(draft, changed, Decimal(link.total) if link.total else draft.total.amount)
    return Ready(_in_their_lines(case, agreed, draft), changed, draft.total.amount)


def _in_their_lines(case: InvoiceCase, agreed: InvoiceDraft, draft: InvoiceDraft) -> InvoiceDraft:
    """A line that Avantto changed keeps what a person added to it: a class, a service date, their item."""
    lines = list(draft.lines)
    for index, before in changed_in_place(agreed, draft).items():
        line = lines[index]
        same_form = before.tax_code == line.tax_code and not before.gross and not line.gross
        parts = tuple(restated(part, before, line, case.company) for part in before.parts) if same_form else ()
        lines[index] = msgspec.structs.replace(line, item=before.item or line.item, class_=before.class_, parts=parts)
    return msgspec.structs.replace(draft, lines=tuple(lines))
