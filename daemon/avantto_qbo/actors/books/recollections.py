"""What the books held of a document when a restored journal learnt it again, until Avantto's side is known as well.

Only then can be told what both agree on: see `rules.books.comparing.conflict.agreed_again`. A link waits for that with
a version of its own, so that nobody else pays for the question.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.actors.desk import Desk
from avantto_qbo.journal import evidence, links
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.drafts import InvoiceDraft, PaymentDraft, ReceiptDraft
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.money import Money
from avantto_qbo.model.records import Link
from avantto_qbo.model.steps import CreateReceipt, InvoiceCase, PostedPayment, ReceiptCase
from avantto_qbo.rules.books.comparing.conflict import Sight, agreed_again, agreed_since
from avantto_qbo.rules.books.invoice import draft_invoice
from avantto_qbo.rules.books.plan import is_gone, plan_receipt
from avantto_qbo.rules.reasons import HeldError

AS_MADE: Final = "0"  # the SyncToken of what nobody changed: where a person did, the next write is refused, and looks
RECALLED: Final = "restored"  # the version of a link that nobody compared with Avantto yet
_KIND: Final = "recalled"
_SIGHT: Final = "books_sight"
# What changed in the books so long after Avantto's last change seems to hold that change; the rest is a person's work.
_MIRRORED_WITHIN: Final = timedelta(minutes=10)


class Recollection(msgspec.Struct, frozen=True):
    """An invoice in the books, when it changed there last, and what both sides agreed on by the older journal."""

    theirs: InvoiceDraft
    touched_at: datetime
    before: InvoiceDraft | None = None


def recollect(db: Connection, location: LocationId, invoice: str, found: Recollection, now: datetime) -> None:
    """Remember what was found; what the older journal said is kept when the same document is found once more."""
    kept = evidence.get(db, location, _KIND, invoice)
    if kept is not None:
        found = msgspec.structs.replace(found, before=msgspec.json.decode(kept, type=Recollection).before)
    evidence.put(db, location, _KIND, invoice, "", msgspec.json.encode(found), now)


class Recollections:
    """The documents of one location that were learnt again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def invoice(self, case: InvoiceCase) -> InvoiceCase:
        """The case with what both sides agree on, now that both are known; as it was where that is settled."""
        link, name = case.link, case.invoice.id
        if link is None or link.version != RECALLED or link.status != "live" or is_gone(case):
            return case
        body = await self._desk.house.journal.read(lambda db: evidence.get(db, link.location, _KIND, name))
        if body is None:
            return case
        found = msgspec.json.decode(body, type=Recollection)
        try:
            ours = draft_invoice(msgspec.structs.replace(case, agreed=found.before or found.theirs)).draft
        except HeldError:  # the plan says why
            return case
        ours = msgspec.structs.replace(ours, customer=case.customer or found.theirs.customer)
        return await self._settle(case, link, found.theirs, _agreed(case, link, found, ours))

    async def payments(self, case: InvoiceCase) -> InvoiceCase:
        """The case with the amounts its payments were posted with: what a person made of one since is no other money.

        Of a payment that was learnt again only its transaction says that; of all others the journal does.
        """
        came = {row.id: row.amount for row in case.transactions}
        off = [one for one in case.posted if came.get(one.part, one.amount.amount) != one.amount.amount]
        if not off:
            return case
        place, invoice, now = self._desk.location, case.invoice.id, self._desk.now()

        def put(db: Connection) -> dict[str, PostedPayment]:
            found = [(one, links.get(db, place, "payment", invoice, one.part)) for one in off]
            return {
                one.part: _posted_as(db, one, link, came[one.part], now)
                for one, link in found
                if link is not None and link.version == RECALLED
            }

        fresh = await self._desk.house.journal.write(put)
        return msgspec.structs.replace(case, posted=tuple(fresh.get(one.part, one) for one in case.posted))

    async def _settle(self, case: InvoiceCase, link: Link, theirs: InvoiceDraft, agreed: InvoiceDraft) -> InvoiceCase:
        now, name = self._desk.now(), case.invoice.id
        settled = msgspec.structs.replace(link, agreed=msgspec.json.encode(agreed), version="", updated_at=now)
        sight = msgspec.json.encode(Sight(theirs, agreed))

        def put(db: Connection) -> None:
            links.put(db, settled)
            evidence.remove(db, link.location, _KIND, name)
            evidence.put(db, link.location, _SIGHT, name, "", sight, now)

        await self._desk.house.journal.write(put)
        return msgspec.structs.replace(case, link=settled, agreed=agreed)

    async def receipt(self, case: ReceiptCase) -> ReceiptCase:
        """The case with the receipt as it was planned, where that comes to the same total: it says more of its tax."""
        link = case.link
        if link is None or link.version != RECALLED or link.status != "live":
            return case
        agreed = _as_planned(case)
        fresh = msgspec.structs.replace(link, version="", updated_at=self._desk.now())
        if agreed is not None:
            fresh = msgspec.structs.replace(fresh, agreed=msgspec.json.encode(agreed))
        await self._desk.house.journal.write(lambda db: links.put(db, fresh))
        return msgspec.structs.replace(case, link=fresh, agreed=agreed or case.agreed)


def _agreed(case: InvoiceCase, link: Link, found: Recollection, ours: InvoiceDraft) -> InvoiceDraft:
    if found.touched_at - case.invoice.updated_at <= _MIRRORED_WITHIN:
        return agreed_again(found.theirs, found.before, ours)
    return agreed_since(found.theirs, found.before, ours, edited=case.invoice.updated_at > link.created_at)


def _posted_as(db: Connection, posted: PostedPayment, link: Link, came: Decimal, now: datetime) -> PostedPayment:
    amount = Money.rounded(came, posted.amount.currency)
    agreed = msgspec.structs.replace(msgspec.json.decode(link.agreed, type=PaymentDraft), total=amount)
    body = msgspec.json.encode(agreed)
    links.put(db, msgspec.structs.replace(link, agreed=body, sync_token=AS_MADE, version="", updated_at=now))
    return msgspec.structs.replace(posted, amount=amount, draft=posted.draft and agreed)


def _as_planned(case: ReceiptCase) -> ReceiptDraft | None:
    there = case.agreed
    steps = plan_receipt(msgspec.structs.replace(case, link=None, agreed=None, customer=there and there.customer))
    match steps:
        case (CreateReceipt(draft=draft),) if there is not None and draft.total == there.total:
            return msgspec.structs.replace(draft, number=there.number)
        case _:
            return None
