"""Find out what became of a write whose answer was lost: look it up, then let the rule decide."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from avantto_qbo.actors import fences, recording
from avantto_qbo.actors.access import Access
from avantto_qbo.actors.doubt_ends import (
    Resolution,
    adopted,
    differs,
    foreign_copy,
    is_done,
    not_answered,
    other_total,
    resolution_of,
)
from avantto_qbo.actors.fences import FENCED, Proof
from avantto_qbo.actors.house import House
from avantto_qbo.actors.payment_evidence import PaymentEvidence
from avantto_qbo.actors.realm import RealmActor
from avantto_qbo.avantto import reads as crm_reads
from avantto_qbo.errors import AuthError, RejectedError, TransientError
from avantto_qbo.journal import activity, links, locations, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.drafts import ContactDraft
from avantto_qbo.model.operation import Kind, Operation, Reason, State
from avantto_qbo.model.outcome import FaultClass
from avantto_qbo.model.quickbooks import Found
from avantto_qbo.model.records import Activity, Link
from avantto_qbo.quickbooks import reads as books_reads
from avantto_qbo.quickbooks.lookups import lookups, shows_number
from avantto_qbo.rules.books.doubts.doubt import (
    LOOKS,
    Decision,
    HoldIt,
    Weigh,
    decide,
    next_look,
    ours_among,
    twice,
)
from avantto_qbo.rules.books.doubts.payment_doubt import Fences, weigh
from avantto_qbo.rules.books.doubts.retry import exhausted
from avantto_qbo.rules.settle import Verdict

_TWICE: Final = "doubt_twice"
# How long Intuit keeps request ids is UNVERIFIED (others say a day): a fence counts for half of that.
_REQUEST_IDS_LAST: Final = timedelta(hours=12)
_NUMBERED = frozenset({Kind.INVOICE_CREATE, Kind.RECEIPT_CREATE, Kind.REFUND_CREATE})
# QuickBooks keeps names unique, so the same bytes cannot make a second one.
_NAMED = frozenset({Kind.CUSTOMER_CREATE, Kind.ITEM_CREATE})


class Adoption(msgspec.Struct, frozen=True):
    """Whether our own object was found and linked; `hold` when only a person can tell."""

    found: bool = False
    hold: Reason | None = None


class Doubts:
    """Looks things up for one location."""

    def __init__(self, house: House, realm: RealmActor, crm: Access) -> None:
        self._house, self._realm, self._crm = house, realm, crm
        self._evidence = PaymentEvidence(house, realm)

    async def resolve(self, op: Operation) -> Resolution:
        """Decide about an operation in doubt that is due.

        Raises what the look-up raises; then it stays in doubt, but not for ever where the look-up itself is refused.
        """
        now = self._house.clock.now()
        try:
            decision = await self._decision(op, now)
        except RejectedError as error:
            if not exhausted(op.sent_at or op.updated_at, now):
                raise
            decision = HoldIt(not_answered(op, error))
        if isinstance(decision, HoldIt) and decision.reason.code == _TWICE:
            await self._no_fence(op)
        return resolution_of(op, decision)

    async def _decision(self, op: Operation, now: datetime) -> Decision:
        """Look and decide; what is answered is as old as `now`, when it was asked for."""
        settle = self._house.pace.settle
        found = await self._look(op) if now >= next_look(op, settle) else ()
        fence = await self._fenced(op)
        decision = decide(op, found, now=now, settle=settle, fence=fence)
        return await self._weigh(op, repeat=fence) if isinstance(decision, Weigh) else decision

    async def _weigh(self, op: Operation, *, repeat: bool) -> Decision:
        """A payment that no look finds: what does its invoice say?"""
        invoice = await self._evidence.balance(op)
        beyond = await self._stands(op, Proof.BEYOND)
        fences_there = Fences(repeat=repeat, beyond=beyond)
        return weigh(op, invoice, now=self._house.clock.now(), settle=self._house.pace.settle, fences=fences_there)

    async def after_resend(self, op: Operation, verdict: Verdict) -> Verdict:
        """Bytes that went more than once were accepted: do they stand twice? Then no fence of this kind counts."""
        if op.kind not in FENCED or not verdict.object_id:
            return verdict
        try:
            ours = ours_among(op, await self._look(op))
        except (TransientError, RejectedError, AuthError):  # what was answered stands; a later look may tell more
            return verdict
        ids = {verdict.object_id, *(hit.id for hit in ours)}
        if len(ids) == 1:
            return verdict
        await self._no_fence(op)
        return Verdict((State.HELD,), twice(op, tuple(ids)))

    async def before_resend(self, op: Operation) -> Verdict | None:
        """A person wants a doubtful write sent again: only if it still is not there. None means send."""
        if op.target:  # a change: the SyncToken it was sent with is refused once it has been carried out
            return None
        try:
            ours = ours_among(op, await self._look(op))
        except RejectedError as error:
            return Verdict((State.HELD,), not_answered(op, error))
        if not ours:
            return None
        if len(ours) > 1:
            return Verdict((State.HELD,), await self._stands_twice(op, ours))
        found = adopted(op, ours[0])
        return msgspec.structs.replace(found, path=(State.SENDING, State.DONE)) if is_done(found) else found

    async def adopt_if_ours(self, op: Operation) -> Adoption:
        """A write that may be in the books, or whose number was taken: is what is there our own?

        Raises TransientError as long as that cannot be told, and what the look-up raises.
        """
        if op.kind in _NUMBERED:
            await self._note_fence(op)
        hits = await self._look(op)
        ours = ours_among(op, hits)
        if len(ours) > 1:
            return Adoption(hold=await self._stands_twice(op, ours))
        if not ours:
            self._await_holder(op, hits)
            return Adoption(hold=foreign_copy(op, hits))
        link = recording.link_for(op, ours[0].id, ours[0].sync_token, self._house.clock.now())
        if differs(op, ours[0]):
            if op.kind is not Kind.INVOICE_CREATE:
                return Adoption(hold=other_total(op, ours[0]))
            link = await self._as_it_stands(link, op)
        await self._house.journal.write(lambda db: links.put(db, link))
        return Adoption(found=True)

    def _await_holder(self, op: Operation, hits: tuple[Found, ...]) -> None:
        """Sent more than once, and its number is taken by what no query shows yet: most likely by our first attempt.

        Raises TransientError then: under another number it would stand twice.
        """
        again = op.kind in _NUMBERED and (op.attempts > 1 or op.lookups > 0) and _is_taken(op)
        settle = self._house.pace.settle
        if again and not shows_number(op, hits) and self._house.clock.now() < op.updated_at + settle * LOOKS[-1]:
            raise TransientError("its number is taken, and no query shows yet by whom", settle)

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
        if _is_taken(op):
            now = self._house.clock.now()
            await self._house.journal.write(lambda db: fences.learn(db, op.realm, FENCED[op.kind], Proof.NUMBER, now))

    async def _stands_twice(self, op: Operation, ours: tuple[Found, ...]) -> Reason:
        await self._no_fence(op)
        return twice(op, tuple(hit.id for hit in ours))

    async def _no_fence(self, op: Operation) -> None:
        """Something of this kind stands twice: nothing is sent again by itself any more."""
        entity, now = FENCED.get(op.kind, ""), self._house.clock.now()

        def forget(db: Connection) -> None:
            for proof in fences.unlearn(db, op.realm, entity, now):
                text = f"{entity} was seen twice: a lost answer of this kind waits for a person from now on ({proof})."
                activity.record(db, Activity(now, op.location, "fence.lost", text, subject=op.source.id))

        await self._house.journal.write(forget)

    async def _look(self, op: Operation) -> tuple[Found, ...]:
        """Ask the questions of this kind in order until one brings something that is ours."""
        if op.kind is Kind.CONTACT_CREATE:
            return await self._contact(op)
        if op.kind.side == "crm" or op.kind is Kind.CANARY_CREATE:
            return ()
        others = await self._made_by_others(op)
        seen: dict[str, Found] = {}
        for read in lookups(op):
            hits = await self._realm.access.read(read, key=op.location)
            seen |= {hit.id: hit for hit in hits if hit.id not in others}
            if ours_among(op, tuple(seen.values())):
                break
        return tuple(seen.values())

    async def _made_by_others(self, op: Operation) -> frozenset[str]:
        """What earlier creates of the same source made bears the same marker: a customer that is inactive since."""
        if op.target:
            return frozenset()
        tried = await self._house.journal.read(lambda db: operations.of_source(db, op.location, op.source))
        done = (made for made in tried if made.kind is op.kind and made.id != op.id and made.state is State.DONE)
        return frozenset(made.object_id for made in done)

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
        if op.kind not in FENCED:
            return False
        known_for = self._house.clock.now() - op.created_at
        if known_for <= _REQUEST_IDS_LAST and await self._stands(op, Proof.REQUEST_ID):
            return True
        numbered = op.kind in _NUMBERED and b'"DocNumber"' in op.call.body
        # Whoever switched custom numbers off since it was learned switched the refusal off, too.
        return numbered and await self._stands(op, Proof.NUMBER) and (await self._realm.company()).custom_numbers

    async def _stands(self, op: Operation, proof: Proof) -> bool:
        entity = FENCED[op.kind]
        return await self._house.journal.read(lambda db: fences.stands(db, op.realm, entity, proof))


def _is_taken(op: Operation) -> bool:
    """Say whether QuickBooks refused the document number of `op` as in use."""
    return op.reason is not None and op.reason.code == f"superseded.{FaultClass.NUMBER_TAKEN}"
