"""Void a sales receipt whose charge the bank took back; what a person edited there is theirs to void."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.actors import recording
from avantto_qbo.actors.books.refused import held_in_words
from avantto_qbo.actors.books.standing import standing
from avantto_qbo.actors.desk import Desk, Later
from avantto_qbo.journal import links
from avantto_qbo.model.ids import receipt_chain
from avantto_qbo.model.operation import Kind, Reason, Source
from avantto_qbo.model.outcome import FaultClass
from avantto_qbo.model.records import Link
from avantto_qbo.model.steps import Hold, ReceiptCase
from avantto_qbo.quickbooks import encode
from avantto_qbo.rules.books.comparing.restore import is_voided
from avantto_qbo.rules.reasons import RETRY

_GONE: Final = "receipt_gone"


class ReceiptVoids:
    """Voids of one location's sales receipts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def void(self, case: ReceiptCase, version: str) -> Later | Hold | None:
        """Void the receipt of this case; None when that is done and the plan should be made again."""
        link, name = case.link, case.transaction.id
        if link is None:
            raise LookupError(f"a void was planned for payment {name}, which has no receipt")
        op = self._desk.operation(
            Kind.RECEIPT_VOID,
            receipt_chain(name),
            Source("transaction", name),
            encode.receipt_void(link.object_id, link.sync_token),
            case.agreed,
            version=version,
            target=link.object_id,
        )
        later, verdict = await self._desk.carry_out(op)
        what = f"The sales receipt of payment {name}"
        if verdict.fault is not None and verdict.fault.kind is FaultClass.STALE:
            return await self._read_again(link, what)
        done = await held_in_words(self._desk, "receipt", what, verdict, later)
        if not isinstance(done, Hold) or done.reason.code != _GONE:
            return done
        await self._gone(link)
        return None

    async def _read_again(self, link: Link, what: str) -> Hold | None:
        """The receipt moved on in QuickBooks: the one re-read a conflict is worth."""
        theirs = await standing(self._desk, link.entity, link.object_id)
        if theirs is None:
            await self._gone(link)
            return None
        if not is_voided(theirs) and theirs.total != Decimal(link.total):
            text = f"{what} (id {link.object_id}) was edited in QuickBooks: its total is {theirs.total} there."
            return Hold(Reason("receipt_edited", text, f"undo the edit in QuickBooks, then: {RETRY} (or skip ID)"))
        status = recording.WITHDRAWN if is_voided(theirs) else link.status
        fresh = msgspec.structs.replace(link, sync_token=theirs.sync_token, status=status, updated_at=self._desk.now())
        await self._desk.house.journal.write(lambda db: links.put(db, fresh))
        return None

    async def _gone(self, link: Link) -> None:
        """A person deleted it: nothing is left to take back."""
        marked = recording.with_status(link, "deleted", self._desk.now())
        await self._desk.house.journal.write(lambda db: links.put(db, marked))
