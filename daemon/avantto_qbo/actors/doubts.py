"""Find out what became of a write whose answer was lost: look it up, then let the rule decide."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from avantto_qbo.actors import recording
from avantto_qbo.actors.access import Access
from avantto_qbo.actors.house import House
from avantto_qbo.actors.realm import RealmActor
from avantto_qbo.avantto import reads as crm_reads
from avantto_qbo.journal import cursors, links, locations
from avantto_qbo.model.drafts import ContactDraft, InvoiceDraft
from avantto_qbo.model.operation import Kind, Operation, Reason, State
from avantto_qbo.model.outcome import FaultClass
from avantto_qbo.model.quickbooks import Found
from avantto_qbo.model.records import Link
from avantto_qbo.quickbooks import reads as books_reads
from avantto_qbo.quickbooks.lookups import customer_of, lookups, number_of
from avantto_qbo.rules.books.doubt import (
    Adopt,
    GiveUp,
    HoldIt,
    LookAgain,
    Replan,
    Resend,
    as_sent,
    decide,
    first_look,
    ours_among,
)
from avantto_qbo.rules.reasons import RETRY, SKIP, document
from avantto_qbo.rules.reference import marks
from avantto_qbo.rules.settle import Verdict

_NUMBER_FENCE = "fence.6140"
_NUMBERED = frozenset({Kind.INVOICE_CREATE, Kind.RECEIPT_CREATE, Kind.REFUND_CREATE})
_CORRECTED = frozenset({Kind.INVOICE_CREATE, Kind.INVOICE_UPDATE, Kind.RECEIPT_CREATE, Kind.REFUND_CREATE})
# QuickBooks keeps names unique, so the same bytes cannot make a second one.
_NAMED = frozenset({Kind.CUSTOMER_CREATE, Kind.ITEM_CREATE})


class Resolution(msgspec.Struct, frozen=True):
    """Send the same bytes again, end with `verdict`, or (neither) look again at `next_at`."""

    resend: bool = False
    verdict: Verdict | None = None
    next_at: datetime | None = None
    lookups: int | None = None


class Adoption(msgspec.Struct, frozen=True):
    """Whether our own object was found and linked; `hold` when only a person can tell."""

    found: bool = False
    hold: Reason | None = None


class Doubts:
    """Looks things up for one location."""

    def __init__(self, house: House, realm: RealmActor, crm: Access) -> None:
        self._house, self._realm, self._crm = house, realm, crm

    async def resolve(self, op: Operation) -> Resolution:
        """Decide about an operation in doubt that is due. Raises what the look-up raises; then it stays in doubt."""
        settle = self._house.pace.settle
        found = await self._look(op) if self._house.clock.now() >= first_look(op, settle) else ()
        fence = await self._fenced(op)
        match decide(op, found, now=self._house.clock.now(), settle=settle, fence=fence):
            case Adopt(found=hit):
                return Resolution(verdict=_adopted(op, hit))
            case Resend():
                return Resolution(resend=True)
            case LookAgain(at=at, lookups=looks):
                return Resolution(next_at=at, lookups=looks)
            case HoldIt(reason=reason):
                return Resolution(verdict=Verdict((State.HELD,), reason))
            case Replan(reason=reason):
                return Resolution(verdict=Verdict((State.HELD, State.SKIPPED), reason))
            case GiveUp(reason=reason):
                return Resolution(verdict=Verdict((State.DONE,), reason))

    async def before_resend(self, op: Operation) -> Verdict | None:
        """A person wants a doubtful write sent again: only if it still is not there. None means send."""
        if op.target:  # a change: the SyncToken it was sent with is refused once it has been carried out
            return None
        ours = ours_among(op, await self._look(op))
        if not ours:
            return None
        if len(ours) > 1:
            return Verdict((State.HELD,), _twice(op, ours))
        adopted = _adopted(op, ours[0])
        return msgspec.structs.replace(adopted, path=(State.SENDING, State.DONE)) if _is_done(adopted) else adopted

    async def adopt_if_ours(self, op: Operation) -> Adoption:
        """A write that may be in the books, or whose number was taken: is what is there our own?"""
        if op.kind in _NUMBERED:
            await self._note_fence(op)
        hits = await self._look(op)
        ours = ours_among(op, hits)
        if len(ours) > 1:
            return Adoption(hold=_twice(op, ours))
        if not ours:
            return Adoption(hold=_foreign_copy(op, hits))
        link = recording.link_for(op, ours[0].id, ours[0].sync_token, self._house.clock.now())
        if differs(op, ours[0]):
            if op.kind is not Kind.INVOICE_CREATE:
                return Adoption(hold=_other_total(op, ours[0]))
            link = await self._as_it_stands(link, op)
        await self._house.journal.write(lambda db: links.put(db, link))
        return Adoption(found=True)

    async def _as_it_stands(self, link: Link, op: Operation) -> Link:
        """An older version of ours is there: what it holds now is agreed on; the plan changes the rest."""
        company = await self._realm.company()
        theirs = await self._realm.access.read(books_reads.invoice(link.object_id, company.currency), key=op.location)
        return msgspec.structs.replace(
            link,
            agreed=msgspec.json.encode(theirs.draft),
            sync_token=theirs.row.sync_token,
            total=f"{theirs.draft.total.amount:f}",
        )

    async def _note_fence(self, op: Operation) -> None:
        """This company refuses a number twice (6140): the same bytes can go again without a second document."""
        taken = op.reason is not None and op.reason.code == f"superseded.{FaultClass.NUMBER_TAKEN}"
        if taken:
            now = self._house.clock.now()
            await self._house.journal.write(lambda db: cursors.put(db, op.realm, _NUMBER_FENCE, now.isoformat(), now))

    async def _look(self, op: Operation) -> tuple[Found, ...]:
        """Ask the questions of this kind in order until one brings something that is ours."""
        if op.kind is Kind.CONTACT_CREATE:
            return await self._contact(op)
        if op.kind.side == "crm":
            return ()
        seen: dict[str, Found] = {}
        for read in lookups(op):
            seen |= {hit.id: hit for hit in await self._realm.access.read(read, key=op.location)}
            if ours_among(op, tuple(seen.values())):
                break
        return tuple(seen.values())

    async def _contact(self, op: Operation) -> tuple[Found, ...]:
        draft = msgspec.json.decode(op.intent, type=ContactDraft)
        if not (draft.email or draft.phone):
            return ()
        contact = await self._crm.read(crm_reads.find_contact(op.location, draft.email, draft.phone))
        return (Found("Contact", contact.id, "", "", None),) if contact else ()

    async def _fenced(self, op: Operation) -> bool:
        """Would a second commit of the same bytes be refused?"""
        if op.kind in _NAMED:
            return True
        if op.kind is Kind.CONTACT_CREATE:
            record = await self._house.journal.read(lambda db: locations.get(db, op.location))
            return record is not None and not record.allow_duplicates and b'"email"' in op.call.body
        if op.kind not in _NUMBERED or b'"DocNumber"' not in op.call.body:
            return False
        proof = await self._house.journal.read(lambda db: cursors.get(db, op.realm, _NUMBER_FENCE))
        return proof is not None


def differs(op: Operation, hit: Found) -> bool:
    """Say whether what is there has another total than what was sent."""
    return bool(op.expected) and hit.total is not None and hit.total != Decimal(op.expected)


def _is_done(verdict: Verdict) -> bool:
    return verdict.path == (State.DONE,)


def _adopted(op: Operation, hit: Found) -> Verdict:
    """What was found is ours; with another total than Avantto's it is put right, or shown to a person."""
    if differs(op, hit) and op.kind in _CORRECTED and as_sent(op, hit):
        text = f"QuickBooks computed a total of {hit.total} where Avantto says {op.expected}."
        path = (State.SENDING, State.CORRECTING)
        return Verdict(path, Reason("total_differs", text), None, hit.id, hit.sync_token)
    if differs(op, hit):
        return Verdict((State.HELD,), _other_total(op, hit))
    return Verdict((State.DONE,), None, None, hit.id, hit.sync_token)


