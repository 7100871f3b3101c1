"""Refund receipts of one location: what was given back of invoices' payments and of sales paid at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from avantto_qbo.actors import recording
from avantto_qbo.actors.books.standing import standing
from avantto_qbo.actors.desk import Desk, Later
from avantto_qbo.actors.doubts import Adoption, Doubts
from avantto_qbo.journal import links
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.drafts import RefundDraft
from avantto_qbo.model.ids import Chain, LocationId
from avantto_qbo.model.operation import Kind, Source
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.model.records import Link
from avantto_qbo.model.steps import CreateRefund, Hold, PostedRefund
from avantto_qbo.quickbooks import encode
from avantto_qbo.rules.books.comparing.restore import is_voided

_KIND = "refund"


class Refunds:
    """Posts refunds; a refund is known by its transaction and all that was refunded of it by then."""

    def __init__(self, desk: Desk, doubts: Doubts) -> None:
        self._desk, self._doubts = desk, doubts

    @staticmethod
    def of(db: Connection, location: LocationId, transaction_ids: Iterable[str]) -> tuple[PostedRefund, ...]:
        """The refunds of these transactions that are in the books."""
        found = (links.of_source(db, location, _KIND, name) for name in transaction_ids)
        return tuple(_posted(link) for row in found for link in row if link.status == "live")

    async def look(self, refunds: Collection[PostedRefund]) -> bool:
        """Forget the refund receipts that a person deleted or voided in QuickBooks; say whether there were any."""
        location = self._desk.location
        gone = set[str]()
        for refund in refunds:
            found = await standing(self._desk, "RefundReceipt", refund.object_id)
            if found is None or is_voided(found):
                gone.add(refund.object_id)

        def forget(db: Connection) -> None:
            for name in {refund.transaction for refund in refunds}:
                for link in links.of_source(db, location, _KIND, name):
                    if link.object_id in gone:
                        links.put(db, recording.with_status(link, "deleted", self._desk.now()))

        await self._desk.house.journal.write(forget)
        return bool(gone)

    async def create(self, chain: Chain, version: str, company: Company, step: CreateRefund) -> Later | Hold | None:
        """Post one refund with its flags; None when it is in the books and the plan should be made again.

        `chain` and `version` are those of the invoice or receipt the money was received for.
        """
        draft = step.draft
        op = self._desk.operation(
            Kind.REFUND_CREATE,
            chain,
            Source(_KIND, step.transaction, str(draft.refunded.minor)),
            encode.refund_create(draft, company),
            draft,
            version=version,
            expected=f"{draft.total.amount:f}",
        )
        before = await self._desk.perhaps_there(op.kind, chain, op.source)
        adopted = await self._doubts.adopt_if_ours(before) if before is not None else Adoption()
        if adopted.hold is not None:
            return Hold(adopted.hold)
        if adopted.found:
            return None

        def flag(db: Connection) -> None:
            recording.note_flags(db, op.location, step.transaction, step.flags, op.created_at)

        later, _ = await self._desk.carry_out(op, flag)
        return later


def _posted(link: Link) -> PostedRefund:
    draft = msgspec.json.decode(link.agreed, type=RefundDraft)
    return PostedRefund(link.source_id, draft.refunded, link.object_id)