def _other_total(op: Operation, hit: Found) -> Reason:
    total = f"a total of {hit.total} where Avantto says {op.expected}"
    text = f"{document(op)} is in QuickBooks (id {hit.id}) with {total}."
    return Reason("doubt_total", text, f"correct it in QuickBooks, then: {RETRY}")


def _twice(op: Operation, ours: tuple[Found, ...]) -> Reason:
    ids = ", ".join(sorted(hit.id for hit in ours))
    text = f"{document(op)} is in QuickBooks {len(ours)} times (ids {ids})."
    return Reason("doubt_twice", text, f"delete all but one in QuickBooks, then: {RETRY}")


def _foreign_copy(op: Operation, hits: tuple[Found, ...]) -> Reason | None:
    """The same number, customer and total without our marker: most likely the built-in integration posted it (S3)."""
    if op.kind is not Kind.INVOICE_CREATE:
        return None
    sent = msgspec.json.decode(op.intent, type=InvoiceDraft)
    same = [
        hit
        for hit in hits
        if number_of(hit) == sent.number
        and customer_of(hit) == sent.customer
        and not differs(op, hit)
        and not marks(hit.marker_text)
    ]
    if not same:
        return None
    text = f"Invoice {sent.number} is in QuickBooks already (id {same[0].id}), same customer and total, not by us."
    mend = f"turn off QuickBooks in Avantto, then: {SKIP} (keep theirs); or delete theirs, then: {RETRY}"
    return Reason("built_in_copy", text, mend)
